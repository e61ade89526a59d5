"""Where a workspace keeps things: the one map of data/, used by the stages' mains and the g2u
command.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

DATA = Path("data")
REPORT = DATA / "report"
RECIPES = DATA / "recipes"
"""What stages are made with beside their data (g2u/pipeline/recipes.py)."""
CELLS = Path("cells")
"""dvc.yaml and dvc.lock files that g2u writes: of the recipes, a benchmark, a family on it."""
RECIPES_FILE = CELLS / "dvc.yaml"
"""The dvc.yaml of the recipes."""
STATE = Path(".dvc") / "tmp" / "g2u"
"""What g2u remembers of a workspace."""
STUDIED_WEIGHTS = Path("studies") / "weights"
"""Weights that studies compare with the shipped ones, a folder each."""
LOOKS = "looks"
"""Folder of a cell that holds what was made for each look at it."""
ALIGNING = Path(".g2u") / "align"
"""Checkpoints of alignments, and what ablations end in."""
CURVE, PAINTINGS = TRAINING = ("curve.csv", "paintings.csv")
"""What a training leaves beside its weights: its course, and pictures from words after and before.
"""


@dataclass(frozen=True, slots=True)
class BenchmarkFolder:
    """data/<benchmark>/ and what prepare puts there."""

    benchmark: str

    @property
    def root(self) -> Path:
        """The folder."""
        return DATA / self.benchmark

    @property
    def dvc_file(self) -> Path:
        """The dvc.yaml that holds its stage prepare."""
        return CELLS / self.benchmark / "dvc.yaml"

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
    look: int = 0
    """Of a slice of the cell's questions: the look that is taken once it is drawn for, from 1;
    0 = the whole cell.
    """

    @property
    def root(self) -> Path:
        """data/<benchmark>/<family>/<model>/, all that was made of the cell; a slice lies below."""
        return DATA / self.benchmark / self.family / self.model / self._below

    @property
    def dvc_file(self) -> Path:
        """The dvc.yaml of its family on its benchmark; that of a look lies below."""
        return CELLS / self.benchmark / self.family / self._below / "dvc.yaml"

    @property
    def _below(self) -> Path:
        return Path(LOOKS, str(self.look)) if self.look else Path()

    @property
    def thoughts(self) -> Path:
        """Folder written by generate."""
        return self.root / "thoughts"

    @property
    def answers(self) -> Path:
        """File written by understand."""
        return self.root / "answers.parquet"

    @property
    def rewards(self) -> Path:
        """File written by understand."""
        return self.root / "rewards.parquet"

    @property
    def judgements(self) -> Path:
        """File written by judge."""
        return self.root / "judgements.parquet"

    @property
    def votes(self) -> Path:
        """File written by judge, where a panel judges."""
        return self.root / "votes.parquet"

    @property
    def scores(self) -> Path:
        """File written by score."""
        return self.root / "scores.parquet"

    @property
    def metrics(self) -> Path:
        """Numbers written by score."""
        return self.root / "metrics.json"

    @property
    def decision(self) -> Path:
        """Whether to go on, written by look."""
        return self.root / "decision.json"

    def calls(self, stage: str) -> Path:
        """The calls that a stage of this cell was made from."""
        return self.root / "calls" / f"{stage}.parquet"

    def costs(self, stage: str) -> Path:
        """Calls and model seconds of a stage of this cell."""
        return self.root / "costs" / f"{stage}.json"

    def of_family(self, family: str) -> "Cell":
        """The same model and benchmark with another family, whole."""
        return Cell(self.benchmark, self.model, family)

    def at(self, look: int) -> "Cell":
        """The slice before a look, from 1; 0 = the whole cell."""
        return Cell(self.benchmark, self.model, self.family, look)

    def __str__(self) -> str:
        return f"{self.benchmark} {self.model} {self.family}" + f" look {self.look}" * (
            self.look > 0
        )


def parse_cell(description: str | None) -> Cell:
    """The cell named on a stage's command line, or the slice of it before a look."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    for name in ("benchmark", "model", "family"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--look", type=int, default=0)
    return Cell(**vars(parser.parse_args()))
