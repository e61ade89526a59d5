"""Which code a result is made with, and its digest."""
