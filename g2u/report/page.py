"""The report as HTML pages that open offline from a folder: an overview, and a page per benchmark
and model with its plots, tables and pictures inside.
"""

import base64
import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader
from PIL import Image
from plotly.offline import get_plotlyjs

from g2u.files import write_whole
from g2u.params.sections import Report
from g2u.pictures.decoding import pixels_of
from g2u.records import Picture
from g2u.report import figures
from g2u.report.changes import Change, Painted, in_words
from g2u.report.curves import learning_figure
from g2u.report.examples import Example
from g2u.report.letters import Letters
from g2u.report.published import Published
from g2u.report.questions import Finding
from g2u.report.reading import Misled, Parted
from g2u.report.summary import IS_DIRECT, headline, own_thoughts
from g2u.scores.verdict import RULES

PAGES = "pages"
PLOTLY = "plotly.min.js"
CHANGES = "learning.html"
SHARP = 2
"""Pixels of a screen to one of a page, across."""
SOMETIMES = (CHANGES, "changes.csv", "decisions.csv", "rewards.csv")
"""Pages that are there or not, beside one per part."""


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
    """What the model chose to imagine where it was asked, what a judge decided, what prompts tell
    and which answers are favoured, in words.
    """
    published: Published | None
    letters: tuple[Letters, ...] = ()
    """How often each option is answered."""
    parted: tuple[Parted, ...] = ()
    """Gains in finding and in reading, where both were asked."""
    misled: tuple[Misled, ...] = ()
    """What own thoughts and adversaries turn from right to wrong."""

    @property
    def name(self) -> str:
        """Unique within a report; the gallery calls the part so, too."""
        return f"{self.benchmark}-{self.model}"

    @property
    def has_texts(self) -> bool:
        """Whether some answers are texts that were to be read."""
        found = (example for examples in self.examples.values() for example in examples)
        replies = (reply for example in found for arm in example.arms for reply in arm.replies)
        return any(reply.characters is not None for reply in replies)

    @property
    def direct(self) -> float | None:
        """Accuracy of direct answering."""
        found: float | None = self.rows.filter(IS_DIRECT)["accuracy"][0]
        return found

    @property
    def size(self) -> str:
        """Questions that direct answered, and the independent pictures that they are about."""
        direct = self.rows.row(by_predicate=IS_DIRECT, named=True)
        return f"{direct['items']} on {direct['pictures'] or 0}"

    @property
    def best(self) -> dict[str, Any] | None:
        """The row of the most accurate own thought that was compared with direct."""
        own = own_thoughts(self.rows)
        return None if own.is_empty() else own.row(0, named=True)

    @property
    def said(self) -> str:
        """The verdict on `best`."""
        return str(self.best["verdict"]) if self.best is not None else ""


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages share."""

    section: Report
    """Of params.yaml."""
    confidence: float
    """Of the intervals, 0..1."""

    def overview(
        self, parts: Sequence[BenchmarkPart], rows: pl.DataFrame, answers: Sequence[Finding]
    ) -> str:
        """HTML of index.html; `rows` is the table of `summary`, of all parts."""
        plots = {"forest": figures.forest_figure(rows)}
        maps = {}
        for model in rows["model"].unique(maintain_order=True):
            own = rows.filter(pl.col("model") == model)
            maps[f"transfer-{model}"] = f"Gain of every family on every benchmark with {model}"
            plots[f"transfer-{model}"] = figures.transfer_figure(own, self.section.alpha)
        return self._filled(
            "overview.html.j2", f"{PAGES}/{PLOTLY}", plots, parts=parts, answers=answers, maps=maps
        )

    def benchmark(self, part: BenchmarkPart) -> str:
        """HTML of a part's page, which lies in PAGES."""
        plots = {
            "accuracy": figures.accuracy_figure(part.rows),
            "gains": figures.gains_figure(part.rows),
        }
        said = headline(part.rows, self.section.alpha, self.section.margin)
        return self._filled("benchmark.html.j2", PLOTLY, plots, part=part, headline=said)

    def changes(
        self,
        found: Sequence[Change],
        own: Collection[str],
        curves: Mapping[str, pl.DataFrame],
        painted: Mapping[str, Painted],
    ) -> str:
        """HTML of the page on what training changed, which lies in PAGES.

        Args:
            found: every arm, before and after.
            own: the arms that show own thoughts.
            curves: of the trainings, by model.
            painted: pictures from words, by model.
        """
        plots = {"learning": learning_figure(curves)} if curves else {}
        said = in_words(found, own, self.section.alpha)
        return self._filled(
            "changes.html.j2", PLOTLY, plots, changes=found, own=own, answer=said,
            has_curves=bool(curves), painted=painted,
        )  # fmt: skip

    def _filled(self, template: str, plotly: str, plots: dict[str, str], **content: Any) -> str:
        drawn = ", ".join(f"{json.dumps(name)}: {plot}" for name, plot in plots.items())
        return (
            _templates()
            .get_template(template)
            .render(
                plotly=plotly,
                plots=f"{{{drawn}}}".replace("<", "\\u003c"),
                confidence=self.confidence,
                alpha=self.section.alpha,
                rules=RULES,
                **content,
            )
        )


def write_site(
    folder: Path,
    site: Site,
    parts: Sequence[BenchmarkPart],
    rows: pl.DataFrame,
    answers: Sequence[Finding],
    changed: Mapping[str, str] | None = None,
) -> None:
    """Write index.html and the pages into the report's folder; other files in it stay.

    `changed`: those of SOMETIMES that there are.
    """
    pages, others = folder / PAGES, {**(changed or {}), PLOTLY: get_plotlyjs()}
    for name in SOMETIMES:
        if name not in others:
            (pages / name).unlink(missing_ok=True)
    for part in parts:
        write_whole(pages / f"{part.name}.html", site.benchmark(part))
    for name, text in others.items():
        write_whole(pages / name, text)
    write_whole(folder / "index.html", site.overview(parts, rows, answers))


@cache
def _templates() -> Environment:
    """The pages' templates, compiled once for all pages."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "points": lambda value: "–" if value is None else f"{100 * value:.1f}",
        "signed": lambda value: "–" if value is None else f"{100 * value:+.1f}",
        "p": lambda v: "–" if v is None else "<0.001" if v < 0.001 else f"{v:.3f}",
        "source": data_uri,
    }
    return environment


def data_uri(picture: Picture, place: tuple[int, int]) -> str:
    """The picture inside a page; one of a multiple of its place's size as so much of it as a sharp
    screen shows.

    Args:
        picture: of any size.
        place: width and height on the page.
    """
    encoded = picture.encoded
    if picture.width > SHARP * place[0]:
        pixels, buffer = pixels_of(picture), io.BytesIO()
        pixels.thumbnail((SHARP * place[0], SHARP * place[1]), Image.Resampling.LANCZOS)
        pixels.save(buffer, "WEBP", quality=90)
        encoded = buffer.getvalue()
    kind = "png" if encoded.startswith(b"\x89PNG") else "jpeg"
    kind = {b"RIFF": "webp", b"GIF8": "gif"}.get(encoded[:4], kind)
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
