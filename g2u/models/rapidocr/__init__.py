"""rapidocr: reads text. PP-OCRv6 small (Baidu, Apache-2.0) as the wheel of rapidocr ships it.

It is no chat model: what it is asked does not matter, only that something is asked. Its answer is
the text of one of the pictures it is shown, the one that it reads with most confidence (the mean
probability of its letters; of equals the first): the lines in reading order, a space between two.
Where it reads nothing it says so in words that scorers take for an abstention, and so too where it
is shown no picture.

To look is to find the lines on one picture and read them on another. It does so where a message
holds `g2u.questions.wording.LOOK` between the two (g2u/answers/feedback/look.py).

Scores are exact: see `Reader.score`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from g2u.errors import ModelError
from g2u.inprocess.batches import in_batches
from g2u.models.rapidocr import ctc, weights
from g2u.models.rapidocr.options import Settings
from g2u.pictures.decoding import pixels_of
from g2u.protocols import Kind, Reply
from g2u.questions.wording import LOOK
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest, Text, Turn

if TYPE_CHECKING:
    from g2u.models.rapidocr.reading import Line, Networks, Pixels

VERSION = "1"
"""Raised whenever the same networks would give another reply."""
NO_TEXT = "I do not see any text."
END = "\n"
"""At the end of a text to be scored: that the reading ends there."""
RECENT = 4
"""Readings of pictures that are kept, as several texts are scored of the same one."""


def capabilities(settings: Settings) -> frozenset[str]:
    """It reads; it finds what to read unless it is told where that is."""
    able = {"answer", "score", "recognise"}
    return frozenset(able if settings.mode == "recognise" else {*able, "detect"})


def load(settings: Settings) -> "Reader":
    """The reader; its networks are read at the first call."""
    return Reader(settings)


def reach(settings: Settings) -> None:
    """Look for its packages and networks. Raises ModelError."""
    del settings
    weights.versions()
    weights.verified()


class Reader:
    """`Model` over `reading.Networks`, which are loaded at the first call."""

    def __init__(self, settings: Settings) -> None:
        self.capabilities = capabilities(settings)
        self._settings = settings
        self._networks: Networks | None = None
        self._recent = lru_cache(maxsize=RECENT)(self._read)

    def identity(self, kind: Kind) -> str:
        """Networks by their content, versions of what surrounds them, settings that decide.

        Raises:
            ModelError: a package or a network is missing, or is another.
        """
        del kind
        return self._name

    @cached_property
    def _name(self) -> str:
        versions = weights.versions()
        networks = " ".join(weights.WEIGHTS[name][:16] for name in weights.verified())
        decides = set(Settings.model_fields) - {"threads"}
        if self._settings.mode == "recognise":
            decides = {"mode", "min_side_len", "text_score"}
        decisive = self._settings.model_dump(include=decides)
        told = " ".join(f"{name} {value}" for name, value in decisive.items())
        return f"rapidocr {VERSION} {networks} {versions} {told}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """It cannot."""
        return [Failure("rapidocr reads pictures; it draws none") for _ in requests]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """What the most confident picture says, cut after as many letters as tokens are asked for;
        `NO_TEXT` where nothing is read.
        """
        self._loaded()
        return [reply for each in requests for reply in in_batches([each], self._said)]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """The natural-log probability of each letter of a text, given those before it.

        Their sum is the exact log-probability that the reading begins with the text; a text that
        ends in a newline has one value more, of the reading's end, and the sum is the
        log-likelihood of that text and no other (`ctc.log_probabilities`). They are of the picture
        that an answer would be of, of its lines joined as in an answer; where nothing is read, of
        the picture as one line, so that what was missed can be scored too.
        """
        self._loaded()
        return [reply for each in requests for reply in in_batches([each], self._scored)]

    def close(self) -> None:
        """Drop the networks."""
        self._networks = None
        self._recent.cache_clear()

    def _said(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        (request,) = requests
        views = _views(request.turns)
        refused = self._refused(request.turns, views)
        if request.temperature:
            refused = "rapidocr does not sample; expected temperature 0"
        if refused:
            return [Failure(refused)]
        text = (self._best(views).text if views else "") or NO_TEXT
        is_whole = len(text) <= request.max_tokens
        return [Text(text[: request.max_tokens], "stop" if is_whole else "length")]

    def _scored(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        (request,) = requests
        views, text = _views(request.turns), request.continuation.removesuffix(END)
        refused = self._refused(request.turns, views)
        numbers = {letter: number for number, letter in enumerate(self._loaded().alphabet)}
        strange = next((letter for letter in text if letter not in numbers), None)
        if not request.continuation:
            refused = "rapidocr scores at least one letter"
        elif not views:
            refused = "rapidocr scores what a picture says; none is shown"
        elif strange is not None:
            refused = f"rapidocr's alphabet has no {strange!r}, so no reading holds it"
        if refused:
            return [Failure(refused)]
        reading = self._best(views)
        lines = reading.lines or [self._loaded().whole(_pixels(views[0].picture))]
        letters = [numbers[letter] for letter in text]
        wanted = sorted({ctc.BLANK, numbers[" "], *letters})
        frames = ctc.joined(
            [ctc.narrowed(line.frames, wanted) for line in lines], wanted.index(numbers[" "])
        )
        values, end = ctc.log_probabilities(frames, [wanted.index(number) for number in letters])
        if request.continuation != text:
            values.append(end)
        if ctc.NEVER in values:
            return [Failure(f"{len(text)} letters do not fit the {len(frames)} steps of the line")]
        return [tuple(values)]

    def _refused(self, turns: Sequence[Turn], views: Sequence["View"]) -> str:
        """Why a request cannot be served; empty where it can."""
        if not any(isinstance(part, str) and part.strip() for part in turns[-1].parts):
            return "nothing is asked; expected a question beside the pictures"
        if "detect" not in self.capabilities and any(view.places for view in views):
            return "rapidocr finds no text with mode: recognise; expected mode: read"
        return ""

    def _best(self, views: Sequence["View"]) -> "Reading":
        """The most confident reading, of equals the first."""
        return max(map(self._recent, views), key=lambda reading: reading.confidence)

    def _read(self, view: "View") -> "Reading":
        networks, picture = self._loaded(), _pixels(view.picture)
        if self._settings.mode == "recognise":
            return Reading([networks.whole(picture)], self._settings.text_score)
        places = _pixels(view.places) if view.places else None
        return Reading(networks.found(picture, places), self._settings.text_score)

    def _loaded(self) -> "Networks":
        """Raises ModelError where they cannot be loaded."""
        if self._networks is None:
            weights.versions()
            files = list(weights.verified().values())
            try:
                from g2u.models.rapidocr.reading import Networks
            except ImportError as error:
                raise ModelError(f"rapidocr: {error}; {weights.INSTALL}") from None
            self._networks = Networks(files, self._settings)
        return self._networks


@dataclass(frozen=True, slots=True)
class View:
    """A picture to be read."""

    picture: Picture
    places: Picture | None = None
    """Where its lines are looked for; None = on itself."""


class Reading:
    """What was read of a picture."""

    def __init__(self, lines: "Sequence[Line]", least: float) -> None:
        self.lines = [each for each in lines if each.text.strip() and each.confidence >= least]
        """Those that hold letters, with at least this confidence."""
        letters = [len(each.text) for each in self.lines]
        weighed = sum(n * each.confidence for n, each in zip(letters, self.lines, strict=True))
        self.confidence = weighed / sum(letters) if letters else 0.0
        """Mean probability of a letter; 0 where none was read."""
        self.text = " ".join(each.text for each in self.lines)


def _views(turns: Sequence[Turn]) -> list[View]:
    """The pictures shown, in order; one that stands before LOOK tells where the next is read."""
    views: list[View] = []
    places: Picture | None = None
    for part in (part for turn in turns for part in turn.parts):
        if isinstance(part, Picture):
            views.append(View(part, places))
            places = None
        elif part == LOOK and views:
            places = views.pop().picture
    return views


def _pixels(picture: Picture) -> "Pixels":
    """[height, width, 3] in BGR, as the networks were trained."""
    return np.ascontiguousarray(np.asarray(pixels_of(picture))[:, :, ::-1])
