"""How the embedded model is trained; used by the frozen stage train only."""
