"""`Model` over a chat model that loads at its first call; what Emu3 and Janus add is drawing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from g2u.digests import canonical
from g2u.errors import ParamsError
from g2u.inprocess.loading import Loading, load, loading, weights_identity
from g2u.protocols import Kind, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Failure,
    Picture,
    ScoreRequest,
)

if TYPE_CHECKING:
    from g2u.inprocess.chat import Chat


def identity_of(name: str, version: str, source: Loading, settings: Mapping[str, Any]) -> str:
    """Adapter, version, weights, and the settings that decide replies."""
    free = {"path", "revision", "device", "device_map", "compile", "max_memory"}
    decisive = {key: value for key, value in settings.items() if key not in free}
    return f"{name} {version} {weights_identity(source)} {canonical(decisive).decode()}"


class ChatModel:
    """Answers and scores with `Chat`.

    Args:
        name: the adapter's name.
        version: the adapter's VERSION.
        settings: the preset's.
        further: the names of settings that the adapter adds to the common ones.
        capabilities: what it can do.
    """

    def __init__(
        self,
        name: str,
        version: str,
        settings: Mapping[str, Any],
        further: frozenset[str],
        capabilities: frozenset[str],
    ) -> None:
        self.capabilities = capabilities
        where = f"params.yaml: presets.models: {name}"
        self.source = loading(where, settings, further)
        processor = settings.get("processor", {})
        if not isinstance(processor, dict):
            raise ParamsError(f"{where}.processor: {processor!r}; expected names and values")
        self._processor, self._system = processor, str(settings.get("system", ""))
        self._name, self._version, self._settings = name, version, dict(settings)
        self._identity = ""
        self._chat: Chat | None = None

    def identity(self, kind: Kind) -> str:
        """See `Model.identity`."""
        del kind
        if not self._identity:
            self._identity = identity_of(self._name, self._version, self.source, self._settings)
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """It draws nothing."""
        return [Failure(f"{self._name} does not draw")] * len(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """See `Chat.answer`."""
        return self.chat().answer(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """See `Chat.score`."""
        return self.chat().score(requests)

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """See `Chat.embed`."""
        return self.chat().embed(requests)

    def close(self) -> None:
        """Drop the model."""
        self._chat = None

    def chat(self) -> "Chat":
        """The loaded model."""
        if self._chat is None:
            self._chat = load(self.source, self._built)
        return self._chat

    def _built(self) -> "Chat":
        from g2u.inprocess.chat import Chat

        return Chat(self.source, self._processor, self._system)
