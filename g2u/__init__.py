"""g2u: visual thoughts materialised once, fed back, and judged with controls."""
