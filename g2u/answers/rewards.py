"""Rewards of thoughts that need no gold: can the model read the edit prompt off its drawing.

GvU's intrinsic reward (arXiv 2603.06043): with T the edit prompt and I the drawing, the geometric
mean of the model's token probabilities, exp(mean_j log p(T_j | T_<j, I)), is `likelihood`; the mean
of log p(T_j | T_<j, source, I) - log p(T_j | T_<j, source), which removes the language prior, is
`contrast`. `verdict` is the probability of the reply "no further edit needed", asked as R3's
reflection asks (arXiv 2602.15772). `embedding` is the cosine of the model's own vectors of
source and drawing (after CAFe's distance of original and thought), 1 = the model sees no
difference. What a round of drawing is rewarded for is the prompt that the first one was made by.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence

import numpy as np

from g2u.answers.answering import Asking
from g2u.protocols import Calls
from g2u.questions.wording import NAMING, REFLECT, STOP
from g2u.records import EmbedRequest, Failure, Picture, ScoreRequest, Thought, Turn
from g2u.tables.schemas import Reward

NEEDS = {"embedding": "embed"}
"""What a reward needs of the model beside `score`."""
Parts = tuple[Picture, ...]
Value = tuple[float, tuple[float, ...]]
"""A reward of one drawing, and the tokens that it is made of."""


def request(pictures: Parts, prompt: str) -> ScoreRequest:
    """How likely the model finds the edit prompt when it sees these pictures."""
    return ScoreRequest((Turn("user", (*pictures, NAMING)),), prompt)


def named(asking: Asking) -> list[str]:
    """The rewards that its model can be asked for: embedding needs embed, the others score."""
    return [name for name in asking.rewards if NEEDS.get(name, "score") in asking.abilities]


async def rewards(
    names: Sequence[str],
    thoughts: Sequence[Thought],
    pictures: Mapping[str, Picture],
    calls: Calls,
    last: int,
) -> list[Reward]:
    """The rewards of one question's thoughts that a model drew, every round of them; failures are
    left out.

    Args:
        names: which, as `named` says.
        thoughts: the question's.
        pictures: by digest.
        calls: of the model that drew them.
        last: the cell's last round.
    """
    drawn = [
        thought
        for thought in thoughts
        if thought.status == "ok" and thought.picture is not None and thought.call
    ]
    found: list[Reward] = []
    for name in names:
        value = _cosine if name == "embedding" else _reading
        asked = (value(name, thought, pictures.get(thought.source), calls) for thought in drawn)
        found += _by_draw(name, drawn, await asyncio.gather(*asked), last)
    return found


async def _reading(
    name: str, thought: Thought, original: Picture | None, calls: Calls
) -> Value | None:
    """What the tokens of a drawing's prompt come to; None where a call failed."""
    assert thought.picture is not None
    prompt = thought.base if thought.round else thought.prompt
    source = (original,) if original is not None else ()
    if name == "likelihood":
        wanted = [request((thought.picture,), prompt)]
    elif name == "verdict":
        asked = (*source, thought.picture, REFLECT.format(prompt=prompt))
        wanted = [ScoreRequest((Turn("user", asked),), STOP)]
    else:
        wanted = [request((*source, thought.picture), prompt), request(source, prompt)]
    replies = await asyncio.gather(*map(calls.score, wanted))
    tokens = _tokens(_sound(replies))
    return (_value(name, tokens), tokens) if tokens else None


def _value(name: str, tokens: tuple[float, ...]) -> float:
    """A reward of its tokens."""
    if name == "verdict":
        return math.exp(sum(tokens))
    mean = sum(tokens) / len(tokens)
    return mean if name == "contrast" else math.exp(mean)


async def _cosine(
    name: str, thought: Thought, original: Picture | None, calls: Calls
) -> Value | None:
    """How like its source the model sees a drawing; None where there is no telling."""
    del name
    shown = [picture for picture in (original, thought.picture) if picture is not None]
    asked = [calls.embed(EmbedRequest(picture)) for picture in shown]
    vectors = _sound(await asyncio.gather(*asked))
    if vectors is None or len(vectors) < 2:
        return None
    one, other = (np.asarray(vector, dtype=np.float64) for vector in vectors)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return (float(one @ other) / length, ()) if length else None


def _sound(replies: Sequence[tuple[float, ...] | Failure]) -> list[tuple[float, ...]] | None:
    found = [reply for reply in replies if not isinstance(reply, Failure)]
    return found if len(found) == len(replies) else None


def _tokens(found: list[tuple[float, ...]] | None) -> tuple[float, ...] | None:
    """Of one drawing: its log-probabilities, or their differences from those without it."""
    if found is None:
        return None
    if len(found) == 1:
        return found[0]
    return tuple(shown - hidden for shown, hidden in zip(*found, strict=True))


def _by_draw(
    name: str, drawn: Sequence[Thought], values: Sequence[Value | None], last: int
) -> list[Reward]:
    """The mean over the question's pictures; none where one of them has no value."""
    groups: dict[tuple[str, int, int | None], list[Value | None]] = {}
    for thought, value in zip(drawn, values, strict=True):
        number = None if thought.round == last else thought.round
        groups.setdefault((thought.question, thought.draw, number), []).append(value)
    rewarded = []
    for (question, draw, number), each in groups.items():
        sound = [value for value in each if value is not None]
        if len(sound) == len(each):
            mean = sum(value for value, _ in sound) / len(sound)
            tokens = tuple(token for _, found in sound for token in found)
            rewarded.append(Reward(question, draw, number, name, mean, tokens))
    return rewarded
