"""Questions: where they come from, how they are worded, their gold answers apart."""
