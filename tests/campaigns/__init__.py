"""Reuse, crashes and parallel runs, small in the tests and at full size by make campaigns."""
