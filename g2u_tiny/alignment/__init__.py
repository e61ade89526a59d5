"""How the embedded model learns from its own understanding; used by the frozen stage align only."""
