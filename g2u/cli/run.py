"""g2u run: fill the call cache on all workers, then make the stages that are stale."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from g2u import code
from g2u.cli import dvc, guard
from g2u.cli.checks import check, inapplicable
from g2u.cli.make import make
from g2u.cli.sources import Inputs, states
from g2u.cli.sync import Planned, respell, sync_plan
from g2u.digests import sha256
from g2u.files import write_whole
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
        G2UError: another run is under way, the budget is spent, a stage stopped, or code, params or
            a source changed meanwhile.
    """
    with guard.only_driver(waits=waits):
        if recheck:
            forget_states()
        inputs = Inputs.now()
        work = settle(inputs, tell)
        if work is not None:
            from g2u.cli.fill import fill

            done = []
            for filled in fill(inputs.config, work):
                tell_filled(filled, tell)
                done.append(filled)
            all_answered(inputs, done)
        make(inputs, tell)


def settle(inputs: Inputs, tell: Callable[[str], None]) -> "Stale | None":
    """Check all that can be checked, then bring dvc.yaml files, recipes and benchmarks in step.

    Returns:
        What is left to make; None where nothing changed since the last run came to its end.

    Raises:
        G2UError: something is missing or does not fit; nothing has been changed then.
    """
    config = inputs.config
    check(config, models_called=())
    for line in (*guard.repair(), *respell()):
        tell(line)
    planned = sync_plan(config)
    if FILLED.exists() and FILLED.read_text(encoding="utf-8") == stamp(inputs):
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
        make(inputs, tell, ["data/dvc.yaml:recipes", *_prepared(work.prepare)])
        work = stale(config, status(config))
        check(config, models_called=models(config, work, certain=False))
    return work


def _apply(planned: Planned, tell: Callable[[str], None]) -> None:
    for line in planned.apply():
        tell(line)
    guard.keep_locks()


def all_answered(inputs: Inputs, done: Iterable["Filled"]) -> None:
    """Note that no call is missing of a workspace with these inputs, where none failed."""
    if not any(filled.failed for filled in done):
        write_whole(FILLED, stamp(inputs))


def _prepared(benchmarks: frozenset[str]) -> list[str]:
    return [f"data/{name}/dvc.yaml:prepare" for name in sorted(benchmarks)]


def stamp(inputs: Inputs) -> str:
    """Digest of all that decides which calls a run makes: its inputs, weights, the call cache.

    Where it is as it was after a run, workers are not even started; if calls are missing all the
    same, the stages make them.
    """
    weights = states([Path("studies"), Path(code.MOVES)])
    return sha256([sorted(inputs.found.items()), call_store().place, weights])


def forget_states() -> None:
    """Make DVC, and the next `settle`, read every file again."""
    FILLED.unlink(missing_ok=True)
    with dvc.opened() as repo:
        repo.state.hashes.clear()


def tell_filled(filled: "Filled", tell: Callable[[str], None]) -> None:
    """A line for what was not answered yet."""
    if filled.made or filled.failed:
        tell(f"fill {filled}")
