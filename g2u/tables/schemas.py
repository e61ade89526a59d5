"""Tables between stages: their columns, and records in and out. Readers join by id."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from g2u.digests import call_key
from g2u.errors import DataError
from g2u.records import EditRequest, Ending, Picture, Question, Status, Thought
from g2u.tables.parquet import IMAGE, iterate_rows, read_places, write_rows, write_shards

STRINGS = pa.list_(pa.string())
LABEL = pa.struct([("name", pa.string()), ("value", pa.string())])
PART = pa.struct([("text", pa.string()), ("picture", pa.int32())])
"""One of the two."""

QUESTIONS = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("choices", STRINGS),
        ("letters", STRINGS),
        ("format", pa.string()),
        ("pictures", STRINGS),
        ("hint", pa.string()),
        ("category", pa.string()),
        ("labels", pa.list_(LABEL)),
        ("drawing", pa.string()),
        ("parts", pa.list_(PART)),
    ]
)
PICTURES = pa.schema(
    [("digest", pa.string()), ("image", IMAGE), ("width", pa.int32()), ("height", pa.int32())]
)
ORACLES = pa.schema([("source", pa.string()), *PICTURES])
THOUGHTS = pa.schema(
    [
        ("thought", pa.string()),
        ("digest", pa.string()),
        ("image", IMAGE),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("source", pa.string()),
        ("given", pa.string()),
        ("benchmark", pa.string()),
        ("family", pa.string()),
        ("model", pa.string()),
        ("identity", pa.string()),
        ("prompt", pa.string()),
        ("writer", pa.string()),
        ("base", pa.string()),
        ("style", pa.string()),
        ("sampler", pa.string()),
        ("seed", pa.int64()),
        ("draw", pa.int32()),
        ("round", pa.int32()),
    ]
)
LINKS = pa.schema(
    [
        ("question", pa.string()),
        ("position", pa.int32()),
        ("draw", pa.int32()),
        ("round", pa.int32()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("source", pa.string()),
        ("thought", pa.string()),
        ("choice", pa.string()),
    ]
)
ANSWERS = pa.schema(
    [
        ("id", pa.string()),
        ("arm", pa.string()),
        ("difference", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("response", pa.string()),
        ("ended", pa.string()),
        ("option_scores", pa.list_(pa.float64())),
        ("pictures", pa.int32()),
        ("thoughts", pa.int32()),
        ("max_tokens", pa.int32()),
    ]
)
REWARDS = pa.schema(
    [
        ("question", pa.string()),
        ("draw", pa.int32()),
        ("round", pa.int32()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("tokens", pa.list_(pa.float64())),
    ]
)
CALLS = pa.schema(
    [
        ("call", pa.string()),
        ("kind", pa.string()),
        ("identity", pa.string()),
        ("reply", pa.binary()),
    ]
)
"""The calls that a stage was made from: names in the call cache, what answered, and its reply (as
the call cache keeps it; null where it is the picture of a thought of the cell).
"""
JUDGEMENTS = pa.schema(
    [
        ("id", pa.string()),
        ("arm", pa.string()),
        ("name", pa.string()),
        ("score", pa.float64()),
        ("reason", pa.string()),
    ]
)
SCORES = pa.schema(
    [
        ("id", pa.string()),
        ("arm", pa.string()),
        ("status", pa.string()),
        ("ended", pa.string()),
        ("prediction", pa.string()),
        ("score", pa.float64()),
        ("cluster", pa.string()),
        ("fidelity", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said in one arm of one question."""

    id: str
    arm: str
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
    arm: str
    status: str
    """ok; unparsed (no prediction), abstained (it declines) or undecided (rules cannot compare): 0;
    judged (a judge decided one of these); truncated or filtered (it was cut off before it plainly
    said anything): 0; failed or not_applicable: no score.
    """
    prediction: str
    score: float | None
    """0..1."""
    cluster: str
    """Items with equal clusters share their pictures."""
    ended: Ending = ""
    """Why the answer ended; empty also where there is none."""
    fidelity: float | None = None
    """0..1: of the thoughts shown with the oracles, where there are any: path agreement, or the
    correlation of photographs.
    """


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said."""

    id: str
    arm: str
    """Empty for what concerns the thought alone."""
    name: str
    """answers, grades, agreement, viescore, ra or al."""
    score: float | None
    """answers, agreement: 0 or 1; grades: 0..1; viescore: 0..10; ra and al: 1..5; None where the
    reply could not be read.
    """
    reason: str
    """The reply."""


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


def write_questions(path: Path, questions: Sequence[Question]) -> None:
    """Write the questions table."""
    names = QUESTIONS.names
    rows = [{n: _plain(getattr(q, n)) for n in names} for q in questions]
    for row in rows:
        row["labels"] = [{"name": name, "value": value} for name, value in row["labels"]]
        row["parts"] = [{"text" if isinstance(p, str) else "picture": p} for p in row["parts"]]
    write_rows(path, QUESTIONS, rows)


def read_questions(path: Path) -> list[Question]:
    """Questions in their order."""
    lists = ("choices", "letters", "pictures")
    questions = []
    for row in iterate_rows(path, QUESTIONS):
        labels = tuple((label["name"], label["value"]) for label in row["labels"])
        parts = tuple(p["picture"] if p["text"] is None else p["text"] for p in row["parts"])
        row |= {name: tuple(row[name]) for name in lists}
        questions.append(Question(**{**row, "labels": labels, "parts": parts}))
    return questions


def write_pictures(folder: Path, pictures: Iterable[Picture]) -> None:
    """Write pictures under their digests."""
    write_shards(folder, PICTURES, (_picture_row(picture) for picture in pictures))


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Digest -> picture, whose file stays where it lies."""
    return {row["digest"]: _picture(row) for row in read_places(folder, PICTURES)}


def write_oracles(folder: Path, oracles: Iterable[tuple[str, Picture]]) -> None:
    """Write oracle thoughts under the digests of the pictures they belong to."""
    write_shards(folder, ORACLES, ({"source": s, **_picture_row(p)} for s, p in oracles))


def read_oracles(folder: Path) -> dict[str, Picture]:
    """Source digest -> oracle thought, whose file stays where it lies."""
    return {row["source"]: _picture(row) for row in read_places(folder, ORACLES)}


def write_thoughts(folder: Path, thoughts: Sequence[Thought], recipe: Recipe) -> None:
    """Write the distinct thoughts as shards, and which question uses which as links.parquet."""
    links = [
        {
            "question": t.question,
            "position": t.position,
            "draw": t.draw,
            "round": t.round,
            "status": t.status,
            "reason": t.reason,
            "source": t.source,
            "thought": _thought_key(t),
            "choice": t.choice,
        }
        for t in thoughts
    ]
    rows = _distinct(thoughts, recipe)
    write_shards(folder, THOUGHTS, rows, {"links.parquet": (LINKS, links)})


def read_thoughts(folder: Path) -> list[Thought]:
    """Thoughts per question, in the order in which they were written; the pictures' files stay
    where they lie.
    """
    stored = {row["thought"]: row for row in read_places(folder, THOUGHTS)}
    thoughts = []
    for link in iterate_rows(folder / "links.parquet", LINKS):
        row = stored.get(link["thought"])
        thoughts.append(
            Thought(
                question=link["question"],
                position=link["position"],
                status=link["status"],
                reason=link["reason"],
                picture=_picture(row) if row else None,
                source=link["source"],
                given=tuple(row["given"].split()) if row else (),
                prompt=row["prompt"] if row else "",
                writer=row["writer"] if row else "",
                base=row["base"] if row else "",
                seed=row["seed"] if row else 0,
                call=link["thought"] if row and row["prompt"] else "",
                draw=link["draw"],
                round=link["round"],
                choice=link["choice"],
            )
        )
    return thoughts


def write_answers(path: Path, answers: Sequence[Answer]) -> None:
    """Write the answers table."""
    names = ANSWERS.names
    write_rows(path, ANSWERS, [{n: _plain(getattr(a, n)) for n in names} for a in answers])


def read_answers(path: Path) -> list[Answer]:
    """Answers in their order."""
    return [
        Answer(**{**row, "option_scores": tuple(row["option_scores"])})
        for row in iterate_rows(path, ANSWERS)
    ]


def write_rewards(path: Path, rewards: Sequence[Reward]) -> None:
    """Write the rewards table."""
    names = REWARDS.names
    write_rows(path, REWARDS, [{n: _plain(getattr(r, n)) for n in names} for r in rewards])


def read_rewards(path: Path) -> list[Reward]:
    """Rewards in their order."""
    return [
        Reward(**{**row, "tokens": tuple(row["tokens"])}) for row in iterate_rows(path, REWARDS)
    ]


def write_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write the scores table."""
    write_rows(path, SCORES, [{n: getattr(s, n) for n in SCORES.names} for s in scores])


def read_scores(path: Path) -> list[Score]:
    """Scores in their order."""
    return [Score(**row) for row in iterate_rows(path, SCORES)]


def write_judgements(path: Path, judgements: Sequence[Judgement]) -> None:
    """Write the judgements table."""
    names = JUDGEMENTS.names
    write_rows(path, JUDGEMENTS, [{n: getattr(j, n) for n in names} for j in judgements])


def read_judgements(path: Path) -> list[Judgement]:
    """Judgements in their order."""
    return [Judgement(**row) for row in iterate_rows(path, JUDGEMENTS)]


def assert_same_ids(what: str, found: Iterable[str], expected: Iterable[str]) -> None:
    """Raise DataError unless both hold the same ids."""
    left, right = set(found), set(expected)
    if left != right:
        odd = sorted(left ^ right)[0]
        where = "has no" if odd in right else "has an unknown"
        raise DataError(f"{what}: {where} question {odd!r}; g2u run makes both anew")


def _distinct(thoughts: Sequence[Thought], recipe: Recipe) -> Iterator[dict[str, Any]]:
    written = set()
    for thought in thoughts:
        key = _thought_key(thought)
        if thought.picture is None or key in written:
            continue
        written.add(key)
        yield {
            "thought": key,
            **_picture_row(thought.picture),
            "source": thought.source,
            "given": " ".join(thought.given),
            "benchmark": recipe.benchmark,
            "family": recipe.family,
            "model": recipe.model,
            "identity": recipe.identity if thought.call else "",
            "prompt": thought.prompt,
            "writer": thought.writer,
            "base": thought.base,
            "style": recipe.style if thought.prompt else "",
            "sampler": recipe.sampler if thought.call else "{}",
            "seed": thought.seed,
            "draw": thought.draw,
            "round": thought.round,
        }


def edit_call(row: Mapping[str, Any]) -> str:
    """The name of the call that a stored thought's columns describe.

    Raises:
        ValueError: `sampler` is no JSON object.
    """
    pictures = tuple(Picture(digest, b"", 0, 0) for digest in row["given"].split())
    settings = tuple(sorted(json.loads(row["sampler"]).items()))
    request = EditRequest((*pictures, row["prompt"]), row["seed"], settings)
    return call_key(row["identity"], request)


def _thought_key(thought: Thought) -> str:
    return thought.call or (thought.picture.digest if thought.picture else "")


def _picture_row(picture: Picture) -> dict[str, Any]:
    return {
        "digest": picture.digest,
        "image": {"bytes": picture.encoded, "path": None},
        "width": picture.width,
        "height": picture.height,
    }


def _picture(row: dict[str, Any]) -> Picture:
    return Picture(row["digest"], row["image"], row["width"], row["height"])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
