"""What a drawing did, in words, a table and curves, for each family of own thoughts that was
intervened on; g2u/scores/causes.py has the numbers.

Each claim is corrected over all such families of the report (Holm), at the level at which words are
chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from g2u.report.figures import Curve, curves
from g2u.report.questions import Finding
from g2u.report.summary import CellResult
from g2u.scores.statistics import holm
from g2u.scores.verdict import NAMING

Found = Mapping[str, Any]
CLAIMS = {
    "content": ("effects", "content"),
    "reverted": ("doses", "reverted", "trend"),
    "recoloured": ("doses", "recoloured", "trend"),
    "follows": ("donors", "follows", "over"),
    "answer": ("donors", "same", "answer"),
    "beyond": ("donors", "same", "below"),
    "contradicted": ("donors", "other", "gain"),
    "only": ("parts", "only", "gain"),
    "veiled": ("parts", "veiled", "below"),
    "described": ("parts", "described", "below"),
}
"""What is tested, and where a cell's metrics have the difference."""
WORDS = {
    "unchecked": "nothing follows, as the checks of the model did not prove what the arm hangs on",
    "it misleads": "with what is drawn fewer answers are right than with the picture shown twice",
    "no use shown": "what is drawn is not shown to help, over the picture shown twice",
    "an answer channel": "answers follow what a drawing tells, whichever picture it was made of",
    "an answer channel, and more": (
        "answers follow what a drawing tells, and this picture's own drawing helps more than "
        "another's that tells the same"
    ),
    "read with its own picture": (
        "this picture's own drawing helps more than another's that tells the same answer"
    ),
    "used": "what is drawn helps; how it is used, these arms do not show",
}
"""What a drawing is, as far as it is shown, and what that says."""
SHOWN = {
    "own": "its own drawing",
    "same": "another picture's, which tells the same answer",
    "other": "another picture's, which tells another answer",
    "follows": "another picture's: the share that says its answer",
    "only": "the drawing alone",
    "veiled": "noise in the picture's place",
    "described": "the model's words for the drawing",
}
"""What the table calls what is shown."""
ALONE, TWICE, LESS = "over the picture alone", "over the picture shown twice", "its own over it"
"""What the table's differences are between."""
DOSES = {"reverted": "taken back", "recoloured": "in other colours"}
"""What is done to the ink, by alteration."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: what was shown, and a difference."""

    shown: str
    mean: Found
    """Its accuracy, or a share of answers."""
    over: str
    """What the difference is between."""
    difference: Found
    p: float | None
    """Corrected; None = not claimed."""


@dataclass(frozen=True, slots=True)
class Causal:
    """A family's own thoughts on a benchmark."""

    benchmark: str
    model: str
    family: str
    found: Found
    """What the cell's metrics hold under `causes`."""
    held: Mapping[str, float]
    """By claim, its p after the correction."""
    alpha: float
    unchecked: str = ""
    """Which premise of the arm is not proven: then nothing follows."""

    @property
    def meaning(self) -> str:
        """What the word says."""
        return WORDS[self.word]

    def shows(self, claim: str, sign: int = 1) -> bool:
        """Whether the claim's difference is shown to lie on that side of 0."""
        told = _at(self.found, *CLAIMS[claim])
        if self.unchecked or told is None or self.held[claim] > self.alpha:
            return False
        return bool(sign * told["difference"] > 0)

    @property
    def word(self) -> str:
        """What the drawing is, as far as that is shown."""
        if self.unchecked:
            return "unchecked"
        if self.shows("content", -1):
            return "it misleads"
        if not self.shows("content"):
            return "no use shown"
        if self.shows("follows"):
            return "an answer channel, and more" if self.shows("beyond") else "an answer channel"
        return "read with its own picture" if self.shows("beyond") else "used"

    @property
    def sentences(self) -> list[str]:
        """What the word is read from, and what else is told."""
        if self.unchecked:
            return [f"Not proven: {self.unchecked}."]
        return list(_told(self))

    @property
    def lines(self) -> list[Line]:
        """Of the table."""
        return list(_lines(self))

    @property
    def figure(self) -> Markup | None:
        """Accuracy by dose; None without doses."""
        doses = self.found.get("doses", {})
        found = [
            Curve(f"as ink is {DOSES.get(name, name)}", [_point(each) for each in told["points"]])
            for name, told in doses.items()
        ]
        direct = _at(self.found, "effects", "direct")
        return curves(found, None if direct is None else direct["mean"]) if found else None


def causal(results: Sequence[CellResult], alpha: float) -> list[Causal]:
    """Of every cell of own thoughts that was intervened on; each claim corrected over all of them.

    Args:
        results: all cells of the report.
        alpha: family-wise level of the report; words are chosen at NAMING of it.
    """
    cells = [cell for cell in results if cell.is_own and cell.metrics.get("causes")]
    held: list[dict[str, float]] = [{} for _ in cells]
    for claim, path in CLAIMS.items():
        tested = {
            number: told["p"]
            for number, cell in enumerate(cells)
            if (told := _at(cell.metrics["causes"], *path)) is not None
        }
        for number, p in zip(tested, holm(list(tested.values())), strict=True):
            held[number][claim] = p
    return [
        Causal(
            cell.benchmark,
            cell.model,
            cell.family,
            cell.metrics["causes"],
            corrected,
            NAMING * alpha,
            cell.unchecked.get(cell.main.name, ""),
        )
        for cell, corrected in zip(cells, held, strict=True)
    ]


def what_does_it_do(found: Sequence[Causal]) -> list[Finding]:
    """For the overview, where some family was intervened on."""
    if not found:
        return []
    words = [each.word for each in found]
    counts = ", ".join(f"{word} ({words.count(word)})" for word in dict.fromkeys(words))
    said = f"Of {len(found)} families of own thoughts whose drawings were altered: {counts}."
    lines = [
        f"{each.benchmark}, {each.model}, {each.family}: {each.word}. {' '.join(each.sentences)}"
        for each in found
    ]
    return [Finding("What does a drawing do?", said, tuple(lines))]


def causes_table(found: Sequence[Causal]) -> pl.DataFrame:
    """Every line of the tables and every point of the curves; 0..1."""
    rows = []
    for each in found:
        place = {"benchmark": each.benchmark, "model": each.model, "family": each.family}
        for line in each.lines:
            told = {f"difference_{key}": line.difference[key] for key in ("low", "high", "p")}
            rows.append(
                place | {"word": each.word, "shown": line.shown, "over": line.over}
                | {"right": line.mean["mean"], **_ends(line.mean)}
                | {"difference": line.difference["difference"], **told, "holm": line.p}
                | {"items": line.difference["items"]}
            )  # fmt: skip
        for name, told in each.found.get("doses", {}).items():
            rows += [
                place | {"word": each.word, "shown": f"{name} {point['amount']} %", "over": ""}
                | {"right": point["mean"], **_ends(point), "items": told["items"]}
                for point in told["points"]
            ]  # fmt: skip
    return pl.DataFrame(rows)


def _ends(told: Found) -> dict[str, float]:
    return {name: told[name] for name in ("low", "high")}


def _told(cause: Causal) -> Iterator[str]:
    effects = cause.found.get("effects")
    if effects:
        yield (
            f"Of {points(effects['total'])} points over the picture alone, "
            f"{points(effects['content'])} are owed to what is drawn, "
            f"{points(effects['company'])} to a second picture as such."
        )
    for name, done in DOSES.items():
        told = _at(cause.found, "doses", name)
        if told is not None:
            first, last = told["points"][0], told["points"][-1]
            falls = "fewer" if cause.shows(name, -1) else "more" if cause.shows(name) else ""
            trend = f"the more of its ink is {done}, the {falls} answers are right"
            said = trend if falls else f"no trend is shown as its ink is {done}"
            yield f"{said[0].upper()}{said[1:]}: from {percent(first)} to {percent(last)} %."
    yield from _of_donors(cause)
    only = _at(cause.found, "parts", "only")
    if only is not None and cause.shows("only"):
        yield f"The drawing alone is enough for {percent(only)} %."
    described = _at(cause.found, "parts", "described")
    if described is not None and cause.shows("described"):
        yield (
            f"The model's own words for it do not replace it: {percent(described)} %, "
            f"{_less(described)}."
        )


def _of_donors(cause: Causal) -> Iterator[str]:
    follows, same = (_at(cause.found, "donors", name) for name in ("follows", "same"))
    if follows is not None:
        shown = cause.shows("follows")
        yield (
            f"Shown another picture's drawing that tells another answer, {percent(follows)} % "
            f"[{percent(follows, 'low')}, {percent(follows, 'high')}] say that answer"
            + ("." if shown else ", which is not shown to be more than by chance.")
        )
    if same is not None and cause.shows("answer"):
        rest = (
            f"its own is better still, by {points(same['below'])} points"
            if cause.shows("beyond")
            else f"its own is not shown to be better ({points(same['below'])})"
        )
        yield (
            f"Another picture's drawing that tells the same answer helps as well: "
            f"{percent(same)} % are right; {rest}."
        )
    elif same is not None and cause.shows("beyond"):
        yield (
            "Another picture's drawing is not shown to help even where it tells the same answer: "
            f"{percent(same)} % are right, {_less(same)}."
        )


def _lines(cause: Causal) -> Iterator[Line]:
    found = cause.found
    rows = [
        ("own", ("effects", "own"), ALONE, ("effects", "total"), None),
        ("own", ("effects", "own"), TWICE, CLAIMS["content"], "content"),
        ("same", ("donors", "same"), TWICE, CLAIMS["answer"], "answer"),
        ("same", ("donors", "same"), LESS, CLAIMS["beyond"], "beyond"),
        ("other", ("donors", "other"), ALONE, CLAIMS["contradicted"], "contradicted"),
        ("follows", ("donors", "follows"), "over an answer that it does not tell",
         CLAIMS["follows"], "follows"),
        ("only", ("parts", "only"), ALONE, CLAIMS["only"], "only"),
        ("veiled", ("parts", "veiled"), LESS, CLAIMS["veiled"], "veiled"),
        ("described", ("parts", "described"), LESS, CLAIMS["described"], "described"),
    ]  # fmt: skip
    for shown, mean, over, path, claim in rows:
        told = _at(found, *path)
        if told is not None:
            p = cause.held[claim] if claim else None
            yield Line(SHOWN[shown], _at(found, *mean), over, told, p)


def _at(found: Found, *path: str) -> Any:
    """What lies there; None where something on the way is missing."""
    for name in path:
        if found is None:
            return None
        found = found.get(name)  # type: ignore[assignment]
    return found


def _point(told: Found) -> tuple[int, float, float, float]:
    return told["amount"], told["mean"], told["low"], told["high"]


def _less(told: Found) -> str:
    """How much fewer answers are right than with its own."""
    return f"with its own {points(told['below'])} points more"


def percent(told: Found, name: str = "mean") -> str:
    """Of 0..1, in percent."""
    return f"{100 * told[name]:.1f}"


def points(told: Found) -> str:
    """A difference with its interval, in points."""
    ends = (100 * told[name] for name in ("low", "high"))
    return f"{100 * told['difference']:+.1f} [{', '.join(f'{end:+.1f}' for end in ends)}]"
