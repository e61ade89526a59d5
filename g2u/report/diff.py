"""Two runs side by side: every arm's accuracy, gain and verdict before and now, and the questions
whose answers flipped.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from g2u.errors import DataError
from g2u.report.page import filled
from g2u.scores.statistics import Gain, Resampling, holm, paired_gain

NUMBERS, VERDICTS = TOLD = ("gains.json", "gains.csv")
"""Files of a report's folder that tell a run's numbers; Git holds both."""
Place = tuple[str, str, str]
"""Benchmark, model and arm as the report calls it."""
Marked = Mapping[str, tuple[float, str]]
"""Of an arm, by question: score 0..1, and the set of pictures that it belongs to."""
RIGHT = 0.5
"""Score from which on an answer counts as right."""
FLIPPED = ("lost", "won")
"""Heads of the columns of flips in `lines`: right before and wrong now, and the other way round."""
LINKED = 200
"""Flips of one kind and arm that the page links at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says of an arm; scores 0..1."""

    accuracy: float
    gain: float | None
    """Over direct; None of direct itself."""
    low: float | None
    high: float | None
    verdict: str
    """Of own thoughts; else empty."""


@dataclass(frozen=True, slots=True)
class Flips:
    """An arm's answers to the same questions, before and now."""

    lost: tuple[str, ...]
    """Questions that were right before and are wrong now."""
    won: tuple[str, ...]
    """Those that were wrong before and are right now."""
    change: Gain
    """Of the accuracy, question by question."""
    holm: float = 1.0
    """Of the change's p, over all arms that are compared."""


@dataclass(frozen=True, slots=True)
class Row:
    """One arm in both runs."""

    place: Place
    before: Told | None
    """None where the other run has no such arm."""
    now: Told | None
    flips: Flips | None = None
    """None where answers are not known."""

    @property
    def has_changed(self) -> bool:
        """Whether a number, a verdict or an answer is another one."""
        moved = self.flips is not None and bool(self.flips.lost or self.flips.won)
        return moved or self.before != self.now

    @property
    def part(self) -> str:
        """Name of its part of the gallery."""
        return f"{self.place[0]}-{self.place[1]}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two runs."""

    other: str
    """What the run before is called."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What could not be compared, and why, in sentences."""

    @property
    def changed(self) -> list[Row]:
        """Arms that both have, and that differ."""
        return [row for row in self.rows if row.before and row.now and row.has_changed]

    @property
    def verdicts(self) -> list[Row]:
        """Those whose verdict is another one."""
        return [
            row
            for row in self.changed
            if row.before and row.now and row.before.verdict != row.now.verdict
        ]

    @property
    def answer(self) -> str:
        """In one or two sentences."""
        both = sum(row.before is not None and row.now is not None for row in self.rows)
        fresh = sum(row.before is None for row in self.rows)
        gone = sum(row.now is None for row in self.rows)
        alone = ", ".join(
            f"{count} {what}" for count, what in ((fresh, "new"), (gone, "gone")) if count
        )
        if not both:
            return f"Nothing in common: {alone or 'both runs are empty'}."
        told = f"{len(self.changed)} of {both} arms that both runs have differ"
        told += f", {len(self.verdicts)} in their verdict" if self.changed else ""
        return f"{told}{f'; {alone}' if alone else ''}."


def numbers_of(texts: Mapping[str, str], where: str) -> dict[Place, Told]:
    """A run's arms, in the report's order.

    Args:
        texts: what the files of TOLD hold.
        where: whose they are, for errors.

    Raises:
        DataError: they are no report's.
    """
    try:
        nested = json.loads(texts[NUMBERS])
        listed = csv.DictReader(io.StringIO(texts[VERDICTS]))
        verdicts = {(r["benchmark"], r["model"], r["arm"]): r["verdict"] for r in listed}
        return {
            (benchmark, model, arm): _told(told, verdicts.get((benchmark, model, arm), ""))
            for benchmark, models in nested.items()
            for model, arms in models.items()
            for arm, told in arms.items()
            if "accuracy" in told
        }
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError(
            f"{where}: {' or '.join(TOLD)} is no report's ({type(error).__name__}: {error}); "
            "g2u run makes them"
        ) from None


def _told(told: Mapping[str, Any], verdict: str) -> Told:
    gain, low, high = (told.get(name) for name in ("gain", "gain_low", "gain_high"))
    return Told(float(told["accuracy"]), gain, low, high, verdict)


def flips(before: Marked, now: Marked, how: Resampling) -> Flips | None:
    """Answers to the questions that both marked; None where there are none.

    Args:
        before: of the other run.
        now: of this one; its sets of pictures count.
        how: for the interval.
    """
    both = [question for question in now if question in before]
    if not both:
        return None
    is_right = {q: (before[q][0] >= RIGHT, now[q][0] >= RIGHT) for q in both}
    change = paired_gain(
        [now[q][0] for q in both], [before[q][0] for q in both], [now[q][1] for q in both], how
    )
    lost, won = (
        tuple(q for q in both if is_right[q] == way) for way in ((True, False), (False, True))
    )
    return Flips(lost, won, change)


def compared(
    other: str,
    before: Mapping[Place, Told],
    now: Mapping[Place, Told],
    flipped: Mapping[Place, Flips],
    notes: Iterable[str] = (),
) -> Compared:
    """Both runs, in the order of this one; p of changes are corrected over all arms.

    Args:
        other: what the run before is called.
        before: its arms.
        now: this run's arms.
        flipped: answers of the arms that have any.
        notes: what could not be compared.
    """
    corrected = dict(zip(flipped, holm([each.change.p for each in flipped.values()]), strict=True))
    told = {
        place: Flips(each.lost, each.won, each.change, corrected[place])
        for place, each in flipped.items()
    }
    places = dict.fromkeys([*now, *before])
    rows = tuple(Row(p, before.get(p), now.get(p), told.get(p)) for p in places)
    return Compared(other, rows, tuple(notes))


def lines(found: Compared) -> list[tuple[str, ...]]:
    """Arms whose numbers or answers differ, as rows of a table whose first row are the heads;
    percent and points. Without answers there are no columns of flips.
    """
    is_known = any(row.flips for row in found.rows)
    rows: list[tuple[str, ...]] = []
    for row in found.changed:
        before, now, flipped = row.before, row.now, row.flips
        if before is None or now is None or not (flipped or _numbers(before) != _numbers(now)):
            continue
        accuracy = f"{100 * before.accuracy:.1f} → {100 * now.accuracy:.1f}"
        gain = f"{_signed(before.gain)} → {_signed(now.gain)}"
        counts = [str(len(each)) for each in (flipped.lost, flipped.won)] if flipped else ["", ""]
        rows.append((*row.place, accuracy, gain, *(counts if is_known else ())))
    heads = ("benchmark", "model", "arm", "accuracy", "gain")
    further = FLIPPED if is_known else ()
    return [(*heads, *further), *rows] if rows else []


def _numbers(told: Told) -> tuple[float | None, ...]:
    return told.accuracy, told.gain, told.low, told.high


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f}"


def page(found: Compared, galleries: Sequence[str], alpha: float) -> str:
    """HTML of the page.

    Args:
        found: both runs.
        galleries: addresses of this run's gallery and of the other's, as seen from the page; empty
            where there is none.
        alpha: level of the tests.
    """
    return filled(
        "diff.html.j2", found=found, now=galleries[0], before=galleries[1], alpha=alpha,
        linked=LINKED, flipped=[row for row in found.rows if row.flips and row.has_changed],
    )  # fmt: skip


def report_of(folder: Path) -> dict[str, str]:
    """What the files of TOLD hold in a report's folder.

    Raises:
        DataError: one of them is not there.
    """
    missing = next((folder / name for name in TOLD if not (folder / name).is_file()), None)
    if missing is not None:
        raise DataError(f"{missing} is not made yet; g2u run, or git pull")
    return {name: (folder / name).read_text(encoding="utf-8") for name in TOLD}
