"""What is missing in this workspace and how to get it."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from g2u.calls.opened import call_store
from g2u.errors import G2UError
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.pipeline.checks import checks, inapplicable
from g2u.pipeline.study import study_of
from g2u.pipeline.sync import dvc_files
from g2u.tables.places import RECIPES_FILE

PACKAGES = (
    "dvc",
    "polars",
    "pyarrow",
    "pillow",
    "torch",
    "transformers",
    "diffusers",
    "safetensors",
    "plotly",
    "scipy",
    "prefect",
)


SEVERAL = ("benchmark", "family", "model")
"""What checks look at one by one."""
PLURAL = {"family": "families"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    is_sound: bool
    what: str
    remedy: str = ""
    about: str = ""
    """What it is one of, where there are several: package, benchmark, family, model."""

    def __str__(self) -> str:
        mark = "ok     " if self.is_sound else "MISSING"
        return f"{mark} {self.what}" + (
            f"; {self.remedy}" if self.remedy and not self.is_sound else ""
        )


def told(findings: Sequence[Finding], columns: int, *, everything: bool) -> Iterator[str]:
    """Findings in lines, what is missing first, what is sound of one kind in one line; and what is
    next.

    Args:
        findings: what was looked at.
        columns: of a line at most, where several things stand in it.
        everything: whether each sound one has a line of its own.
    """
    missing = [finding for finding in findings if not finding.is_sound]
    yield from map(str, missing)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.is_sound:
            groups.setdefault("" if everything else finding.about, []).append(finding)
    for about, sound in groups.items():
        if about:
            names = ", ".join(finding.what for finding in sound)
            kinds = about if len(sound) == 1 else PLURAL.get(about, f"{about}s")
            said = f"ok      {len(sound)} {kinds}: {names}"
            yield from wrap(said, columns, subsequent_indent=" " * 8)
        else:
            yield from map(str, sound)
    if missing:
        yield f"{len(missing)} of {len(findings)} missing; next: mend these, then g2u doctor"
    else:
        following = "g2u init FOLDER" if study_of(Path.cwd()) is None else "g2u plan"
        yield f"all {len(findings)} sound; next: {following}"


def examine() -> list[Finding]:
    """Every finding, sound ones too; outside of a study those about the machine alone."""
    found = [*_python(), *_packages()]
    if study_of(Path.cwd()) is None:
        return found
    found += _repository()
    try:
        config = params.load()
    except G2UError as error:
        return [*found, Finding(False, str(error)), *_cache()]
    found += _checked(config)
    try:
        config.check_settings()
        found += [*_params(config), *_files_in_step(config)]
    except G2UError as error:
        if not any(str(error) in finding.what for finding in found):
            found.append(Finding(False, str(error)))
    return [*found, *_cache()]


def _python() -> list[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return [Finding(sys.version_info >= (3, 11), f"Python {version}", "needs 3.11 or newer")]


def _packages() -> list[Finding]:
    found = []
    for name in PACKAGES:
        try:
            said = f"{name} {importlib.metadata.version(name)}"
            found.append(Finding(True, said, about="package"))
        except importlib.metadata.PackageNotFoundError:
            remedy = f"pip install {name}"
            found.append(Finding(False, f"package {name} is not installed", remedy))
    return found


def _repository() -> list[Finding]:
    here = Path.cwd()
    is_git = any((folder / ".git").exists() for folder in (here, *here.parents))
    is_below = is_git and not (here / ".git").exists()
    is_dvc = Path(".dvc").is_dir()
    on_path = shutil.which("dvc") is not None
    activate = f"activate the environment: . {Path(sys.prefix) / 'bin/activate'}"
    return [
        Finding(is_git, "Git repository", "" if is_git else "git init"),
        Finding(is_dvc, "DVC", "" if is_dvc else f"dvc init{' --subdir' if is_below else ''}"),
        Finding(on_path, "dvc on PATH", "" if on_path else activate),
    ]


def _params(config: Params) -> list[Finding]:
    cells = sum(len(config.cells_of(benchmark)) for benchmark in config.benchmarks)
    lacking = "".join(f"; {line}" for line in inapplicable(config))
    return [Finding(True, f"params.yaml: {cells} cells{lacking}")]


def _checked(config: Params) -> list[Finding]:
    """What a run would look at first, each by itself."""
    found = []
    for check in checks(config):
        try:
            check.look()
            about, _, name = check.what.partition(" ")
            is_one = about in SEVERAL and " " not in name
            found.append(Finding(True, name, about=about) if is_one else Finding(True, check.what))
        except G2UError as error:
            found.append(Finding(False, f"{check.what}: {error}"))
    return found


def _files_in_step(config: Params) -> list[Finding]:
    late, found = [], []
    for path, text in dvc_files(config).items():
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there != text:
            late.append(path.as_posix())
        if path == RECIPES_FILE and "" != _unseen(there) != _unseen(text) != "":
            said = f"{path}: results are of other code ({_unseen(there)}) than is installed here"
            found.append(Finding(False, f"{said} ({_unseen(text)})", "g2u plan, then g2u run"))
    remedy = "g2u sync" if late else ""
    what = "dvc.yaml files in step" + "".join(f", not {b}" for b in late)
    return [*found, Finding(not late, what, remedy)]


def _unseen(text: str) -> str:
    """The digest of code that DVC does not see, of the dvc.yaml of recipes; empty without one."""
    return text.partition(" --elsewhere ")[2].partition("\n")[0]


def _cache() -> list[Finding]:
    store = call_store()
    if "://" in store.place:
        return [Finding(True, f"call cache {store.place}")]
    place = Path(store.place) if Path(store.place).exists() else Path()
    can_write = os.access(place, os.W_OK)
    free = shutil.disk_usage(place).free / 1e9
    remedy = "" if can_write else "set G2U_CACHE to a folder that can be written"
    return [Finding(can_write, f"call cache {store.place}, {free:.0f} GB free", remedy)]
