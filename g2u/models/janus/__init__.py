"""janus: Janus of transformers; answers, samples, scores, and draws from text alone.

The released generation path reads no picture (transformers pull request 36053: "simple T2I"), so
it cannot edit; families that edit are not applicable. Settings: those of hf_chat. Sampler settings
of a drawing: temperature (1.0), top_k (0 = all), guidance (5.0, of the published code:
deepseek-ai/Janus, generation_inference.py).
"""

from collections.abc import Sequence

from g2u.inprocess.batches import in_batches
from g2u.inprocess.loading import ChatLoading
from g2u.inprocess.model import ChatModel
from g2u.protocols import Reply
from g2u.records import EditRequest, Picture

VERSION = "1"
"""Raised whenever the same weights would give another reply."""


class Settings(ChatLoading):
    """What params.yaml may say of it."""

    where = "params.yaml: presets.models: janus"


def capabilities(settings: Settings) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"draw", "answer", "sample", "score", "places"})


def load(settings: Settings) -> "Janus":
    """The model; weights are read at the first call."""
    return Janus("janus", VERSION, settings, capabilities(settings))


class Janus(ChatModel):
    """A chat model that also draws."""

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """Square pictures of the model's own size, from text alone."""
        from g2u.models.janus.drawing import draw

        chat = self.chat()
        return in_batches(requests, lambda batch: draw(chat, batch), lambda r: r.settings)
