"""nightly: take up what changed in Git, reproduce, record, push, publish; say so when it fails.

Section nightly of params.yaml says which of these steps are taken and where things go.
Run: python -m flows.nightly   (on a schedule: python -m flows.serve)
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE

from flows.copying import copied
from flows.reproduce import reproduce, without_server
from flows.view import surviving
from g2u import params
from g2u.cli import guard
from g2u.errors import DataError, ParamsError, run_main
from g2u.workspace import REPORT

RECORDED = (
    "dvc.lock",
    "data/**/dvc.yaml",
    "data/**/dvc.lock",
    "data/*/metrics",
    "data/report/*.json",
)
"""What a run changes under Git."""
REMEDY = "On that machine: g2u doctor; then python -m flows.nightly. Finished work is kept."


def git(*arguments: str) -> str:
    """Run Git; returns what it prints.

    Raises:
        DataError: it failed.
    """
    command = [shutil.which("git") or "git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise DataError(f"git {' '.join(arguments)}: {said}")
    return done.stdout


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, persist_result=False)
def pull() -> str:
    """Fetch the branch's changes and put them under what was recorded here; returns the commit."""
    git("pull", "--rebase", "--autostash", "--quiet")
    return git("rev-parse", "--short", "HEAD").strip()


@task(cache_policy=NO_CACHE, persist_result=False)
def record() -> bool:
    """Commit lock files and metrics; returns whether there was anything to commit."""
    found = [str(path) for pattern in RECORDED for path in sorted(Path().glob(pattern))]
    git("add", "--", *found)
    if not git("diff", "--cached", "--name-only").strip():
        return False
    git("commit", "--quiet", "--message", "nightly: results of what changed")
    return True


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
    copied(REPORT, place, "params.yaml: nightly.report_to")
    return f"{place.rstrip('/')}/index.html"


def notify(flow_: Any, run: Any, state: Any) -> None:
    """Tell the block that params.yaml names what failed and what to do."""
    name = params.load().nightly.notify
    if name is None:
        return
    block: Any = Block.load(name)
    if not isinstance(block, NotificationBlock):
        raise ParamsError(f"params.yaml: nightly.notify: {name} is no notification block")
    cast(Any, block).notify(
        f"{flow_.name} {run.name} failed: {state.message}\n{REMEDY}", "g2u: nightly failed"
    )


HOOKS: list[Any] = [notify]


@flow(validate_parameters=False, on_failure=HOOKS, on_crashed=HOOKS)
def nightly() -> int:
    """One night; returns how many stages ran."""
    logger = get_run_logger()
    if params.load().nightly.pull:
        logger.info("at %s", pull())
    ran = surviving(reproduce, without_server)
    deliver(record, push, publish, logger.info)
    return ran


def rest_of_the_night() -> int:
    """What is left of `nightly` once Prefect's server is gone; what was done is not done again."""
    ran = without_server()
    deliver(record.fn, send, publish.fn, lambda line: print(line, file=sys.stderr))
    return ran


def deliver(
    record: Callable[[], bool],
    push: Callable[[str], None],
    publish: Callable[[str], str],
    tell: Callable[[str], None],
) -> None:
    """Commit, push and publish, as far as section nightly asks for it."""
    section = params.load().nightly
    if section.commit and record():
        tell("committed what changed")
    if section.remote is not None:
        push(section.remote)
    if section.report_to is not None:
        tell(f"report: {publish(section.report_to)}")


def main() -> None:
    """Run the flow to its end, with or without its server."""
    surviving(nightly, rest_of_the_night)


if __name__ == "__main__":
    run_main(main)
