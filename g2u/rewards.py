"""Rewards of thoughts that need no gold: can the model read the edit prompt off its drawing.

GvU's intrinsic reward (arXiv 2603.06043): with T the edit prompt and I the drawing, the geometric
mean of the model's token probabilities, exp(mean_j log p(T_j | T_<j, I)), is `likelihood`; the mean
of log p(T_j | T_<j, source, I) - log p(T_j | T_<j, source), which removes the language prior, is
`contrast`. `verdict` is the probability of the reply "no further edit needed", asked as R3's
reflection asks (arXiv 2602.15772). `embedding` is the cosine of the model's own vectors of
source and drawing (after CAFe's distance of original and thought), 1 = the model sees no
difference. What a round of drawing is rewarded for is the prompt that the first one was made by.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from g2u.params import Params
from g2u.prompts import NAMING, REFLECT, STOP
from g2u.protocols import Calls
from g2u.records import EmbedRequest, Failure, Picture, ScoreRequest, Thought, Turn
from g2u.tables import Reward
from g2u.workspace import Cell

NEEDS = {"embedding": "embed"}
"""What a reward needs of the model beside `score`."""
Parts = tuple[Picture, ...]
Value = tuple[float, tuple[float, ...]]
"""A reward of one drawing, and the tokens that it is made of."""


def request(pictures: Parts, prompt: str) -> ScoreRequest:
    """How likely the model finds the edit prompt when it sees these pictures."""
    return ScoreRequest((Turn("user", (*pictures, NAMING)),), prompt)


def rewards(
    config: Params,
    cell: Cell,
    thoughts: Sequence[Thought],
    pictures: Mapping[str, Picture],
    calls: Calls,
) -> list[Reward]:
    """The rewards that section understand names, of thoughts that a model drew, every round of
    them; failures are left out, as is what the model cannot do (embed for embedding, else score).
    """
    able = config.abilities(cell.model)
    names = [n for n in config.understand.rewards if NEEDS.get(n, "score") in able]
    last = max((thought.round for thought in thoughts), default=0)
    drawn = [
        thought
        for thought in thoughts
        if thought.status == "ok" and thought.picture is not None and thought.call
    ]
    found: list[Reward] = []
    for name in names:
        values = (
            _cosines(drawn, pictures, calls)
            if name == "embedding"
            else _readings(name, drawn, pictures, calls)
        )
        found += _by_question(name, drawn, values, last)
    return found


def _readings(
    name: str, drawn: Sequence[Thought], pictures: Mapping[str, Picture], calls: Calls
) -> list[Value | None]:
    """Of each drawing: what its prompt's tokens come to; None where a call failed."""
    wanted: list[ScoreRequest] = []
    for thought in drawn:
        assert thought.picture is not None
        prompt = thought.base if thought.round else thought.prompt
        source = (pictures[thought.source],) if thought.source in pictures else ()
        if name == "likelihood":
            wanted.append(request((thought.picture,), prompt))
        elif name == "verdict":
            asked = (*source, thought.picture, REFLECT.format(prompt=prompt))
            wanted.append(ScoreRequest((Turn("user", asked),), STOP))
        else:
            wanted.append(request((*source, thought.picture), prompt))
            wanted.append(request(source, prompt))
    replies = calls.score(wanted)
    size = 2 if name == "contrast" else 1
    found: list[Value | None] = []
    for place in range(0, len(replies), size):
        tokens = _tokens(_sound(replies[place : place + size]))
        found.append((_value(name, tokens), tokens) if tokens else None)
    return found


def _value(name: str, tokens: tuple[float, ...]) -> float:
    """A reward of its tokens."""
    if name == "verdict":
        return math.exp(sum(tokens))
    mean = sum(tokens) / len(tokens)
    return mean if name == "contrast" else math.exp(mean)


def _cosines(
    drawn: Sequence[Thought], pictures: Mapping[str, Picture], calls: Calls
) -> list[Value | None]:
    """Of each drawing: how like its source the model sees it; None where there is no telling."""
    pairs = [(pictures.get(thought.source), thought.picture) for thought in drawn]
    shown = {p.digest: p for pair in pairs for p in pair if p is not None}
    replies = calls.embed([EmbedRequest(picture) for picture in shown.values()])
    vectors = {
        digest: np.asarray(reply, dtype=np.float64)
        for digest, reply in zip(shown, replies, strict=True)
        if not isinstance(reply, Failure)
    }
    found: list[Value | None] = []
    for source, thought in pairs:
        one = vectors.get(source.digest) if source is not None else None
        other = vectors.get(thought.digest) if thought is not None else None
        if one is None or other is None:
            found.append(None)
            continue
        length = float(np.linalg.norm(one) * np.linalg.norm(other))
        found.append((float(one @ other) / length, ()) if length else None)
    return found


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


def _by_question(
    name: str, drawn: Sequence[Thought], values: Sequence[Value | None], last: int
) -> list[Reward]:
    """The mean over a question's pictures; none where one of them has no value."""
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
