"""diffusers: any instruction-edit pipeline (InstructPix2Pix, FLUX Kontext, FLUX.2, Qwen-Image-Edit,
LongCat ...), found by the model's own model_index.json.

Requests are made one by one, each with a CPU generator of its own: pipelines read a list of
pictures as a batch, or as references for one picture, and results must not depend on company.
Settings: those of g2u/inprocess/loading.py but attention and compile of chat models, and
    call: further arguments of every call, such as {negative_prompt: " ", true_cfg_scale: 4.0}
    size: "source" asks for the size of the first picture, rounded down to a multiple of 16
    several: whether a list of pictures is one request's references (default: by the class)
    offload: "model" or "sequential": parts on the GPU only while they run
Sampler settings of an edit are arguments of the pipeline's call (num_inference_steps,
guidance_scale, height, width ...); those of a request go before `call`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from g2u.errors import ParamsError
from g2u.inprocess.batches import in_batches
from g2u.inprocess.loading import load as load_or_say
from g2u.inprocess.loading import loading
from g2u.inprocess.model import identity_of
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest

if TYPE_CHECKING:
    from g2u.models.diffusers.editing import Editing

VERSION = "1"
"""Raised whenever the same weights would give another reply."""
SETTINGS = frozenset({"call", "size", "several", "offload"})
NOT_TAKEN = frozenset({"attention", "compile"})
"""Common settings that pipelines do not follow."""
WHERE = "params.yaml: presets.models: diffusers"


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"edit"})


def load(settings: Mapping[str, Any]) -> "Diffusers":
    """The model; weights are read at the first call.

    Raises:
        ParamsError: settings do not fit.
    """
    return Diffusers(settings)


class Diffusers:
    """`Model` over an edit pipeline."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.capabilities = capabilities(settings)
        self._source = loading(WHERE, settings, SETTINGS, NOT_TAKEN)
        for name, known in (("size", (None, "source")), ("offload", (None, "model", "sequential"))):
            if settings.get(name) not in known:
                raise ParamsError(f"{WHERE}.{name}: {settings[name]!r}; expected {known[1:]}")
        self._settings = dict(settings)
        self._identity = ""
        self._editing: Editing | None = None

    def identity(self, kind: Kind) -> str:
        """See `Model.identity`."""
        del kind
        if not self._identity:
            decisive = {k: v for k, v in self._settings.items() if k != "offload"}
            self._identity = identity_of("diffusers", VERSION, self._source, decisive)
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request, of the size that the pipeline chose."""
        if self._editing is None:
            self._editing = load_or_say(self._source, self._built)
        one = self._editing.edit
        return in_batches(requests, lambda batch: [one(r) for r in batch], lambda r: r)

    def _built(self) -> "Editing":
        from g2u.models.diffusers.editing import Editing

        return Editing(self._source, self._settings)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """It answers nothing."""
        return [Failure("diffusers pipelines do not answer")] * len(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """It scores nothing."""
        return [Failure("diffusers pipelines do not score")] * len(requests)

    def close(self) -> None:
        """Drop the pipeline."""
        self._editing = None
