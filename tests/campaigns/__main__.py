"""The campaigns at full size, as a table: make campaigns."""

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.campaigns import crashes, together
from tests.campaigns.mutations import MUTATIONS
from tests.conftest import Workspace

KILLS, RUNS = 200, 50
REUSE = ("tests/campaigns/test_mutations.py", "tests/stages/test_reuse.py")
"""The second has what needs real weights: other ones under the same name."""


def workspace(folder: Path) -> Workspace:
    """A fresh workspace, the current folder."""
    folder.mkdir()
    os.chdir(folder)
    return Workspace(folder)


def main() -> int:
    """Run all three; exit code 1 if a figure is missed."""
    here = Path.cwd()
    mutated = pytest.main(["-q", "-p", "no:cacheprovider", *REUSE])
    for name in ("DVC_NO_ANALYTICS", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DVC_SITE_CACHE_DIR"] = str(Path(folder) / "site")
        begun = time.perf_counter()
        crashed = crashes.campaign(workspace(Path(folder) / "kills"), KILLS, 40, seed=0)
        killed_in = time.perf_counter() - begun
        begun = time.perf_counter()
        parallel = together.campaign(workspace(Path(folder) / "runs"), RUNS, 8)
        ran_in = time.perf_counter() - begun
        os.chdir(here)
    print("| campaign | size | figure | limit | seconds |\n|---|---|---|---|---|")
    print(
        f"| mutations | {len(MUTATIONS)} | {'all as declared' if not mutated else 'FAILED'} | | |"
    )
    print(
        f"| kills | {crashed.kills} | {crashed.redone} of {crashed.asked} calls redone, "
        f"{crashed.differences} differences | {KILLS * crashes.BATCH} redone, 0 differences "
        f"| {killed_in:.0f} |"
    )
    print(
        f"| runs at once | {parallel.runs} | {parallel.failed} failed, {parallel.differences} "
        f"differences | 0, 0 | {ran_in:.0f} |"
    )
    is_sound = not mutated and crashed.redone <= KILLS * crashes.BATCH
    is_sound = is_sound and not crashed.differences + parallel.failed + parallel.differences
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
