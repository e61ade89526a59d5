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
from multiprocessing import forkserver, reduction
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from g2u.files import states
from g2u.pipeline.sources import code

WARM = "g2u.pipeline.warm"
"""Imported before the first fork."""

OUTPUTS = (1, 2)
"""Descriptors."""

_handed: Hashable = None


def context() -> ForkServerContext:
    """How processes start. The one that they are forked from begins to import now, where it has not
    before; it is started anew where it would hand down other code, another folder or another
    environment than this process has.
    """
    global _handed
    files = states(code())
    now = (str(Path.cwd()), *sys.path, *sorted(os.environ.items()), *files)
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


class Outputs:
    """Handed to a process when it starts: what it writes goes where this one's output goes then,
    which on a terminal is a display.
    """

    def __reduce__(self) -> Any:
        with suppress(OSError):
            for number in OUTPUTS:
                os.fstat(number)
            return _taken, tuple(map(reduction.DupFd, OUTPUTS))
        return _taken, ()  # one is closed


def _taken(*outputs: Any) -> None:
    """In a process that starts."""
    for number, output in zip(OUTPUTS, outputs, strict=False):
        descriptor = output.detach()
        os.dup2(descriptor, number)
        os.close(descriptor)


atexit.register(end)
