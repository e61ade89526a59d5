"""The campaigns at full size, as a table: make campaigns, or python -m tests.campaigns NAME ..."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.campaigns import (
    crashes,
    datasets,
    files,
    lies,
    replies,
    segments,
    serving,
    targets,
    together,
    ways,
)
from tests.campaigns.mutations import MUTATIONS
from tests.conftest import ROOT, Workspace

KILLS, RUNS, ROUNDS, REQUESTS, REPLIES = 200, 50, 50, 500, 200_000
REUSE = ("tests/campaigns/test_mutations.py", "tests/stages/test_reuse.py")
"""The second has what needs real weights: other ones under the same name."""


class Row(NamedTuple):
    """What a campaign came to."""

    size: str
    figure: str
    limit: str
    is_sound: bool


def workspace(folder: Path) -> Workspace:
    """A fresh workspace, the current folder."""
    folder.mkdir()
    os.chdir(folder)
    return Workspace(folder)


def mutated(folder: Path) -> Row:
    """Changes, and the calls that they may cost."""
    del folder
    failed = pytest.main(["-q", "-p", "no:cacheprovider", *REUSE])
    figure = "FAILED" if failed else "all as declared"
    return Row(f"{len(MUTATIONS)} kinds", figure, "all as declared", not failed)


def killed(folder: Path) -> Row:
    """Runs that end at any line."""
    place = workspace(folder)
    return _killed(place, crashes.settle(place, 40), crashes.BATCH)


def killed_repro(folder: Path) -> Row:
    """Bare `dvc repro`, all of whose processes end at any moment."""
    place = workspace(folder)
    return _killed(place, crashes.settle(place, 40, crashes.REPRO), crashes.BATCH)


def killed_served(folder: Path) -> Row:
    """Runs that end at any line while a server answers."""
    place = workspace(folder)
    with crashes.served(place, 40) as whole:
        return _killed(place, whole, crashes.IN_FLIGHT)


def _killed(place: Workspace, whole: crashes.Whole, each: int) -> Row:
    """`each`: calls that one kill may lose."""
    found = crashes.campaign(place, whole, KILLS, seed=0)
    most = KILLS * each
    return Row(
        f"{found.kills} kills",
        f"{found.redone} of {found.asked} calls made twice, {found.differences} differences"
        + (f", DVC's own lock cut {found.cut} times" if found.cut else ""),
        f"{most} twice, 0 differences",
        found.redone <= most and not found.differences,
    )


def both_ways(folder: Path) -> Row:
    """`g2u run` and a bare `dvc repro`: the same bytes, and then nothing to do."""
    folder.mkdir()
    place = workspace(folder / "null")
    place.init_dvc()
    ways.null_study(place, 30)
    found = [ways.campaign(place)]
    place = workspace(folder / "served")
    place.init_dvc()
    with ways.served_study(place):
        found.append(ways.campaign(place))
    for line in [line for each in found for line in each.unclean + each.differences]:
        print(line, file=sys.stderr)
    unclean = sum(len(each.unclean) for each in found)
    differences = sum(len(each.differences) for each in found)
    return Row(
        f"{found[0].stages} stages of the null model, {found[1].stages} of a served one",
        f"{unclean} unclean, {differences} differences",
        "0, 0",
        not unclean + differences,
    )


def at_once(folder: Path) -> Row:
    """Runs that begin together."""
    place = workspace(folder)
    found = together.campaign(place, crashes.settle(place, 8), RUNS)
    figure = f"{found.failed} failed, {found.differences} differences"
    return Row(f"{found.runs} runs", figure, "0, 0", not found.failed + found.differences)


def beside(folder: Path) -> Row:
    """Files of people, through every command."""
    found = files.campaign(workspace(folder), ROUNDS, seed=0)
    for line in [*found.harmed, *found.refused]:
        print(line, file=sys.stderr)
    figure = f"{len(found.harmed)} harmed, {len(found.refused)} refused in {found.steps} steps"
    size = f"{found.kept} files of people, {ROUNDS} rounds"
    return Row(size, figure, "0, 0", not found.harmed + found.refused)


def imported(folder: Path) -> Row:
    """Malicious datasets, each in a process of its own."""
    folder.mkdir()
    found = datasets.campaign(folder, list(datasets.ATTACKS))
    for line in found.faults:
        print(line, file=sys.stderr)
    return Row(
        f"{found.datasets} datasets",
        f"{found.refused} refused in one line, {found.room / 1e6:.0f} MB beyond the start",
        f"all, {datasets.ROOM / 1e6:.0f} MB",
        not found.faults and found.refused == found.datasets and found.room < datasets.ROOM,
    )


def served(folder: Path) -> Row:
    """Requests that are malformed or too large, beside a client that asks rightly."""
    found = serving.campaign(workspace(folder), REQUESTS, seed=0)
    for line in [*found.wrong, *found.failed]:
        print(line, file=sys.stderr)
    return Row(
        f"{found.sent.total()} requests, {len(found.sent)} kinds",
        f"{len(found.wrong)} not refused, the client failed in {len(found.failed)} of "
        f"{found.asked}, {found.peak / 1e6:.0f} MB, ended in {found.ended:.1f} s",
        f"0, 0, {serving.MEMORY / 1e6:.0f} MB, {serving.END:.0f} s",
        found.is_sound,
    )


def read(folder: Path) -> Row:
    """Mutated replies, through everything that reads them."""
    del folder
    found = replies.campaign(REPLIES, seed=0)
    for line in found.raised:
        print(line, file=sys.stderr)
    size = f"{found.replies} replies, {found.readings} readings"
    return Row(size, f"{len(found.raised)} raised", "0", not found.raised)


def golden(folder: Path) -> Row:
    """Gold answers in every form, through prepare."""
    folder.mkdir()
    found = targets.campaign(folder)
    for line in found.faults:
        print(line, file=sys.stderr)
    return Row(
        f"{found.forms} forms of gold answers",
        f"{found.taken} reached, {found.refused} refused in one line, {len(found.faults)} faults",
        "0 faults",
        not found.faults,
    )


def stored(folder: Path) -> Row:
    """The call cache: every byte flipped and cut, full disks, killed writers, many at once."""
    del folder
    found = [
        *(segments.flips(1, (0xFF, 1, 0x80), sealed=sealed) for sealed in (False, True)),
        *(segments.cuts(1, sealed=sealed) for sealed in (False, True)),
        segments.full_disk(7),
        segments.kills(100, seed=0),
        segments.together(50, 5),
        segments.together(20, 50, takes=True),
    ]
    lost, wrong = sum(each.lost for each in found), sum(each.wrong for each in found)
    size = f"{sum(each.tried for each in found)} spoilt files, limits, kills and writers"
    return Row(size, f"{lost} replies lost, {wrong} wrong", "0, 0", not lost + wrong)


def believed(folder: Path) -> Row:
    """Servers that lie and honest ones, under g2u check."""
    del folder
    found = lies.campaign(list(lies.LIES), lies.RUNS, lies.HONEST_RUNS)
    for line in found.faults:
        print(line, file=sys.stderr)
    missed = sum(lies.RUNS - hits for hits in found.detected.values())
    alarms, honest = sum(found.alarms.values()), len(found.alarms)
    return Row(
        f"{len(found.detected)} lies x {lies.RUNS}, {honest} honest x {lies.HONEST_RUNS}",
        f"{missed} missed, {alarms} false alarms, {found.requests} + {found.crowd} requests",
        f"0, 0, {lies.BUDGET} + {lies.LOAD}",
        lies.is_sound(found, lies.RUNS),
    )


CAMPAIGNS: dict[str, Callable[[Path], Row]] = {
    "mutations": mutated,
    "kills": killed,
    "kills_repro": killed_repro,
    "kills_served": killed_served,
    "ways": both_ways,
    "runs": at_once,
    "files": beside,
    "datasets": imported,
    "serving": served,
    "replies": read,
    "targets": golden,
    "segments": stored,
    "lies": believed,
}


def main(names: list[str]) -> int:
    """Run the named ones, or all; exit code 1 if a figure is missed."""
    for name in ("DVC_NO_ANALYTICS", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    lines = ["| campaign | size | figure | limit | seconds |", "|---|---|---|---|---|"]
    is_sound = True
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DVC_SITE_CACHE_DIR"] = str(Path(folder) / "site")
        for name in names or CAMPAIGNS:
            begun = time.perf_counter()
            row = CAMPAIGNS[name](Path(folder) / name)
            os.chdir(ROOT)
            took = time.perf_counter() - begun
            lines.append(f"| {name} | {row.size} | {row.figure} | {row.limit} | {took:.0f} |")
            is_sound = is_sound and row.is_sound
    print("\n".join(lines))
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
