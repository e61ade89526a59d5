"""Processes that begin with everything imported: each is forked from one that has done it once.

Spawned, each of the five processes of a run imported for 0.4 to 0.8 s what the others did. The one
that they are forked from does nothing else, in one thread, so that forking it is safe whatever this
process is doing meanwhile.
"""

import atexit
import multiprocessing
import os
import sys
from collections.abc import Hashable
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

from g2u.files import states
from g2u.pipeline.sources import code

WARM = "g2u.pipeline.warm"
"""Imported before the first fork."""

_handed: Hashable = None


def context() -> ForkServerContext:
    """How processes start. The one that they are forked from is started anew where it would hand
    down other code, another folder, environment or output than this process has now.
    """
    global _handed
    now = _handed_down()
    if now != _handed:
        end()
        forkserver.set_forkserver_preload([WARM])
        forkserver.ensure_running()
        _handed = now
    return multiprocessing.get_context("forkserver")


def end() -> None:
    """End the process that others are forked from, and wait for it: who measures this process then
    counts all of them.
    """
    global _handed
    _handed = None
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no public word for it


def _handed_down() -> Hashable:
    outputs = []
    for number in (1, 2):
        with suppress(OSError):  # it is closed
            status = os.fstat(number)
            outputs.append((status.st_dev, status.st_ino))
    files = states(code())
    return str(Path.cwd()), *sys.path, *sorted(os.environ.items()), *files, *outputs


atexit.register(end)
