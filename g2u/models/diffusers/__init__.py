"""diffusers: any instruction-edit pipeline (InstructPix2Pix, FLUX Kontext, FLUX.2, Qwen-Image-Edit,
LongCat ...), found by the model's own model_index.json.

Requests are made one by one, each with a CPU generator of its own: pipelines read a list of
pictures as a batch, or as references for one picture, and results must not depend on company.
Sampler settings of an edit are arguments of the pipeline's call (num_inference_steps,
guidance_scale, height, width ...); those of a request go before `call`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import JsonValue

from g2u.inprocess.batches import in_batches
from g2u.inprocess.loading import Loading
from g2u.inprocess.loading import load as load_or_say
from g2u.inprocess.model import identity_of
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest

if TYPE_CHECKING:
    from g2u.models.diffusers.editing import Editing

VERSION = "1"
"""Raised whenever the same weights would give another reply."""


class Settings(Loading):
    """What params.yaml may say of it."""

    where = "params.yaml: presets.models: diffusers"
    call: dict[str, JsonValue] = {}
    """Further arguments of every call, such as {negative_prompt: " ", true_cfg_scale: 4.0}."""
    size: Literal["source"] | None = None
    """"source" asks for the size of the first picture, rounded down to a multiple of 16."""
    several: bool | None = None
    """Whether a list of pictures is one request's references; null = as the class takes it."""
    offload: Literal["model", "sequential"] | None = None
    """Parts are on the GPU only while they run."""


def capabilities(settings: Settings) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"edit"})


def load(settings: Settings) -> "Diffusers":
    """The model; weights are read at the first call."""
    return Diffusers(settings)


class Diffusers:
    """`Model` over an edit pipeline."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = capabilities(settings)
        self._source = settings
        self._identity = ""
        self._editing: Editing | None = None

    def identity(self, kind: Kind) -> str:
        """See `Model.identity`."""
        del kind
        if not self._identity:
            self._identity = identity_of("diffusers", VERSION, self._source)
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request, of the size that the pipeline chose."""
        if self._editing is None:
            self._editing = load_or_say(self._source, self._built)
        one = self._editing.edit
        return in_batches(requests, lambda batch: [one(r) for r in batch], lambda r: r)

    def _built(self) -> "Editing":
        from g2u.models.diffusers.editing import Editing

        return Editing(self._source)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """It answers nothing."""
        return [Failure("diffusers pipelines do not answer")] * len(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """It scores nothing."""
        return [Failure("diffusers pipelines do not score")] * len(requests)

    def close(self) -> None:
        """Drop the pipeline."""
        self._editing = None
