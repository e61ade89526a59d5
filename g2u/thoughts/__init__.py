"""Thoughts: edit families and how a model is asked for an edit."""
