"""Rewards of thoughts that need no gold: can the model read the edit prompt off its drawing.

GvU's intrinsic reward (arXiv 2603.06043): with T the edit prompt and I the drawing, the geometric
mean of the model's token probabilities, exp(mean_j log p(T_j | T_<j, I)), is `likelihood`; the mean
of log p(T_j | T_<j, source, I) - log p(T_j | T_<j, source), which removes the language prior, is
`contrast`.
"""

import math
from collections.abc import Mapping, Sequence

from g2u import plugins
from g2u.params import Params
from g2u.protocols import Calls
from g2u.records import Failure, Picture, ScoreRequest, Thought, Turn
from g2u.tables import Reward
from g2u.workspace import Cell

WORDING = "What was drawn here?"
Parts = tuple[Picture, ...]


def request(pictures: Parts, prompt: str) -> ScoreRequest:
    """How likely the model finds the edit prompt when it sees these pictures."""
    return ScoreRequest((Turn("user", (*pictures, WORDING)),), prompt)


def rewards(
    config: Params,
    cell: Cell,
    thoughts: Sequence[Thought],
    pictures: Mapping[str, Picture],
    calls: Calls,
) -> list[Reward]:
    """The rewards that section understand names, of thoughts that a model drew; failures are left
    out, as is everything where the model cannot score.
    """
    preset = config.presets.models[cell.model]
    scores = "score" in plugins.capabilities(preset.adapter, preset.settings)
    names = config.understand.rewards if scores else []
    last = max((thought.round for thought in thoughts), default=0)
    drawn = [
        thought
        for thought in thoughts
        if thought.status == "ok" and thought.picture is not None and thought.call
        if thought.round == last
    ]
    seen: dict[str, list[list[tuple[float, ...]] | None]] = {}
    for name in names:
        wanted: list[ScoreRequest] = []
        for thought in drawn:
            assert thought.picture is not None
            if name == "likelihood":
                wanted.append(request((thought.picture,), thought.prompt))
            else:
                source = (pictures[thought.source],) if thought.source in pictures else ()
                wanted.append(request((*source, thought.picture), thought.prompt))
                wanted.append(request(source, thought.prompt))
        replies = calls.score(wanted)
        size = 1 if name == "likelihood" else 2
        seen[name] = [
            _sound(replies[place : place + size]) for place in range(0, len(replies), size)
        ]
    return [
        reward
        for name in names
        for reward in _by_question(name, drawn, [_tokens(found) for found in seen[name]])
    ]


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
    name: str, drawn: Sequence[Thought], tokens: Sequence[tuple[float, ...] | None]
) -> list[Reward]:
    groups: dict[tuple[str, int], list[tuple[float, ...] | None]] = {}
    for thought, found in zip(drawn, tokens, strict=True):
        groups.setdefault((thought.question, thought.draw), []).append(found)
    rewarded = []
    for (question, draw), each in groups.items():
        sound = [found for found in each if found]
        if len(sound) < len(each):
            continue
        means = [sum(found) / len(found) for found in sound]
        values = [math.exp(mean) for mean in means] if name == "likelihood" else means
        value = sum(values) / len(values)
        rewarded.append(Reward(question, draw, name, value, tuple(x for f in sound for x in f)))
    return rewarded
