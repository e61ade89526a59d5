"""study: grids of cells beside the main run, one after the other.

A study is a file of studies/ that is laid over params.yaml. It runs in a workspace of its own,
.g2u/study/<name>, with this workspace's code and call cache, and leaves this workspace's data as
it is. Its numbers come back as studies/results/<name>.json and .csv.
Run: python -m flows.study NAME ...   (make study: those of the embedded model)
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from g2u.calls.opened import CACHE_VARIABLE, call_store
from g2u.errors import ParamsError, run_main, unknown_name
from g2u.files import from_yaml, write_whole
from g2u.params import reading as params
from g2u.params.sections import AXES, PATH
from g2u.pipeline.study import enter
from g2u.report.page import PAGES
from g2u.tables.places import REPORT

STUDIES = Path("studies")
RESULTS = STUDIES / "results"
APART = ("dvc.lock", "params.yaml")
"""Tracked files that a study has of its own."""
COPIED = Path(".g2u") / "copied.json"
"""In a study's workspace: the files that were copied there."""
WORKSPACES = Path(".g2u") / "study"
COMMANDS = (
    ["g2u.cli.main", "sync"],
    ["g2u.cli.main", "plan"],
    ["g2u.cli.main", "run"],
)
NUMBERS = ("gains.json", "gains.csv")
TABLES = ("causes", "changes", "decisions", "rewards")
"""CSV files beside the report's pages that come back too, where there are any."""
GIT = shutil.which("git") or "git"


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`: mappings are merged, everything else is replaced."""
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = laid_over(below, value)
        merged[name] = value
    return merged


def params_of(name: str, root: Path = Path()) -> dict[str, Any]:
    """params.yaml with a study laid over it, and over the presets of the shelf that it changes.

    A study that names models, benchmarks or families has none of params.yaml's further cells.
    """
    base, changes = (_read(root / path) for path in (PATH, STUDIES / f"{name}.yaml"))
    shelf = params.shelved(root / PATH)
    taken = {
        axis: {name: shelf[axis][name] for name in found if name in shelf[axis]}
        for axis, found in changes.get("presets", {}).items()
    }
    if any(axis in changes for axis in AXES):
        base = {name: value for name, value in base.items() if name != "cells"}
    return laid_over(laid_over({"presets": taken}, base), changes)


def _read(path: Path) -> Any:
    return from_yaml(path.read_text(encoding="utf-8"))


def workspace(name: str) -> Path:
    """A workspace with this one's tracked files and the study's params.yaml; data/ stays empty.

    Raises:
        ParamsError: no such study.
    """
    known = sorted(path.stem for path in STUDIES.glob("*.yaml"))
    if name not in known:
        raise ParamsError(unknown_name(str(STUDIES), name, known))
    place = WORKSPACES / name
    place.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        [GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    wanted = [
        path
        for path in filter(None, listed.stdout.split("\0"))
        if not path.startswith(("cells/", "data/", "tests/", "studies/")) and path not in APART
    ]
    for path in wanted:
        if Path(path).is_file():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place / path)
    _forget_gone(place, wanted)
    write_whole(place / PATH, yaml.safe_dump(params_of(name), sort_keys=False))
    if not (place / ".git").exists():
        subprocess.run([GIT, "init", "--quiet"], cwd=place, check=True)
    return place


def _forget_gone(place: Path, wanted: Sequence[str]) -> None:
    """Remove what earlier copies brought and is gone here: a module would still be imported."""
    kept = place / COPIED
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    for path in set(before) - set(wanted):
        (place / path).unlink(missing_ok=True)
    write_whole(kept, json.dumps(sorted(wanted)))


def run(name: str) -> None:
    """Bring a study up to date and fetch its numbers."""
    place, cache = workspace(name), call_store().place
    environment = {
        **os.environ,
        CACHE_VARIABLE: cache if "://" in cache else str(Path(cache).resolve()),
        "PYTHONPATH": str(place.resolve()),
    }
    for arguments in COMMANDS:
        subprocess.run([sys.executable, "-m", *arguments], cwd=place, env=environment, check=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for number in NUMBERS:
        shutil.copyfile(place / REPORT / number, RESULTS / f"{name}{Path(number).suffix}")
    for table in TABLES:
        made = place / REPORT / PAGES / f"{table}.csv"
        if made.exists():
            shutil.copyfile(made, RESULTS / f"{name}_{table}.csv")
    print(f"study {name}: {place / REPORT / 'index.html'}", file=sys.stderr)


def main() -> None:
    """Run the studies named on the command line, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="+", help="files of studies/, without .yaml")
    names = parser.parse_args().names
    enter()
    for name in names:
        run(name)


if __name__ == "__main__":
    run_main(main)
