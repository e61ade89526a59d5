"""What log-probabilities and embeddings have to hold."""

from collections.abc import Callable, Sequence
from typing import cast

from g2u.conformance.answers import SHORT
from g2u.conformance.arrival import TOLD
from g2u.conformance.checks import Check, judged
from g2u.conformance.probe import shown
from g2u.conformance.subject import TOLERANCE, UNASKED, Subject, failed, near
from g2u.protocols import Embedder, Reply
from g2u.records import (
    EmbedRequest,
    Failure,
    Picture,
    ScoreRequest,
    Turn,
    ending,
)

APART = 2
"""Tokens by which a text may be cut otherwise when it is scored than when it was written."""


class Scores:
    """The checks of log-probabilities.

    Args:
        subject: the model.
        turns: three questions about pictures, of other lengths.
        is_reader: whether it does nothing but read the text of a picture.
    """

    def __init__(
        self, subject: Subject, turns: Sequence[tuple[Turn, ...]], *, is_reader: bool
    ) -> None:
        self._subject, self._turns, self._is_reader = subject, turns, is_reader

    def checks(self, cut: Reply[str] | None) -> list[Check]:
        """All of them.

        Args:
            cut: what a server said of the probe's picture within a budget of `SHORT` tokens; None
                = it was not asked.
        """
        asked: dict[str, Callable[[], str | None]] = {
            "scores: finite, at most 0, one per token": self._range,
            "scores: a longer reply begins with the scores of its beginning": self._chain,
            "scores: the order of the pictures counts": self._order,
        }
        if not self._subject.is_served:
            batch = "scores: a batch gives what its requests give alone, in order"
            asked = {batch: self._batches, **asked}
        elif cut is not None and not self._is_reader:
            tokens = "scores: the tokens are those of the answers"
            asked = {tokens: lambda: self._tokens(cut), **asked}
        return [
            judged(name, check(), "score")
            if self._subject.can_ask(2)
            else Check(name, "unproven", UNASKED, "score")
            for name, check in asked.items()
        ]

    def _request(self, number: int) -> ScoreRequest:
        return ScoreRequest(self._turns[number], ("red", "three of them", "no")[number])

    def _batches(self) -> str:
        requests = [self._request(number) for number in range(3)]
        together = self._subject.score(requests)
        if bad := failed(together):
            return bad
        for reply, request in zip(together, requests, strict=True):
            (alone,) = self._subject.score([request])
            if not near(reply, alone):
                return f"{reply} in a batch, {alone} alone"
        return ""

    def _range(self) -> str:
        asked = range(1 if self._subject.is_served else 3)
        found = self._subject.score([self._request(number) for number in asked])
        sound = all(
            isinstance(reply, tuple) and reply and all(-1e9 < v <= TOLERANCE for v in reply)
            for reply in found
        )
        return "" if sound else f"{found}"[:200]

    def _chain(self) -> str:
        """p(red car) begins with p(red): the sum over tokens is the score of the whole."""
        texts = ("red", "red car")
        found = self._subject.score([ScoreRequest(self._turns[0], text) for text in texts])
        short, long = found
        bad = failed(found)
        if bad or isinstance(short, Failure) or isinstance(long, Failure):
            return bad
        return "" if near(short, long[: len(short)]) and len(long) > len(short) else "it does not"

    def _order(self) -> str | None:
        """A, B scores otherwise than B, A; of what only reads, the picture with most to read
        counts, wherever it stands.
        """
        if self._is_reader:
            return None
        pictures = [part for part in self._turns[0][0].parts if isinstance(part, Picture)]
        asked = [
            ScoreRequest((Turn("user", (*pair, "Which came first?")),), "red")
            for pair in (pictures, pictures[::-1])
        ]
        found = self._subject.score(asked)
        return failed(found) or ("" if not near(found[0], found[1], 1e-7) else "it does not")

    def _tokens(self, said: Reply[str]) -> str | None:
        """An answer that was cut after so many tokens has as many scores, and no other beginning
        is likelier than that of the greedy one.
        """
        if isinstance(said, Failure) or ending(said) == "stop":
            return None  # not cut: nothing to count
        turns = (Turn("user", (shown()[0], TOLD)),)
        texts = (str(said), "Zebra crossing")
        found = self._subject.score([ScoreRequest(turns, text) for text in texts])
        own, other = found
        if isinstance(own, Failure) or isinstance(other, Failure):
            return failed(found)
        if abs(len(own) - SHORT) > APART:
            return f"{len(own)} scores for an answer of {SHORT} tokens: tokens of another kind"
        if own[0] < other[0] - TOLERANCE:
            return (
                f"its own greedy answer begins with {own[0]:.3g}, another text with "
                f"{other[0]:.3g}: scores of something else"
            )
        return ""


def embeddings(subject: Subject, pictures: Sequence[Picture]) -> list[Check]:
    """The checks of vectors."""
    model, asked = cast(Embedder, subject.model), [EmbedRequest(p) for p in pictures]

    def batches() -> str:
        found = model.embed(asked)
        for other in ([model.embed([each])[0] for each in asked], model.embed(asked[::-1])[::-1]):
            bad = failed(found) or failed(other)
            if bad or not all(near(a, b) for a, b in zip(found, other, strict=True)):
                return bad or "they differ"
        return ""

    def inputs() -> str:
        """Vectors of one length, another for another picture."""
        found = model.embed(asked)
        bad = failed(found)
        vectors = [reply for reply in found if not isinstance(reply, Failure)]
        if bad or len({len(vector) for vector in vectors}) != 1:
            return bad or "vectors of several lengths"
        return "" if not near(vectors[0], vectors[1], 1e-7) else "the picture decides nothing"

    batch = "embeddings: a batch gives what its requests give alone, in order"
    return [
        judged(batch, batches(), "embed"),
        judged("embeddings: the picture decides", inputs(), "embed"),
    ]
