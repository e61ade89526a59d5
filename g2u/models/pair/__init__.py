"""pair: an editor from one adapter, a reader from another.

Edits carry the editor's identity, answers and scores the reader's: another reader makes no edit
anew, and a pair shares its calls with each of its halves used alone.
"""

from collections.abc import Sequence
from typing import Annotated, Any, cast

from pydantic import Field, ValidationInfo, field_validator

from g2u import plugins
from g2u.protocols import DRAWING, Act, Embedder, Kind, Model, Reply, Server
from g2u.records import AnswerRequest, EditRequest, EmbedRequest, Picture, ScoreRequest
from g2u.settings import OneOf, Section


class Half(Section):
    """A model of another adapter."""

    adapter: Annotated[str, OneOf(lambda: {*plugins.known("adapter")} - {"pair"})]
    """A folder of g2u/models, or an adapter of another package; not pair."""
    settings: Annotated[Any, Field(validate_default=True)] = {}
    """What the adapter takes."""

    @field_validator("settings", mode="after")
    @classmethod
    def _typed(cls, raw: Any, info: ValidationInfo) -> Any:
        if "adapter" not in info.data:
            return raw
        return plugins.settings("adapter", info.data["adapter"]).model_validate(raw)


class Settings(Section):
    """What params.yaml may say of it."""

    editor: Half
    """It draws: {adapter: diffusers, settings: {...}}."""
    reader: Half
    """It answers, scores and embeds: {adapter: hf_chat, settings: {...}}."""


def capabilities(settings: Settings) -> frozenset[str]:
    """What the editor draws and what the reader says."""
    drawn = plugins.capabilities(settings.editor.adapter, settings.editor.settings) & DRAWING
    said = plugins.capabilities(settings.reader.adapter, settings.reader.settings) - DRAWING
    return drawn | said


def acts(settings: Settings) -> frozenset[Act] | None:
    """What the editor does whatever it is asked."""
    return plugins.acts(settings.editor.adapter, settings.editor.settings)


def load(settings: Settings) -> "Pair":
    """Both models; weights are read at their first calls."""
    halves = (settings.editor, settings.reader)
    return Pair(*(plugins.model(half.adapter, half.settings) for half in halves))


def reach(settings: Settings) -> None:
    """Look for the servers of both halves."""
    for half in (settings.editor, settings.reader):
        plugins.reach(half.adapter, half.settings)


class Pair:
    """`Model` of two models."""

    def __init__(self, editor: Model, reader: Model) -> None:
        self._editor, self._reader = editor, reader
        self.capabilities = editor.capabilities & DRAWING | reader.capabilities - DRAWING

    def identity(self, kind: Kind) -> str:
        """That of the half which serves this kind of request."""
        return (self._editor if kind == "edit" else self._reader).identity(kind)

    def server(self, kind: Kind) -> Server | None:
        """That of the half which serves this kind of request."""
        return plugins.server(self._editor if kind == "edit" else self._reader, kind)

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
