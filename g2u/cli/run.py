"""g2u run: fill the call cache on all workers, then one `dvc repro` that packs."""

import sys
from collections.abc import Callable

from g2u import params
from g2u.cli import guard
from g2u.cli.fill import Filled, fill
from g2u.cli.packer import packing
from g2u.cli.sync import sync
from g2u.params import Params


def run(
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr), *, waits: bool = False
) -> None:
    """Bring the workspace up to date; `waits`: for another run, instead of being refused.

    Raises:
        G2UError: another run is under way, the budget is spent, or a stage stopped.
    """
    with guard.only_driver(waits=waits):
        prepare_workspace(params.load(), tell)
        for filled in fill(params.load()):
            tell_filled(filled, tell)
        pack()


def prepare_workspace(config: Params, tell: Callable[[str], None]) -> None:
    """Repair what a kill left, and bring dvc.yaml files in step."""
    for line in [*guard.repair(), *sync(config)]:
        tell(line)
    guard.keep_locks()


def tell_filled(filled: Filled, tell: Callable[[str], None]) -> None:
    """A line for what was not answered yet."""
    if filled.made or filled.failed:
        tell(f"fill {filled}")


def pack(tell: Callable[[str], None] | None = None) -> None:
    """One `dvc repro`, its stages in a warm packer; `tell` gets each line instead of stdout."""
    with packing() as environment:
        guard.run_dvc(["repro"], environment, tell)
    guard.keep_locks()
