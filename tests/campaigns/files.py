"""People's files in and beside every place where g2u writes, through all commands in any order.

Each step is one command or change of params.yaml. After it every file, folder and link of theirs is
compared with what it was: content, mode, time of change, target, and what is staged in Git.
"""

import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flows import git
from flows.nightly import rest_of_the_night
from g2u.cli import main as commands
from g2u.errors import G2UError
from tests.conftest import ROOT, Workspace, png, tsv_rows, write_tsv

MODELS, BENCHMARKS = ("one", "two"), ("mine", "other")
FAMILIES = ("direct", "duplicate", "detail")
OWN_STAGES = "stages: {own: {cmd: 'true', deps: [own.csv]}}\n"
TEXTS = {
    "cells/raw/dvc.yaml": OWN_STAGES,
    "data/raw/own.csv": "a,b\n1,2\n",
    "data/raw/questions.parquet": "mine",
    "data/notes.md": "n",
    "data/mine/notes.md": "n",
    "data/mine/.keep": "",
    "data/mine/questions.parquet.bak": "n",
    "cells/mine/notes.md": "n",
    "cells/mine/detail/notes.md": "n",
    "cells/mine/detail/dvc.yaml.orig": "n",
    "cells/mine/own/dvc.yaml": "stages: {other: {cmd: 'true'}}\n",
    "data/mine/pictures/notes.txt": "n",
    "data/mine/pictures/part-backup.parquet": "n",
    "data/mine/pictures/deep/er/notes.txt": "n",
    "data/mine/oracles/.hidden": "n",
    "data/mine/adversaries/notes": "n",
    "data/mine/detail/notes.txt": "n",
    "data/mine/detail/one/notes.txt": "n",
    "data/mine/detail/one/thoughts/notes.md": "n",
    "data/mine/detail/one/thoughts/links.parquet.bak": "n",
    "data/mine/detail/one/thoughts/.part-00000.parquet.new": "n",
    "data/mine/own/other_model/thoughts/picture.txt": "n",
    "data/mine/detail/one/review.txt": "n",
    "data/other/own/two/answers.parquet": "n",
    "data/mine/own/one/rewards.parquet": "n",
    "data/mine/detail/one/calls/notes.json": "{}",
    "data/mine/notes/one/metrics.json": "{}",
    "data/mine/own/one/metrics.json": "{}",
    "data/mine/detail/one/costs/notes.json": "{}",
    "data/mine/own/one/costs/generate.json": "{}",
    "data/other/notes.md": "n",
    "data/other/detail/two/thoughts/notes.md": "n",
    "data/report/notes.md": "n",
    "data/report/own/notes.md": "n",
    "data/report/pages/notes.html": "<title>notes</title>",
    "data/report/pages/own-page.html": "<title>notes</title>",
    "data/report/gallery/notes.js": "n",
    "data/report/gallery/mine-one/notes.txt": "n",
    "data/recipes/notes.json": "{}",
    "data/recipes/score/own.json": "{}",
    "data/recipes/generate/one/notes.txt": "n",
    ".g2u/notes.txt": "n",
    ".g2u/align/one/checkpoint.pt": "n",
    ".g2u/calls/notes.txt": "n",
    ".dvc/tmp/notes.txt": "n",
    "notes.md": "n",
    "predictions/notes.txt": "n",
    "predictions/one.tsv": "n",
    "site/notes.txt": "n",
    "taken/notes.txt": "n",
    "taken/utils.py": "n",
    "numbers.json": '{"mine": 1}',
    "staged.txt": "n",
    "partly.txt": "first\n",
    "deleted.txt": "n",
    "renamed.txt": "n" * 40,
    "meant.txt": "n",
}  # fmt: skip
LINKS = {
    "data/raw/link": "../../notes.md",
    "data/raw/dangling": "nowhere",
    "data/mine/folder": "../../predictions",
    "data/mine/pictures/link.png": "../../../notes.md",
    "data/mine/pictures/dangling": "nowhere",
    "data/mine/detail/one/thoughts/link": "../../../../../notes.md",
    "data/mine/detail/one/thoughts/folder": "../../../../../predictions",
    "data/mine/detail/dangling": "nowhere",
    "data/mine/detail/one/dangling": "nowhere",
    "data/mine/detail/one/costs/dangling.txt": "nowhere",
    "data/report/latest": "pages",
    "data/report/pages/link.html": "../../../notes.md",
    "data/recipes/link.json": "../../notes.md",
}
FOLDERS = (
    "data/empty",
    "data/mine/empty",
    "data/mine/detail/one/thoughts/empty",
    "data/mine/detail/own",
)
MODES = {
    "data/mine/pictures/notes.txt": 0o600,
    "data/mine/detail/one/thoughts/notes.md": 0o755,
    "data/report/pages/notes.html": 0o444,
    "data/recipes/notes.json": 0o640,
}
PIPES = ("data/mine/detail/one/pipe", "data/mine/detail/one/calls/pipe", "data/report/pages/pipe")
HARD = {"data/mine/detail/one/thoughts/hard.txt": "predictions/notes.txt"}
COPIES = {
    "data/mine/detail_old/one/answers.parquet": "data/mine/detail/one/answers.parquet",
    "data/mine/detail_old/one/thoughts": "data/mine/detail/one/thoughts",
    "data/report/pages/mine-old.html": "data/report/pages/mine-one.html",
    "data/recipes/generate/one/detail_old.json": "data/recipes/generate/one/detail.json",
    "data/copy": "data/other",
}
"""What somebody kept of g2u's own files under other names."""
STAGED = ("staged.txt", "partly.txt", "deleted.txt", "renamed.txt", "moved.txt", "meant.txt")


@dataclass
class Outcome:
    """What a campaign came to."""

    kept: int
    """Files, folders and links of people."""
    steps: int = 0
    refused: list[str] = field(default_factory=list)
    """Commands that stopped though nothing was in their way, and why."""
    harmed: list[str] = field(default_factory=list)
    """The step, and what is not as it was."""


class Campaign:
    """A workspace that people and g2u share."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self.workspace = workspace
        self.rng = random.Random(seed)
        self._settle()
        self.before = self.state()
        self.outcome = Outcome(len(self.before) - 1)

    def _settle(self) -> None:
        workspace, folder = self.workspace, self.workspace.folder
        workspace.init_dvc()
        for key, value in {"user.name": "a", "user.email": "a@b", "gc.auto": "0"}.items():
            git.git("config", key, value)
        shutil.copy(ROOT / "Makefile", folder)
        for name in BENCHMARKS:
            (folder / "data" / name).mkdir(parents=True)
            write_tsv(folder / "data" / name / "file.tsv", tsv_rows(2))
        raw = workspace.raw
        raw["presets"]["models"] = {name: {"adapter": "null"} for name in MODELS}
        raw["presets"]["benchmarks"] = {
            name: {"source": "tsv", "file": f"data/{name}/file.tsv", "licence": "MIT"}
            for name in BENCHMARKS
        }
        raw["run"] = {"workers": 1}
        raw["nightly"] = {"commit": True, "report_to": "site"}
        self.ask(MODELS, BENCHMARKS, FAMILIES)
        self.g2u("run")
        self._put()
        git.git("add", "--all")
        git.git("reset", "--quiet", "--", "staged.txt", "meant.txt")
        git.git("commit", "--quiet", "--message", "begin")
        self._stage()
        origin = folder.parent / "origin.git"
        git.git("clone", "--quiet", "--bare", ".", str(origin))
        git.git("remote", "add", "origin", str(origin))
        git.git("push", "--quiet", "--set-upstream", "origin", "HEAD")
        git.git("clone", "--quiet", str(origin), str(folder.parent / "colleague"))

    def _put(self) -> None:
        folder = self.workspace.folder
        for name, text in TEXTS.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "data/mine/detail/own.png").write_bytes(png(1))
        for name, target in LINKS.items():
            (folder / name).symlink_to(target)
        for name in FOLDERS:
            (folder / name).mkdir()
        for name in PIPES:
            os.mkfifo(folder / name)
        for name, mode in MODES.items():
            (folder / name).chmod(mode)
        for name, other in HARD.items():
            (folder / name).hardlink_to(folder / other)
        for name, other in COPIES.items():
            if (folder / other).is_dir():
                no_stages = shutil.ignore_patterns("dvc.yaml")  # DVC takes no output twice
                shutil.copytree(folder / other, folder / name, ignore=no_stages)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / other, folder / name)

    def _stage(self) -> None:
        git.git("add", "staged.txt")
        Path("partly.txt").write_text("second\n")
        git.git("add", "partly.txt")
        Path("partly.txt").write_text("third\n")
        git.git("rm", "--quiet", "deleted.txt")
        git.git("mv", "renamed.txt", "moved.txt")
        git.git("add", "--intent-to-add", "meant.txt")

    def theirs(self) -> Iterator[str]:
        gone = {"deleted.txt", "renamed.txt"}
        yield from (name for name in (*TEXTS, *LINKS, *FOLDERS, *PIPES, *HARD) if name not in gone)
        yield from ("moved.txt", "data/mine/detail/own.png")
        yield from (f"data/{name}/file.tsv" for name in BENCHMARKS)
        for name in COPIES:
            yield name
            below = sorted((self.workspace.folder / name).rglob("*"))
            yield from (str(path.relative_to(self.workspace.folder)) for path in below)

    def state(self) -> dict[str, Any]:
        """All that is theirs, and what is staged of it."""
        found: dict[str, Any] = {
            "staged": git.git("ls-files", "--stage", "--", *STAGED)
            + git.git("diff", "--cached", "--name-status", "HEAD", "--", *STAGED)
        }
        for name in self.theirs():
            path = self.workspace.folder / name
            if not os.path.lexists(path):
                found[name] = None
                continue
            status = path.lstat()
            kind = stat.S_IFMT(status.st_mode)
            told = [kind, status.st_mode, status.st_ino]
            if stat.S_ISLNK(kind):
                told.append(path.readlink())
            elif stat.S_ISREG(kind):
                told += [status.st_mtime_ns, status.st_nlink, path.read_bytes()]
            found[name] = told
        return found

    def step(self, name: str, command: Callable[[], object]) -> None:
        """Do it, then look at everything."""
        try:
            command()
        except (G2UError, SystemExit) as error:
            self.outcome.refused.append(f"{name}: {error}")
        self.outcome.steps += 1
        after = self.state()
        self.outcome.harmed += [
            f"{name}: {path}"
            for path in self.before.keys() | after.keys()
            if self.before.get(path) != after.get(path)
        ]
        self.before = after

    def ask(self, *axes: tuple[str, ...]) -> None:
        """Write params.yaml with these models, benchmarks and families; the first model meets all
        of them, the other one the last benchmark alone.
        """
        names = ("models", "benchmarks", "families")
        asked = dict(zip(names, map(list, axes), strict=True))
        blocks = [{"models": [MODELS[0]]}]
        if MODELS[1] in asked["models"]:
            blocks.append({"models": [MODELS[1]], "benchmarks": asked["benchmarks"][-1:]})
        self.workspace.raw |= {**asked, "cells": blocks}
        text = yaml.safe_dump(self.workspace.raw, sort_keys=False)
        (self.workspace.folder / "params.yaml").write_text(text)

    def g2u(self, *arguments: str) -> None:
        with spoken("g2u", *arguments):
            commands.main()

    def refused(self, *arguments: str) -> None:
        """A command that would overwrite something of theirs."""
        try:
            self.g2u(*arguments)
        except G2UError:
            return
        self.outcome.refused.append(f"{' '.join(arguments)}: expected to be refused")

    def night(self) -> None:
        """Somebody else pushes; then fetch, take up, reproduce, commit, publish."""
        colleague = self.workspace.folder.parent / "colleague"
        as_colleague = ("-C", str(colleague), "-c", "user.name=b", "-c", "user.email=b@c")
        git.git(*as_colleague, "pull", "--quiet", "--rebase")
        (colleague / f"theirs-{self.outcome.steps}.txt").write_text("n")
        git.git(*as_colleague, "add", "--all")
        git.git(*as_colleague, "commit", "--quiet", "--message", "more")
        git.git(*as_colleague, "push", "--quiet")
        git.fetch()
        git.take_up()
        rest_of_the_night()
        git.git("push", "--quiet")

    def share(self) -> None:
        self.g2u("export", f"shared-{self.outcome.steps}", "mine/one/detail")
        self.refused("export", "taken", "mine/one/detail")

    def take_in(self) -> None:
        for place in sorted(Path().glob("shared-*")):
            self.g2u("import", str(place))
            shutil.rmtree(place)

    def harness(self) -> None:
        self.g2u("harness", "mine", "one", "detail", "written.tsv")
        self.refused("harness", "mine", "one", "detail", "data/mine/file.tsv")
        self.refused("harness", "mine", "one", "detail", "predictions/one.tsv")
        self.refused("harness", "mine", "one", "detail", "taken")

    def score(self) -> None:
        rows = [{"index": str(n), "question": "?", "prediction": "yes"} for n in range(2)]
        write_tsv(Path("run.tsv"), rows)
        self.g2u("score", "mine", "run.tsv", "--json")

    def round(self) -> None:
        """Every command and every removal once, in some order; then all is asked for again."""
        axes = [MODELS, BENCHMARKS, FAMILIES]

        def without(axis: int, name: str) -> Callable[[], None]:
            def change() -> None:
                axes[axis] = tuple(each for each in axes[axis] if each != name)
                self.ask(*axes)

            return change

        steps: dict[str, Callable[[], object]] = {
            "sync": lambda: self.g2u("sync"),
            "run": lambda: self.g2u("run"),
            "night": self.night,
            "clean": lambda: subprocess.run(["make", "clean"], check=True, capture_output=True),
            "prune": lambda: self.g2u("cache", "prune", "--max-gb", "0"),
            "export": self.share,
            "import": self.take_in,
            "harness": self.harness,
            "score": self.score,
            "no benchmark": without(1, "other"),
            "no family": without(2, "detail"),
            "no model": without(0, "two"),
        }
        order = list(steps)
        self.rng.shuffle(order)
        for name in order:
            if name not in ("export", "harness") or "detail" in axes[2]:
                self.step(name, steps[name])
            if name.startswith("no "):
                self.step(f"{name}, sync", steps["sync"])
        self.ask(MODELS, BENCHMARKS, FAMILIES)
        self.step("all again", steps["run"])


@contextmanager
def spoken(*arguments: str) -> Iterator[None]:
    """As if a shell had been given these."""
    before = sys.argv
    sys.argv = list(arguments)
    try:
        yield
    finally:
        sys.argv = before


def campaign(workspace: Workspace, rounds: int, seed: int) -> Outcome:
    """That many rounds, each in another order."""
    made = Campaign(workspace, seed)
    for _ in range(rounds):
        made.round()
    return made.outcome
