"""The sections and presets of params.yaml, each a typed record."""

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from g2u import protocols
from g2u.arms import Arm, By, Pairing, Rule, RuleKind
from g2u.errors import DataError
from g2u.records import Scalar
from g2u.settings import FILE, NotNegative, Positive, Section, unfit

PATH = Path(FILE)
FILES = ("file", "image_root")
"""Settings of benchmarks that name what is read."""


class ModelPreset(Section):
    """How to call a model."""

    adapter: str
    """A folder of g2u/models."""
    sampler: dict[str, Scalar] = {}
    """Sent with every edit request."""
    choices: Literal["likelihood", "letter"] = "letter"
    """How multiple choice is answered."""
    batch: Positive = 16
    """Calls handed over at once."""
    settings: dict[str, Any] = {}
    """What the adapter's `load` takes."""
    baseline: str | None = None
    """Another preset whose direct answers this one's gains are measured against as well."""
    trained_from: str | None = None
    """Another preset: where it is among `models`, its arms are what this one's are compared with,
    to see what training changed.
    """

    def of_training(self, name: str) -> Path | None:
        """A file beside local weights that their training left, whether it is there or not."""
        folder = self.settings.get("weights")
        return Path(str(folder)) / name if folder else None


class Preset(Section):
    """A preset whose further keys belong to the module it names."""

    model_config = ConfigDict(extra="allow")

    def settings(self) -> dict[str, Any]:
        """The further keys."""
        return dict(self.model_extra or {})


class Sampling(Section):
    """A part of a benchmark that is drawn once and for all."""

    items: Positive
    """How many are drawn."""
    by: str = ""
    """Group whose shares are kept (category, or a label); empty = one group."""
    seed: NotNegative = 0
    """Decides which ones."""


class BenchmarkPreset(Preset):
    """Where questions come from, and which of them are asked."""

    source: str
    """A file of g2u/questions/benchmarks."""
    where: dict[str, str | list[str]] = {}
    """Groups that are kept, by name: {split: dev, category: [counting, position]}."""
    slice: Annotated[list[NotNegative], Field(min_length=2, max_length=2)] | None = None
    """First item and the one after the last, after `where`."""
    sample: Sampling | None = None
    """After `where` and `slice`."""
    metric: str = "categories"
    """A file of g2u/scores/official: how its published figure is made."""
    licence: str = ""
    """Of the pictures and questions; empty = not known, and then they are not shared."""
    obtain: str = ""
    """Where its file is to be had."""
    wording: str = "own"
    """How its questions are asked: own = in g2u's words, else one of its wordings
    (docs/reference/wordings.md). `NAME__WORD` among `benchmarks` is the preset NAME with it.
    """
    wordings: str | None = None
    """The benchmark whose wordings it has; null = the preset's name."""

    def files(self) -> list[Path]:
        """Files and folders that it reads."""
        settings = self.settings()
        return [Path(str(settings[key])) for key in FILES if settings.get(key) is not None]

    def require_files(self, name: str) -> None:
        """Raise DataError for a file of the preset `name` that is missing or no data; opens none.

        `file` may be a folder of parquet files, `image_root` has to be a folder.
        """
        settings = self.settings()
        for key in FILES:
            if settings.get(key) is None:
                continue
            if flaw := _flaw_of(Path(str(settings[key])), key):
                whence = f"get it from {self.obtain}" if self.obtain else "put it there"
                licence = f" (licence: {self.licence})" if self.licence else ""
                raise DataError(
                    f"{settings[key]}: {flaw}; {PATH}: presets.benchmarks.{name}.{key} names it; "
                    f"{whence}{licence}"
                )


class FamilyPreset(Preset):
    """How thoughts are made."""

    edit: str
    """A file of g2u/thoughts/edits."""
    style: str = ""
    """How its prompts are worded (imperative, descriptive, ...): a factor that can be compared."""
    act: protocols.Act | None = None
    """What its prompts ask for; null = what the family is named after. A model that follows no
    prompt and does this anyway can serve it.
    """

    @property
    def writer(self) -> str | None:
        """The model preset that writes its prompts, if another than the drawing one does."""
        found = self.settings().get("writer")
        return found if isinstance(found, str) else None


Axis = Literal["models", "benchmarks", "families"]


class Presets(Section):
    """Everything a name may stand for."""

    models: dict[str, ModelPreset] = {}
    benchmarks: dict[str, BenchmarkPreset] = {}
    families: dict[str, FamilyPreset] = {}

    def over(self, shelf: "Presets") -> "Presets":
        """These, and those of the shelf that have other names."""
        merged: dict[str, Any] = {
            axis: {**getattr(shelf, axis), **getattr(self, axis)} for axis in AXES
        }
        return self.model_copy(update=merged)


AXES: tuple[Axis, ...] = ("models", "benchmarks", "families")


class Prepare(Section):
    """Section of stage prepare."""

    max_questions: Positive = 1_000_000
    """A benchmark above this stops."""


TrainingPath = Literal["direct", "draw", "read"]


class Variant(Section):
    """What a training apart from the shipped one changes."""

    seed: NotNegative | None = None
    """As in `train`; so are the next four; null = the same."""
    steps: Positive | None = None
    """Batches."""
    paths: list[TrainingPath] | None = None
    """What is taught."""
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """The highest of the schedule."""
    checkpoint_every: Positive | None = None
    """Steps between checkpoints."""
    start: str | None = None
    """Folder of the weights to go on from."""
    talk: NotNegative | None = None
    """Further items of a batch, which teach to talk about drawings."""
    passes: Positive | None = None
    """Passes of the picture's tokens through the layers before a direct answer; null = none."""


class Train(Section):
    """Section of stage train; meanings in g2u_tiny/training/loop.py."""

    seed: NotNegative
    """Of weights, batches and pictures."""
    steps: Positive
    """Batches."""
    mixture: dict[str, Positive]
    """Items of a batch, by benchmark."""
    depths: Annotated[list[int], Field(min_length=2, max_length=2)]
    """Least and greatest serial depth of the puzzles."""
    paths: list[TrainingPath]
    """What is taught: answer directly, draw, answer from a drawing."""
    learning_rate: Annotated[float, Field(gt=0)]
    """The highest of the schedule."""
    checkpoint_every: Positive
    """Steps between checkpoints."""
    threads: Positive
    """Of torch."""
    variants: dict[str, Variant] = {}
    """Trained apart, by name."""


class Generate(Section):
    """Section of stage generate."""

    seed: NotNegative = 0
    """Of the run: every edit's own seed is made from it."""
    max_failed: NotNegative = 0
    """Failed thoughts that a cell may have; with more its stage stops."""
    part: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the questions that models draw for, whole sets of pictures, in the order of their
    digests; all are answered directly (docs/methods.md).
    """


class Control(Section):
    """A further arm of a family."""

    feedback: str
    """A file of g2u/answers/feedback, or of own/feedback."""
    pairing: Pairing = "own"
    """own: the question's thought; shuffled: that of another picture; alike: that of another
    picture of which the same is asked.
    """
    donor: NotNegative = 0
    """Which other picture: 0 = the next in an order of digests, 1 = the one after ..."""
    alter: str | None = None
    """What is done to what is shown, before it is: a file of g2u/answers/alter; null = nothing."""
    amount: Annotated[int, Field(ge=1, le=100)] = 100
    """How much of that, in percent."""
    models: list[str] | None = None
    """Models that have it; null = all."""

    @property
    def arm(self) -> Arm:
        """What it adds to a cell."""
        amount = 0 if self.alter is None else self.amount
        return Arm(self.feedback, self.pairing, self.donor, alter=self.alter, amount=amount)


CAUSES = "causes"
"""Stands among `controls` for those of the causal page."""
DONORS, DOSES = 4, (25, 50, 75, 100)
"""Of the causal page: other pictures whose drawings are shown, and amounts of what has a dose."""


def interventions(feedback: str) -> list[dict[str, Any]]:
    """The controls of the causal page; `feedback`: how thoughts are shown in the main arm."""
    strange = [
        {"feedback": feedback, "pairing": "alike", "donor": number} for number in range(DONORS)
    ]
    doses = [
        {"feedback": feedback, "alter": how, "amount": amount}
        for how in ("reverted", "recoloured")
        for amount in DOSES
    ]
    alone = [] if feedback == "only" else [{"feedback": "only"}]
    veiled = {"feedback": feedback, "alter": "veiled"}
    shuffled = {"feedback": feedback, "pairing": "shuffled"}
    return [shuffled, *strange, *doses, veiled, *alone, {"feedback": "words", "alter": "described"}]


RewardName = Literal["likelihood", "contrast", "verdict", "embedding"]
REWARDS: tuple[RewardName, ...] = get_args(RewardName)


class Understand(Section):
    """Section of stage understand."""

    feedback: str = "concat"
    """How thoughts are shown in every family's main arm: a file of g2u/answers/feedback."""
    controls: list[Control] = []
    """Further arms of the families that `controlled` names; the word `causes` among them, or in
    their place, stands for those of the causal page.
    """
    controlled: list[str] = []
    """Families that have the arms of `controls`."""
    samples: NotNegative = 0
    """Sampled answers of direct, for votes at equal cost."""
    rewards: list[RewardName] = []
    """Of every thought that a model drew; g2u/answers/rewards.py."""
    reasoning_tokens: NotNegative = 0
    """Of direct's arm that first thinks in words; 0 = no such arm."""
    max_tokens: Positive = 1024
    """Of an answer, the same in every arm."""
    max_failed: NotNegative = 0
    """Failed answers that a cell may have; with more its stage stops."""

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, raw: Any) -> Any:
        """Put the controls of the causal page in the place of their name, each once."""
        given = raw.get("controls") if isinstance(raw, dict) else None
        named = [given] if isinstance(given, str) else given
        if not isinstance(named, list) or CAUSES not in named:
            return raw
        told = interventions(str(raw.get("feedback", "concat")))
        further = [each for each in named if each != CAUSES and each not in told]
        return {**raw, "controls": [*told, *further]}

    def controls_of(self, model: str, family: str) -> list[Control]:
        """The further arms of a cell."""
        if family not in self.controlled:
            return []
        return [each for each in self.controls if each.models is None or model in each.models]


class Judge(Section):
    """Section of stage judge."""

    model: str | Annotated[list[str], Field(min_length=1)] | None = None
    """A model preset that judges, or several: a panel; null = rules decide everything."""
    votes: Positive = 1
    """How often each judge is asked: once for its likeliest reply, more often for samples."""
    tasks: list[Literal["answers", "viescore", "ra", "al"]] = ["answers"]
    """What is judged; g2u/scores/judging.py."""
    max_tokens: Positive = 1024
    """Of a verdict."""
    agreement: NotNegative = 0
    """Answers per cell that rules have scored and the judge is asked about as well."""

    @property
    def models(self) -> tuple[str, ...]:
        """Presets that judge."""
        named = [self.model] if isinstance(self.model, str) else self.model or ()
        return tuple(named)

    @property
    def is_panel(self) -> bool:
        """Whether more than one vote is given on each thing."""
        return len(self.models) * self.votes > 1


class Derived(Section):
    """An arm that score makes of other arms; g2u/scores/derived.py."""

    rule: RuleKind
    """How the arm is made; docs/methods.md has an example of each."""
    arm: str = "only"
    """Of a gate and of separate: the feedback of the cell's arm that shows the thought."""
    by: By = "psnr"
    """What a gate, select or keep goes by."""
    above: float = 25.0
    """Of a gate: the thought is shown where `by` lies above this."""
    of: Annotated[int, Field(gt=1)] = 4
    """Of a vote or select: how many answers or draws."""

    def made(self) -> Rule:
        """The rule, with what belongs to it."""
        return Rule(
            self.rule,
            by=self.by if self.rule in ("gate", "select", "keep") else None,
            above=self.above if self.rule == "gate" else None,
            of=self.of if self.rule in ("vote", "select") else None,
        )


class ScoreSection(Section):
    """Section of stage score."""

    derived: list[Derived] = []
    """Further arms of every cell that has the arm they start from."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Of printed intervals."""
    resamples: Annotated[int, Field(ge=100)] = 4000
    """Draws of tests by resampling and permutation; gains need none."""
    seed: NotNegative = 0
    """Of the bootstrap draws."""


class Report(Section):
    """Section of stage report."""

    examples: NotNegative = 12
    """Questions shown per benchmark."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Family-wise error over all gains (Holm)."""
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    """A gain whose 90 % interval lies within +- this is "equivalent"."""


class Gallery(Section):
    """Section of stage gallery."""

    items: NotNegative | None = 1000
    """Questions per benchmark and model, spread evenly; None = all."""


class BudgetSection(Section):
    """What a run may spend; null = without limit."""

    calls: Positive | None = None
    """Model calls of one run."""
    model_seconds: Annotated[float, Field(gt=0)] | None = None
    """Seconds that models compute."""
    money: Annotated[float, Field(gt=0)] | None = None
    """As `run.prices` counts it."""


class Design(Section):
    """Drawing for a cell in slices, and looking at its gain after each: a decided cell draws no
    more (docs/methods.md).
    """

    looks: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=2)] = [
        0.25, 0.4, 0.55, 0.75, 1.0,
    ]  # fmt: skip
    """Shares of the questions that are drawn for at each look: rising, the last one 1."""
    worth: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The smallest gain or harm worth going on for."""
    missed: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Chance of giving up a gain of `worth`, over all looks; 0 = never given up."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.looks != sorted({*self.looks}) or self.looks[-1] != 1:
            raise unfit(f".looks: {self.looks}; expected rising shares, the last one 1")
        return self


class Run(Section):
    """How a run is made; no result depends on it but by `design`."""

    workers: NotNegative = 0
    """Processes that make model calls; 0 = one per device, or per core where none is named."""
    devices: list[str] = []
    """CUDA_VISIBLE_DEVICES of each worker."""
    ray: str | None = None
    """Workers are Ray actors: "local", or a cluster's address (auto, ray://host:port)."""
    unchecked: bool = False
    """Whether a run goes on where a model was seen not to hold what an arm hangs on; its verdicts
    there say "unchecked".
    """
    probe_every: Positive = 2000
    """Calls of a served model after which it is looked at whether it is still the same."""
    design: Design | None = None
    """When drawing for a cell stops, once its gain is decided; null = all questions are drawn for.
    """
    budget: BudgetSection = BudgetSection()
    """A run stops before the call that would go beyond it, and keeps what it made."""
    prices: dict[
        str, dict[Literal["edit", "answer", "score", "embed"], Annotated[float, Field(ge=0)]]
    ] = {}
    """Money per call, by model and kind."""


class Nightly(Section):
    """What flows/nightly.py does around a run."""

    cron: str | None = None
    """When flows.serve runs it; null = only when asked."""
    timezone: str = "UTC"
    """Of `cron`, e.g. Europe/Berlin."""
    pull: bool = False
    """Take up what changed in Git first."""
    commit: bool = False
    """Commit lock files and metrics afterwards, so that what is pushed can be found."""
    remote: str | None = None
    """DVC remote that results are pushed to."""
    report_to: str | None = None
    """Folder or URL that the report is copied to."""
    notify: str | None = None
    """Prefect notification block told of failures, as <type>/<name>."""


class Shelf(Section):
    """A presets.yaml, whole."""

    presets: Presets


class Block(Section):
    """Some cells: each of these models meets each of these benchmarks with each of these families.
    A list that is left out stands for that of params.yaml.
    """

    models: list[str] | None = None
    """Models of this block; null = those of params.yaml."""
    benchmarks: list[str] | None = None
    """Its benchmarks, likewise."""
    families: list[str] | None = None
    """Its families, likewise."""
    optional: bool = False
    """Left out, and said so, where a model of it cannot be called and has no results here."""


def _flaw_of(path: Path, key: str) -> str:
    """Why what `file` or `image_root` names cannot be read; empty where it can. Nothing is opened:
    a pipe would wait, and /dev/zero never end.
    """
    if path == Path():
        return "names no file"
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return _special(path) or ("no folder" if key == "image_root" else "")
        inner = list(path.rglob("*"))
        flaw = next((f"{each} in it: {said}" for each in inner if (said := _special(each))), "")
        if flaw or key == "image_root" or any(each.suffix == ".parquet" for each in inner):
            return flaw
    except FileNotFoundError:
        return "no such file"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    return "a folder without parquet files; expected a file"


def _special(path: Path) -> str:
    """What keeps a file that is there from being read; empty for folders and links to nothing."""
    if path.is_dir() or not path.exists():
        return ""
    if not path.is_file():
        return "no regular file (a device, pipe or socket)"
    return "" if os.access(path, os.R_OK) else "cannot be read (its permissions)"
