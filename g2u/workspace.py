"""Where a workspace keeps things: the one map of data/, used by the stages' mains and the g2u
command.
"""

import argparse
import json
import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path

from g2u.cache.folder import FolderStore
from g2u.cache.made import MadeStore
from g2u.cache.store import CallStore
from g2u.errors import CacheError

DATA = Path("data")
REPORT = DATA / "report"
RECIPES = DATA / "recipes"
"""What stages are made with beside their data (g2u/recipes.py)."""
STUDIED_WEIGHTS = Path("studies") / "weights"
"""Weights that studies compare with the shipped ones, a folder each."""
ALIGNING = Path(".g2u") / "align"
"""Checkpoints of alignments, and what ablations end in."""
CURVE, PAINTINGS = TRAINING = ("curve.csv", "paintings.csv")
"""What a training leaves beside its weights: its course, and pictures from words after and before.
"""
CACHE_VARIABLE = "G2U_CACHE"
"""Environment variable that moves the call cache, e.g. to share it between clones."""
OPTIONS_VARIABLE = "G2U_CACHE_OPTIONS"
DEFAULT_CACHE = Path(".g2u") / "calls"


@dataclass(frozen=True, slots=True)
class BenchmarkFolder:
    """data/<benchmark>/ and what prepare puts there."""

    benchmark: str

    @property
    def root(self) -> Path:
        """The folder."""
        return DATA / self.benchmark

    @property
    def questions(self) -> Path:
        """What models may see."""
        return self.root / "questions.parquet"

    @property
    def targets(self) -> Path:
        """Gold answers."""
        return self.root / "targets.parquet"

    @property
    def pictures(self) -> Path:
        """Shards of the questions' pictures."""
        return self.root / "pictures"

    @property
    def oracles(self) -> Path:
        """Shards of oracle thoughts."""
        return self.root / "oracles"

    @property
    def adversaries(self) -> Path:
        """Shards of adversarial thoughts."""
        return self.root / "adversaries"

    def given(self, reads: str) -> Path:
        """Shards of what a family that READS "oracles" or "adversaries" starts from."""
        return self.root / reads


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one benchmark with one family."""

    benchmark: str
    model: str
    family: str

    def path(self, noun: str, suffix: str = "") -> Path:
        """data/<benchmark>/<noun>/<model>/<family><suffix>."""
        return DATA / self.benchmark / noun / self.model / f"{self.family}{suffix}"

    @property
    def thoughts(self) -> Path:
        """Folder written by generate."""
        return self.path("thoughts")

    @property
    def answers(self) -> Path:
        """File written by understand."""
        return self.path("answers", ".parquet")

    @property
    def rewards(self) -> Path:
        """File written by understand."""
        return self.path("rewards", ".parquet")

    @property
    def judgements(self) -> Path:
        """File written by judge."""
        return self.path("judgements", ".parquet")

    @property
    def scores(self) -> Path:
        """File written by score."""
        return self.path("scores", ".parquet")

    @property
    def metrics(self) -> Path:
        """Numbers written by score."""
        return self.path("metrics", ".json")

    def calls(self, stage: str) -> Path:
        """The calls that a stage of this cell was made from."""
        return self.path("calls", f".{stage}.parquet")

    def costs(self, stage: str) -> Path:
        """Calls and model seconds of a stage of this cell."""
        return self.path("costs", f".{stage}.json")

    def of_family(self, family: str) -> "Cell":
        """The same model and benchmark with another family."""
        return Cell(self.benchmark, self.model, family)

    def __str__(self) -> str:
        return f"{self.benchmark} {self.model} {self.family}"


def parse_cell(description: str | None) -> Cell:
    """The cell named on a stage's command line."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    for name in ("benchmark", "model", "family"):
        parser.add_argument(f"--{name}", required=True)
    return Cell(**vars(parser.parse_args()))


def known_calls(*, takes: bool = True) -> MadeStore:
    """The call cache, and what the results in data/ were made from.

    Args:
        takes: whether replies that lie in data/ alone are put into the call cache.

    Raises:
        CacheError: see `call_store`.
    """
    root = DATA.absolute()
    return MadeStore(
        call_store(),
        lambda: sorted(root.glob("*/calls/*/*.parquet")),
        lambda: sorted(root.glob("*/thoughts/*/*/part-*.parquet")),
        lambda path: root / path.parents[2].name / "costs" / path.parent.name / f"{path.stem}.json",
        takes=takes,
    )


def call_store() -> CallStore:
    """The call cache: .g2u/calls, or the folder or URL that G2U_CACHE names.

    A URL (s3://bucket/calls) is shared storage, with .g2u/calls before it; G2U_CACHE_OPTIONS holds
    what its file system takes, as JSON.

    Raises:
        CacheError: the URL or its options cannot be read.
    """
    told = os.environ.get(OPTIONS_VARIABLE) or "{}"
    return _opened(os.environ.get(CACHE_VARIABLE) or str(DEFAULT_CACHE), told, Path.cwd())


@lru_cache(maxsize=4)
def _opened(named: str, told: str, _: Path) -> CallStore:
    """The process's one store of this name: its index is read once, and it writes one segment."""
    store = FolderStore(Path(named)) if "://" not in named else _shared(named, told)
    Finalize(None, _close, (store,), exitpriority=1)  # atexit comes too late in a worker
    return store


def _shared(url: str, told: str) -> CallStore:
    from g2u.cache.remote import RemoteStore

    try:
        options = json.loads(told)
    except ValueError as error:
        raise CacheError(f"{OPTIONS_VARIABLE}: {error}; expected a JSON object") from None
    return RemoteStore(url, FolderStore(DEFAULT_CACHE), options)


def _close(store: CallStore) -> None:
    """At the end of a process, when nobody can be told otherwise."""
    try:
        store.close()
    except CacheError as error:
        logging.getLogger(__name__).warning("%s", error)
