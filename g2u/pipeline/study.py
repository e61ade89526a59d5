"""A study: a folder with params.yaml and a dvc.yaml of g2u's. Commands run in it, and in whatever
lies below it.
"""

import os
import sys
from pathlib import Path

from g2u.errors import G2UError
from g2u.params.sections import PATH

DVC_FILE = Path("dvc.yaml")
"""Of report and gallery, in the root of a study."""
BEGIN, END = "# kept by g2u sync: begin", "# kept by g2u sync: end"
"""Around what g2u writes in it."""


def is_study(folder: Path) -> bool:
    """Whether a folder is the root of a study."""
    try:
        text = (folder / DVC_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return BEGIN in text and os.path.lexists(folder / PATH)


def study_of(folder: Path) -> Path | None:
    """The root of the study that a folder lies in: the nearest one, here or above. A params.yaml
    alone makes one of the folder itself, where there is none above.
    """
    found = next((each for each in (folder, *folder.parents) if is_study(each)), None)
    return found or (folder if os.path.lexists(folder / PATH) else None)


def enter() -> Path:
    """Go to the root of the study that this process is in, and say so where it is another folder.

    Returns:
        The folder where it was, as seen from there.

    Raises:
        G2UError: there is no study.
    """
    here = Path.cwd()
    root = study_of(here)
    if root is None:
        raise G2UError(
            f"{here}: no study, here or above (a folder with {PATH} and a {DVC_FILE} of g2u's); "
            "g2u init FOLDER makes one"
        )
    inside = here.relative_to(root)
    if inside.parts:
        print(
            f"g2u: in {Path(*['..'] * len(inside.parts))}, the root of the study", file=sys.stderr
        )
        os.chdir(root)
    return inside
