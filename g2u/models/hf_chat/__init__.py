"""hf_chat: any multimodal chat model of transformers (Qwen-VL, Gemma, Idefics, LLaVA ...).

It answers, samples, scores and embeds, with several pictures, in left-padded batches; it draws
nothing.
"""

from g2u.inprocess.loading import ChatLoading
from g2u.inprocess.model import ChatModel

VERSION = "1"
"""Raised whenever the same weights would give another reply."""


class Settings(ChatLoading):
    """What params.yaml may say of it."""

    where = "params.yaml: presets.models: hf_chat"


def capabilities(settings: Settings) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"answer", "sample", "score", "embed", "places"})


def load(settings: Settings) -> ChatModel:
    """The model; weights are read at the first call."""
    return ChatModel("hf_chat", VERSION, settings, capabilities(settings))
