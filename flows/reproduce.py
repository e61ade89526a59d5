"""reproduce: bring the workspace up to date once, as a Prefect flow.

One task fills the call cache, on one worker per device, and tells of each stage of each cell; then
the stale stages are made. DVC decides what is stale; the flow adds time, logs, retries and a view
of what goes on. It never imports torch.
Run: python -m flows.reproduce
"""

import json
from functools import partial
from typing import Any, cast
from uuid import UUID

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.view import View, surviving
from g2u.calls.budget import Spent
from g2u.errors import BudgetError, CacheError, ParamsError, UnbelievedError, run_main
from g2u.params.params import Params
from g2u.pipeline import guard
from g2u.pipeline.fill import Filled, fill, jobs
from g2u.pipeline.make import make
from g2u.pipeline.run import all_answered, rounds, run, settle
from g2u.pipeline.sources import Inputs
from g2u.pipeline.stale import Stale
from g2u.pipeline.study import enter
from g2u.pipeline.workers import nothing_spent
from g2u.tables.places import REPORT
from g2u.terminal.closing import closing
from g2u.terminal.telling import Telling

RETRIES = 2
FINAL = (BudgetError, CacheError, ParamsError, UnbelievedError)
"""Errors that another try does not mend."""


def can_be_mended(task_: Any, run: Any, state: Any) -> bool:
    """Whether a failed task is tried again."""
    del task_, run
    error = state.result(raise_on_failure=False)
    return not isinstance(error, FINAL)


def in_prefect() -> Telling:
    """Every line of a run is a log line of the flow or task that says it."""

    def say(line: str) -> None:
        get_run_logger().info(line)

    return Telling(say, say)


@task(cache_policy=NO_CACHE, retries=1, retry_delay_seconds=5, persist_result=False)
def make_stages(inputs: Inputs, told: Telling) -> int:
    """Make what is stale; returns how many stages ran."""
    make(inputs, told)
    return told.progress.stages_made


def gains_rows() -> list[dict[str, Any]]:
    """The report's numbers, one row per arm."""
    gains = json.loads((REPORT / "gains.json").read_text())
    return [
        {"benchmark": benchmark, "model": model, "arm": arm, **numbers}
        for benchmark, models in gains.items()
        for model, arms in models.items()
        for arm, numbers in arms.items()
    ]


@task(cache_policy=NO_CACHE, persist_result=False)
def publish_gains(view: View) -> int:
    """The report's numbers as a table in Prefect's UI; returns its rows."""
    rows, told = gains_rows(), "accuracy and gains of every arm"
    view.show(lambda: create_table_artifact(rows, key="gains", description=told))
    return len(rows)


@task(
    task_run_name="fill",
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=can_be_mended,
    persist_result=False,
)
def fill_all(config: Params, work: Stale, view: View, told: Telling, spent: Spent) -> list[Filled]:
    """Make all calls that the call cache does not hold; each stage of a cell is a log line."""
    shown = view.show(
        lambda: create_progress_artifact(0.0, key="cells", description="cells filled")
    )
    done = list[Filled]()
    begun = jobs(config, work)
    count = len(begun) + sum(stage == "generate" for stage, _ in begun)
    for filled in fill(config, work, told.progress, spent):
        told.note(str(filled))
        done.append(filled)
        if shown is not None:
            share = 100.0 * len(done) / count
            view.show(partial(update_progress_artifact, cast(UUID, shown), share))
    return done


@flow(validate_parameters=False)
def reproduce() -> int:
    """Sync, fill, make, publish; returns how many stages ran."""
    view = View()
    with guard.only_driver(), in_prefect() as told:
        inputs = Inputs.now()
        work, config = settle(inputs, told), inputs.config
        filled: list[Filled] = []
        if work is not None and work.understand:
            spent = nothing_spent()
            for part in rounds(inputs, work, told):
                filled += fill_all(config, part, view, told, spent)
        all_answered(inputs, filled)
        ran = make_stages(inputs, told)
        for line in (*told.progress.summary(), *closing()):
            told.tell(line)
        publish_gains(view)
    return ran


def without_server() -> int:
    """What is left of `reproduce` once Prefect's server is gone; returns 0, as nothing counts."""
    run()
    return 0


def main() -> None:
    """Run the flow to its end, with or without its server."""
    enter()
    surviving(reproduce, without_server)


if __name__ == "__main__":
    run_main(main)
