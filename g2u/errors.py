"""Errors a user can act on: one line with what, where, what was expected, the next command."""

import difflib
import errno
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterable

from g2u.secrets import struck

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What a full or write-protected disk says."""
STOPPED = "stopped; what was finished is kept, the same command goes on"
"""What is said after Ctrl-C."""


class G2UError(Exception):
    """Printed as one line, exit code 1. Anything else is a bug and keeps its traceback."""


class ParamsError(G2UError):
    """params.yaml asks for something that does not exist or does not fit."""


class DataError(G2UError):
    """A file of the user's, or one made from it, is not what it has to be."""


class ModelError(G2UError):
    """A model cannot be loaded or cannot do what the pipeline asks of it."""


class UnbelievedError(ModelError):
    """A model that was seen not to hold what a run hangs on; asking it again mends nothing."""


class CacheError(G2UError):
    """The call cache cannot be read or written."""


class BudgetError(G2UError):
    """A run came to the budget of params.yaml; what it made is kept."""


def in_one_line(text: str, limit: int = 2000) -> str:
    """The text without secrets, its white space drawn together, other control characters shown as
    what they are, and its middle left out above `limit` characters.
    """
    line = "".join(
        c if c.isprintable() else ascii(c)[1:-1]
        for c in " ".join(struck(text)[: 4 * limit].split())
    )
    half = limit // 2
    return line if len(line) <= limit else f"{line[:half]} ... {line[-half:]}"


def unknown_name(where: str, name: str, known: Iterable[str]) -> str:
    """One line for a name that nothing answers to, with the nearest known one."""
    names = sorted(known)
    near = difflib.get_close_matches(name[:80], names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{where} has no {name[:80]!r}{hint} (known: {', '.join(names) or 'none'})"


def run_main(main: Callable[[], None]) -> None:
    """Run a command: a G2UError becomes one line and exit code 1, Ctrl-C exit code 130, output that
    nobody reads any more 141; a bug keeps its traceback, without secrets.
    """
    try:
        main()
        sys.stdout.flush()
    except G2UError as error:
        print(f"{type(error).__name__}: {in_one_line(str(error))}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a further one does not wait for a model
        print(STOPPED, file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001 - shown without secrets, whatever it is
        if isinstance(error, BrokenPipeError) and _is_unread():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for Python, which flushes as it ends
            raise SystemExit(141) from None
        print(_no_room(error) or struck(traceback.format_exc().rstrip()), file=sys.stderr)
        raise SystemExit(1) from None


def _is_unread() -> bool:
    """Whether nobody reads standard output any more, as behind `g2u plan | head -1`."""
    asked = select.poll()
    asked.register(1, 0)
    return any(event & select.POLLERR for _, event in asked.poll(0))


def _no_room(error: Exception) -> str:
    """One line where a disk is full or write-protected."""
    if not isinstance(error, OSError) or error.errno not in NO_ROOM:
        return ""
    place = f"{error.filename}: " if error.filename else ""
    said = in_one_line(f"{place}{os.strerror(error.errno)}")
    return f"DataError: {said}; what was finished is kept: make room, then run again"
