"""Tables between stages: their columns, and records in and out. Readers join by id."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from g2u.arms import Arm, Rule
from g2u.digests import call_key
from g2u.errors import DataError
from g2u.records import (
    PLACE,
    EditRequest,
    Ending,
    InterleaveRequest,
    Picture,
    Question,
    Seen,
    Status,
    Thought,
)
from g2u.tables.columns import Column, Long, Table, table_of
from g2u.tables.parquet import IMAGE, iterate_rows, read_places, write_shards


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said in one arm of one question."""

    id: str
    arm: Arm
    difference: str
    """The one thing in which the arm differs from direct."""
    status: Status
    reason: str = ""
    response: str = ""
    """Raw text, or the letter of the likeliest option."""
    ended: Ending = ""
    """Why the text ended; stop where options were scored."""
    option_scores: tuple[float, ...] = ()
    """Mean natural-log probability per token of each option, where options were scored."""
    pictures: int = 0
    """Pictures in the message that are not thoughts; a collage counts as its thought."""
    thoughts: int = 0
    max_tokens: int = 0
    seen: Seen | None = None
    """What reached the model, as far as its adapter or its server tells."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What a draw for a question is worth without gold; the mean over its pictures."""

    question: str
    draw: int
    round: int | None
    """None: the last one, or the only."""
    name: str
    """likelihood, contrast, verdict or embedding."""
    value: float
    """likelihood, verdict: 0..1; contrast: nats per token; embedding: cosine, -1..1."""
    tokens: tuple[float, ...]
    """Per token of the prompts, one after the other: natural-log probability, or difference."""


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer is worth."""

    id: str
    arm: Arm
    status: str
    """ok; unparsed (no prediction), abstained (it declines) or undecided (rules cannot compare): 0;
    judged (a judge decided one of these); truncated or filtered (it was cut off before it plainly
    said anything): 0; failed, not_applicable or undrawn: no score.
    """
    ended: Ending = field(default="", kw_only=True)
    """Why the answer ended; empty also where there is none."""
    prediction: str
    score: float | None
    """0..1."""
    cluster: str
    """Items with equal clusters share their pictures."""
    fidelity: float | None = None
    """0..1: of the thoughts shown with the oracles, where there are any: path agreement, or the
    correlation of photographs.
    """
    probability: float | None = None
    """0..1: of the right option, where options were scored: a graded outcome beside the score."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said."""

    id: str
    arm: str
    """Name of the arm; empty for what concerns the thought alone."""
    name: str
    """answers, grades, rubric, agreement, viescore, ra or al."""
    score: float | None
    """answers, agreement: 0 or 1; grades, rubric: 0..1; viescore: 0..10; ra and al: 1..5; None
    where the reply could not be read.
    """
    reason: str
    """The reply; of a panel, what each judge said in each vote."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What a judge of a panel said, once."""

    id: str
    arm: str
    """As of `Judgement`; so are name and score."""
    name: str
    judge: str
    """A model preset."""
    vote: int
    """From 0."""
    score: float | None
    reply: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """Columns that all thoughts of a cell share."""

    benchmark: str
    family: str
    model: str
    identity: str
    sampler: str
    """Canonical JSON of the sampler settings."""
    style: str = ""
    """How the family's prompts are worded, as its preset declares."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a stage was made from."""

    call: str
    """Its name in the call cache."""
    kind: str
    identity: str
    """What answered."""
    reply: bytes | None
    """As the call cache keeps it; None where it is the picture of a thought of the cell."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """A thought that prepare made."""

    source: str
    """Digest of the picture that it belongs to."""
    picture: Picture


@dataclass(frozen=True, slots=True)
class Drawn:
    """A distinct thought of a cell; fields as in `Thought` and `Recipe`."""

    thought: str
    """Its call, or the digest of its picture where no model was asked."""
    picture: Picture
    source: str
    given: str
    """Digests with spaces between."""
    benchmark: str
    family: str
    model: str
    identity: str
    prompt: str
    writer: str
    base: str
    style: str
    sampler: str
    seed: Long
    draw: int
    round: int
    trace: tuple[str, ...]
    """What the model said before and after it; as in `Picture`, so is `seen`."""
    place: int | None
    seen: Seen | None

    @property
    def told(self) -> Picture:
        """The picture with what was told of it."""
        return replace(self.picture, trace=self.trace, seen=self.seen)


@dataclass(frozen=True, slots=True)
class Link:
    """Which thought a question has at a place; fields as in `Thought`."""

    question: str
    position: int
    draw: int
    round: int
    status: Status
    reason: str
    source: str
    thought: str
    """Of `Drawn`; empty where there is none."""
    choice: str


def _picture_row(picture: Picture) -> dict[str, Any]:
    return {
        "digest": picture.digest,
        "image": {"bytes": picture.encoded, "path": None},
        "width": picture.width,
        "height": picture.height,
    }


def _picture(row: Mapping[str, Any]) -> Picture:
    return Picture(row["digest"], row["image"], row["width"], row["height"])


UNNAMED = table_of(Arm)
PLAIN = [name for name in UNNAMED.schema.names if name != "rule"]


def _arm_row(arm: Arm) -> dict[str, Any]:
    return {"arm": arm.name, **UNNAMED.row(arm)}


def _arm(row: Mapping[str, Any]) -> Arm:
    rule = row["rule"]
    return _arm_of(
        tuple(row[name] for name in PLAIN), None if rule is None else tuple(rule.items())
    )


@lru_cache(maxsize=4096)
def _arm_of(plain: tuple[Any, ...], rule: tuple[tuple[str, Any], ...] | None) -> Arm:
    """The arm of these columns; equal ones are one object."""
    made = None if rule is None else Rule(**dict(rule))
    return Arm(**dict(zip(PLAIN, plain, strict=True)), rule=made)


ARMS = Table(pa.schema([("arm", pa.string()), *UNNAMED.schema]), _arm_row, _arm)
"""An arm's columns, its name first; readers go by the others."""
LABEL = pa.struct([("name", pa.string()), ("value", pa.string())])
QUESTIONS = table_of(
    Question,
    labels=Column(
        LABEL,
        lambda label: dict(zip(LABEL.names, label, strict=True)),
        lambda label: (label["name"], label["value"]),
    ).listed(),
)
PICTURES = Table(
    pa.schema(
        [("digest", pa.string()), ("image", IMAGE), ("width", pa.int32()), ("height", pa.int32())]
    ),
    _picture_row,
    _picture,
)
ORACLES = table_of(Oracle, picture=PICTURES)
THOUGHTS = table_of(Drawn, picture=PICTURES)
LINKS = table_of(Link)
ANSWERS = table_of(Answer, arm=ARMS)
REWARDS = table_of(Reward)
CALLS = table_of(Call)
JUDGEMENTS = table_of(Judgement)
VOTES = table_of(Vote)
SCORES = table_of(Score, arm=ARMS)

read_questions, write_questions = QUESTIONS.read, QUESTIONS.write
read_answers, write_answers = ANSWERS.read, ANSWERS.write
read_rewards, write_rewards = REWARDS.read, REWARDS.write
read_judgements, write_judgements = JUDGEMENTS.read, JUDGEMENTS.write
read_votes, write_votes = VOTES.read, VOTES.write
read_scores, write_scores = SCORES.read, SCORES.write
write_calls = CALLS.write


def read_arms(path: Path) -> tuple[Arm, ...]:
    """The arms of a table of answers or scores, in the order in which they come."""
    rows = iterate_rows(path, ARMS.schema)
    return tuple(dict.fromkeys(map(ARMS.record, rows)))


def write_pictures(folder: Path, pictures: Iterable[Picture]) -> None:
    """Write pictures under their digests."""
    write_shards(folder, PICTURES.schema, map(PICTURES.row, pictures))


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Digest -> picture, whose file stays where it lies."""
    return {row["digest"]: PICTURES.record(row) for row in read_places(folder, PICTURES.schema)}


def write_oracles(folder: Path, oracles: Iterable[tuple[str, Picture]]) -> None:
    """Write oracle thoughts under the digests of the pictures they belong to."""
    write_shards(folder, ORACLES.schema, (ORACLES.row(Oracle(*each)) for each in oracles))


def read_oracles(folder: Path) -> dict[str, Picture]:
    """Source digest -> oracle thought, whose file stays where it lies."""
    found = map(ORACLES.record, read_places(folder, ORACLES.schema))
    return {oracle.source: oracle.picture for oracle in found}


def write_thoughts(folder: Path, thoughts: Sequence[Thought], recipe: Recipe) -> None:
    """Write the distinct thoughts as shards, and which question uses which as links.parquet."""
    links = [
        Link(
            t.question, t.position, t.draw, t.round, t.status, t.reason, t.source, _key(t), t.choice
        )
        for t in thoughts
    ]
    rows = map(THOUGHTS.row, _distinct(thoughts, recipe))
    beside = (LINKS.schema, [LINKS.row(link) for link in links])
    write_shards(folder, THOUGHTS.schema, rows, {"links.parquet": beside})


def read_thoughts(folder: Path) -> list[Thought]:
    """Thoughts per question, in the order in which they were written; the pictures' files stay
    where they lie.
    """
    places = map(THOUGHTS.record, read_places(folder, THOUGHTS.schema))
    drawn = {each.thought: each for each in places}
    return [
        _thought(link, drawn.get(link.thought))
        for link in map(LINKS.record, iterate_rows(folder / "links.parquet", LINKS.schema))
    ]


def _thought(link: Link, drawn: Drawn | None) -> Thought:
    plain = Thought(
        link.question, link.position, link.status, link.reason,
        source=link.source, draw=link.draw, round=link.round, choice=link.choice,
    )  # fmt: skip
    if drawn is None:
        return plain
    return replace(
        plain,
        picture=drawn.told,
        given=tuple(drawn.given.split()),
        prompt=drawn.prompt,
        writer=drawn.writer,
        base=drawn.base,
        seed=drawn.seed,
        call=link.thought if drawn.prompt else "",
        place=drawn.place,
    )


def assert_same_ids(what: str, found: Iterable[str], expected: Iterable[str]) -> None:
    """Raise DataError unless both hold the same ids."""
    left, right = set(found), set(expected)
    if left != right:
        odd = sorted(left ^ right)[0]
        where = "has no" if odd in right else "has an unknown"
        raise DataError(f"{what}: {where} question {odd!r}; g2u run makes both anew")


def _distinct(thoughts: Sequence[Thought], recipe: Recipe) -> Iterator[Drawn]:
    written = set()
    for thought in thoughts:
        key = _key(thought)
        if thought.picture is None or key in written:
            continue
        written.add(key)
        yield Drawn(
            thought=key,
            picture=thought.picture,
            source=thought.source,
            given=" ".join(thought.given),
            benchmark=recipe.benchmark,
            family=recipe.family,
            model=recipe.model,
            identity=recipe.identity if thought.call else "",
            prompt=thought.prompt,
            writer=thought.writer,
            base=thought.base,
            style=recipe.style if thought.prompt else "",
            sampler=recipe.sampler if thought.call else "{}",
            seed=thought.seed,
            draw=thought.draw,
            round=thought.round,
            trace=thought.picture.trace,
            place=thought.place,
            seen=thought.picture.seen,
        )


def edit_call(row: Mapping[str, Any]) -> str:
    """The name of the call that a stored thought's columns describe.

    Raises:
        ValueError: `sampler` is no JSON object.
    """
    pictures = tuple(Picture(digest, b"", 0, 0) for digest in row["given"].split())
    settings = tuple(sorted(json.loads(row["sampler"]).items()))
    prompt, place, identity = row["prompt"], row["place"], row["identity"]
    told = (*pictures, prompt)
    if place is None:
        return call_key(identity, EditRequest(told, row["seed"], settings))
    placed = InterleaveRequest(_placed(pictures, prompt), row["seed"], settings, place)
    if call_key(identity, placed) == row["thought"]:
        return call_key(identity, placed)
    return call_key(identity, InterleaveRequest(told, row["seed"], settings, place))


def _placed(pictures: tuple[Picture, ...], prompt: str) -> tuple[str | Picture, ...]:
    """A prompt with the last pictures where it says `<image N>`, in order, and the others first."""
    pieces = PLACE.split(prompt)
    first = max(0, len(pictures) - len(pieces) // 2)
    found: list[str | Picture] = [*pictures[:first]]
    for number, piece in enumerate(pieces):
        if number % 2:
            found += pictures[first + number // 2 :][:1]
        elif piece.strip():
            found.append(piece)
    return tuple(found)


def _key(thought: Thought) -> str:
    return thought.call or (thought.picture.digest if thought.picture else "")
