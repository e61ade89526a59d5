"""code: the digest of the code that all cells of a stage run, beside their own files.

Output: data/code/<stage>.txt, one line "sha256  path" per file that data/code/dvc.yaml lists.
Run: python -m stages.code --stage score
"""

import argparse
import hashlib
from pathlib import Path

from g2u.errors import run_main
from g2u.files import from_yaml, write_whole
from g2u.workspace import CODE


def main() -> None:
    """Digest the files that DVC was told of."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stage", required=True)
    stage = parser.parse_args().stage
    listed = from_yaml((CODE / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]["deps"]
    lines = [f"{hashlib.sha256(Path(path).read_bytes()).hexdigest()}  {path}\n" for path in listed]
    write_whole(CODE / f"{stage}.txt", "".join(lines))


if __name__ == "__main__":
    run_main(main)
