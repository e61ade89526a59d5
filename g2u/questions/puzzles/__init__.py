"""What the procedural benchmarks share: structures, their split, 48-pixel pictures."""
