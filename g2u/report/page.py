"""The report as HTML pages that open offline from a folder: an overview, and a page per benchmark
and model with its tables and pictures inside.

Pages hold no date and no commit: equal results are equal bytes, whether `g2u run` or `dvc repro`
made them, and no table or recipe holds either. Models are named by their identities; a script shows
when the file was written; `git log` of gains.csv has the commit.
"""

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader
from PIL import Image

from g2u.arms import BLIND
from g2u.files import write_whole
from g2u.params.sections import Report
from g2u.pictures.decoding import pixels_of
from g2u.records import Picture
from g2u.report.answer import in_two_sentences
from g2u.report.causes import Causal
from g2u.report.changes import Change, Painted, in_words
from g2u.report.examples import Example
from g2u.report.figures import Scale, shade, tone, whisker
from g2u.report.judges import Swap
from g2u.report.letters import Letters
from g2u.report.overview import Asked, costs, failures, maps, short
from g2u.report.published import Published
from g2u.report.questions import Finding
from g2u.report.reading import Misled, Parted
from g2u.report.summary import IS_DIRECT, headline, own_thoughts
from g2u.report.turns import HELPED, MISLED, Turn, first_of_each
from g2u.scores.verdict import RULES, UNDISCUSSED, UNSHOWN

PAGES = "pages"
PLOTLY = "plotly.min.js"
CHANGES = "learning.html"
SHARP = 2
"""Pixels of a screen to one of a page, across."""
SOMETIMES = (
    PLOTLY, CHANGES, "causes.csv", "changes.csv", "decisions.csv", "judges.csv", "rewards.csv",
)  # fmt: skip
"""Pages that are there or not, beside one per part; plotly draws curves of training alone."""
PLAIN_FILE = 2048
"""Bytes up to which a picture's own file goes into a page; a larger one goes as WebP if that is
smaller.
"""


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
    helping: tuple[Turn, ...] = ()
    """Answers that the best own thought turned right."""
    hurting: tuple[Turn, ...] = ()
    """Answers that the most misleading own thought turned wrong."""
    causes: tuple[Causal, ...] = ()
    """What the drawings did, of families that were intervened on."""
    swaps: tuple[Swap, ...] = ()
    """Gains of own thoughts under each judge of a panel alone."""

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
        self,
        parts: Sequence[BenchmarkPart],
        rows: pl.DataFrame,
        answers: Sequence[Finding],
        asked: Sequence[Asked] = (),
        sizes: tuple[int, int] = (0, 0),
    ) -> str:
        """HTML of index.html.

        Args:
            parts: every benchmark and model.
            rows: the table of `summary`, of all parts.
            answers: the questions of the literature.
            asked: the models.
            sizes: questions, and distinct pictures that they are about.
        """
        own = own_thoughts(rows)
        names = {(part.benchmark, part.model): part.name for part in parts}
        told = {
            place: [each for each in answers if each.place == place and not each.unasked]
            for place in ("transfer", "questions", "costs", "failures")
        }
        return self._filled(
            "overview.html.j2", parts=parts, asked=asked, sizes=sizes, names=names, told=told,
            benchmarks=list(dict.fromkeys(part.benchmark for part in parts)),
            answer=in_two_sentences(rows), turns=highlights(parts), maps=maps(rows),
            own=sorted(own.rows(named=True), key=lambda row: list(names).index(_place(row))),
            scale=Scale.over([*own["gain_low"], *own["gain_high"]]), costs=costs(rows),
            failures=failures(rows), unasked=[each.unasked for each in answers if each.unasked],
        )  # fmt: skip

    def benchmark(self, part: BenchmarkPart) -> str:
        """HTML of a part's page, which lies in PAGES."""
        said = headline(part.rows, self.section.alpha, self.section.margin)
        shown = part.rows.filter(pl.col("feedback") != BLIND)
        ends = [each for name in ("gain_low", "gain_high") for each in shown[name]]
        return self._filled(
            "benchmark.html.j2", part=part, headline=said, rows=part.rows.rows(named=True),
            gains=Scale.over(ends), whole=Scale(0.0, 1.0),
        )  # fmt: skip

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
        plot = ""
        if curves:
            from g2u.report.curves import learning_figure

            plot = learning_figure(curves).replace("<", "\\u003c")
        said = in_words(found, own, self.section.alpha)
        return self._filled(
            "changes.html.j2", changes=found, own=own, answer=said, plot=plot, plotly=PLOTLY,
            painted=painted,
        )  # fmt: skip

    def _filled(self, template: str, **content: Any) -> str:
        alpha = self.section.alpha
        return filled(template, confidence=self.confidence, alpha=alpha, **content)


def filled(template: str, **content: Any) -> str:
    """A page of this folder's templates."""
    return _templates().get_template(template).render(**content)


def highlights(parts: Sequence[BenchmarkPart]) -> list[Turn]:
    """Answers that thoughts turned: of the greatest gains first, then of the worst losses."""
    gains = sorted((p for p in parts if p.best), key=lambda p: -float((p.best or {})["gain"]))
    losses = sorted(parts, key=_worst, reverse=True)
    helped = first_of_each([part.helping for part in gains], HELPED)
    return helped + first_of_each([part.hurting for part in losses], MISLED)


def _worst(part: BenchmarkPart) -> tuple[bool, float]:
    """Whether a loss is shown, and the share of answers that own thoughts turn wrong at most."""
    own = own_thoughts(part.rows)
    shares = (own["lost"] / own["items"]).to_list()
    return "harm" in own["verdict"].to_list(), max(shares, default=0.0)


def _place(row: dict[str, Any]) -> tuple[str, str]:
    return row["benchmark"], row["model"]


def write_site(
    folder: Path,
    site: Site,
    parts: Sequence[BenchmarkPart],
    overview: str,
    others: Mapping[str, str],
) -> None:
    """Write index.html and the pages into the report's folder; other files in it stay.

    `others`: those of SOMETIMES that there are, by name; what draws curves comes with them.
    """
    pages = folder / PAGES
    if CHANGES in others:
        from plotly.offline import get_plotlyjs

        others = {**others, PLOTLY: get_plotlyjs()}
    for name in SOMETIMES:
        if name not in others:
            (pages / name).unlink(missing_ok=True)
    for part in parts:
        write_whole(pages / f"{part.name}.html", site.benchmark(part))
    for name, text in others.items():
        write_whole(pages / name, text)
    write_whole(folder / "index.html", overview)


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
        "short": short,
        "tone": tone,
        "shade": shade,
        "word": _class_of,
    }
    environment.globals |= {"whisker": whisker, "rules": RULES}
    return environment


def _class_of(verdict: str) -> str:
    """How a verdict is coloured: as what is shown to help, to hurt, or not shown."""
    if verdict == "harm":
        return "down"
    return "open" if verdict in (*UNSHOWN, *UNDISCUSSED) else "up"


def data_uri(picture: Picture, place: tuple[int, int]) -> str:
    """The picture inside a page: no more of it than a sharp screen shows, and a large file as WebP.

    Args:
        picture: of any size.
        place: width and height on the page.
    """
    encoded, is_larger = picture.encoded, picture.width > SHARP * place[0]
    if is_larger or len(encoded) > PLAIN_FILE:
        pixels, buffer = pixels_of(picture), io.BytesIO()
        pixels.thumbnail((SHARP * place[0], SHARP * place[1]), Image.Resampling.LANCZOS)
        pixels.save(buffer, "WEBP", quality=90)
        smaller = buffer.getvalue()
        encoded = smaller if is_larger or len(smaller) < len(encoded) else encoded
    kind = "png" if encoded.startswith(b"\x89PNG") else "jpeg"
    kind = {b"RIFF": "webp", b"GIF8": "gif"}.get(encoded[:4], kind)
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
