"""Other harnesses: their predictions scored here, our thoughts answered there."""
