"""The `g2u` command: at the edge beside stages, and the one place in g2u that knows DVC's files."""
