"""The embedded unified model: the model, how it was trained, and how it learns from itself."""
