"""What a run has done and has to do: counted, and in words for a terminal and for a log."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Share = tuple[str, str, str]
"""Benchmark, model and which of their calls: a model's calls on a benchmark come in shares of equal
parts.
"""
RECENT = 60.0
"""Seconds over which calls per second are counted."""
MODELS, PLACES = 6, 4
"""Lines of models and of places under way that are shown; the others are counted."""
NARROW = 80
"""Columns below which words are shorter."""
DONE, LEFT = "\N{BOX DRAWINGS HEAVY HORIZONTAL}", "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
"""Of a bar."""


@dataclass(slots=True)
class Counts:
    """Calls."""

    made: int = 0
    reused: int = 0
    failed: int = 0

    @property
    def all(self) -> int:
        """Every one of them."""
        return self.made + self.reused + self.failed

    def add(self, other: "Counts") -> None:
        """Count these, too."""
        self.made += other.made
        self.reused += other.reused
        self.failed += other.failed


@dataclass(slots=True)
class _Share:
    """Of a model's calls on a benchmark."""

    families: Sequence[str]
    parts: int
    guess: float
    """Calls of all parts, before one has ended."""
    before: Counts
    """Of the same share in rounds that came to their end."""
    ended: int = 0
    """Parts."""
    counts: Counts = field(default_factory=Counts)
    """Of ended parts."""
    open: dict[int, Counts] = field(default_factory=dict)
    """Of parts under way, by number."""

    def total(self) -> Counts:
        """Of all parts so far."""
        found = Counts()
        for each in (self.before, self.counts, *self.open.values()):
            found.add(each)
        return found

    def left(self) -> int:
        """Calls to come, about: parts are taken to be like those that have ended."""
        each = self.counts.all / self.ended if self.ended else self.guess / max(self.parts, 1)
        begun = sum(max(each - counts.all, 0) for counts in self.open.values())
        return math.ceil(each * (self.parts - self.ended - len(self.open)) + begun)


class Progress:
    """Counts of a run, which several threads tell of.

    Args:
        clock: seconds, from any moment on.
        at_first: called once, before anything is counted.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        at_first: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._at_first = clock, at_first
        self._began: float | None = None
        self._lock = threading.RLock()
        self._shares: dict[Share, _Share] = {}
        self._made: dict[str, deque[tuple[float, int]]] = {}
        """Of each model, when how many calls had been made."""
        self._stages = self._looked_at = self._stages_made = 0
        self._running: list[str] = []

    def share(self, which: Share, families: Sequence[str], parts: int, guess: float) -> None:
        """There is a share of calls to be made, of about so many."""
        with self._lock:
            before = self._shares[which].total() if which in self._shares else Counts()
            self._shares[which] = _Share(families, parts, guess, before)
        self._begin()  # whoever is told from now on is told of this share

    def part_begun(self, which: Share, number: int) -> None:
        """A part of a share was handed to a worker, for the first time or again."""
        with self._lock:
            self._shares[which].open[number] = Counts()
            self._made.setdefault(which[1], deque([(self._clock(), 0)]))

    def calls(self, which: Share, number: int, counts: Counts) -> None:
        """So many calls of a part came to their end."""
        with self._lock:
            self._shares[which].open[number].add(counts)
            seen = self._made[which[1]]
            seen.append((self._clock(), self.total(which[1]).made))
            while len(seen) > 2 and seen[1][0] < self._clock() - RECENT:
                seen.popleft()

    def part_ended(self, which: Share, number: int) -> None:
        """All calls of a part are there."""
        with self._lock:
            share = self._shares[which]
            share.counts.add(share.open.pop(number))
            share.ended += 1

    def walk(self, stages: int) -> None:
        """So many stages are looked at from now on."""
        with self._lock:
            self._stages, self._looked_at = stages, 0

    def stage_unchanged(self) -> None:
        """A stage need not be made."""
        with self._lock:
            self._looked_at += 1

    def stage_begun(self, name: str) -> None:
        """A stage is being made."""
        with self._lock:
            self._running.append(name)
        self._begin()  # whoever is told from now on is told of this stage

    def stage_ended(self, name: str) -> None:
        """A stage was made."""
        with self._lock:
            self._running.remove(name)
            self._looked_at += 1
            self._stages_made += 1

    def total(self, model: str | None = None) -> Counts:
        """Calls so far, of a model or of all."""
        found = Counts()
        with self._lock:
            for (_, other, _), share in self._shares.items():
                if model in (None, other):
                    found.add(share.total())
        return found

    @property
    def stages_made(self) -> int:
        """How many came to their end."""
        return self._stages_made

    def on_terminal(self, width: int, height: int, *, is_ascii: bool = False) -> list[str]:
        """What a terminal of this size shows, `height` lines at most, none longer than `width`."""
        with self._lock:
            told = [_cells_of(facts, width) for facts in self._by_model()]
            shown = _aligned(told[:MODELS], width)
            if len(told) > MODELS:
                shown.append(f"and {len(told) - MODELS} more models")
            places = list(self._places())
            shown += [f"  {place}" for place in places[:PLACES]]
            if len(places) > PLACES:
                shown.append(f"  and {len(places) - PLACES} more under way")
            shown += self._stage_line()
        shown = [cut(line, width) for line in shown][: max(height, 1)]
        return [line.replace(DONE, "#").replace(LEFT, "-") for line in shown] if is_ascii else shown

    def in_log(self) -> str:
        """The same facts as one line."""
        with self._lock:
            models = [f"{f.model}: {', '.join(f.words)}" for f in self._by_model() if f.is_begun]
            waiting = sum(not facts.is_begun for facts in self._by_model())
            said = models[:MODELS]
            if len(models) + waiting > len(said):
                said.append(f"and {len(models) + waiting - len(said)} more models")
            places = list(self._places())
            if places:
                more = f" and {len(places) - PLACES} more" if len(places) > PLACES else ""
                said.append(f"under way: {'; '.join(places[:PLACES])}{more}")
            return "; ".join([*said, *self._stage_line()])

    def summary(self) -> list[str]:
        """What was done in all, a line for each model and one for the stages; none for nothing."""
        with self._lock:
            lines = [
                f"{facts.model}: {facts.counts.made:,} calls made, {facts.counts.reused:,} reused, "
                f"{facts.counts.failed:,} failed"
                for facts in self._by_model()
            ]
            if len(lines) > MODELS:
                lines[MODELS:] = [f"and {len(lines) - MODELS} more models"]
            if self._began is not None:
                took = _duration(self._clock() - self._began)
                lines.append(f"{self._stages_made} of {self._stages} stages made, in {took}")
            return lines

    def document(self) -> dict[str, Any]:
        """The same as a JSON value: calls of each model, and how many stages were made."""
        with self._lock:
            calls = {facts.model: asdict(facts.counts) for facts in self._by_model()}
            return {"calls": calls, "stages_made": self._stages_made}

    def _begin(self) -> None:
        with self._lock:
            is_first, self._began = self._began is None, self._began or self._clock()
        if is_first:
            self._at_first()

    def _by_model(self) -> "Iterator[_Facts]":
        for model in dict.fromkeys(model for _, model, _ in self._shares):
            own = [share for (_, m, _), share in self._shares.items() if m == model]
            yield _Facts(
                model,
                self.total(model),
                sum(share.left() for share in own),
                self._per_second(model),
                any(share.ended or share.open for share in own),
            )

    def _per_second(self, model: str) -> float:
        """Calls made per second of late; as far as nothing was made, 0."""
        seen = self._made.get(model)
        if not seen:
            return 0.0
        (began, before), (at, made) = seen[0], seen[-1]
        return (made - before) / (at - began) if at > began else 0.0

    def _places(self) -> Iterator[str]:
        """Benchmarks under way, their models and families."""
        under_way = (which[:2] for which, share in self._shares.items() if share.open)
        for place in dict.fromkeys(under_way):
            shares = [share for which, share in self._shares.items() if which[:2] == place]
            ended, parts = (sum(getattr(s, name) for s in shares) for name in ("ended", "parts"))
            families = dict.fromkeys(family for share in shares for family in share.families)
            cells = f"{len(families)} cells" if len(families) > 1 else "1 cell"
            yield f"{' '.join(place)}, {cells}, {100 * ended // parts} %: {' '.join(families)}"

    def _stage_line(self) -> list[str]:
        if not self._stages_made and not self._running:
            return []
        running = ", ".join(self._running[:PLACES])
        more = len(self._running) - PLACES
        now = f": {running}{f' and {more} more' if more > 0 else ''}" if running else ""
        return [f"stages {self._looked_at} of {self._stages}, {self._stages_made} made{now}"]


@dataclass(frozen=True, slots=True)
class _Facts:
    """Of a model."""

    model: str
    counts: Counts
    left: int
    per_second: float
    """Calls made."""
    is_begun: bool

    @property
    def share(self) -> float:
        """How much of all is done, 0..1."""
        return self.counts.all / max(self.counts.all + self.left, 1)

    @property
    def words(self) -> list[str]:
        """All that there is to say, what can be left out last."""
        done = f"{self.counts.all:,}"
        if not self.is_begun:
            return [f"about {self.left:,} calls, waiting"]
        said = [f"{done}{f' of about {self.counts.all + self.left:,}' if self.left else ''} calls"]
        if self.counts.failed:
            said.append(f"{self.counts.failed:,} failed")
        if self.left and self.per_second:
            # as if all that is left had to be made: a reused call takes no time
            said.append(f"{_duration(self.left / self.per_second)} left")
        said.append(f"{_rate(self.per_second)}/s")
        if self.counts.reused:
            said.append(f"{self.counts.reused:,} reused")
        return said


def _cells_of(facts: _Facts, width: int) -> tuple[str, str, float]:
    """Name, words and share, the words no longer than fits beside the name."""
    name, words = cut(facts.model, max(width // 4, 8)), facts.words
    if width < NARROW:
        words = [word.replace("about ", "~") for word in words]
    while len(words) > 1 and len("  ".join(words)) > width - len(name) - 2:
        words = words[:-1]
    return name, "  ".join(words), facts.share


def _aligned(rows: Sequence[tuple[str, str, float]], width: int) -> list[str]:
    """A line each: name, bar as far as there is room, words."""
    names = max((len(name) for name, _, _ in rows), default=0)
    words = max((len(said) for _, said, _ in rows), default=0)
    room = min(width - names - words - 4, 30)
    lines = []
    for name, said, share in rows:
        full = int(share * room)
        bar = f"{DONE * full}{LEFT * (room - full)}  " if room >= 8 else ""
        lines.append(f"{name:<{names}}  {bar}{said}")
    return lines


def cut(text: str, width: int) -> str:
    """The text, no longer than `width` characters."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}\N{HORIZONTAL ELLIPSIS}"


def _rate(per_second: float) -> str:
    return f"{per_second:.1f}" if per_second < 10 else f"{per_second:,.0f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
