"""nightly: take up what changed in Git, reproduce, record, push, publish; say so when it fails.

Section nightly of params.yaml says which of these steps are taken and where things go. The commit
holds what a clone needs to come to the same results, and nothing else.
Run: python -m flows.nightly   (on a schedule: python -m flows.serve)
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.schedules import CronSchedule
from pydantic import ValidationError

from flows import git
from flows.copying import copied, report_files
from flows.reproduce import reproduce, without_server
from flows.view import surviving
from g2u.errors import DataError, ParamsError, run_main
from g2u.files import from_yaml
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.params.sections import PATH, Nightly
from g2u.pipeline import guard
from g2u.pipeline.ownership import HEADLINES, Workspace, form_of, is_generated, outs
from g2u.pipeline.study import DVC_FILE, enter
from g2u.pipeline.sync import ignore_files
from g2u.tables.places import RECIPES_FILE, REPORT, BenchmarkFolder

NUMBERS = ("metrics.json", "gains.json", "gains.csv")
"""Outputs that Git keeps."""
REMEDY = "On that machine: g2u doctor; then python -m flows.nightly. Finished work is kept."


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, persist_result=False)
def fetch() -> None:
    """Get what changed in Git."""
    git.fetch()


@task(cache_policy=NO_CACHE, persist_result=False)
def record() -> str:
    """Commit what the night made and was made with; returns what there is to say, empty where
    nothing changed.

    Raises:
        DataError: code or data that it was made with differ from what Git has.
    """
    config = params.load()
    workspace = Workspace(Path())
    differing, unknown = git.not_committed(sorted(_read(workspace)))
    code = [path for path in unknown if path.endswith(".py")]
    if differing or code:
        more = len(differing) + len(code) - 1
        raise DataError(
            f"nightly: {(differing + code)[0]}{f' and {more} more files' if more else ''}: read in "
            "this night and not as committed, so that no clone could come to its results; they are "
            "kept here; commit these files, then python -m flows.nightly"
        )
    own = [str(path) for path in (PATH, params.SHELF, DVC_FILE)]
    edited = [path for path in git.not_committed(own)[0] if path != str(DVC_FILE)]
    if not git.commit(_made(config, workspace), "nightly: results of what changed"):
        return ""
    said = "committed what changed"
    if edited:
        said += f", with {' and '.join(edited)} as this night used it"
    if unknown:
        said += f"; a clone needs {unknown[0]} too, which Git does not know"
    return said


def _read(workspace: Workspace) -> set[str]:
    """Files and folders that the stages depend on beside each other's outputs."""
    found: set[str] = set()
    own = RECIPES_FILE
    texts = {**workspace.dvc_files, own: own.read_text(encoding="utf-8")}
    for text in texts.values():
        told = from_yaml(text)
        for stage in told["stages"].values():
            found |= set(stage.get("do", stage).get("deps", ()))
        for each in told.get("vars") or ():
            found |= {path for weights in each["models"].values() for path in weights.values()}
    return {
        path
        for path in found
        if "$" not in path and form_of(Path(path)) is None and Path(path).exists()
    }


def _made(config: Params, workspace: Workspace) -> list[str]:
    """What a run changes under Git: the files of sync, DVC's beside them, and the numbers."""
    stages = [DVC_FILE, RECIPES_FILE, *workspace.dvc_files]
    made = [*stages, *(path.with_suffix(".lock") for path in stages), *ignore_files(config)]
    for out in outs(config):
        made.append(out.path.with_name(".gitignore"))
        if out.path.name in NUMBERS:
            made.append(out.path)
        elif out.path == REPORT / HEADLINES:
            made += sorted(out.path.glob("*.json"))
    there = [path for path in (PATH, params.SHELF, *made) if path.is_file()]
    return [path.as_posix() for path in dict.fromkeys([*there, *_gone()])]


def _gone() -> list[Path]:
    """Files of g2u's that the last commit has and that are gone, with their benchmark or cell."""
    lost = [Path(path) for path in git.at_head() if path.startswith(("data/", "cells/"))]
    lost = [path for path in lost if not path.exists()]

    def was_ours(path: Path) -> bool:
        beside = path.with_name("dvc.yaml") if path.name == "dvc.lock" else path
        if form_of(path):
            beside = BenchmarkFolder(path.parts[1]).dvc_file
        try:
            return is_generated(beside, git.git("show", f"HEAD:./{beside.as_posix()}"))
        except DataError:  # it was not there
            return False

    names = ("dvc.yaml", "dvc.lock", ".dvcignore")
    return [path for path in lost if (path.name in names or form_of(path)) and was_ours(path)]


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, persist_result=False)
def push(remote: str) -> None:
    """Send what the remote lacks."""
    send(remote, get_run_logger().info)


def send(remote: str, tell: Callable[[str], None] | None = None) -> None:
    """The same outside a flow."""
    guard.run_dvc(["push", "--remote", remote], tell=tell)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, persist_result=False)
def publish(place: str) -> str:
    """Copy the report to a folder or URL; returns where the page lies.

    Raises:
        DataError: it cannot be written there.
    """
    names = report_files(params.load())
    copied(REPORT, names, place, "params.yaml: nightly.report_to", again=True)
    return f"{place.rstrip('/')}/index.html"


def notify(flow_: Any, run: Any, state: Any) -> None:
    """Tell the block that params.yaml names what failed and what to do."""
    name = section().notify
    if name is None:
        return
    block: Any = Block.load(name)
    if not isinstance(block, NotificationBlock):
        raise ParamsError(f"params.yaml: nightly.notify: {name} is no notification block")
    cast(Any, block).notify(
        f"{flow_.name} {run.name} failed: {state.message}\n{REMEDY}", "g2u: nightly failed"
    )


def section() -> Nightly:
    """Section nightly of params.yaml, checked.

    Raises:
        ParamsError: a schedule or time zone that Prefect does not know.
    """
    found = params.load().nightly
    if found.cron is not None:
        try:
            CronSchedule(cron=found.cron, timezone=found.timezone)
        except ValidationError as error:
            key = str(error.errors()[0]["loc"][0])
            raise ParamsError(
                f"params.yaml: nightly.{key}: {getattr(found, key)!r}; expected minute, hour, day, "
                'month and weekday, e.g. "0 3 * * *", in a zone like UTC or Europe/Berlin'
            ) from None
    return found


HOOKS: list[Any] = [notify]


@flow(validate_parameters=False, on_failure=HOOKS, on_crashed=HOOKS)
def nightly() -> int:
    """One night; returns how many stages ran."""
    logger = get_run_logger()
    if section().pull:
        fetch()
        logger.info("at %s", git.take_up())
    ran = surviving(reproduce, without_server)
    deliver(record, push, publish, logger.info)
    return ran


def rest_of_the_night() -> int:
    """What is left of `nightly` once Prefect's server is gone; what was done is not done again."""
    ran = without_server()
    deliver(record.fn, send, publish.fn, lambda line: print(line, file=sys.stderr))
    return ran


def deliver(
    record: Callable[[], str],
    push: Callable[[str], None],
    publish: Callable[[str], str],
    tell: Callable[[str], None],
) -> None:
    """Commit, push and publish, as far as section nightly asks for it."""
    asked = section()
    if asked.commit and (said := record()):
        tell(said)
    if asked.remote is not None:
        push(asked.remote)
    if asked.report_to is not None:
        tell(f"report: {publish(asked.report_to)}")


def main() -> None:
    """Run the flow to its end, with or without its server."""
    enter()
    surviving(nightly, rest_of_the_night)


if __name__ == "__main__":
    run_main(main)
