"""Answers: what is asked with a thought in view, in which arm, and what the model says."""
