"""When it runs: Prefect flows, one a file."""
