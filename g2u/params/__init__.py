"""params.yaml: read, checked whole, resolved."""
