"""The shapes of plug-ins: a benchmark, an edit family, a feedback mode, a model, an answer scorer.

Each is a module (a model: a folder) found by its name; there is no registry.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Failure,
    Interleaved,
    InterleaveRequest,
    Laid,
    Picture,
    Prompt,
    Question,
    Request,
    Sample,
    Sampler,
    ScoreRequest,
    Thought,
    Turn,
)
from g2u.settings import Section

T = TypeVar("T")
Reply: TypeAlias = T | Failure
Kind = Literal["edit", "answer", "score", "embed"]
"""Of a request."""
Act = Literal["detail", "context", "structure"]
"""What an edit does: clear up what is there, go on beyond it, show how it hangs together."""
DRAWING = frozenset({"draw", "edit", "interleave"})
"""Capabilities of a model that draws."""


class Benchmark(Protocol):
    """A module in g2u/questions/benchmarks: where questions come from."""

    Settings: type[Section]
    """What a preset may set beside `source`."""
    SCORERS: tuple[str, ...]
    """Modules of g2u/scores/types that its targets name."""

    def read(self, settings: Any) -> Iterator[Sample]:
        """Yield the items in their order; `settings` is a `Settings`. Raises DataError."""
        ...


class Model(Protocol):
    """An adapter's object: knows how to call one model and nothing of benchmarks or arms."""

    capabilities: frozenset[str]
    """Out of draw (from text alone), edit, interleave (it takes an `InterleaveRequest` as an edit
    and gives an `Interleaved`), answer, sample (answers at a temperature), score, embed
    (see `Embedder`), recognise (it does nothing but read the text of a picture), detect (it finds
    that text, on another picture too: `g2u.questions.wording.LOOK`), places (it sees a picture
    where it stands among the text of a message, or says in a failure that it cannot).
    """

    def identity(self, kind: Kind) -> str:
        """What replies to requests of this kind come from. It changes whenever the same request
        could get another reply: weights, revision, preprocessing, settings. Raises ModelError.
        """
        ...

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One picture per request, same order; a request that fails does not sink the others. What
        was said with it is in its `trace`.
        """
        ...

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """One text per request, greedy at temperature 0: a `Text` where the model tells why it
        ended, else a plain str.
        """
        ...

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """Natural-log probability of each token of each continuation."""
        ...

    def close(self) -> None:
        """Free what the model holds."""
        ...


class Embedder(Protocol):
    """What a model that declares `embed` offers beside the rest."""

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """One vector per picture, all of one length: how the model itself sees it."""
        ...


class Server(Protocol):
    """Where a model's requests go that lies behind an address."""

    in_flight: int
    """Requests at a time, 1 and more."""

    async def ask(self, request: Request) -> Reply[Any]:
        """The reply to one request."""
        ...

    async def leave(self) -> None:
        """Close what the running event loop has open; a later `ask` opens it again."""
        ...


class Served(Protocol):
    """What a model behind a server offers beside the rest: it needs no batches."""

    def server(self, kind: Kind) -> Server | None:
        """Who is asked each request of this kind by itself; None = they come in batches."""
        ...


class Adapter(Protocol):
    """A package in g2u/models."""

    Settings: type[Section]
    """What a preset may set under `settings`."""

    def capabilities(self, settings: Any) -> frozenset[str]:
        """What a model of these `Settings` can do; loads nothing."""
        ...

    def load(self, settings: Any) -> Model:
        """A model ready to be called; weights are read at the first call, not here."""
        ...


class Reached(Protocol):
    """What an adapter whose models lie behind a server offers beside the rest."""

    def reach(self, settings: Any) -> None:
        """Look for the server, at no cost. Raises ModelError where a call could not be made."""
        ...


class Blind(Protocol):
    """What an adapter whose editor follows no instruction offers beside the rest."""

    def acts(self, settings: Any) -> frozenset[Act] | None:
        """What its edits do whatever their prompt and seed say: families that ask for anything else
        are not applicable, nor is a further draw of the same picture. None = with these settings
        it follows both.
        """
        ...


class Calls(Protocol):
    """What a family may ask for, request by request; several at once by `asyncio.gather`. Replies
    come from the call cache or from the model; equal requests are one call.
    """

    async def edit(self, request: EditRequest) -> Reply[Picture]:
        """One picture."""
        ...

    async def interleave(self, request: InterleaveRequest) -> Reply[Interleaved]:
        """Texts and pictures, of a model that declares `interleave`; counted as an edit."""
        ...

    async def answer(self, request: AnswerRequest) -> Reply[str]:
        """One text."""
        ...

    async def score(self, request: ScoreRequest) -> Reply[tuple[float, ...]]:
        """Log-probabilities per token."""
        ...

    async def embed(self, request: EmbedRequest) -> Reply[tuple[float, ...]]:
        """One vector of a picture, of a model that declares `embed`."""
        ...

    def key(self, request: Request) -> str:
        """The request's name in the call cache."""
        ...

    def in_round(self, number: int) -> "Calls":
        """The same calls; the costs tell them apart as what round `number` of drawing takes."""
        ...


class Family(Protocol):
    """A module in g2u/thoughts/edits: a procedure that yields thoughts and needs no gold."""

    NEEDS: frozenset[str]
    """Capabilities the model must have."""
    READS: str
    """What it starts from: "pictures", or "oracles" or "adversaries", which prepare makes."""
    Settings: type[Section]
    """What a preset may set beside `edit`."""

    async def imagine(
        self,
        question: Question,
        pictures: Mapping[str, Picture],
        settings: Any,
        sampler: Sampler,
        calls: Calls,
    ) -> list[Thought]:
        """The thoughts of one question, in the order of its pictures. What it raises is this
        question's failure.

        Args:
            question: what may be known of the item.
            pictures: digest -> picture; of what prepare made, by digest of the source.
            settings: the preset's, a `Settings`.
            sampler: how the run draws.
            calls: model calls through the call cache.
        """
        ...


class Feedback(Protocol):
    """A module in g2u/answers/feedback: how thoughts and originals are laid before the model."""

    NEEDS: frozenset[str]
    """Capabilities the model must have beside answer; where it lacks one, the arm does not apply.
    """
    DIFFERENCE: str
    """The one thing in which this arm differs from direct."""

    def lay_out(
        self, prompt: Prompt, pictures: Sequence[Picture], thoughts: Sequence[Picture | None]
    ) -> tuple[Turn, ...]:
        """The messages of one question; none where the thoughts lack what the mode shows, and the
        arm does not apply. Thoughts in the order of their pictures, with what was said with them
        (`Picture.trace`); None = nothing was imagined for that one.
        """
        ...


class Alteration(Protocol):
    """A module in g2u/answers/alter: what is done to pictures or thoughts before they are shown."""

    NEEDS: frozenset[str]
    """Capabilities the model must have beside answer; where it lacks one, the arm does not apply.
    """
    DIFFERENCE: str
    """The one thing that it changes, with {amount} in it where there can be more or less of it."""

    async def alter(self, laid: Laid, amount: int, calls: Calls) -> Laid | Failure | None:
        """What is shown in its place, decided by pixels and `amount` (1..100 %) alone; None where
        there is nothing to alter, and the arm does not apply.
        """
        ...


class AnswerScorer(Protocol):
    """A module in g2u/scores/types: one answer type."""

    def parse(self, response: str, question: Question) -> str | None:
        """The prediction, or None where the response holds no single answer. Never guesses."""
        ...

    def score(self, prediction: str, answer: str) -> float | None:
        """0..1; None where rules cannot tell and a judge has to."""
        ...


@runtime_checkable
class SetScorer(Protocol):
    """What an answer type offers beside the rest whose accepted answers count together; of others
    any one of them is enough.
    """

    def among(self, prediction: str, accepted: Sequence[str]) -> float | None:
        """0..1, given every accepted answer; None where rules cannot tell."""
        ...
