"""g2u run: fill the call cache on all workers, then make the stages that are stale."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from g2u.calls.opened import call_store
from g2u.code import identity
from g2u.digests import sha256
from g2u.files import states, write_whole
from g2u.pipeline import dvc, guard
from g2u.pipeline.checks import check, inapplicable
from g2u.pipeline.forked import context
from g2u.pipeline.make import make
from g2u.pipeline.sources import Inputs
from g2u.pipeline.sync import Planned, sync_plan
from g2u.tables.places import RECIPES_FILE, STATE, BenchmarkFolder
from g2u.terminal.closing import closing, results
from g2u.terminal.telling import Telling, room, telling

if TYPE_CHECKING:
    from g2u.pipeline.fill import Filled
    from g2u.pipeline.stale import Stale

FILLED = STATE / "filled"
"""What the workspace was like when its calls were last all answered."""
BESIDE = 9
"""Lines of a terminal that the closing table leaves for what stands beside it."""


def run(
    *, waits: bool = False, recheck: bool = False, verbose: bool = False
) -> tuple[list[str], dict[str, Any]]:
    """Bring the workspace up to date, and tell how it goes.

    Args:
        waits: for another run, instead of being refused.
        recheck: read every file again, instead of trusting sizes and times of change.
        verbose: say every line, instead of those that matter.

    Returns:
        What came of it: as lines for the terminal, and as a JSON value (docs/commands.md).

    Raises:
        G2UError: another run is under way, the budget is spent, a stage stopped, or code, params or
            a source changed meanwhile.
    """
    with guard.only_driver(waits=waits), telling(verbose=verbose) as told:
        try:
            if recheck:
                forget_states()
            stages = update(told)
        except BaseException:
            if told.log is not None:
                told.tell(f"what stages and DVC said: {told.log}")
            raise
    said = told.progress.summary() or [f"nothing to do: {stages} stages are up to date"]
    columns, lines = room()
    said += closing(columns, max(lines - BESIDE, 1))
    return said, {"stages": stages, **told.progress.document(), **results()}


def update(told: Telling) -> int:
    """Settle, fill and make; returns how many stages there are."""
    inputs = Inputs.now()
    work = settle(inputs, told)
    if work is not None:
        from g2u.pipeline.fill import fill
        from g2u.pipeline.workers import nothing_spent

        done, spent = [], nothing_spent()
        for part in rounds(inputs, work, told):
            for filled in fill(inputs.config, part, told.progress, spent):
                tell_filled(filled, told)
                done.append(filled)
        all_answered(inputs, done)
    return make(inputs, told)


def rounds(inputs: Inputs, work: "Stale", told: Telling) -> "Iterator[Stale]":
    """What is filled at once, in turn: all of it, but where looks may end the drawing of cells, the
    slices before each look, which is taken then; what it decided says what is left.
    """
    from g2u.pipeline.stale import stale, status

    config = inputs.config
    for look in sorted({cell.look for cell in work.looks}):
        now = work.before(look)
        if not now.looks:  # what was decided anew is what it was
            break
        yield now
        make(inputs, told, [f"{c.dvc_file}:look@{c.model}" for c in sorted(now.looks, key=str)])
        work = stale(config, status(config))
    yield work


def settle(inputs: Inputs, told: Telling) -> "Stale | None":
    """Check all that can be checked, then bring dvc.yaml files, recipes and benchmarks in step.

    Returns:
        What is left to make; None where nothing changed since the last run came to its end.

    Raises:
        G2UError: something is missing or does not fit; nothing has been changed then.
    """
    config = inputs.config
    check(config, models_called=())
    for line in guard.repair():
        told.tell(line)
    planned = sync_plan(config)
    if FILLED.exists() and FILLED.read_text(encoding="utf-8") == stamp(inputs):
        _apply(planned, told)
        return None
    context()
    with dvc.opened() as repo:
        return _settled(repo, inputs, planned, told)


def _settled(repo: Any, inputs: Inputs, planned: Planned, told: Telling) -> "Stale":
    from g2u.pipeline.stale import models, restore, stale, status

    config, index = inputs.config, dvc.read(repo)
    changed = status(config, index)
    if back := restore(changed):
        told.tell(back[0])
        index = dvc.read(repo)
        changed = status(config, index)
    for line in inapplicable(config):
        told.tell(line)
    work = stale(config, changed)
    check(config, models_called=models(config, work, certain=True))
    _apply(planned, told)
    if work.recipes or work.prepare:
        if planned.texts or planned.files:
            index = dvc.read(repo)
        make(inputs, told, [f"{RECIPES_FILE}:recipes", *_prepared(work.prepare)], index)
        work = stale(config, status(config, index))
        check(config, models_called=models(config, work, certain=False))
    return work


def _apply(planned: Planned, told: Telling) -> None:
    for place, line in enumerate(planned.apply()):
        (told.note if place < len(planned.texts) else told.tell)(line)
    guard.keep_locks()


def all_answered(inputs: Inputs, done: Iterable["Filled"]) -> None:
    """Note that no call is missing of a workspace with these inputs, where none failed."""
    if not any(filled.failed for filled in done):
        write_whole(FILLED, stamp(inputs))


def _prepared(benchmarks: frozenset[str]) -> list[str]:
    return [f"{BenchmarkFolder(name).dvc_file}:prepare" for name in sorted(benchmarks)]


def stamp(inputs: Inputs) -> str:
    """Digest of all that decides which calls a run makes: its inputs, weights, the call cache.

    Where it is as it was after a run, workers are not even started; if calls are missing all the
    same, the stages make them.
    """
    weights = states([Path("studies"), Path(identity.MOVES)])
    return sha256([sorted(inputs.found.items()), call_store().place, weights])


def forget_states() -> None:
    """Make DVC, and the next `settle`, read every file again."""
    FILLED.unlink(missing_ok=True)
    with dvc.opened() as repo:
        repo.state.hashes.clear()


def tell_filled(filled: "Filled", told: Telling) -> None:
    """A line for what was not answered yet; failures matter."""
    if filled.failed:
        told.tell(f"fill {filled}")
    elif filled.made:
        told.note(f"fill {filled}")
