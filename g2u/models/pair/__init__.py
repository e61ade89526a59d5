"""pair: an editor from one adapter, a reader from another.

Settings:
    editor: {adapter: diffusers, settings: {...}}
    reader: {adapter: hf_chat, settings: {...}}
Edits carry the editor's identity, answers and scores the reader's: another reader makes no edit
anew, and a pair shares its calls with each of its halves used alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from g2u import plugins
from g2u.errors import ParamsError
from g2u.protocols import Embedder, Kind, Model, Reply
from g2u.records import AnswerRequest, EditRequest, EmbedRequest, Picture, ScoreRequest

HALVES = ("editor", "reader")
DRAWS = frozenset({"draw", "edit"})
WHERE = "params.yaml: presets.models: pair"


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """What the editor draws and what the reader says."""
    editor, reader = (_half(settings, name) for name in HALVES)
    drawn = plugins.capabilities(*editor) & DRAWS
    return drawn | plugins.capabilities(*reader) - DRAWS


def load(settings: Mapping[str, Any]) -> "Pair":
    """Both models; weights are read at their first calls.

    Raises:
        ParamsError: a half is missing, or its settings do not fit.
    """
    for name in settings:
        if name not in HALVES:
            raise ParamsError(f"{WHERE} has no {name!r}; expected editor and reader")
    editor, reader = (plugins.model(*_half(settings, name)) for name in HALVES)
    return Pair(editor, reader)


def reach(settings: Mapping[str, Any]) -> None:
    """Look for the servers of both halves."""
    for name in HALVES:
        plugins.reach(*_half(settings, name))


def _half(settings: Mapping[str, Any], name: str) -> tuple[str, Mapping[str, Any]]:
    half = settings.get(name)
    if not isinstance(half, Mapping) or not isinstance(half.get("adapter"), str):
        raise ParamsError(f"{WHERE}.{name}: {half!r}; expected adapter and settings")
    for key in half:
        if key not in ("adapter", "settings"):
            raise ParamsError(f"{WHERE}.{name} has no {key!r}; expected adapter and settings")
    if half["adapter"] == "pair":
        raise ParamsError(f"{WHERE}.{name}: a pair of pairs; expected another adapter")
    return half["adapter"], half.get("settings") or {}


class Pair:
    """`Model` of two models."""

    def __init__(self, editor: Model, reader: Model) -> None:
        self._editor, self._reader = editor, reader
        self.capabilities = editor.capabilities & DRAWS | reader.capabilities - DRAWS

    def identity(self, kind: Kind) -> str:
        """That of the half which serves this kind of request."""
        return (self._editor if kind == "edit" else self._reader).identity(kind)

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """The editor's pictures."""
        return self._editor.edit(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """The reader's texts."""
        return self._reader.answer(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """The reader's log-probabilities."""
        return self._reader.score(requests)

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """The reader's vectors."""
        return cast(Embedder, self._reader).embed(requests)

    def close(self) -> None:
        """Free both."""
        self._editor.close()
        self._reader.close()
