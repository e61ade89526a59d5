"""What every process of a run imports, done once in the one that they are forked from
(g2u/pipeline/forked.py): no torch, and nothing that starts a thread of its own.
"""

import gc
import importlib
from contextlib import suppress

from g2u.pipeline import YOUNG

MODULES = (
    "pandas",  # pyarrow imports it, where it is installed, for the first array that it makes
    "g2u.pipeline.fill",
    "stages.prepare",
    "stages.generate",
    "stages.understand",
    "stages.judge",
    "stages.score",
    "stages.gallery",
)

gc.set_threshold(YOUNG)
for name in MODULES:
    with suppress(Exception):  # raised again, and told, where it is needed
        importlib.import_module(name)
gc.freeze()
