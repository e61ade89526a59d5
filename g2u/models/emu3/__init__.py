"""emu3: Emu3 of transformers; edits with picture conditioning, draws, answers, samples and scores.

Settings: those of hf_chat. Sampler settings of an edit: temperature (1.0), top_k (2048, of the
published Emu3-Gen: baaivision/Emu3 README), height and width in pixels (those that the model's own
processor gives the first picture; from text alone, its largest square), guidance (1.0 = none;
classifier-free, of logits, against the empty prompt; the published value is 3.0).
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

    where = "params.yaml: presets.models: emu3"


def capabilities(settings: Settings) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"draw", "edit", "answer", "sample", "score", "places"})


def load(settings: Settings) -> "Emu3":
    """The model; weights are read at the first call."""
    return Emu3("emu3", VERSION, settings, capabilities(settings))


class Emu3(ChatModel):
    """A chat model whose visual tokens are pictures."""

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """Pictures of the size asked for; requests of one size and sampler share a batch."""
        from g2u.models.emu3.drawing import Drawing

        drawing = Drawing(self.chat())
        return in_batches(requests, drawing.draw, drawing.group)
