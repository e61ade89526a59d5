"""Intervals as small SVG pictures in a page's own colours, and how sure a row's gain is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from g2u.scores.verdict import UNDISCUSSED

WIDE, TALL = 108, 16
"""Size of a picture on the page, in px."""
EDGE = 5
"""Px that stay free at both ends, so that no dot is cut."""
Tone = Literal["up", "down", "open"]
"""Shown to be above 0, shown to be below, or neither."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What a column of pictures spans; its ends are the pictures' edges."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> "Scale":
        """From the smallest value to the largest, 0 with them."""
        known = [0.0, *(value for value in values if value is not None)]
        return cls(min(known), max(known))

    def place(self, value: float) -> float:
        """Px from the picture's left edge."""
        span = (self.high - self.low) or 1.0
        inside = min(max((value - self.low) / span, 0.0), 1.0)
        return round(EDGE + inside * (WIDE - 2 * EDGE), 1)


def whisker(
    middle: float, low: float, high: float, scale: Scale, kind: str, marks: Iterable[float] = (0.0,)
) -> Markup:
    """An interval as a line, its middle as a dot, and upright lines at `marks`.

    `kind` is the picture's class: a tone, or the role of the arm. Numbers stand beside the picture,
    so readers of the screen pass it over.
    """
    left, dot, right = (scale.place(value) for value in (low, middle, high))
    upright = "".join(
        f'<line class="mark" x1="{x}" y1="1" x2="{x}" y2="15"/>' for x in map(scale.place, marks)
    )
    return Markup(  # noqa: S704 - numbers and names of our own
        f'<svg class="whisker {kind}" viewBox="0 0 {WIDE} {TALL}" width="{WIDE}" height="{TALL}" '
        f'aria-hidden="true">{upright}<line x1="{left}" y1="8" x2="{right}" y2="8"/>'
        f'<circle cx="{dot}" cy="8" r="4"/></svg>'
    )


def tone(row: Mapping[str, Any], alpha: float) -> Tone:
    """Whether a gain holds after the correction of its kind: own thoughts' over all own thoughts,
    controls' over all controls; an oracle's by its own p. Arms that no test is corrected for, and
    what is at chance, are open.

    Args:
        row: of the table of `summary`, with a gain.
        alpha: level of the tests.
    """
    held = (row["holm"], row["control_holm"], row["p"] if row["role"] == "oracle" else None)
    told = next((p for p in held if p is not None), 1.0)
    if told > alpha or row["verdict"] in UNDISCUSSED or not row["gain"]:
        return "open"
    return "up" if row["gain"] > 0 else "down"


def shade(row: Mapping[str, Any], alpha: float) -> int:
    """How much of its tone's colour a cell of the map has, in percent: by size where the gain is
    shown, hardly any where it is not.
    """
    size = min(abs(float(row["gain"])) / 0.5, 1.0)
    return round(6 * size if tone(row, alpha) == "open" else 16 + 34 * size)


PANEL, LEFT, TOP, GROUND = (300, 190), 34, 12, 158
"""Size of a curve's picture in px, and where its field begins and ends."""
Point = tuple[int, float, float, float]
"""Dose in percent; share of right answers, and the ends of its interval, 0..1."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Right answers by dose."""

    title: str
    points: Sequence[Point]

    @property
    def said(self) -> str:
        """In words, for who does not see it."""
        told = ", ".join(f"{100 * mean:.1f} % at {dose} %" for dose, mean, _, _ in self.points)
        return f"Right answers {self.title}: {told}"


def curves(found: Iterable[Curve], mark: float | None) -> Markup:
    """Each as a picture with its name, side by side where there is room; `mark`: the share of
    right answers at which a dashed line stands.
    """
    return Markup("").join(
        Markup('<figure class="curve"><figcaption>{}</figcaption>{}</figure>').format(
            f"Right answers (%) {each.title} (%)", _panel(each, mark)
        )
        for each in found
    )


def _panel(curve: Curve, mark: float | None) -> Markup:
    wide, tall = PANEL

    def x(dose: float) -> float:
        return round(LEFT + dose / 100 * (wide - LEFT - 12), 1)

    def y(share: float) -> float:
        return round(GROUND - share * (GROUND - TOP), 1)

    grid = "".join(
        f'<line class="grid" x1="{LEFT}" y1="{y(share)}" x2="{wide - 8}" y2="{y(share)}"/>'
        f'<text x="{LEFT - 6}" y="{y(share) + 4}" text-anchor="end">{100 * share:.0f}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    marks = "".join(
        f'<text x="{x(dose)}" y="{tall - 12}" text-anchor="middle">{dose}</text>'
        f'<line x1="{x(dose)}" y1="{y(low)}" x2="{x(dose)}" y2="{y(high)}"/>'
        f'<circle cx="{x(dose)}" cy="{y(mean)}" r="4"/>'
        for dose, mean, low, high in curve.points
    )
    if mark is not None:
        grid += f'<line class="mark" x1="{LEFT}" y1="{y(mark)}" x2="{wide - 8}" y2="{y(mark)}"/>'
    line = " ".join(f"{x(dose)},{y(mean)}" for dose, mean, _, _ in curve.points)
    return Markup(  # noqa: S704 - numbers of our own
        f'<svg viewBox="0 0 {wide} {tall}" role="img" aria-label="{curve.said}">'
        f'{grid}<polyline points="{line}"/>{marks}</svg>'
    )
