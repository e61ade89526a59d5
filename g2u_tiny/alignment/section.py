"""studies/weights/params.yaml: which alignments there are, checked whole."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from g2u.errors import ParamsError, unknown_name
from g2u.params.reading import read
from g2u.settings import Positive, Section
from g2u.tables.places import STUDIED_WEIGHTS

PATH = STUDIED_WEIGHTS / "params.yaml"


class AlignChanges(Section):
    """What a variant changes; meanings in recipe.py."""

    system: Literal["gvu", "r3", "supervised"] | None = None
    base: str | None = None
    reward: Literal["likelihood", "contrast", "verdict", "agreement", "structure"] | None = None
    tasks: dict[str, list[str]] | None = None
    paints: Annotated[int, Field(ge=0)] | None = None
    turns: Positive | None = None
    groups: Positive | None = None
    group: Annotated[int, Field(ge=2)] | None = None
    spread: Literal["group", "batch"] | None = None
    update: Literal["ratio", "forward"] | None = None
    updates: Positive | None = None
    kl: Annotated[float, Field(ge=0)] | None = None
    learning_rate: Annotated[float, Field(ge=0)] | None = None


class Ablation(AlignChanges):
    """What differs from the training of a variant."""

    of: str


class Align(Section):
    """Section of stage align; meanings in recipe.py."""

    base: str
    reward: str
    tasks: dict[str, list[str]]
    paints: Annotated[int, Field(ge=0)]
    watched: dict[str, list[str]]
    turns: Positive
    groups: Positive
    group: Annotated[int, Field(ge=2)]
    spread: Literal["group", "batch"]
    update: Literal["ratio", "forward"]
    updates: Positive
    reach: Annotated[float, Field(gt=0)]
    steps: Annotated[int, Field(ge=2)]
    eta: Annotated[float, Field(gt=0, le=1)]
    clip: Annotated[float, Field(gt=0)]
    text_clip: Annotated[float, Field(gt=0)]
    kl: Annotated[float, Field(ge=0)]
    rank: Positive
    learning_rate: Annotated[float, Field(ge=0)]
    alternate: Positive
    perfect: Annotated[float, Field(gt=0, le=1)]
    check_every: Positive
    checked: Positive
    fall: Annotated[float, Field(gt=0, le=1)]
    threads: Positive
    variants: dict[str, AlignChanges]
    """Each a training of its own, by name."""
    ablations: dict[str, Ablation]
    """Variants but for a change, of which only the curve is kept."""

    def settings(self, name: str) -> dict[str, Any]:
        """All that is said of the training of a variant or an ablation.

        Raises:
            ParamsError: no such variant, or more paintings than tasks.
        """
        further: dict[str, Any] = {}
        if name in self.ablations:
            further = self.ablations[name].model_dump(exclude_none=True)
            name = further.pop("of")
        if name not in self.variants:
            raise ParamsError(unknown_name(f"{PATH}: align.variants", name, self.variants))
        changes = self.variants[name].model_dump(exclude_none=True)
        settings = {**self.model_dump(exclude={"variants", "ablations"}), **changes, **further}
        paints, groups = settings["paints"], settings["groups"]
        if paints > groups:
            raise ParamsError(
                f"{PATH}: align: {name} paints {paints} of {groups} groups; expected at most all"
            )
        return settings


class Alignments(Section):
    """The file."""

    align: Align


def load(root: Path = Path()) -> Align:
    """Read and check the file of the workspace `root`.

    Raises:
        ParamsError: missing, not YAML, an unknown or misspelt name, a wrong type or value.
    """
    return read(Alignments, root / PATH).align
