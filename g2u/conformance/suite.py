"""What every adapter must hold, checked on a real model of it: `g2u check MODEL`.

The checks know nothing of the model but its `Model` protocol, so that the author of a private
adapter runs the same ones. Whether pictures arrive is decided in g2u/conformance/arrival.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, cast

import numpy as np

from g2u.conformance import arrival
from g2u.conformance.arrival import COUNTS, Pictures, Place, Question, Verdict, distance
from g2u.pictures.decoding import picture_of_pixels
from g2u.protocols import Act, Embedder, Model
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Failure,
    Picture,
    Scalar,
    ScoreRequest,
    Turn,
)

Outcome = Literal["holds", "fails", "unproven", "not applicable"]
SIDE = 64
"""Of the pictures that are shown, in pixels."""
TOLERANCE = 1e-3
"""Of log-probabilities, between two ways of asking: other matrix shapes round otherwise."""
TOKENS = 6
LONG = 96
"""Tokens of a reply that should hang on all that was seen."""
FEW = 4
"""Sampler steps where any picture will do."""
GUIDES = re.compile("cfg|guidance|scale|steps")
"""Names of sampler settings that have to change the edit."""
BENT = 1.0
"""Levels of 255 that equal edits may be apart for a setting without effect to be seen as one."""
DRAWN = "Join what all pictures show in one."
REDRAWN = ("Compare the pictures.", "Make all pictures darker.")
REWORDED = (
    "What do the pictures have in common?",
    "In what do the pictures differ? Name everything.",
    "Which of the pictures is the darkest, and which has the most colours?",
    "Write a story in which each picture plays a part.",
)
VERDICTS: dict[Verdict, tuple[Outcome, str, str]] = {
    "arrived": ("holds", "arrived", ""),
    "lost": (
        "fails",
        "LOST",
        "; the server drops it, and what is shown there means nothing: serve the model otherwise, "
        "or let it have one picture (a collage)",
    ),
    "unproven": ("unproven", "unproven", "; too little to tell: look at some replies yourself"),
    "refused": ("not applicable", "refused", ""),
}
"""The outcome of each, its word, and what follows from it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    name: str
    outcome: Outcome
    note: str = ""


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
    """

    def __init__(
        self,
        model: Model,
        declared: frozenset[str],
        sampler: Mapping[str, Scalar],
        counts: Sequence[int] = COUNTS,
        seed: int | None = None,
        acts: frozenset[Act] | None = None,
    ) -> None:
        self._model, self._declared, self._is_blind = model, declared, acts is not None
        self._sampler = tuple(sorted(sampler.items()))
        self._pictures = [_picture(number) for number in range(3)]
        self._counts, self._draw = counts, np.random.default_rng(seed)

    def run(self) -> list[Check]:
        """All checks, in a fixed order."""
        checks = []
        for name, check in self._checks().items():
            noted = check()
            outcome: Outcome = "holds" if noted == "" else "fails" if noted else "not applicable"
            checks.append(Check(name, outcome, noted or ""))
        return [*checks, *self.guidance(), *self.edited_pictures(), *self.answered_pictures()]

    def _checks(self) -> dict[str, Callable[[], str | None]]:
        """By name; a check returns "" where it holds, what it saw otherwise, None = cannot be."""
        return {
            "capabilities are those declared, the others refused": self.capabilities,
            "identity: one name per kind, the same each time": self.identity,
            "edits: a batch gives what its requests give alone, in order": self.edit_batches,
            "edits: the seed decides": self.edit_seeds,
            "edits: the prompt decides": self.edit_prompts,
            "edits: the picture decides": self.edit_pictures,
            "answers: words come where words are asked for": self.answer_words,
            "answers: a batch gives what its requests give alone, in order": self.answer_batches,
            "answers: greedy is the same each time": self.answer_repeats,
            "answers: a sample follows its seed": self.answer_samples,
            "scores: a batch gives what its requests give alone, in order": self.score_batches,
            "scores: finite, at most 0, one per token": self.score_range,
            "scores: a longer reply begins with the scores of its beginning": self.score_chain,
            "scores: the order of the pictures counts": self.picture_order,
            "embeddings: a batch gives what its requests give alone, in order": self.embed_batches,
            "embeddings: the picture decides": self.embed_inputs,
            "a request that cannot be served fails alone": self.lonely_failure,
        }

    def capabilities(self) -> str | None:
        """What is not declared is refused as a failure, never an exception."""
        if self._model.capabilities != self._declared:
            return f"declares {sorted(self._declared)}, has {sorted(self._model.capabilities)}"
        said: list[object] = []
        if not self._draws():
            said += self._model.edit([self._edit(0)])
        if "answer" not in self._declared:
            said += self._model.answer([self._answer(0)])
        if "score" not in self._declared:
            said += self._model.score([self._score(0)])
        served = [reply for reply in said if not isinstance(reply, Failure)]
        return "serves what it does not declare" if served else ""

    def identity(self) -> str | None:
        """A non-empty text that asking again does not change."""
        for kind in ("edit", "answer", "score"):
            first = self._model.identity(kind)
            if not first or first != self._model.identity(kind):
                return f"{kind}: {first!r}"
        return ""

    def edit_batches(self) -> str | None:
        """Three requests at once, alone, and reversed."""
        if not self._draws():
            return None
        requests = [self._edit(number) for number in range(3)]
        return _same(
            self._model.edit(requests),
            [self._model.edit([request])[0] for request in requests],
            self._model.edit(requests[::-1])[::-1],
        )

    def edit_seeds(self) -> str | None:
        """Same seed, same picture; another seed, another picture, if the editor follows seeds."""
        if not self._draws():
            return None
        made = self._model.edit([self._edit(0), self._edit(0), self._edit(0, seed=1)])
        if (bad := _failed(made)) or made[0] != made[1]:
            return bad or "the same seed gives other pictures"
        return self._decided("seed", made[1] != made[2])

    def edit_prompts(self) -> str | None:
        """Another prompt gives another picture, if the editor follows prompts."""
        if not self._draws():
            return None
        found = self._differs(replace(self._edit(0), parts=(*self._edit(0).pictures, "Remove it.")))
        return found if isinstance(found, str) else self._decided("prompt", found)

    def edit_pictures(self) -> str | None:
        """Another picture gives another picture."""
        if "edit" not in self._declared:
            return None
        _, prompt = self._edit(0).parts
        found = self._differs(replace(self._edit(0), parts=(self._pictures[1], prompt)))
        return (
            found if isinstance(found, str) else "" if found else "another picture: the same edit"
        )

    def _differs(self, other: EditRequest) -> bool | str:
        """Whether another request gives another picture than the first one; or what is wrong.

        It is asked for after the first, so that a cache that forgets a part of it shows.
        """
        base = self._edit(0)
        made = self._model.edit([base]) + self._model.edit([other])
        if bad := _failed(made):
            return bad
        if made[0] in base.pictures:
            return "what comes back is the picture that was sent"
        return made[0] != made[1]

    def _decided(self, what: str, differs: bool) -> str | None:
        """Whether a prompt or seed decides as it should; not applicable where none should."""
        if self._is_blind:
            wrong = f"another {what}: another edit, and the adapter says that it decides nothing"
            return wrong if differs else None
        return "" if differs else f"another {what}: the same edit"

    def guidance(self) -> list[Check]:
        """What the sampler sets (guidance, steps) changes the edit when it is set otherwise."""
        own = dict(self._cheap())
        chosen = {
            name: _otherwise(name, value)
            for name, value in own.items()
            if GUIDES.search(name) and isinstance(value, int | float) and value is not True
        }
        if not chosen or not self._draws():
            return []
        base = self._edit(0)

        def made(settings: Mapping[str, Scalar]) -> EditRequest:
            return EditRequest(
                (*base.pictures, base.prompt), base.seed, tuple(sorted(settings.items()))
            )

        first, *again = self._model.edit([made(own)] * 3)
        others = [made({**own, name: value}) for name in chosen for value in chosen[name]]
        replies = iter(self._model.edit(others))
        widest = max(distance(first, reply) for reply in again)
        checks = []
        for name, values in chosen.items():
            found = [next(replies) for _ in values]
            off = [distance(first, reply) for reply in found if isinstance(reply, Picture)]
            outcome: Outcome = "fails"
            note = (
                f"the same edit with {own[name]} as with {', '.join(map(str, values))}; the server "
                "does not read it: name it as the server does, or take it out of the sampler"
            )
            if any(value > arrival.MARGIN * widest for value in off):
                outcome, note = "holds", ""
            elif _failed([first, *again]) or not off:
                outcome, note = "unproven", _failed([first, *again, *found])
            elif widest > BENT:
                outcome, note = "unproven", f"equal requests are {widest:.3g} levels apart"
            checks.append(Check(f"edits: {name} counts", outcome, note))
        return checks

    def edited_pictures(self) -> list[Check]:
        """Each picture of an edit makes a difference to it."""
        if "edit" not in self._declared:
            return []

        def asks(prompt: str, seed: int) -> arrival.Ask:
            def ask(shown: Sequence[Pictures]) -> Sequence[object]:
                settings = self._cheap()
                return self._model.edit([EditRequest((*p, prompt), seed, settings) for p in shown])

            return ask

        otherwise = [asks(text, 70 + place) for place, text in enumerate(REDRAWN)]
        question = Question(asks(DRAWN, 7), distance, bends=True, otherwise=otherwise)
        return _lines("edits", arrival.changes(question, self._counts, self._draw))

    def answered_pictures(self) -> list[Check]:
        """Each picture of a question is read, or makes a difference to the answer. What only reads
        says one of several, so that it is asked with one.
        """
        if "answer" not in self._declared:
            return []
        counts = [n for n in self._counts if n == 1 or "recognise" not in self._declared]

        def asks(text: str, seed: int | None = None) -> arrival.Ask:
            def ask(shown: Sequence[Pictures]) -> Sequence[object]:
                chosen = (LONG,) if seed is None else (LONG, 1.0, seed)
                turns = [(Turn("user", (*pictures, text)),) for pictures in shown]
                return self._model.answer([AnswerRequest(each, *chosen) for each in turns])

            return ask

        found = arrival.read_numbers(asks(arrival.READ), counts, self._draw)
        places = {
            (count, n): Place(count, n, "arrived", "its number was read, twice")
            for count, n in found.read
        }
        unread = [c for c in counts if any((c, n + 1) not in places for n in range(c))]
        otherwise = [asks(text) for text in REWORDED]
        if "sample" in self._declared:  # a sample hangs on every probability, not on the greatest
            otherwise += [asks(arrival.TOLD, seed) for seed in range(len(REWORDED))]
        question = Question(
            asks(arrival.TOLD), lambda a, b: float(a != b), bends=False, otherwise=otherwise
        )
        for place in arrival.changes(question, unread, self._draw):
            places.setdefault((place.count, place.number), place)
        lines = _lines("answers", [places[key] for key in sorted(places)])
        if found.disorder:
            lines.append(Check("answers: pictures keep their order", "fails", found.disorder))
        if found.stale:
            note = f"{found.stale} say what the pictures of another request show"
            lines.append(Check("answers: a reply belongs to its request", "fails", note))
        return lines

    def answer_words(self) -> str | None:
        """A text, not a picture."""
        if "answer" not in self._declared:
            return None
        (reply,) = self._model.answer([self._answer(0)])
        if isinstance(reply, Failure):
            return (
                f"{reply.reason}; a server that draws unless told otherwise wants "
                "answer_extra: {modalities: [text]} in the preset's settings"
            )
        return "a picture, written as text" if "data:image" in reply else ""

    def answer_batches(self) -> str | None:
        """Two pictures beside one, a short question beside a long one."""
        if "answer" not in self._declared:
            return None
        requests = [self._answer(number) for number in range(3)]
        return _same(
            self._model.answer(requests),
            [self._model.answer([request])[0] for request in requests],
            self._model.answer(requests[::-1])[::-1],
        )

    def answer_repeats(self) -> str | None:
        """Asked twice."""
        if "answer" not in self._declared:
            return None
        return _same(self._model.answer([self._answer(0)]), self._model.answer([self._answer(0)]))

    def answer_samples(self) -> str | None:
        """Same seed, same text; over eight seeds more than one text; alone as in company."""
        if "sample" not in self._declared:
            return None
        turns = self._answer(0).turns
        requests = [AnswerRequest(turns, TOKENS, 2.0, seed) for seed in range(8)]
        said = self._model.answer(requests)
        alone = [self._model.answer([request])[0] for request in requests[:2]]
        bad = _same(said[:2], alone)
        return bad or ("" if len(set(map(str, said))) > 1 else "eight seeds say the same")

    def score_batches(self) -> str | None:
        """Continuations of other lengths, one and two pictures."""
        if "score" not in self._declared:
            return None
        requests = [self._score(number) for number in range(3)]
        together = self._model.score(requests)
        bad = _failed(together)
        if bad:
            return bad
        for reply, request in zip(together, requests, strict=True):
            alone = self._model.score([request])[0]
            if not _near(reply, alone):
                return f"{reply} in a batch, {alone} alone"
        return ""

    def score_range(self) -> str | None:
        """Log-probabilities."""
        if "score" not in self._declared:
            return None
        found = self._model.score([self._score(number) for number in range(3)])
        sound = all(
            isinstance(reply, tuple) and reply and all(-1e9 < v <= TOLERANCE for v in reply)
            for reply in found
        )
        return "" if sound else f"{found}"[:200]

    def score_chain(self) -> str | None:
        """p(red car) begins with p(red): the sum over tokens is the score of the whole."""
        if "score" not in self._declared:
            return None
        turns = self._score(0).turns
        short, long = self._model.score(
            [ScoreRequest(turns, "red"), ScoreRequest(turns, "red car")]
        )
        bad = _failed([short, long])
        if bad or isinstance(short, Failure) or isinstance(long, Failure):
            return bad
        return "" if _near(short, long[: len(short)]) and len(long) > len(short) else "it does not"

    def picture_order(self) -> str | None:
        """A, B scores otherwise than B, A; of what only reads, the picture with most to read
        counts, wherever it stands.
        """
        if "score" not in self._declared or "recognise" in self._declared:
            return None
        first, second = self._pictures[:2]
        asked = [
            ScoreRequest((Turn("user", (*pair, "Which came first?")),), "red")
            for pair in ((first, second), (second, first))
        ]
        found = self._model.score(asked)
        return _failed(found) or ("" if not _near(found[0], found[1], 1e-7) else "it does not")

    def embed_batches(self) -> str | None:
        """Three pictures at once, alone, and reversed."""
        if "embed" not in self._declared:
            return None
        model, asked = cast(Embedder, self._model), [EmbedRequest(p) for p in self._pictures]
        found = model.embed(asked)
        for other in ([model.embed([each])[0] for each in asked], model.embed(asked[::-1])[::-1]):
            bad = _failed(found) or _failed(other)
            if bad or not all(_near(a, b) for a, b in zip(found, other, strict=True)):
                return bad or "they differ"
        return ""

    def embed_inputs(self) -> str | None:
        """Vectors of one length, another for another picture."""
        if "embed" not in self._declared:
            return None
        model = cast(Embedder, self._model)
        found = model.embed([EmbedRequest(picture) for picture in self._pictures])
        bad = _failed(found)
        vectors = [reply for reply in found if not isinstance(reply, Failure)]
        if bad or len({len(vector) for vector in vectors}) != 1:
            return bad or "vectors of several lengths"
        return "" if not _near(vectors[0], vectors[1], 1e-7) else "the picture decides nothing"

    def lonely_failure(self) -> str | None:
        """Beside it, good requests are served."""
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
        return bool({"draw", "edit"} & self._declared)

    def _cheap(self) -> tuple[tuple[str, Scalar], ...]:
        """The sampler with few steps, where it names them."""
        return tuple(
            (name, min(value, FEW) if "steps" in name and isinstance(value, int) else value)
            for name, value in self._sampler
        )

    def _edit(self, number: int, seed: int = 0) -> EditRequest:
        prompts = ("Make it blue.", "Draw a long red line around the object.", "Zoom out.")
        shown = (self._pictures[number],) if "edit" in self._declared else ()
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


def _picture(number: int) -> Picture:
    pixels = np.full((SIDE, SIDE, 3), 240, dtype=np.uint8)
    pixels[12 : 40 + 4 * number, 12:44] = 30
    pixels[12 : 40 + 4 * number, 12:44, number] = 220
    return picture_of_pixels(pixels)


def _otherwise(name: str, value: Scalar) -> list[Scalar]:
    """Other values of a sampler setting."""
    found: list[Scalar] = [2, 3, 8] if "steps" in name else [1.0, 2.0, 5.0, 3.0]
    return [other for other in found if other != value][:3]


def _lines(kind: str, places: Sequence[Place]) -> list[Check]:
    """One line for all pictures of a count that share what became of them."""
    checks = []
    for (count, verdict, note), group in groupby(places, lambda p: (p.count, p.verdict, p.note)):
        numbers = [str(place.number) for place in group]
        outcome, word, next_step = VERDICTS[verdict]
        which = f"picture{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        checks.append(Check(f"{kind}: {which} of {count}: {word}", outcome, f"{note}{next_step}"))
    return checks


def _failed(replies: Sequence[object]) -> str:
    failures = [reply.reason for reply in replies if isinstance(reply, Failure)]
    return f"fails: {failures[0]}" if failures else ""


def _same(*found: Sequence[object]) -> str:
    bad = next((said for replies in found if (said := _failed(replies))), "")
    return bad or ("" if all(list(r) == list(found[0]) for r in found) else "they differ")


def _near(first: object, second: object, tolerance: float = TOLERANCE) -> bool:
    return (
        isinstance(first, tuple)
        and isinstance(second, tuple)
        and len(first) == len(second)
        and bool(np.allclose(first, second, rtol=0, atol=tolerance))
    )


def table(checks: Sequence[Check]) -> str:
    """The checks as lines of text."""
    signs = {"holds": "ok", "fails": "FAILS", "unproven": "?", "not applicable": "-"}
    return "\n".join(
        f"{signs[check.outcome]:6}{check.name}" + (f": {check.note}" if check.note else "")
        for check in checks
    )
