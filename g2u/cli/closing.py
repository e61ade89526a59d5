"""How a run ends for whoever waits for it: a table of what the report says, and where it lies."""

import csv
import json
from collections.abc import Mapping, Sequence
from typing import Any

from g2u.cli.progress import cut
from g2u.workspace import REPORT

PAGE = REPORT / "index.html"
ROWS = 20
"""Rows at most, beside the head."""
HEAD = ("benchmark", "model", "direct", "best own thought", "gain [interval]", "verdict")
NUMBERS = {"direct", "gain [interval]"}
FEWEST = 6
"""Characters that a column keeps."""


def closing(width: int = 100, rows: int = ROWS) -> list[str]:
    """The report's numbers and its place, as lines; none where there is no report.

    Args:
        width: characters of a line at most.
        rows: of the table at most.
    """
    try:
        numbers = json.loads((REPORT / "gains.json").read_text(encoding="utf-8"))
        with (REPORT / "gains.csv").open(newline="", encoding="utf-8") as file:
            gains = list(csv.DictReader(file))
    except FileNotFoundError:
        return []
    found = rows_of(numbers, gains)
    shown = [[row[name] for name in HEAD] for row in found[:rows]]
    is_one = len({row["model"] for row in found}) == 1
    lines = table([HEAD, *shown], width, without={"model"} if is_one else set())
    if len(found) > rows:
        lines.append(f"and {len(found) - rows} more in the report")
    return [*lines, f"report: {PAGE}"]


def rows_of(numbers: Mapping[str, Any], gains: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """A row for each benchmark and model, of columns HEAD: accuracy and gains in percent, the best
    of the families picked after the fact, as the report does.

    Args:
        numbers: gains.json.
        gains: rows of gains.csv; those of own thoughts alone have a verdict.
    """
    found = []
    for benchmark, models in numbers.items():
        for model, arms in models.items():
            here = (row for row in gains if (row["benchmark"], row["model"]) == (benchmark, model))
            own = [row for row in here if row["verdict"] and row["accuracy"]]
            told = ("", "", "no own thoughts")
            if own:
                best = max(own, key=lambda row: float(row["accuracy"]))
                gain, low, high = (100 * float(best[f"gain{end}"]) for end in ("", "_low", "_high"))
                told = (best["arm"], f"{gain:+.1f} [{low:+.1f}, {high:+.1f}]", best["verdict"])
            direct = arms.get("direct", {}).get("accuracy")
            said = "" if direct is None else f"{100 * direct:.1f}"
            found.append(dict(zip(HEAD, (benchmark, model, said, *told), strict=True)))
    return found


def table(
    rows: Sequence[Sequence[str]], width: int, without: set[str] | frozenset[str] = frozenset()
) -> list[str]:
    """Rows in columns, the first row being their heads; where they are too wide, the widest columns
    of words are cut.
    """
    columns = [list(column) for column in zip(*rows, strict=True) if column[0] not in without]
    sizes = [max(map(len, column)) for column in columns]
    words = [place for place, column in enumerate(columns) if column[0] not in NUMBERS]
    while sum(sizes) + 2 * (len(sizes) - 1) > width:
        widest = max(words, key=lambda place: sizes[place])
        if sizes[widest] <= FEWEST:
            break
        sizes[widest] -= 1
    for column, size in zip(columns, sizes, strict=True):
        is_number = column[0] in NUMBERS
        column[:] = [
            cut(t, size).rjust(size) if is_number else cut(t, size).ljust(size) for t in column
        ]
    return [cut("  ".join(row).rstrip(), width) for row in zip(*columns, strict=True)]
