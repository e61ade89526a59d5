"""hf_chat: any multimodal chat model of transformers (Qwen-VL, Gemma, Idefics, LLaVA ...).

It answers, samples, scores and embeds, with several pictures, in left-padded batches; it draws
nothing.
Settings: those of g2u/inprocess/loading.py, and
    processor: further arguments of the processor, such as {max_pixels: 1003520}
    system: a system message
"""

from collections.abc import Mapping
from typing import Any

from g2u.inprocess.model import ChatModel

VERSION = "1"
"""Raised whenever the same weights would give another reply."""
SETTINGS = frozenset({"processor", "system"})


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """What a model of these settings can do."""
    del settings
    return frozenset({"answer", "sample", "score", "embed"})


def load(settings: Mapping[str, Any]) -> ChatModel:
    """The model; weights are read at the first call.

    Raises:
        ParamsError: settings do not fit.
    """
    return ChatModel("hf_chat", VERSION, settings, SETTINGS, capabilities(settings))
