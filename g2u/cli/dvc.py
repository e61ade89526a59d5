"""DVC as g2u runs it: what people keep in the folders of g2u's stages is not touched.

Before a stage runs, DVC makes all files below its persistent outputs writable and puts copies in
place of links, of files too that .dvcignore names. g2u's stages write beside and move into place:
nothing has to be made writable for them.
Run: python -m g2u.cli.dvc repro
"""

import sys
from typing import Any

RUNNER = "python -S stages/run.py "
"""What the commands of g2u's stages begin with."""


def main() -> int:
    """Run DVC on the command line's arguments; returns its exit code."""
    from dvc.cli import main as dvc
    from dvc.output import Output

    unprotect = Output.unprotect

    def unless_ours(output: Any) -> None:
        if not str(output.stage.cmd).startswith(RUNNER):
            unprotect(output)

    Output.unprotect = unless_ours
    code: int = dvc(sys.argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
