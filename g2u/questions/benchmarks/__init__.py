"""Sources of questions; one file each."""
