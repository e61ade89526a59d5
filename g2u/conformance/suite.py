"""What every adapter must hold, checked on a real model of it: `g2u check MODEL`.

The checks know nothing of the model but its `Model` protocol, so that the author of a private
adapter runs the same ones. A model in this process is asked in batches. One behind a server is
asked one request after the other, at most 60 (`subject.BUDGET`), also for what a server may do to a
request or a reply; `in_company` then asks it for many at once.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from g2u import plugins
from g2u.conformance import load, probe
from g2u.conformance.answers import Answers
from g2u.conformance.arrival import COUNTS
from g2u.conformance.checks import Check, judged
from g2u.conformance.edits import Edits
from g2u.conformance.scores import Scores, embeddings
from g2u.conformance.subject import Subject, Tally, edited, same
from g2u.pictures.decoding import picture_of_pixels
from g2u.protocols import DRAWING, Act, Kind, Model, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Scalar, ScoreRequest, Turn

VERSION = "1"
"""Raised whenever the checks find other things: models are then checked anew."""
SIDE = 64
"""Of the pictures that a model in this process is shown, in pixels."""
TOKENS = 6
FEW = 4
"""Sampler steps where any picture will do."""
SEES = frozenset({"edit", "interleave"})
"""Capabilities of a model that draws from pictures."""
SERVED_COUNTS = (1, 2)
"""Pictures of an edit that a server is asked for; no family edits more than one."""


class Conformance:
    """The checks over one model.

    Args:
        model: what is checked; its weights load at the first check that calls it.
        declared: what the adapter says a model of these settings can do.
        sampler: sampler settings of every edit.
        counts: pictures of the requests that are asked whether they arrive.
        seed: of what those pictures show; None = never the same.
        acts: what the adapter says that edits do whatever they are asked; None = they follow their
            prompts and seeds.
        is_sized: whether edits are asked for in the size of their picture.
        system: what the preset has stand before each question.
    """

    def __init__(
        self,
        model: Model,
        declared: frozenset[str],
        sampler: Mapping[str, Scalar],
        counts: Sequence[int] = COUNTS,
        seed: int | None = None,
        acts: frozenset[Act] | None = None,
        *,
        is_sized: bool = False,
        system: str = "",
    ) -> None:
        self._model, self._declared, self._is_blind = model, declared, acts is not None
        self._sampler, self._cheap = tuple(sorted(sampler.items())), cheap(sampler)
        self._pictures = [_picture(number) for number in range(3)]
        self._counts, self._draw = counts, np.random.default_rng(seed)
        self._is_sized, self._system = is_sized, system
        self._tally = Tally()
        kinds: tuple[Kind, ...] = ("edit", "answer", "score", "embed")
        self._subjects = {
            kind: Subject(model, plugins.server(model, kind) is not None, self._tally)
            for kind in kinds
        }

    @property
    def requests(self) -> int:
        """How many requests a server was sent so far, but those of `in_company`."""
        return self._tally.count

    def run(self) -> list[Check]:
        """All checks but those of `in_company`, in a fixed order."""
        checks = [
            judged("capabilities are those declared, the others refused", self.capabilities()),
            judged("identity: one name per kind, the same each time", self.identity(), "identity"),
        ]
        before = self._round()
        checks += self.edits(before.edits)
        said, cut = self.answers(before.answers)
        checks += [*said, *self.scores(cut)]
        lonely = "a request that cannot be served fails alone"
        checks.append(judged(lonely, self.lonely_failure(), "alone"))
        if self._served("edit") or self._served("answer"):
            moved = probe.moved(before, self._round())
            checks.append(judged("the weights stay the same", moved, "weights"))
        return checks

    def in_company(self) -> list[Check]:
        """What only load shows: 64 edits, then 64 answers, of what lies behind a server."""
        found = []
        if self._served("edit") and SEES & self._declared:
            found.append(load.edits(self._model, self._cheap, self._draw))
        if self._served("answer") and "recognise" not in self._declared:
            samples = "sample" in self._declared
            found.append(load.answers(self._model, samples=samples, draw=self._draw))
        return found

    def _served(self, kind: Kind) -> bool:
        able = {"edit": DRAWING, "answer": {"answer"}}.get(kind, {kind})
        return self._subjects[kind].is_served and bool(able & self._declared)

    def _round(self) -> probe.Round:
        return probe.Round(
            probe.drawn(self._subjects["edit"], self._edits()),
            probe.said(self._subjects["answer"], probe.answers_of(self._declared)),
        )

    def _edits(self) -> list[EditRequest]:
        served = self._subjects["edit"].is_served
        return probe.edits_of(self._declared, self._cheap, served)

    def capabilities(self) -> str:
        """What is not declared is refused as a failure, never an exception; of a server, which
        may well offer more than the preset says, that is not asked.
        """
        if self._model.capabilities != self._declared:
            return f"declares {sorted(self._declared)}, has {sorted(self._model.capabilities)}"
        said: list[object] = []
        if not self._draws() and not self._subjects["edit"].is_served:
            said += self._model.edit([self._edit(0)])
        if "answer" not in self._declared and not self._subjects["answer"].is_served:
            said += self._model.answer([self._answer(0)])
        if "score" not in self._declared and not self._subjects["score"].is_served:
            said += self._model.score([self._score(0)])
        served = [reply for reply in said if not isinstance(reply, Failure)]
        return "serves what it does not declare" if served else ""

    def identity(self) -> str:
        """A non-empty text that asking again does not change."""
        for kind in ("edit", "answer", "score"):
            first = self._model.identity(kind)
            if not first or first != self._model.identity(kind):
                return f"{kind}: {first!r}"
        return ""

    def edit_batches(self) -> str:
        """Three requests at once, alone, and reversed."""
        requests = [self._edit(number) for number in range(3)]
        return same(
            edited(self._model, requests),
            [edited(self._model, [request])[0] for request in requests],
            edited(self._model, requests[::-1])[::-1],
        )

    def edits(self, begun: Sequence[Reply[Picture]]) -> list[Check]:
        """Those of edits, and of what the model draws.

        Args:
            begun: the edits of the probe.
        """
        if not self._draws():
            return []
        subject, found = self._subjects["edit"], []
        if not subject.is_served:
            name = "edits: a batch gives what its requests give alone, in order"
            found.append(judged(name, self.edit_batches(), "alone"))
        counts = [n for n in self._counts if not subject.is_served or n in SERVED_COUNTS]
        checks = Edits(subject, begun, self._edits(), counts, self._draw)
        return [*found, *checks.checks(self._is_blind, self._is_sized)]

    def answers(self, begun: Sequence[Reply[str]]) -> tuple[list[Check], Reply[str] | None]:
        """Those of answers, and the answer that a server cut.

        Args:
            begun: the answers of the probe.
        """
        if "answer" not in self._declared:
            return [], None
        subject = self._subjects["answer"]
        scorer = self._subjects["score"] if "score" in self._declared else None
        declared, counts, draw = self._declared, self._counts, self._draw
        answers = Answers(subject, scorer, begun, declared, counts, draw, self._system)
        checks = answers.checks()
        if not subject.is_served:
            batches = "answers: a batch gives what its requests give alone, in order"
            checks += [
                judged(batches, self.answer_batches(), "alone"),
                judged("answers: a sample follows its seed", self.answer_samples(), "sample"),
            ]
        return checks, answers.cut

    def scores(self, cut: Reply[str] | None = None) -> list[Check]:
        """Those of log-probabilities and embeddings.

        Args:
            cut: as `Scores.checks` takes it.
        """
        found = []
        if "score" in self._declared:
            turns = [self._turns(number) for number in range(3)]
            is_reader = "recognise" in self._declared
            checks = Scores(self._subjects["score"], turns, is_reader=is_reader)
            found += checks.checks(cut)
        if "embed" in self._declared:
            found += embeddings(self._subjects["embed"], self._pictures)
        return found

    def answer_batches(self) -> str:
        """Two pictures beside one, a short question beside a long one."""
        requests = [self._answer(number) for number in range(3)]
        return same(
            self._model.answer(requests),
            [self._model.answer([request])[0] for request in requests],
            self._model.answer(requests[::-1])[::-1],
        )

    def answer_samples(self) -> str | None:
        """Same seed, same text; over eight seeds more than one text; alone as in company."""
        if "sample" not in self._declared:
            return None
        turns = self._answer(0).turns
        requests = [AnswerRequest(turns, TOKENS, 2.0, seed) for seed in range(8)]
        said = self._model.answer(requests)
        alone = [self._model.answer([request])[0] for request in requests[:2]]
        bad = same(said[:2], alone)
        return bad or ("" if len(set(map(str, said))) > 1 else "eight seeds say the same")

    def lonely_failure(self) -> str | None:
        """Beside it, good requests are served; a server gets each by itself anyway."""
        if any(self._subjects[kind].is_served for kind in ("edit", "score")):
            return None
        if "score" in self._declared:
            turns = self._score(0).turns
            found: Sequence[object] = self._model.score([ScoreRequest(turns, ""), self._score(1)])
        elif "edit" in self._declared and "draw" not in self._declared:
            found = self._model.edit([EditRequest(("Draw.",), 1, self._sampler), self._edit(1)])
        else:
            return None
        outcome = [isinstance(reply, Failure) for reply in found]
        return "" if outcome == [True, False] else f"{found}"[:200]

    def _draws(self) -> bool:
        return bool(DRAWING & self._declared)

    def _edit(self, number: int, seed: int = 0) -> EditRequest:
        prompts = ("Make it blue.", "Draw a long red line around the object.", "Zoom out.")
        shown = (self._pictures[number],) if SEES & self._declared else ()
        return EditRequest((*shown, prompts[number]), seed + 11 * number, self._sampler)

    def _answer(self, number: int) -> AnswerRequest:
        return AnswerRequest(self._turns(number), TOKENS)

    def _score(self, number: int) -> ScoreRequest:
        return ScoreRequest(self._turns(number), ("red", "three of them", "no")[number])

    def _turns(self, number: int) -> tuple[Turn, ...]:
        first, second, third = self._pictures
        parts: tuple[str | Picture, ...] = (
            (first, second, "What colour?"),
            (third, "How many objects can you see in this picture?"),
            (second, "Is it red?"),
        )[number]
        return (Turn("user", parts),)


def cheap(sampler: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
    """A sampler with few steps, where it names them."""
    return tuple(
        (name, min(value, FEW) if "steps" in name and isinstance(value, int) else value)
        for name, value in sorted(sampler.items())
    )


def _picture(number: int) -> Picture:
    pixels = np.full((SIDE, SIDE, 3), 240, dtype=np.uint8)
    pixels[12 : 40 + 4 * number, 12:44] = 30
    pixels[12 : 40 + 4 * number, 12:44, number] = 220
    return picture_of_pixels(pixels)
