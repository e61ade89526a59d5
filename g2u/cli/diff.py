"""Two runs side by side: this study against another one's folder, or a revision of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from g2u.errors import DataError
from g2u.files import write_whole
from g2u.report.diff import (
    FLIPPED,
    TOLD,
    Compared,
    Flips,
    Marked,
    Place,
    Row,
    compared,
    flips,
    lines,
    numbers_of,
    page,
    report_of,
)
from g2u.scores.statistics import Resampling
from g2u.study import Study
from g2u.tables.places import REPORT, Cell
from g2u.terminal.closing import table

PAGE = Path(".g2u") / "diff.html"
"""In the study; no output of a stage, so that nothing is made anew for it."""
ROWS = 30
"""Of the table at the terminal; the page has all."""
NUMBERS = ("accuracy", "gain", *FLIPPED)
LEGEND = "accuracy and gain in percent; lost: right before, wrong now; won: the other way round"
UNTOLD = (
    "Answers that flipped are not known: Git holds a revision's numbers, not its answers. Lay the "
    "revision in a folder (git worktree add, then dvc pull there) and name that."
)


def diff(other: str) -> Compared:
    """Compare, and write PAGE.

    Args:
        other: a study's folder, or a Git revision of this one.

    Raises:
        DataError: there is no such folder or revision, or no report in it.
    """
    now = Study()
    is_folder = Path(other).is_dir()
    found = _with_folder(now, Path(other)) if is_folder else _with_revision(other)
    there = [_gallery(Path()), _gallery(Path(other)) if is_folder else ""]
    write_whole(PAGE, page(found, there, now.params.report.alpha))
    return found


def document(found: Compared) -> dict[str, Any]:
    """Both runs as a JSON value (docs/commands.md)."""
    return {
        "before": found.other,
        "answer": found.answer,
        "arms": [_arm(row) for row in found.rows],
        "notes": list(found.notes),
        "page": str(PAGE),
    }


def _arm(row: Row) -> dict[str, Any]:
    flipped = row.flips
    return {
        **dict(zip(("benchmark", "model", "arm"), row.place, strict=True)),
        "before": None if row.before is None else asdict(row.before),
        "now": None if row.now is None else asdict(row.now),
        "flips": None if flipped is None else asdict(flipped),
    }


def told(found: Compared, width: int, most: int = ROWS) -> list[str]:
    """Both runs in lines for a terminal.

    Args:
        found: both runs.
        width: characters of a line at most.
        most: rows of the table, and lines of verdicts, at most.
    """
    said = [f"before: {found.other}; now: this study", found.answer]
    rows = lines(found)
    if rows:
        is_one = len({row[1] for row in rows[1:]}) == 1
        alone = {"model"} if is_one else set()
        said += table(rows[: most + 1], width, without=alone, numbers=NUMBERS)
        said.append(LEGEND)
    if len(rows) > most + 1:
        said.append(f"and {len(rows) - most - 1} more on the page")
    for row in found.verdicts[:most]:
        if row.before and row.now:
            words = (each.verdict or "none" for each in (row.before, row.now))
            said.append(f"{' '.join(row.place)}: {' → '.join(words)}")
    return [*said, *found.notes, f"page: {PAGE}"]


def _with_folder(now: Study, folder: Path) -> Compared:
    before = Study(folder)
    was, told = (numbers_of(report_of(s.folder / REPORT), str(s.folder)) for s in (before, now))
    flipped: dict[Place, Flips] = {}
    notes = []
    try:
        flipped |= _flipped(before, now)
    except DataError as error:
        notes.append(f"Answers that flipped are not known: {error}.")
    return compared(str(folder), was, told, flipped, notes)


def _flipped(before: Study, now: Study) -> Iterator[tuple[Place, Flips]]:
    """Of every cell that both studies have, answers to questions that both asked alike."""
    how, common = Resampling.of(now.params.score), set(before.cells) & set(now.cells)
    for benchmark in now.params.benchmarks:
        cells = [cell for cell in now.cells if cell in common and cell.benchmark == benchmark]
        if not cells:
            continue
        asked, met = (_asked(study, benchmark) for study in (now, before))
        alike = {question for question, what in asked.items() if met.get(question) == what}
        for cell in cells:
            found = flips(_marked(before, cell, alike), _marked(now, cell, alike), how)
            if found is not None:
                yield (cell.benchmark, cell.model, cell.family), found


def _asked(study: Study, benchmark: str) -> dict[str, Any]:
    """By question all that makes it the same one."""
    columns = study.questions(benchmark).select("id", "text", "choices", "pictures")
    return {name: (text, *map(tuple, lists)) for name, text, *lists in columns.iter_rows()}


def _marked(study: Study, cell: Cell, kept: set[str]) -> Marked:
    """Scores of the cell's main arm."""
    scores = study.scores(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    main = scores.filter(pl.col("is_main") & pl.col("score").is_not_null())
    rows = main.select("id", "score", "cluster").iter_rows()
    return {name: (score, cluster) for name, score, cluster in rows if name in kept}


def _with_revision(revision: str) -> Compared:
    """Against what Git holds of the report at a revision."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise DataError(
            f"{revision}: neither a folder nor a Git revision of this study; expected one with a "
            "report, such as HEAD~1 or ../other-study"
        )
    texts = {name: _git("show", f"{commit}:./{REPORT / name}") for name in TOLD}
    missing = next((name for name, text in texts.items() if text is None), None)
    if missing is not None:
        raise DataError(
            f"{revision}: no {REPORT / missing} in this commit; expected one after a g2u run that "
            f"was committed: git log -- {REPORT / missing}"
        )
    when = _git("show", "--no-patch", "--format=%h of %cs", commit)
    before = numbers_of({name: text or "" for name, text in texts.items()}, revision)
    name = f"{revision} ({when})" if when else revision
    return compared(name, before, numbers_of(report_of(REPORT), "this study"), {}, [UNTOLD])


def _git(*arguments: str) -> str | None:
    """What Git prints; None where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - git alone
            [shutil.which("git") or "git", *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return None if done.returncode else done.stdout.strip()


def _gallery(folder: Path) -> str:
    """Address of a study's gallery, as seen from PAGE; empty where there is none."""
    place = folder / REPORT / "gallery.html"
    return Path(os.path.relpath(place, PAGE.parent)).as_posix() if place.exists() else ""
