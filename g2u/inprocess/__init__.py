"""What adapters that run a model in this process share: loading, identity, batches, chat."""
