"""figures: the study's tables, curves and README picture, from what the study left.

Output: tables of training seeds, controls and causes, between their marks in README.md,
docs/embedded_model.md and docs/concepts/causes.md; studies/results/curves.html (depth and steps),
docs/thoughts.png.
Run: python -m flows.figures   (after: make study)
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image
from plotly.offline import get_plotlyjs

from flows.study import RESULTS, WORKSPACES
from g2u import plugins
from g2u.arms import of_main
from g2u.errors import DataError, run_main
from g2u.files import write_whole
from g2u.pictures.decoding import pixels_of
from g2u.records import Picture, Question
from g2u.report.curves import Curve, depth_figure, steps_figure
from g2u.report.interventions import channel_table, doses_table
from g2u.report.seeds import (
    controls_table,
    expected_table,
    headline_table,
    seeds_table,
    serial_line,
    serial_table,
    trainings_table,
)
from g2u.report.strip import Panel, Row, strip
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell

STEPS = {"tiny_1_step": 1, "tiny_2_steps": 2, "tiny_4_steps": 4, "tiny": 8}
"""Models of the study `steps` and their flow steps."""
DIRECT_ONLY, SERIAL = "tiny_direct_only", "tiny_serial"
"""Trainings that the shipped one is held against."""
DOCUMENTS = (
    Path("README.md"), Path("docs/embedded_model.md"), Path("docs/concepts/causes.md"),
)  # fmt: skip
"""What holds the tables."""
END = "<!-- end -->"
SHOWN = ("threads", "mosaic", "ladder", "tracks")
"""Benchmarks of the README's picture."""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>g2u: depth and steps</title>
<style>.modebar {{ display: none }}</style></head><body>
<div id="depth"></div><div id="steps"></div><script>{plotly}</script><script>
Plotly.newPlot("depth", {depth}); Plotly.newPlot("steps", {steps});</script></body></html>
"""


def results(name: str) -> Mapping[str, Any]:
    """Numbers of a study: benchmark -> model -> arm -> number.

    Raises:
        DataError: the study has not run.
    """
    try:
        found: Mapping[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: missing; run python -m flows.study {name}") from None
    return found


def depth_curves() -> list[Curve]:
    """One curve per source; its points are the benchmarks named <source>_<depth>."""
    points: dict[str, list[tuple[float, Any]]] = {}
    for benchmark, models in results("depth").items():
        source, _, depth = benchmark.rpartition("_")
        points.setdefault(source, []).append((int(depth), models["tiny"]))
    return [Curve(source, helps(source), found) for source, found in points.items()]


def steps_curves() -> list[Curve]:
    """One curve per benchmark; its points are the models."""
    return [
        Curve(name, helps(name), [(steps, models[model]) for model, steps in STEPS.items()])
        for name, models in results("steps").items()
    ]


def helps(source: str) -> str:
    """The family whose own thought helps by construction."""
    return str(_own(source))


def _own(source: str) -> str | None:
    """The family whose own thought helps by construction, or hurts (digits); None: no family."""
    return getattr(plugins.benchmark(source), "HELPS", None)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Tables are found from the workspace's root."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def row(benchmark: str) -> Row:
    """The first question that direct answers wrongly and the own thought of 8 steps rightly."""
    family = helps(benchmark)
    folder = BenchmarkFolder(benchmark)
    direct = Cell(benchmark, "tiny", "direct")
    cells = {f"{n} step{'s' * (n > 1)}": Cell(benchmark, m, family) for m, n in STEPS.items()}
    cells["oracle"] = direct.of_family("oracle")
    scores = {name: _scores(cell) for name, cell in cells.items()}
    alone = _scores(direct)
    question = next(
        (
            q
            for q in tables.read_questions(folder.questions)
            if not alone[q.id] and scores["8 steps"][q.id]
        ),
        None,
    )
    if question is None:
        raise DataError(f"{benchmark}: no question gained by 8 steps; nothing to show")
    source = tables.read_pictures(folder.pictures)[question.pictures[0]]
    panels = [_panel("source: direct", source, direct, question, right=False)]
    for name, cell in cells.items():
        thought = next(t for t in tables.read_thoughts(cell.thoughts) if t.question == question.id)
        assert thought.picture is not None
        right = bool(scores[name][question.id])
        panels.append(_panel(name, thought.picture, cell, question, right=right))
    return Row(f"{benchmark}, {family}", question.text, panels)


def _scores(cell: Cell) -> dict[str, float | None]:
    """Score of each question in the cell's main arm."""
    return {score.id: score.score for score in of_main(tables.read_scores(cell.scores))}


def _panel(heading: str, picture: Picture, cell: Cell, asked: Question, *, right: bool) -> Panel:
    answers = of_main(tables.read_answers(cell.answers))
    said = next(answer.response for answer in answers if answer.id == asked.id)
    options = dict(zip(asked.option_letters(), asked.choices, strict=True))
    return Panel(heading, pixels_of(picture), options.get(said, said), right)


def tables_of_study() -> dict[str, str]:
    """Training seeds alone and as draws of one, what a further training is expected to give,
    controls, what drawings do, and serial compute once that study has run, as Markdown.
    """
    seeds, main_results, retrained = results("seeds"), results("main"), results("retrained")
    causes = pl.read_csv(RESULTS / "causes_causes.csv")
    helping = {name: _own(name) for name in main_results}
    found = {
        "headline": headline_table(main_results, helping),
        "seeds": seeds_table(seeds, helping, DIRECT_ONLY),
        "trainings": trainings_table(seeds, helping, retrained),
        "expected": expected_table(seeds, helping, retrained),
        "controls": controls_table(main_results, helping, "tiny", DIRECT_ONLY),
        "channel": channel_table(causes),
        "doses": doses_table(causes),
    }
    if (RESULTS / "serial.json").exists():
        serial = results("serial")
        found["serial"] = serial_table(serial, helping, SERIAL)
        found["serial_line"] = serial_line(serial, helping)
    return found


def with_tables(text: str, found: Mapping[str, str]) -> str:
    """A document with each table between `<!-- study: its name -->` and `<!-- end -->`."""
    for name, table in found.items():
        before, mark, rest = text.partition(f"<!-- study: {name} -->\n")
        if mark:
            text = f"{before}{mark}{table}{END}{rest.partition(END)[2]}"
    return text


def main() -> None:
    """Write the tables, the page of curves and the picture."""
    found = tables_of_study()
    for document in DOCUMENTS:
        write_whole(document, with_tables(document.read_text(encoding="utf-8"), found))
    page = PAGE.format(
        plotly=get_plotlyjs(),
        depth=depth_figure(depth_curves()),
        steps=steps_figure(steps_curves()),
    )
    write_whole(RESULTS / "curves.html", page)
    with inside(WORKSPACES / "steps"):
        sheet: Image.Image = strip([row(benchmark) for benchmark in SHOWN])
    sheet.save(Path("docs") / "thoughts.png", optimize=True)
    print(f"figures: {RESULTS / 'curves.html'}, docs/thoughts.png, tables", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
