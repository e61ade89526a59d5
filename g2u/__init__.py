"""g2u: visual thoughts materialised once, fed back, and judged with controls.

`g2u.open("folder")` is a study in Python (g2u/study.py).
"""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """`open`: by name, so that no stage depends on what only people read."""
    if name == "open":
        return importlib.import_module("g2u.study").Study
    raise AttributeError(f"module 'g2u' has no attribute {name!r}")
