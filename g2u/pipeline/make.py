"""Make what is stale: stages run side by side in warm processes, and DVC records what they made.

A stage begins as soon as those are done that it depends on. Stages that are not g2u's (somebody's
own, frozen ones, data that DVC tracks) are left to `dvc repro`, one at a time.
"""

import contextlib
import importlib
import io
import multiprocessing
import os
import shlex
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import TracebackType
from typing import Any

from g2u.code.dependencies import LOADED_BY_NAME
from g2u.errors import NO_ROOM, DataError, G2UError, ModelError, run_main
from g2u.params.params import Params
from g2u.pipeline import dvc, guard
from g2u.pipeline.forked import Outputs, context
from g2u.pipeline.ownership import COMMAND
from g2u.pipeline.sources import Inputs
from g2u.pipeline.workers import die_with_parent, worker_count
from g2u.terminal.telling import Telling

OWN = {"recipes", *LOADED_BY_NAME}
"""Stages that run in warm processes."""
AHEAD = 2
"""Stages begun per process: one runs, one waits."""
RECORD_AFTER = 5.0
"""Seconds after which finished stages are written into lock files: DVC reads and writes a whole
file each time.
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a stage came to its end."""

    code: int
    said: str
    """What it printed."""
    error: G2UError | OSError | None
    """What stopped it, where it says so itself, or a full disk."""


def make(
    inputs: Inputs, told: Telling, targets: Collection[str] = (), index: dvc.Index | None = None
) -> int:
    """Bring stages up to date, with all that they depend on; returns how many there are.

    Args:
        inputs: what decides the stages beside data/; nothing is recorded once it has changed.
        told: of each stage.
        targets: addresses of stages; none = all of the root dvc.yaml.
        index: the stages, where they have been read.

    Raises:
        G2UError: a stage stopped, or something that it depends on changed; what was finished and
            does not depend on it is recorded.
    """
    if index is None:
        with dvc.opened() as repo:
            return make(inputs, told, targets, dvc.read(repo))
    try:
        with Makers(inputs.config) as makers:
            stages = _Making(index, makers, inputs, told).run(targets)
    except BrokenProcessPool:
        raise ModelError(
            "a process that made stages was killed (out of memory?); finished calls and stages are "
            "kept; lower run.workers, then run again"
        ) from None
    guard.keep_locks()
    return stages


class _Making:
    """One walk through the graph."""

    def __init__(self, index: dvc.Index, makers: "Makers", inputs: Inputs, told: Telling) -> None:
        self._index, self._repo = index, index.repo
        self._makers, self._inputs, self._told = makers, inputs, told
        self._places: dict[dvc.Stage, int] = {}
        self._unrecorded: list[dvc.Stage] = []
        self._recorded_at = time.monotonic()

    def run(self, targets: Collection[str]) -> int:
        """Make all; returns how many stages were looked at."""
        self._inputs.require_same()  # before a call is paid for that nothing would record
        steps = dvc.steps(self._index, targets)
        self._places = {stage: place for place, stage in enumerate(steps)}
        self._told.progress.walk(len(steps))
        order = TopologicalSorter(steps)
        order.prepare()
        while order.is_active():
            with dvc.held(self._repo):
                others = self._make_own(order)
            for stage in others:
                self._told.progress.stage_begun(stage.addressing)
                guard.run_dvc(["repro", "--single-item", stage.addressing], tell=self._told.note)
                self._told.progress.stage_ended(stage.addressing)
                order.done(stage)
        return len(steps)

    def _make_own(self, order: "TopologicalSorter[dvc.Stage]") -> list[dvc.Stage]:
        """Make until no stage of g2u's is ready; returns those that are, and are DVC's to run."""
        others: list[dvc.Stage] = []
        running: dict[Future[Ended], dvc.Stage] = {}
        failures: list[G2UError] = []
        ready = deque(order.get_ready())
        try:
            while ready or running:
                while ready and len(running) < AHEAD * self._makers.count and not failures:
                    stage = ready.popleft()
                    if not dvc.is_stale(stage):
                        self._told.progress.stage_unchanged()
                        order.done(stage)
                    elif command := own(stage, self._repo.root_dir):
                        running[self._begin(stage, command)] = stage
                    else:
                        others.append(stage)
                    ready.extend(order.get_ready())
                if failures and not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    stage = running.pop(future)
                    try:
                        self._end(stage, future.result())
                    except G2UError as error:
                        failures.append(error)
                    else:
                        order.done(stage)
                        ready.extend(order.get_ready())
        finally:
            self._record()
        for other in failures[1:]:
            self._told.tell(f"{type(other).__name__}: {other}")
        if failures:
            raise failures[0]
        return others

    def _begin(self, stage: dvc.Stage, command: Sequence[str]) -> Future[Ended]:
        self._told.note(f"Running stage '{stage.addressing}':\n> {stage.cmd}")
        dvc.begin(stage)
        self._told.progress.stage_begun(short(stage))
        return self._makers.submit(command)

    def _end(self, stage: dvc.Stage, ended: Ended) -> None:
        is_bug = ended.code and ended.error is None
        for line in ended.said.splitlines():
            (self._told.tell if is_bug else self._told.note)(line)
        if ended.error is not None:
            raise ended.error
        if ended.code:
            raise DataError(
                f"stage {stage.addressing} stopped with exit code {ended.code}; finished calls and "
                "stages are kept, the same command goes on"
            )
        dvc.finish(stage)
        self._told.progress.stage_ended(short(stage))
        self._unrecorded.append(stage)
        if time.monotonic() - self._recorded_at > RECORD_AFTER:
            self._record()

    def _record(self) -> None:
        """Write what is finished into lock files, if all was made from what is still there.

        Raises:
            DataError: code, params or a source changed meanwhile.
        """
        stages, self._unrecorded = self._unrecorded, []
        if not stages:
            return
        self._inputs.require_same()
        dvc.record(self._repo, stages, self._places)
        self._recorded_at = time.monotonic()


def short(stage: dvc.Stage) -> str:
    """A stage's name for people: generate ladder tiny detail."""
    if not isinstance(stage.cmd, str) or not COMMAND.fullmatch(stage.cmd):
        return str(stage.addressing)
    _, _, module, *options = shlex.split(stage.cmd.replace("--look ", "--look look_"))
    return " ".join([module.partition(".")[2], *options[1::2]])


def own(stage: dvc.Stage, root: str) -> list[str]:
    """Name and arguments of a stage that g2u makes; empty where it is another's."""
    found = COMMAND.fullmatch(stage.cmd) if isinstance(stage.cmd, str) else None
    is_plain = not stage.frozen and not stage.always_changed and Path(stage.wdir) == Path(root)
    if found is None or found["stage"] not in OWN or not is_plain:
        return []
    return [found["stage"], *shlex.split(stage.cmd)[3:]]


class Makers:
    """Warm processes that run stages; each starts when it is first needed."""

    def __init__(self, config: Params) -> None:
        self.count = worker_count(config)
        self._devices = config.run.devices
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, command: Sequence[str]) -> Future[Ended]:
        """Run a stage by name and arguments."""
        if self._pool is None:
            fork = context()
            devices = fork.SimpleQueue()
            for slot in range(self.count):
                devices.put(self._devices[slot % len(self._devices)] if self._devices else "")
            self._pool = ProcessPoolExecutor(
                self.count, mp_context=fork, initializer=_begin, initargs=(devices, Outputs())
            )
        return self._pool.submit(perform, *command)

    def __enter__(self) -> "Makers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            if kind is not None:
                for process in multiprocessing.active_children():
                    process.terminate()
            self._pool.shutdown(cancel_futures=True)


def _begin(devices: Any, outputs: Outputs) -> None:
    """First thing in a maker: take a device, leave Ctrl-C to the parent and die when it does."""
    del outputs  # taken
    if device := devices.get():
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=die_with_parent, daemon=True).start()


def perform(name: str, *arguments: str) -> Ended:
    """In a maker: a stage's main as its own process would run it."""
    said = io.StringIO()
    errors: list[G2UError | OSError] = []

    def main() -> None:
        try:
            importlib.import_module(f"stages.{name}").main()
        except (G2UError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in NO_ROOM:
                raise
            errors.append(error)

    before, code = sys.argv, 0
    sys.argv = [f"stages.{name}", *arguments]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            run_main(main)
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else int(stopped.code is not None)
    finally:
        sys.argv = before
    return Ended(code, said.getvalue(), errors[0] if errors else None)
