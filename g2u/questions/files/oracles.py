"""The truth to draw, where a file has it: pictures that a perfect generator would draw.

They go where the benchmark's own oracles go: the oracle arm and fidelity alone see them, no model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from g2u.errors import DataError
from g2u.questions.files.cells import is_empty, pictures_in
from g2u.records import Picture

Belongs = Literal["picture", "question"]
"""What an oracle belongs to: each picture has one, or the question has one, which stands with its
first picture.
"""
EXPECTED = {
    "picture": "one for each, or oracle_of: question for one that belongs to the question",
    "question": "one, which stands with the first picture",
}


def oracles_of(
    cells: Mapping[str, Any],
    pictures: int,
    belongs: Belongs,
    where: str,
    root: Path | None = None,
) -> tuple[Picture, ...]:
    """The oracles of a row, one for each of its first pictures; none where no cell is filled.

    Args:
        cells: by column, in order.
        pictures: how many the question has.
        belongs: what an oracle belongs to.
        where: file and row, for errors.
        root: folder that paths are below; None = paths are refused.

    Raises:
        DataError: a cell without a whole picture, too many or too few of them, or one for a
            question without a picture.
    """
    found = tuple(
        picture
        for name, cell in cells.items()
        if not is_empty(cell)
        for picture in pictures_in(cell, f"{where}, column {name}", root)
    )
    wanted = pictures if belongs == "picture" else min(1, pictures)
    if found and len(found) != wanted:
        raise DataError(
            f"{where}, columns {', '.join(cells)}: oracles {len(found)}, pictures {pictures}; "
            f"expected {EXPECTED[belongs]}"
        )
    return found
