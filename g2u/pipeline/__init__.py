"""All that knows DVC: what is stale, what runs, in which process, and the record of it."""

import os

YOUNG = 50_000
"""New objects after which a process of the command looks for garbage: with Python's 700 that takes
a tenth of its time.
"""
THREADS = "OPENBLAS_NUM_THREADS"
"""Of numpy's linear algebra: one for each core, which all spin wherever numpy is imported."""
IS_SET = THREADS in os.environ
"""Whether that is the user's word."""

os.environ.setdefault(THREADS, "1")  # for this process and those that it starts
