"""Feedback modes: how thoughts and originals are laid before the model; one file each."""
