"""Where the code of g2u lies: in the workspace itself, as in a clone of the repository, or
installed beside other packages.
"""

from pathlib import Path

import g2u

ROOT = Path(g2u.__file__).parents[1]
"""The folder that holds the packages of this process."""


def code_root(workspace: Path) -> Path:
    """The folder that holds the packages which the stages of a workspace run: the workspace where
    it has them, as `python -m` takes those first; else `ROOT`.
    """
    has_own = all((workspace / name / "__init__.py").is_file() for name in ("g2u", "stages"))
    return workspace if has_own else ROOT


def is_installed(workspace: Path) -> bool:
    """Whether the code lies outside of the workspace, where DVC does not see it."""
    return code_root(workspace) != workspace
