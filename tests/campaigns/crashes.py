"""Runs that are killed at random points, and what is redone, lost or different afterwards."""

import base64
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from g2u.pictures.decoding import picture_of
from tests.conftest import Workspace, tsv_rows
from tests.models.servers import started

BATCH = 4
IN_FLIGHT = 8
"""Requests of a served run that a kill may leave without a reply."""
RUN = ("g2u.cli.main", "run", "--verbose")
REPRO = ("dvc", "repro")
CUT = re.compile(r"Unable to read RWLock-file|dvc\.lock' (?:is invalid|validation failed)")
"""What `dvc repro` says of a lock or a lock file that it was killed while it wrote."""
ADAPTER = '''"""The model null, which writes down every request about a picture of the benchmark.

The check of a model draws its own pictures, and may ask about them again.
"""

import os
from pathlib import Path

from g2u.digests import described, sha256
from g2u.models import null
from g2u.pictures.decoding import pictures_in

capabilities = null.capabilities
Settings = null.Settings


def load(settings):
    return Written(0)


class Written(null.Null):
    def edit(self, requests):
        return super().edit(written(requests))

    def answer(self, requests):
        return super().answer(written(requests))


def written(requests):
    known = set(Path("originals").read_text().split())
    asked = [r for r in requests if known & {p.digest for p in pictures_in(r)}]
    lines = "".join(sha256(described(request)) + "\\n" for request in asked)
    log = os.open("asked.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, lines.encode())
    os.close(log)
    return requests
'''


@dataclass(frozen=True)
class Outcome:
    """What a campaign came to."""

    kills: int
    asked: int
    """Requests that reached the model, over all runs."""
    redone: int
    """Of these, asked again after a kill."""
    differences: int
    """Files and lock entries that are not as after one uninterrupted run."""
    cut: int = 0
    """Kills while DVC wrote its own lock, after which `dvc repro` refuses to go on and
    `g2u run` does.
    """


@dataclass(frozen=True)
class Whole:
    """One uninterrupted run."""

    state: dict[str, str]
    lines: int
    """That it printed."""
    command: tuple[str, ...] = RUN
    """Modules and arguments that make everything."""


def settle(workspace: Workspace, questions: int, command: tuple[str, ...] = RUN) -> Whole:
    """A workspace with the counting model and one worker; what a run there comes to, which is
    forgotten.
    """
    written(workspace, questions)
    return whole(workspace, command)


def whole(workspace: Workspace, command: tuple[str, ...] = RUN) -> Whole:
    """What a run of this workspace comes to, which is forgotten."""
    lines = run_until(workspace.folder, None, 0.0, command)
    found = Whole(state(workspace.folder), len(lines), command)
    forget(workspace.folder)
    return found


def written(workspace: Workspace, questions: int) -> None:
    """The counting model and questions, synced."""
    workspace.init_dvc()
    folder = workspace.folder / "g2u" / "models" / "written"
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(ADAPTER)
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["presets"]["models"]["tiny"] = {"adapter": "written", "batch": BATCH}
    workspace.raw["run"] = {"workers": 1}
    rows = tsv_rows(questions)
    pictures = [picture_of(base64.b64decode(row["image"])) for row in rows]
    Path(workspace.folder, "originals").write_text("\n".join(p.digest for p in pictures))
    workspace.use_tsv(rows)
    # the adapter exists in the workspace alone, so params are checked there
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw, sort_keys=False))
    workspace.run("g2u.cli.main", "sync")


@contextmanager
def served(workspace: Workspace, questions: int) -> Iterator[Whole]:
    """The counting model behind a server that outlives the runs, and what a run comes to."""
    written(workspace, questions)
    workspace.raw["presets"]["models"]["far"] = {
        "adapter": "openai",
        "settings": {
            "model": "tiny",
            "capabilities": ["edit", "answer"],
            "in_flight": IN_FLIGHT,
        },
    }
    workspace.raw["models"] = ["far"]
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw, sort_keys=False))
    workspace.run("g2u.cli.main", "sync")
    serve = ("g2u.cli.main", "serve", "tiny", "--port", "0")
    own = {"PYTHONPATH": str(workspace.folder)}
    with started(*serve, folder=str(workspace.folder), environment=own) as address:
        os.environ["OPENAI_BASE_URL"] = f"{address}/v1"
        try:
            yield whole(workspace)
        finally:
            del os.environ["OPENAI_BASE_URL"]


def forget(folder: Path, *, calls: bool = True) -> None:
    """Everything that runs made; `calls`: the call cache too."""
    made = [".dvc/cache", ".dvc/tmp", "asked.log"]
    for name in [".g2u", *made] if calls else made:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in sorted([*folder.glob("data/**/*"), *folder.glob("cells/**/dvc.lock")]):
        if path.is_file() and path.name not in ("dvc.yaml", ".gitignore"):
            path.unlink()


def state(folder: Path) -> dict[str, str]:
    """Digests of all results, and the outputs that the lock files record."""
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "data").rglob("*"))
        if path.suffix in (".parquet", ".json") and "costs" not in path.parts
    }
    for path in sorted(folder.glob("cells/**/dvc.lock")):
        for name, stage in yaml.safe_load(path.read_text())["stages"].items():
            for out in stage.get("outs", []):
                if "costs" not in out["path"]:
                    found[f"{path.parent}:{name}:{out['path']}"] = out["md5"]
    return {k: v for k, v in found.items() if "report" not in k}


def campaign(workspace: Workspace, whole: Whole, kills: int, seed: int) -> Outcome:
    """Kill `kills` runs; whenever one comes to its end, begin anew with empty caches.

    A command that is not g2u's own dies with all that it started, at any moment of a stage.
    """
    folder, rng = workspace.folder, random.Random(seed)
    forget(folder)
    done = asked = redone = differences = cut = 0
    while done < kills:
        delay = rng.random() * (0.05 if whole.command == RUN else 1.0)
        seen = run_until(folder, rng.randrange(whole.lines), delay, whole.command)
        if seen[-1:] == ["cut"]:
            workspace.run("g2u.cli.main", "run")  # which puts it right
            cut += 1
        elif seen[-1:] != ["ended"]:
            done += 1
            continue
        asked, redone = count(folder, asked, redone)
        differences += changes(whole.state, state(folder))
        forget(folder)
    if run_until(folder, None, 0.0, whole.command)[-1] == "cut":
        workspace.run("g2u.cli.main", "run")
        cut += 1
    asked, redone = count(folder, asked, redone)
    differences += changes(whole.state, state(folder))
    return Outcome(done, asked, redone, differences, cut)


def run_until(
    folder: Path, line: int | None, delay: float, command: tuple[str, ...] = RUN
) -> list[str]:
    """Start a run and kill its process `delay` seconds after the given line of its output, all its
    processes where it is not g2u's; returns the lines, last "ended" where it
    came to its end, or "cut" where DVC cannot read its own lock or lock file.
    """
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for said in process.stdout:
            lines.append(said)
            if line is not None and len(lines) > line:
                try:
                    process.wait(delay)
                except subprocess.TimeoutExpired:
                    end = os.kill if command == RUN else os.killpg
                    end(process.pid, signal.SIGKILL)
                break
        process.stdout.read()
    if process.returncode == 0:
        return [*lines, "ended"]
    if command != RUN and any(map(CUT.search, lines)):
        return [*lines, "cut"]
    if process.returncode != -signal.SIGKILL:
        raise AssertionError("".join(lines))
    return lines


def count(folder: Path, asked: int, redone: int) -> tuple[int, int]:
    """Add what the model was asked since the caches were emptied."""
    log = folder / "asked.log"
    found = Counter(log.read_text().split()) if log.exists() else Counter()
    return asked + found.total(), redone + found.total() - len(found)


def changes(before: dict[str, str], after: dict[str, str]) -> int:
    return sum(before.get(name) != after.get(name) for name in before.keys() | after.keys())
