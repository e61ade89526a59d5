"""Both ways of making: `g2u run`, and a bare `dvc repro` from the same calls."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.campaigns.crashes import forget
from tests.conftest import Workspace, tsv_rows, write_tsv
from tests.models.servers import started

FAMILIES = ["direct", "duplicate", "detail"]


@dataclass(frozen=True)
class Outcome:
    """What both ways came to."""

    stages: int
    unclean: list[str]
    """What `dvc status` or `dvc repro` found to do after `g2u run`."""
    differences: list[str]
    """Files and stages of lock files that are not the same both ways."""


def digests() -> dict[str, str]:
    """Every parquet file under data/ with its digest."""
    files = sorted(Path("data").rglob("*.parquet"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def recorded() -> dict[str, Any]:
    """What lock files say, but for costs (seconds), what holds them and what comes of them."""
    found = {}
    for path in (Path("dvc.lock"), *sorted(Path("cells").rglob("dvc.lock"))):
        for name, stage in yaml.safe_load(path.read_text())["stages"].items():
            for out in (*stage["deps"], *stage["outs"]):
                holds_costs = name in ("report", "gallery") and out["path"].count("/") == 1
                if holds_costs or "/costs" in out["path"] or "/report" in out["path"]:
                    del out["md5"], out["size"]
            found[f"{path}:{name}"] = stage
    return found


def null_study(workspace: Workspace, benchmarks: int, questions: int = 4) -> None:
    """So many benchmarks x 3 families x 2 models of the null model."""
    names = [f"mine_{number:02d}" for number in range(benchmarks)]
    for number, name in enumerate(names):
        path = write_tsv(workspace.folder / f"{name}.tsv", tsv_rows(questions, number))
        workspace.raw["presets"]["benchmarks"][name] = {"source": "tsv", "file": path.name}
    null = {"adapter": "null", "batch": 4}
    workspace.raw["presets"]["models"] |= {
        f"null_{size}": {**null, "settings": {"size": size}} for size in (16, 32)
    }
    workspace.raw |= {"benchmarks": names, "models": ["null_16", "null_32"], "families": FAMILIES}
    workspace.write()


@contextmanager
def served_study(workspace: Workspace, questions: int = 12) -> Iterator[None]:
    """A model behind a server of the workspace's own."""
    workspace.use_null(settings={"size": 32})
    workspace.raw["presets"]["models"]["far"] = {
        "adapter": "openai",
        "settings": {"model": "tiny", "capabilities": ["edit", "answer"]},
    }
    workspace.raw |= {"models": ["far"], "families": FAMILIES}
    workspace.use_tsv(tsv_rows(questions))
    workspace.write()
    serve = ("g2u.cli.main", "serve", "tiny", "--port", "0")
    with started(*serve, folder=str(workspace.folder)) as address:
        os.environ["OPENAI_BASE_URL"] = f"{address}/v1"
        try:
            yield
        finally:
            del os.environ["OPENAI_BASE_URL"]


def campaign(workspace: Workspace) -> Outcome:
    """Make all with `g2u run`, then with `dvc repro` alone from its calls; the workspace is the
    current folder, its params are written.
    """
    workspace.run("g2u.cli.main", "run")
    told = [workspace.run("dvc", name).stdout.strip() for name in ("status", "repro")]
    unclean = [line for line in told if not line.endswith("are up to date.")]
    files, locks = digests(), recorded()
    forget(workspace.folder, calls=False)
    workspace.run("dvc", "repro")
    differences = changed(files, digests()) + changed(locks, recorded())
    return Outcome(len(locks), unclean, differences)


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names whose values differ, or that one side lacks."""
    return sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
