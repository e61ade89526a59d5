"""Thoughts as datasets: written, described, verified, taken in."""
