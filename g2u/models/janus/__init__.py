"""janus: Janus of transformers; answers, samples, scores, and draws from text alone.

The released generation path reads no picture (transformers pull request 36053: "simple T2I"), so
it cannot edit; families that edit are not applicable. Settings: those of hf_chat. Sampler settings
of a drawing: temperature (1.0), top_k (0 = all), guidance (5.0, of the published code:
deepseek-ai/Janus, generation_inference.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.inprocess.batches import in_batches
from g2u.inprocess.model import ChatModel
from g2u.protocols import Reply
from g2u.records import EditRequest, Picture

VERSION = "1"
"""Raised whenever the same weights would give another reply."""
SETTINGS = frozenset({"processor", "system"})


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"draw", "answer", "sample", "score"})


def load(settings: Mapping[str, Any]) -> "Janus":
    """The model; weights are read at the first call.

    Raises:
        ParamsError: settings do not fit.
    """
    return Janus("janus", VERSION, settings, SETTINGS, capabilities(settings))


class Janus(ChatModel):
    """A chat model that also draws."""

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """Square pictures of the model's own size, from text alone."""
        from g2u.models.janus.drawing import draw

        chat = self.chat()
        return in_batches(requests, lambda batch: draw(chat, batch), lambda r: r.settings)
