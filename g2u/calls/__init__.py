"""The call cache: nothing is ever computed twice."""
