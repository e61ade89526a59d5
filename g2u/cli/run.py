"""g2u run: fill the call cache on all workers, then one `dvc repro` that packs."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from g2u import code, params, plugins
from g2u.cli import guard
from g2u.cli.checks import check, inapplicable
from g2u.cli.packer import packing
from g2u.cli.sources import CODE, states
from g2u.cli.sync import Planned, sync_plan
from g2u.digests import sha256
from g2u.files import write_whole
from g2u.params import Params
from g2u.workspace import call_store

if TYPE_CHECKING:
    from g2u.cli.fill import Filled
    from g2u.cli.stale import Stale

FILLED = guard.STATE / "filled"
"""What the workspace was like when its calls were last all answered."""


def run(
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    *,
    waits: bool = False,
    recheck: bool = False,
) -> None:
    """Bring the workspace up to date.

    Args:
        tell: gets each line.
        waits: for another run, instead of being refused.
        recheck: read every file again, instead of trusting sizes and times of change.

    Raises:
        G2UError: another run is under way, the budget is spent, or a stage stopped.
    """
    with guard.only_driver(waits=waits):
        if recheck:
            forget_states()
        work = settle(tell)
        if work is not None:
            from g2u.cli.fill import fill

            config, done = params.load(), []
            now = stamp(config)  # before the calls: what changes meanwhile was not answered
            for filled in fill(config, work):
                tell_filled(filled, tell)
                done.append(filled)
            all_answered(now, done)
        pack(expects_work=work is not None)


def settle(tell: Callable[[str], None]) -> "Stale | None":
    """Check all that can be checked, then bring dvc.yaml files, recipes and benchmarks in step.

    Returns:
        What is left to make; None where nothing changed since the last run came to its end.

    Raises:
        G2UError: something is missing or does not fit; nothing has been changed then.
    """
    config = params.load()
    check(config, models_called=())
    for line in guard.repair():
        tell(line)
    planned = sync_plan(config)
    if FILLED.exists() and FILLED.read_text(encoding="utf-8") == stamp(config):
        _apply(planned, tell)
        return None
    from g2u.cli.stale import models, restore, stale, status

    told = status(config)
    if back := restore(told):
        tell(back[0])
        told = status(config)
    for line in inapplicable(config):
        tell(line)
    work = stale(config, told)
    check(config, models_called=models(config, work, certain=True))
    _apply(planned, tell)
    if work.recipes or work.prepare:
        pack(tell, ["data/dvc.yaml:recipes", *_prepared(work.prepare)], expects_work=False)
        work = stale(config, status(config))
        check(config, models_called=models(config, work, certain=False))
    return work


def _apply(planned: Planned, tell: Callable[[str], None]) -> None:
    for line in planned.apply():
        tell(line)
    guard.keep_locks()


def all_answered(now: str, done: Iterable["Filled"]) -> None:
    """Note that no call is missing of a workspace with this stamp, where none failed."""
    if not any(filled.failed for filled in done):
        write_whole(FILLED, now)


def _prepared(benchmarks: frozenset[str]) -> list[str]:
    return [f"data/{name}/dvc.yaml:prepare" for name in sorted(benchmarks)]


def stamp(config: Params) -> str:
    """Digest of all that decides which calls a run makes: params, code, weights, sources' files.

    Files count by size and time of change. Where it is as it was after a run, workers are not even
    started; if calls are missing all the same, `dvc repro` makes them.
    """
    places = [Path(place) for place in (*CODE, "studies", str(code.MOVES))]
    for name in config.benchmarks:
        places += config.presets.benchmarks[name].files()
    told = [p.read_text(encoding="utf-8") for p in (params.PATH, params.SHELF) if p.exists()]
    elsewhere = code.states(plugins.foreign().values())
    return sha256([told, call_store().place, states(places), elsewhere])


def forget_states() -> None:
    """Make DVC, and the next `settle`, read every file again."""
    from dvc.repo import Repo

    FILLED.unlink(missing_ok=True)
    with Repo() as repo:
        repo.state.hashes.clear()


def tell_filled(filled: "Filled", tell: Callable[[str], None]) -> None:
    """A line for what was not answered yet."""
    if filled.made or filled.failed:
        tell(f"fill {filled}")


def pack(
    tell: Callable[[str], None] | None = None,
    targets: Sequence[str] = (),
    *,
    expects_work: bool = True,
) -> None:
    """One `dvc repro`, its stages in a warm packer; `tell` gets each line instead of stdout.

    DVC does not look for an earlier run of a stage: all calls are answered, so that packing again
    costs no more than taking its result out of the run cache, and the search an eighth of all.
    """
    with packing(at_once=expects_work) as environment:
        guard.run_dvc(["repro", "--no-run-cache", *targets], environment, tell)
    guard.keep_locks()
