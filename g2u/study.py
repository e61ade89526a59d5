"""A study in Python: its tables as polars frames, with the columns that they have on disk.

    import g2u

    study = g2u.open("my-study")
    study.gains()
    study.thoughts(benchmark="ladder", family="structure")
    study.show("ladder", "0017")

Nothing is made, asked or changed; what is not there yet is an error that names the next command.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import polars as pl
from PIL import Image

from g2u.errors import DataError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.params.sections import PATH
from g2u.pictures.decoding import pixels_of, png_of
from g2u.records import Picture, Thought
from g2u.tables import schemas as tables
from g2u.tables.places import REPORT, BenchmarkFolder, Cell

SHOWN = 224
"""Pixels of a picture's width in a notebook."""
DRAWN = ("width", "height", "prompt", "seed", "sampler", "trace")
"""What `thoughts` tells of a drawing, as far as it is there."""


class Study:
    """A folder with a params.yaml, and what was made of it.

    Args:
        folder: the study.

    Raises:
        DataError: there is no params.yaml.
        ParamsError: it cannot be read.
    """

    def __init__(self, folder: str | Path = ".") -> None:
        self.folder = Path(folder)
        if not (self.folder / PATH).is_file():
            raise DataError(f"{self.folder}: no {PATH}; expected a study: g2u init FOLDER")
        self.params: Params = load(self.folder / PATH, whole=True)

    def __repr__(self) -> str:
        count = len(self.cells)
        return (
            f"Study({str(self.folder)!r}): {count} cells, {len(self.params.benchmarks)} benchmarks"
        )

    @cached_property
    def cells(self) -> list[Cell]:
        """Benchmark, model and family of every cell of params.yaml."""
        return [
            Cell(benchmark, model, family)
            for benchmark in self.params.benchmarks
            for model, family in self.params.cells_of(benchmark)
        ]

    def gains(self) -> pl.DataFrame:
        """A row per benchmark, model and arm: accuracy, gain over direct with its interval, the
        same for the probability of the right option where options were scored (graded), items,
        pictures, verdict of own thoughts and what stands beside it. Fractions of 1, as in
        data/report/gains.csv.
        """
        return pl.read_csv(self._there(REPORT / "gains.csv"))

    def questions(self, benchmark: str) -> pl.DataFrame:
        """What is asked: id, text, choices, pictures (digests) ..."""
        self.params.require(benchmark=benchmark)
        return pl.read_parquet(self._there(BenchmarkFolder(benchmark).questions))

    def thoughts(
        self, *, benchmark: str | None = None, model: str | None = None, family: str | None = None
    ) -> pl.DataFrame:
        """A row per question and thought: question, position, draw, round, status, reason, source
        and thought (digests), with the prompt, seed and sampler it was drawn by, and what the model
        said with it.
        """
        frames = []
        for cell in self._chosen(benchmark, model, family):
            links = pl.read_parquet(self._there(cell.thoughts) / "links.parquet")
            drawn = pl.scan_parquet(self.folder / cell.thoughts / "part-*.parquet")
            there = drawn.collect_schema().names()
            about = drawn.select([n for n in ("thought", "digest", *DRAWN) if n in there])
            own = links.rename({"thought": "call"}).join(
                about.collect().rename({"thought": "call", "digest": "thought"}), "call", how="left"
            )
            frames.append(self._named(cell, own))
        return _joined(frames)

    def answers(
        self, *, benchmark: str | None = None, model: str | None = None, family: str | None = None
    ) -> pl.DataFrame:
        """A row per question and arm: what the model said, how the text ended."""
        chosen = self._chosen(benchmark, model, family)
        return _joined([self._named(c, pl.read_parquet(self._there(c.answers))) for c in chosen])

    def scores(
        self, *, benchmark: str | None = None, model: str | None = None, family: str | None = None
    ) -> pl.DataFrame:
        """A row per question and arm: prediction, score 0..1, fidelity of the thought."""
        chosen = self._chosen(benchmark, model, family)
        return _joined([self._named(c, pl.read_parquet(self._there(c.scores))) for c in chosen])

    def pictures(self, benchmark: str) -> "Pictures":
        """The benchmark's pictures by digest, decoded when they are asked for."""
        self.params.require(benchmark=benchmark)
        return Pictures(tables.read_pictures(self._there(BenchmarkFolder(benchmark).pictures)))

    def drawn(self, benchmark: str, model: str, family: str) -> list[Thought]:
        """A cell's thoughts as records; `pixels_of(thought.picture)` is the drawing."""
        self.params.require(benchmark=benchmark, model=model, family=family)
        return tables.read_thoughts(self._there(Cell(benchmark, model, family).thoughts))

    def show(self, benchmark: str, item: str, model: str | None = None) -> "Shown":
        """One question with its pictures, every family's thoughts, and what was answered in each
        arm; a notebook displays it.

        Raises:
            DataError: the benchmark has no such question.
        """
        asked = self.questions(benchmark).filter(pl.col("id") == item)
        if asked.is_empty():
            raise DataError(
                f"{benchmark}: no question {item!r}; see study.questions({benchmark!r})"
            )
        row = asked.row(0, named=True)
        name = model or self.params.models_of(benchmark)[0]
        pictures = self.pictures(benchmark)
        thoughts = {
            cell.family: [
                t.picture
                for t in self.drawn(benchmark, name, cell.family)
                if t.question == item and t.picture is not None
            ]
            for cell in self._chosen(benchmark, name, None)
        }
        said = self.scores(benchmark=benchmark, model=name).filter(pl.col("id") == item)
        replies = self.answers(benchmark=benchmark, model=name).filter(pl.col("id") == item)
        answered = replies.join(
            said.select("family", "arm", "prediction", "score"), ["family", "arm"]
        )
        shown = [pictures.files[digest] for digest in row["pictures"]]
        return Shown(row["text"], list(row["choices"]), shown, thoughts, answered)

    def _chosen(self, benchmark: str | None, model: str | None, family: str | None) -> list[Cell]:
        wanted = {"benchmark": benchmark, "model": model, "family": family}
        told = {axis: name for axis, name in wanted.items() if name is not None}
        self.params.require(**told)
        found = [c for c in self.cells if all(getattr(c, a) == name for a, name in told.items())]
        if not found:
            raise DataError(f"params.yaml: no cell of {', '.join(told.values())}; see study.cells")
        return found

    def _there(self, path: Path) -> Path:
        place = self.folder / path
        if not place.exists():
            raise DataError(f"{place} is not made yet; g2u run, or dvc pull")
        return place

    @staticmethod
    def _named(cell: Cell, frame: pl.DataFrame) -> pl.DataFrame:
        names = {axis: pl.lit(getattr(cell, axis)) for axis in ("benchmark", "model", "family")}
        return frame.select(**names, **{name: pl.col(name) for name in frame.columns})


@dataclass(frozen=True, slots=True)
class Pictures(Mapping[str, Image.Image]):
    """Pictures by digest, decoded when they are asked for."""

    files: Mapping[str, Picture]

    def __getitem__(self, digest: str) -> Image.Image:
        return pixels_of(self.files[digest])

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as a notebook displays it."""

    text: str
    choices: list[str]
    pictures: list[Picture]
    thoughts: dict[str, list[Picture]]
    """By family."""
    answers: pl.DataFrame
    """family, arm, response, prediction, score ..."""

    def _repr_html_(self) -> str:
        options = "".join(f"<li>{escape(choice)}</li>" for choice in self.choices)
        drawn = "".join(
            f"<figure>{''.join(map(_image, pictures))}<figcaption>{family}</figcaption></figure>"
            for family, pictures in self.thoughts.items()
            if pictures
        )
        columns = ("family", "arm", "response", "prediction", "score")
        head = "".join(f"<th>{name}</th>" for name in columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
            for row in self.answers.select(columns).iter_rows()
        )
        return (
            f"<p>{escape(self.text)}</p><ol>{options}</ol>{''.join(map(_image, self.pictures))}"
            f"<div style='display:flex;flex-wrap:wrap;gap:8px'>{drawn}</div>"
            f"<table><tr>{head}</tr>{rows}</table>"
        )


def _image(picture: Picture) -> str:
    encoded = base64.b64encode(png_of(picture)).decode()
    return f"<img width='{SHOWN}' src='data:image/png;base64,{encoded}'>"


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal_relaxed")
