"""Tables between stages: parquet, columns, places."""
