"""`Model` over a chat model that loads at its first call; what Emu3 and Janus add is drawing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from g2u.digests import canonical
from g2u.inprocess.loading import ChatLoading, Loading, load, weights_identity
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


FREE = frozenset({"path", "revision", "device", "device_map", "compile", "max_memory", "offload"})
"""Settings that decide no reply, beside the weights that are found by them."""


def identity_of(name: str, version: str, source: Loading) -> str:
    """Adapter, version, weights, and the settings that params.yaml sets and that decide replies."""
    decisive = source.model_dump(exclude_unset=True, exclude=set(FREE))
    return f"{name} {version} {weights_identity(source)} {canonical(decisive).decode()}"


class ChatModel:
    """Answers and scores with `Chat`.

    Args:
        name: the adapter's name.
        version: the adapter's VERSION.
        settings: the preset's.
        capabilities: what it can do.
    """

    def __init__(
        self,
        name: str,
        version: str,
        settings: ChatLoading,
        capabilities: frozenset[str],
    ) -> None:
        self.capabilities = capabilities
        self.source = settings
        self._name, self._version = name, version
        self._identity = ""
        self._chat: Chat | None = None

    def identity(self, kind: Kind) -> str:
        """See `Model.identity`."""
        del kind
        if not self._identity:
            self._identity = identity_of(self._name, self._version, self.source)
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

        return Chat(self.source)
