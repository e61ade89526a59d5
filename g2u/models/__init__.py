"""Model adapters; one folder each. tiny is the one that ships."""
