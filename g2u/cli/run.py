"""g2u run: fill the call cache on all workers, then one `dvc repro` that packs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from g2u import params
from g2u.cli import guard
from g2u.cli.packer import packing
from g2u.cli.sources import CODE, states
from g2u.cli.sync import sync
from g2u.digests import sha256
from g2u.files import write_whole
from g2u.params import Params
from g2u.workspace import call_store

if TYPE_CHECKING:
    from g2u.cli.fill import Filled

FILLED = guard.STATE / "filled"
"""What the workspace was like when its calls were last all answered."""


def run(
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr), *, waits: bool = False
) -> None:
    """Bring the workspace up to date; `waits`: for another run, instead of being refused.

    Raises:
        G2UError: another run is under way, the budget is spent, or a stage stopped.
    """
    with guard.only_driver(waits=waits):
        prepare_workspace(params.load(), tell)
        config = params.load()
        now = stamp(config)
        changed = not FILLED.exists() or FILLED.read_text() != now
        if changed:
            from g2u.cli.fill import fill

            failed = 0
            for filled in fill(config):
                tell_filled(filled, tell)
                failed += filled.failed
            if not failed:
                write_whole(FILLED, now)
        pack(expects_work=changed)


def stamp(config: Params) -> str:
    """Digest of all that decides which calls a run makes: params, code, weights, sources' files.

    Files count by size and time of change. Where it is as it was after a run, workers are not even
    started; if calls are missing all the same, `dvc repro` makes them.
    """
    places = [Path(place) for place in (*CODE, "studies")]
    for name in config.benchmarks:
        places += config.presets.benchmarks[name].files()
    told = [p.read_text(encoding="utf-8") for p in (params.PATH, params.SHELF) if p.exists()]
    return sha256([told, call_store().place, states(places)])


def prepare_workspace(config: Params, tell: Callable[[str], None]) -> None:
    """Repair what a kill left, look for the benchmarks' files, bring dvc.yaml files in step.

    Raises:
        DataError: a file is missing.
    """
    for name in config.benchmarks:
        config.presets.benchmarks[name].require_files(name)
    for line in [*guard.repair(), *sync(config)]:
        tell(line)
    guard.keep_locks()


def tell_filled(filled: "Filled", tell: Callable[[str], None]) -> None:
    """A line for what was not answered yet."""
    if filled.made or filled.failed:
        tell(f"fill {filled}")


def pack(tell: Callable[[str], None] | None = None, *, expects_work: bool = True) -> None:
    """One `dvc repro`, its stages in a warm packer; `tell` gets each line instead of stdout.

    DVC does not look for an earlier run of a stage: all calls are answered, so that packing again
    costs no more than taking its result out of the run cache, and the search an eighth of all.
    """
    with packing(at_once=expects_work) as environment:
        guard.run_dvc(["repro", "--no-run-cache"], environment, tell)
    guard.keep_locks()
