"""The records that travel through the pipeline: values only, frozen and hashable."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from g2u.errors import ModelError
from g2u.secrets import struck

AnswerFormat = Literal["choice", "multi_choice", "yes_no", "short", "label", "open"]
"""How an answer is asked for; g2u/questions/wording.py has the wording."""
Role = Literal["user", "assistant"]
Status = Literal["ok", "failed", "not_applicable", "undrawn"]
"""undrawn: a question that no drawing was asked for, by design (`generate.part`)."""
Ending = Literal["stop", "length", "filter", ""]
"""Why a reply ended: its model ended it, it came to its budget of tokens, it was filtered; empty =
not told.
"""
Scalar = str | int | float | bool
PLACE = re.compile(r"<image ([1-9][0-9]*)>")
"""Where a picture stands in a text of a placed question, counted from 1."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model was shown with a request, as far as its adapter or its server tells."""

    pictures: tuple[Size, ...]
    """Each as it was sent, in order."""
    tokens: int | None = None
    """Of all that was read: text and pictures; None = not told."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture that has been decoded once and is known by its pixels."""

    digest: str
    """sha256 over size and RGB pixels (`g2u.pictures.decoding.picture_of`); equality and hash use
    it alone.
    """
    file: bytes | Callable[[], bytes] = field(compare=False, repr=False)
    """The file as published (PNG, JPEG, WebP, GIF or BMP); of a stored picture, what reads it from
    where it lies, so that thousands of pictures are little in memory.
    """
    width: int = field(compare=False)
    height: int = field(compare=False)
    is_flat: bool | None = field(default=None, compare=False)
    """Whether all pixels have one colour; None where nobody has looked."""
    trace: tuple[str, ...] = field(default=(), compare=False)
    """What the model that drew it said before it, and what it said after it; () = nothing."""
    seen: Seen | None = field(default=None, compare=False)
    """What that model was shown; None = not told."""

    @property
    def encoded(self) -> bytes:
        """The file's bytes. Raises DataError or CacheError where it lies there no longer."""
        return self.file if isinstance(self.file, bytes) else self.file()


@dataclass(frozen=True, slots=True)
class Question:
    """What a model may see of an item. Nothing here depends on the gold answer."""

    id: str
    """Unique within the benchmark."""
    text: str
    choices: tuple[str, ...] = ()
    """Option texts in order; empty for open questions."""
    letters: tuple[str, ...] = ()
    """Option letters in order; empty = A, B, C ..."""
    format: AnswerFormat = "short"
    """How the answer is asked for."""
    pictures: tuple[str, ...] = ()
    """Digests of the pictures, in order."""
    hint: str = ""
    category: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Groups that the question belongs to, by name: split, pair, base, figure, sub-task ..."""
    drawing: str = ""
    """The benchmark's own instruction for a drawing that helps with this question; empty where it
    has none.
    """
    is_placed: bool = False
    """Whether `<image N>` in hint, text and choices is where the Nth picture stands, each at least
    once; else all pictures come before the text.
    """
    asked: str = ""
    """The text that it is asked by, where its benchmark has another wording than g2u's own
    (g2u/questions/worded.py); empty = g2u/questions/wording.py words it.
    """
    is_asked_placed: bool = False
    """Of `asked`: as `is_placed`."""

    def label(self, name: str) -> str:
        """The group `name`; empty where the question has none."""
        return dict(self.labels).get(name, "")

    def option_letters(self) -> tuple[str, ...]:
        """The letter of each choice."""
        return self.letters or tuple(chr(ord("A") + i) for i in range(len(self.choices)))

    def lettered_choices(self) -> tuple[str, ...]:
        """Each choice after its letter: "A. a dog"."""
        pairs = zip(self.option_letters(), self.choices, strict=True)
        return tuple(f"{letter}. {choice}" for letter, choice in pairs)

    def prompt(self, text: str) -> "Prompt":
        """A text made of the question's own, with its places."""
        return Prompt(text, self.is_placed)

    def named(self, text: str) -> str:
        """A text of the question's for who sees none of its pictures, or one alone: "image 2" for
        the place of the second.
        """
        return self.prompt(text).named


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text in which pictures may have places."""

    text: str
    is_placed: bool = False
    """As in `Question`."""

    @property
    def named(self) -> str:
        """The text with words for its places: "image 2" for that of the second picture."""
        return PLACE.sub(r"image \1", self.text) if self.is_placed else self.text

    def around(self, shown: Sequence[Sequence["str | Picture"]]) -> "tuple[str | Picture, ...]":
        """The text with what is shown of each picture where it stands: before all text where it
        has no place, at each of its places where it has several.
        """
        pieces = PLACE.split(self.text) if self.is_placed else [self.text]
        places = [int(number) - 1 for number in pieces[1::2]]
        found = [part for place, each in enumerate(shown) if place not in places for part in each]
        for number, piece in enumerate(pieces):
            found += shown[places[number // 2]] if number % 2 else [piece] if piece.strip() else []
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Target:
    """The gold answer of a question, kept apart from it; only judge and score may read it."""

    id: str
    answer: str
    """The option letter for `choice`, the text otherwise; of several accepted answers the one that
    most people gave, or the first.
    """
    scorer: str
    """Name of the module in g2u/scores/types that compares a response with the answer."""
    accepted: tuple[str, ...] = ()
    """Every accepted answer, in order, each as often as people gave it; empty = `answer` alone."""

    @property
    def answers(self) -> tuple[str, ...]:
        """Every accepted answer; one where there is no more."""
        return self.accepted or (self.answer,)

    @property
    def distinct(self) -> tuple[str, ...]:
        """Every accepted answer once, what most people gave first."""
        return tuple(answer for answer, _ in Counter(self.answers).most_common())


@dataclass(frozen=True, slots=True)
class Sample:
    """One item as a benchmark yields it; `prepare` takes it apart."""

    question: Question
    target: Target
    pictures: tuple[Picture, ...]
    oracles: tuple[Picture, ...] = ()
    """One oracle thought per picture, or none where the benchmark has no truth to draw."""
    adversaries: tuple[Picture, ...] = ()
    """One thought per picture that shows wrong answers to all questions about it, or none."""
    place: str = ""
    """Where its answer stands, for errors: file, row and column; empty = its id says it."""
    whole: Question | None = None
    """The question with every mark of a picture that its source has, where it lost some; for the
    wordings of others.
    """


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: text and pictures in the order in which the model sees them."""

    role: Role
    parts: tuple[str | Picture, ...]


def has_places(turn: Turn) -> bool:
    """Whether a picture of the message stands after a text."""
    pairs = zip(turn.parts, turn.parts[1:], strict=False)
    return any(isinstance(a, str) and isinstance(b, Picture) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Laid:
    """What an arm lays before the model beside the question's text."""

    pictures: tuple[Picture, ...]
    """The question's, in order."""
    thoughts: tuple[Picture | None, ...]
    """In the order of their pictures; None = nothing was imagined for that one."""
    sources: tuple[Picture | None, ...]
    """Of each thought, the picture that it was made of; None = of words alone."""


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Ask for one picture. No pictures = text to image."""

    parts: tuple[str | Picture, ...]
    """Text and pictures in the order in which the model sees them."""
    seed: int
    """0 .. 2**63 - 1."""
    settings: tuple[tuple[str, Scalar], ...] = ()
    """Sampler settings, sorted by name (steps, guidance ...)."""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """In order."""
        return tuple(part for part in self.parts if isinstance(part, Picture))

    @property
    def is_prompt_last(self) -> bool:
        """Whether it is all pictures, then one text."""
        return (
            bool(self.parts)
            and isinstance(self.parts[-1], str)
            and len(self.pictures) == len(self.parts) - 1
        )

    @property
    def prompt(self) -> str:
        """The text after all pictures, for models that take pictures and a prompt apart.

        Raises:
            ModelError: pictures stand among the text, and their places would be lost.
        """
        if not self.is_prompt_last:
            raise ModelError(
                "an edit has pictures among its text; expected pictures, then one prompt, from a "
                "model that takes them apart"
            )
        return str(self.parts[-1])


@dataclass(frozen=True, slots=True)
class InterleaveRequest(EditRequest):
    """Ask for texts and pictures, as many and in the order that the model chooses."""

    place: int | None = None
    """Names one picture of the reply, from 0; None = the reply itself, which alone is asked for."""


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A reply of texts and pictures in their order."""

    parts: tuple[str | Picture, ...]

    @property
    def drawn(self) -> tuple[Picture, ...]:
        """Its pictures, each with what was said before it; the last also with what came after."""
        found: list[Picture] = []
        said: list[str] = []
        for part in self.parts:
            if isinstance(part, Picture):
                found.append(replace(part, trace=trace_of(said)))
                said = []
            else:
                said.append(part)
        if found and said:
            found[-1] = replace(found[-1], trace=trace_of(found[-1].trace[:1], said))
        return tuple(found)


def trace_of(before: Iterable[str], after: Iterable[str] = ()) -> tuple[str, ...]:
    """As in `Picture.trace`: the texts on each side joined by line breaks."""
    found = ("\n".join(filter(None, before)), "\n".join(filter(None, after)))
    return found if any(found) else ()


@dataclass(frozen=True, slots=True)
class Sampler:
    """How a run draws: what decides edits beside their pictures and prompts."""

    seed: int = 0
    """The run's; each edit's own is made from it."""
    settings: tuple[tuple[str, Scalar], ...] = ()
    """The model's, as in `EditRequest`."""
    is_blind: bool = False
    """Whether the model looks at no prompt and no seed, so that a picture has one drawing."""


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """Ask for a text: the most likely one, or a sampled one."""

    turns: tuple[Turn, ...]
    max_tokens: int
    temperature: float = 0.0
    """0 = greedy; above it, tokens are sampled from probabilities to the power 1 / temperature."""
    seed: int = 0
    """0 .. 2**63 - 1, of the sampling."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Ask for the log-probability of every token of `continuation` after `turns`."""

    turns: tuple[Turn, ...]
    continuation: str


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Ask how the model represents a picture: one vector."""

    picture: Picture


Request = EditRequest | AnswerRequest | ScoreRequest | EmbedRequest


class Text(str):
    """What a model said, and why it ended there; equal to a text without the reason.

    A reply that is a plain `str` does not tell.
    """

    ended: Ending
    seen: Seen | None
    """What the model was shown; None = not told."""

    def __new__(cls, text: str, ended: Ending = "", seen: Seen | None = None) -> Self:
        """The text as it is; who makes one of a reply keeps it without secrets, `kept`."""
        made = super().__new__(cls, text)
        made.ended, made.seen = ended, seen
        return made


def kept(text: str) -> str:
    """A text as it may be kept and shown: without secrets of the environment, and without halves
    of characters, which no file can hold.
    """
    return struck(text.encode(errors="ignore").decode())


def ending(reply: str) -> Ending:
    """Why a reply ended."""
    return reply.ended if isinstance(reply, Text) else ""


def seen(reply: str) -> Seen | None:
    """What the model was shown that said it; None = not told."""
    return reply.seen if isinstance(reply, Text) else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that gave nothing usable: counted, never fed on, never scored as an answer."""

    reason: str
    """Without secrets of the environment, and without addresses in memory, which Python prints and
    which differ from run to run.
    """
    ends_run: bool = field(default=False, compare=False)
    """Whether every further call would fail like this one: the server is gone, the key refused."""

    def __post_init__(self) -> None:
        reason = re.sub(r" at 0x[0-9a-fA-F]+", "", kept(self.reason))
        object.__setattr__(self, "reason", reason)


@dataclass(frozen=True, slots=True)
class Thought:
    """One visual thought for one picture of one question."""

    question: str
    """Id of the question."""
    position: int
    """Which of the question's pictures was edited, from 0; of an interleaved chain, the step."""
    status: Status
    reason: str = ""
    picture: Picture | None = None
    source: str = ""
    """Digest of the picture that it belongs to."""
    given: tuple[str, ...] = ()
    """Digests of the pictures that the model call was given, in order; none without a call."""
    prompt: str = ""
    writer: str = ""
    """Who wrote the prompt: fixed, template, self; empty where there is none."""
    base: str = ""
    """What the prompt was rewritten from; empty where it was not."""
    seed: int = 0
    call: str = ""
    """Key of the model call in the call cache; empty where no model was asked."""
    draw: int = 0
    round: int = 0
    choice: str = ""
    """What the model chose to imagine, where it was asked; "none" = nothing."""
    place: int | None = None
    """Of a call that gave several pictures, which one, from 0; None = it gave one."""
