"""What edits hang on: seed, prompt, guidance, each of their pictures; and what their files are."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from g2u.conformance import arrival
from g2u.conformance.arrival import FRUGAL, THOROUGH, Question, Trial
from g2u.conformance.checks import Check, judged
from g2u.conformance.files import lossy
from g2u.conformance.pictures import rippled
from g2u.conformance.places import lines
from g2u.conformance.probe import PROMPT
from g2u.conformance.subject import MARGIN, UNASKED, Subject, distance, failed, levels
from g2u.pictures.decoding import pixels_of
from g2u.premises import Premise
from g2u.protocols import Reply
from g2u.records import EditRequest, Picture, Scalar

GUIDES = re.compile("cfg|guidance|scale|steps")
"""Names of sampler settings that have to change the edit."""
BENT = 1.0
"""Levels of 255 that equal edits may be apart for an edit without a change to be seen as one."""
KEPT = 1.0
"""Levels of 255 within which an edit is the picture that was sent."""
OTHER_PROMPT = "Remove the number from this picture."
DRAWN = "Join what all pictures show in one."
REDRAWN = ("Compare the pictures.", "Make all pictures darker.")


class Edits:
    """The checks of edits.

    Args:
        subject: the model.
        begun: its edits of the probe.
        requests: those that they reply to.
        counts: pictures of the requests that are asked whether they arrive.
        draw: draws those pictures.
    """

    def __init__(
        self,
        subject: Subject,
        begun: Sequence[Reply[Picture]],
        requests: Sequence[EditRequest],
        counts: Sequence[int],
        draw: np.random.Generator,
    ) -> None:
        self._subject, self._counts, self._draw = subject, counts, draw
        self._base, self._first = requests[0], begun[0]
        self._widest = distance(begun[0], begun[-1])
        self._others = list(zip(requests[1:], begun[1:-1], strict=True))
        self._again = begun[-1]
        self._reads = bool(self._base.pictures)

    def checks(self, is_blind: bool, is_sized: bool) -> list[Check]:
        """All of them.

        Args:
            is_blind: whether the adapter says that no prompt and no seed decides.
            is_sized: whether edits are asked for in the size of their picture.
        """
        if bad := failed([self._first, self._again]):
            return [Check("edits: an edit is drawn", "fails", bad, "source")]
        return [
            judged("edits: an edit is drawn", self._drawn(), "source"),
            self._seed(is_blind),
            *self._prompts(is_blind),
            *self._picture(),
            *(self._served(is_sized) if self._subject.is_served else []),
            *self.guidance(),
            *self.pictures(),
        ]

    def _off(self, request: EditRequest) -> float | str:
        """How far another request's edit is from the first; or what is wrong."""
        (made,) = self._subject.edit([request])
        return failed([made]) or distance(self._first, made)

    def _changed(self, name: str, off: float | str, unchanged: str, premise: Premise) -> Check:
        """A check that holds where an edit is another one."""
        if isinstance(off, str):
            return Check(name, "fails", off, premise)
        if off > MARGIN * self._widest:
            return Check(name, "holds", "", premise)
        if self._widest <= BENT:
            return Check(name, "fails", unchanged, premise)
        note = f"{off:.3g} levels off, and equal requests are {self._widest:.3g} apart"
        return Check(name, "unproven", note, premise)

    def _drawn(self) -> str | None:
        if not self._reads:
            return None
        (sent,) = self._base.pictures
        assert isinstance(self._first, Picture)
        resized = pixels_of(self._first).resize((sent.width, sent.height))
        off = np.abs(np.asarray(resized, dtype=np.float64) - levels(sent)).mean()
        return "what comes back is the picture that was sent" if off <= KEPT else ""

    def _seed(self, is_blind: bool) -> Check:
        name = "edits: the seed decides"
        off = self._off(replace(self._base, seed=self._base.seed + 11))
        if isinstance(off, float) and off < MARGIN * self._widest and self._widest > BENT:
            return Check(name, "fails", "the same seed gives other pictures", "seed")
        if not self._subject.is_served and self._widest:
            return Check(name, "fails", "the same seed gives other pictures", "seed")
        if is_blind:
            return _blind(name, "seed", off)
        return self._changed(name, off, "another seed: the same edit", "seed")

    def _prompts(self, is_blind: bool) -> list[Check]:
        name = "edits: the prompt decides"
        off = self._off(self._asked(OTHER_PROMPT))
        if is_blind:
            return [_blind(name, "prompt", off)]
        decides = self._changed(name, off, "another prompt: the same edit", "instruction")
        if decides.outcome != "holds" or not self._subject.is_served:
            return [decides]
        off = self._off(self._asked(PROMPT.replace("<", "")))
        unchanged = "a prompt without < gives the same edit: the server takes < out"
        return [
            decides,
            self._changed("edits: a prompt arrives as it is", off, unchanged, "prompt"),
        ]

    def _asked(self, prompt: str) -> EditRequest:
        return replace(self._base, parts=(*self._base.pictures, prompt))

    def _picture(self) -> list[Check]:
        """Asked for after the first, so that a cache that forgets it shows."""
        found = []
        for _, made in self._others:
            off = failed([made]) or distance(self._first, made)
            unchanged = "another picture: the same edit"
            found.append(self._changed("edits: the picture decides", off, unchanged, "source"))
        return found

    def _served(self, is_sized: bool) -> list[Check]:
        """What only a server between the two can spoil."""
        found = [judged("edits: files lose nothing", lossy(self._first), "lossless")]
        if not self._reads:
            return found
        (sent,) = self._base.pictures
        off = self._off(replace(self._base, parts=(rippled(sent), PROMPT)))
        unchanged = (
            "a ripple of two pixels changes nothing: the server makes pictures smaller than they "
            f"are ({sent.width}x{sent.height})"
        )
        return [
            *found,
            self._changed("edits: fine detail arrives", off, unchanged, "detail"),
            judged("edits: the size is the one asked for", self._size(is_sized), "size"),
        ]

    def _size(self, is_sized: bool) -> str | None:
        (sent,), made = self._base.pictures, self._first
        if not is_sized or not isinstance(made, Picture):
            return None
        if (made.width, made.height) == (sent.width, sent.height):
            return ""
        return (
            f"{made.width}x{made.height} in place of {sent.width}x{sent.height}; the thought is "
            "laid beside a picture of another size"
        )

    def guidance(self) -> list[Check]:
        """What the sampler sets (guidance, steps) changes the edit when it is set otherwise."""
        own = dict(self._base.settings)
        return [
            self._guided(name, value)
            for name, value in own.items()
            if GUIDES.search(name) and isinstance(value, int | float) and value is not True
        ]

    def _guided(self, name: str, value: Scalar) -> Check:
        title = f"edits: {name} counts"
        others = _otherwise(name, value)[: 2 if self._subject.is_served else 3]
        said = ", ".join(map(str, others))
        unchanged = (
            f"the same edit with {value} as with {said}; the server does not read it: name it as "
            "the server does, or take it out of the sampler"
        )
        found = []
        for other in others:
            if not self._subject.can_ask(1):
                return Check(title, "unproven", UNASKED, "guidance")
            settings = {**dict(self._base.settings), name: other}
            off = self._off(replace(self._base, settings=tuple(sorted(settings.items()))))
            if isinstance(off, float) and off > MARGIN * self._widest:
                return Check(title, "holds", "", "guidance")
            found.append(off)
        numbers = [off for off in found if isinstance(off, float)]
        if not numbers:
            return Check(title, "unproven", str(found[0]), "guidance")
        return self._changed(title, max(numbers), unchanged, "guidance")

    def pictures(self) -> list[Check]:
        """Each picture of an edit makes a difference to it, and so does their order."""
        if not self._reads:
            return []

        def asks(prompt: str, seed: int) -> arrival.Ask:
            def ask(shown: Sequence[arrival.Pictures]) -> Sequence[object]:
                settings = self._base.settings
                requests = [EditRequest((*p, prompt), seed, settings) for p in shown]
                return self._subject.edit(requests)

            return ask

        served = self._subject.is_served
        question = Question(
            asks(PROMPT if served else DRAWN, self._base.seed),
            distance,
            bends=True,
            otherwise=[
                asks(text, 70 + place) for place, text in enumerate(REDRAWN[: 1 if served else 2])
            ],
            effort=FRUGAL["edits"] if served else THOROUGH,
        )
        begun = None
        if served and 1 in self._counts:
            changed: dict[int, list[object]] = {1: [made for _, made in self._others]}
            begun = Trial(self._base.pictures, self._first, [self._again], changed)
        found = arrival.changes(question, self._counts, self._draw, begun)
        return [*lines("edits", found), *self._order(question.ask, found)]

    def _order(self, ask: arrival.Ask, found: Sequence[arrival.Place]) -> list[Check]:
        """Two pictures that both arrive give another edit the other way round."""
        both = [place.verdict for place in found if place.count == 2]
        if both != ["arrived", "arrived"] or not self._subject.is_served:
            return []
        pair = (self._others[0][0].pictures[0], self._base.pictures[0])
        first, swapped = ask([pair, pair[::-1]])
        name = "edits: pictures keep their order"
        off = failed([first, swapped]) or distance(first, swapped)
        unchanged = "two pictures the other way round: the same edit"
        return [self._changed(name, off, unchanged, "several")]


def _blind(name: str, what: str, off: float | str) -> Check:
    """Of an editor that says that this decides nothing."""
    wrong = f"another {what}: another edit, and the adapter says that it decides nothing"
    return judged(name, off if isinstance(off, str) else wrong if off else None)


def _otherwise(name: str, value: Scalar) -> list[Scalar]:
    """Other values of a sampler setting."""
    found: list[Scalar] = [2, 3, 8] if "steps" in name else [1.0, 2.0, 5.0, 3.0]
    return [other for other in found if other != value][:3]
