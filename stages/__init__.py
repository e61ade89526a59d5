"""What runs: one module per stage of dvc.yaml."""
