"""The report as one HTML page that opens offline: plots, tables and pictures are inside it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from jinja2 import Environment, FileSystemLoader
from plotly.offline import get_plotlyjs

from g2u.params import Report
from g2u.records import Picture
from g2u.report import figures
from g2u.report.published import Published
from g2u.report.questions import Finding
from g2u.report.summary import headline
from g2u.scoring.verdict import RULES


@dataclass(frozen=True, slots=True)
class ShownArm:
    """One arm of an example."""

    name: str
    thoughts: tuple[Picture, ...]
    response: str
    is_right: bool | None
    """None where the arm has no score."""


@dataclass(frozen=True, slots=True)
class Example:
    """One question with everything that was shown and said."""

    id: str
    text: str
    choices: tuple[str, ...]
    answer: str
    pictures: tuple[Picture, ...]
    arms: tuple[ShownArm, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkPart:
    """One model on one benchmark."""

    benchmark: str
    model: str
    rows: pl.DataFrame
    """Rows of `summary` for this part."""
    examples: dict[str, tuple[Example, ...]]
    """Per title."""
    prompts: dict[str, str]
    """Edit prompt per family."""
    choices: tuple[str, ...]
    """What the model chose to imagine where it was asked, and what a judge decided, in words."""
    published: Published | None


def render(
    parts: Sequence[BenchmarkPart],
    answers: Sequence[Finding],
    section: Report,
    confidence: float,
) -> str:
    """The page's HTML; `section` is the one of params.yaml."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "points": lambda value: "–" if value is None else f"{100 * value:.1f}",
        "signed": lambda value: "–" if value is None else f"{100 * value:+.1f}",
        "p": lambda value: "–" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}",
        "source": data_uri,
    }
    plots = []
    for number, part in enumerate(parts):
        plots.append(f'"accuracy-{number}": {figures.accuracy_figure(part.rows)}')
        plots.append(f'"gains-{number}": {figures.gains_figure(part.rows)}')
    return environment.get_template("page.html.j2").render(
        parts=parts,
        answers=answers,
        headlines=[headline(part.rows, section.alpha, section.margin) for part in parts],
        plots=("{" + ", ".join(plots) + "}").replace("<", "\\u003c"),
        plotly=get_plotlyjs(),
        confidence=confidence,
        alpha=section.alpha,
        rules=RULES,
    )


def data_uri(picture: Picture) -> str:
    """The picture inside a page."""
    kind = "png" if picture.encoded.startswith(b"\x89PNG") else "jpeg"
    kind = {b"RIFF": "webp", b"GIF8": "gif"}.get(picture.encoded[:4], kind)
    return f"data:image/{kind};base64,{base64.b64encode(picture.encoded).decode()}"
