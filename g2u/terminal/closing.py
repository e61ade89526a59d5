"""How a run ends for whoever waits for it: a table of what the report says, and where it lies."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from g2u.report.headline import Headline, read_headlines
from g2u.tables.places import REPORT
from g2u.terminal.progress import cut

PAGE = REPORT / "index.html"
NEXT = "next: open it; g2u diff OTHER compares runs, g2u export FOLDER shares"
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
    found = rows_of(read_headlines(REPORT))
    if not found:
        return []
    shown = [[row[name] for name in HEAD] for row in found[:rows]]
    is_one = len({row["model"] for row in found}) == 1
    lines = table([HEAD, *shown], width, without={"model"} if is_one else set())
    if len(found) > rows:
        lines.append(f"and {len(found) - rows} more in the report")
    return [*lines, f"report: {PAGE}", cut(NEXT, width)]


def results() -> dict[str, Any]:
    """The report's numbers as a JSON value (docs/commands.md); of a run without a report none."""
    found = read_headlines(REPORT)
    return {
        "results": [
            dict(zip(("benchmark", "model"), name.split("-", 1), strict=True)) | told
            for name, told in found.items()
        ],
        "report": str(PAGE) if found else None,
    }


def rows_of(found: Mapping[str, Headline]) -> list[dict[str, str]]:
    """A row for each benchmark and model, of columns HEAD: accuracy and gains in percent."""
    rows = []
    for name, told in found.items():
        benchmark, _, model = name.partition("-")
        direct = f"{told['direct']:.1f}" if "direct" in told else ""
        said = ("", "", "no own thoughts")
        if "gain" in told:
            gain = f"{told['gain']:+.1f} [{told['low']:+.1f}, {told['high']:+.1f}]"
            why = f": {told['why']}" if "why" in told else ""
            said = (str(told["thought"]), gain, f"{told['verdict']}{why}")
        rows.append(dict(zip(HEAD, (benchmark, model, direct, *said), strict=True)))
    return rows


def table(
    rows: Sequence[Sequence[str]],
    width: int,
    without: Collection[str] = (),
    numbers: Collection[str] = NUMBERS,
) -> list[str]:
    """Rows in columns, the first row being their heads; where they are too wide, the widest columns
    of words are cut.

    Args:
        rows: as many texts each.
        width: characters of a line at most.
        without: heads of columns that are left out.
        numbers: heads of columns that are never cut, and stand to the right.
    """
    columns = [list(column) for column in zip(*rows, strict=True) if column[0] not in without]
    sizes = [max(map(len, column)) for column in columns]
    words = [place for place, column in enumerate(columns) if column[0] not in numbers]
    while sum(sizes) + 2 * (len(sizes) - 1) > width:
        widest = max(words, key=lambda place: sizes[place])
        if sizes[widest] <= FEWEST:
            break
        sizes[widest] -= 1
    for column, size in zip(columns, sizes, strict=True):
        is_number = column[0] in numbers
        column[:] = [
            cut(t, size).rjust(size) if is_number else cut(t, size).ljust(size) for t in column
        ]
    return [cut("  ".join(row).rstrip(), width) for row in zip(*columns, strict=True)]
