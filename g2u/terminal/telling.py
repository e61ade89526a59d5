"""Who is told of a run: a person at a terminal, by one display that stays in place; or a log, by a
line a minute. What DVC and stages say lies in a file of .g2u/runs.
"""

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from g2u.terminal.progress import DONE, LEFT, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

RUNS = Path(".g2u") / "runs"
KEPT = 20
"""Logs of runs, the last ones."""
EVERY = 60.0
"""Seconds between two lines of progress in a log."""
FALLBACK = (80, 24)
Say = Callable[[str], None]


def to_stderr(line: str) -> None:
    """A line of a log."""
    print(line, file=sys.stderr, flush=True)


class Telling:
    """A run's counts, its log, and whoever reads what matters.

    Args:
        say: gets each line that a person should read.
        notes: gets each other line, too; None = these lie in the log file alone.
    """

    def __init__(self, say: Say = to_stderr, notes: Say | None = None) -> None:
        self._say, self._notes = say, notes
        self._log: TextIO | None = None
        self._writes = threading.Lock()
        self.log: Path | None = None
        """The log file, once there is a line in it."""
        self.progress = Progress(at_first=self._begin)

    def tell(self, line: str) -> None:
        """A line that matters."""
        self._write(line)
        self._say(line)

    def note(self, line: str) -> None:
        """A line for whoever looks closer."""
        self._write(line)
        if self._notes is not None:
            self._notes(line)

    def _begin(self) -> None:
        """There is something to be done."""

    def _write(self, line: str) -> None:
        with self._writes:
            if self._log is None:
                RUNS.mkdir(parents=True, exist_ok=True)
                stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
                self.log = RUNS / f"{stamp}-{os.getpid()}.log"
                self._log = self.log.open("a", encoding="utf-8", buffering=1)
                for old in sorted(RUNS.glob("*.log"))[:-KEPT]:
                    old.unlink(missing_ok=True)
            self._log.write(f"{line}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None


class InLog(Telling):
    """Tells a log: what matters at once, how far it is once a minute."""

    def __init__(self, say: Say = to_stderr, notes: Say | None = None) -> None:
        super().__init__(say, notes)
        self._is_over = threading.Event()

    def _begin(self) -> None:
        threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self) -> None:
        while not self._is_over.wait(EVERY):
            self._say(self.progress.in_log())

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        super().__exit__(*error)


class OnTerminal(Telling):
    """Shows a person one display that stays in place, below the lines that matter. What workers and
    libraries write meanwhile becomes lines, too.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        super().__init__(self._show, self._show if verbose else None)
        self._console: Console | None = None
        self._is_over = threading.Event()
        self._display: threading.Thread | None = None

    def _show(self, line: str) -> None:
        if self._console is None:
            to_stderr(line)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _begin(self) -> None:
        from rich.console import Console

        terminal = os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding)
        self._console = Console(file=terminal)
        is_up = threading.Event()
        self._display = threading.Thread(target=self._live, args=(self._console, is_up))
        self._display.daemon = True
        self._display.start()
        is_up.wait()

    def _live(self, console: "Console", is_up: threading.Event) -> None:
        from rich.live import Live

        def shown() -> "Text":
            console.size = size = size_of(console.file.fileno())
            return drawn(self.progress, size, is_ascii=console.options.ascii_only)

        with (
            captured(self.tell),
            Live(
                get_renderable=shown, console=console, transient=True,
                redirect_stdout=False, redirect_stderr=False,
            ),
        ):  # fmt: skip
            is_up.set()
            self._is_over.wait()

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        if self._display is not None:
            self._display.join()
        super().__exit__(*error)


def drawn(progress: Progress, size: tuple[int, int], *, is_ascii: bool = False) -> "Text":
    """What a terminal of so many columns and lines shows, coloured."""
    from rich.text import Text

    lines = progress.on_terminal(size[0], size[1] - 1, is_ascii=is_ascii)
    text = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
    text.highlight_regex(f"{DONE}+|#+", "green")
    text.highlight_regex(f"{LEFT}+|--+", "dim")
    text.highlight_regex("[0-9,]+ failed", "bold red")
    return text


def size_of(descriptor: int) -> tuple[int, int]:
    """Columns and lines of a terminal; 80 x 24 where it does not tell."""
    found = os.get_terminal_size(descriptor)
    return (found.columns, found.lines) if all(found) else FALLBACK


@contextmanager
def captured(say: Say) -> Iterator[None]:
    """What this process and those that it starts write to the terminal meanwhile goes to `say`,
    line by line.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2) if os.isatty(number)}
    read, write = os.pipe()
    for number in kept:
        os.dup2(write, number)
    os.close(write)
    is_over = threading.Event()
    reader = threading.Thread(target=_read, args=(read, say, is_over), daemon=True)
    reader.start()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, before in kept.items():
            os.dup2(before, number)
            os.close(before)
        is_over.set()
        reader.join()


def _read(descriptor: int, say: Say, is_over: threading.Event) -> None:
    """Lines of a pipe until it is over and empty; whoever wrote into it may keep it open."""
    rest = b""
    with os.fdopen(descriptor, "rb", buffering=0) as pipe:
        while True:
            if not select.select([pipe], [], [], 0.05)[0]:
                if is_over.is_set():
                    break
                continue
            more = pipe.read(65536)
            if not more:
                break
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                _say(line, say)
    _say(rest, say)


def _say(line: bytes, say: Say) -> None:
    # a library's bar is written over itself
    text = line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
    if text.strip():
        say(text)


def telling(*, verbose: bool = False) -> Telling:
    """Who is told of a run of the command; `verbose`: every line, not only those that matter."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return OnTerminal(verbose=verbose)
    return InLog(to_stderr, to_stderr if verbose else None)


def room() -> tuple[int, int]:
    """Columns and lines for what is printed at the end."""
    return size_of(1) if os.isatty(1) else (100, 1000)
