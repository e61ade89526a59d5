"""A cell's derived arms, as section score of params.yaml asks for them; g2u/scores/derived.py."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from g2u.arms import DIRECT, Arm, by_arm, main_arm
from g2u.params.sections import Derived
from g2u.records import Question
from g2u.scores import derived
from g2u.tables.schemas import Answer, Reward, Score

Marked = Callable[[Sequence[Answer]], list[Score]]
"""From answers to scores."""


@dataclass(frozen=True, slots=True)
class Cellmates:
    """What derived arms are made of."""

    questions: Sequence[Question]
    answers: Sequence[Answer]
    direct: Sequence[Answer]
    """Of direct's main arm."""
    rewards: Sequence[Reward]
    near: Callable[[str], Mapping[str, float]]
    """Nearness of thought and original by question, by "psnr" or "ssim"."""
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A derived arm."""

    scores: list[Score]
    arms: tuple[Arm, ...]
    """The arms of the cell that it needs."""
    needs_direct: bool = False


def repeated(answers: Sequence[Answer], count: int) -> list[list[Answer]]:
    """The first `count` draws of the main arm, or sampled answers of direct; [] if fewer."""
    there = by_arm(answers)
    if not there:
        return []
    main = main_arm(there)
    again = main.sampled if main == DIRECT else main.drawn
    arms = [again(number) for number in range(count)]
    return [there[arm] for arm in arms] if there.keys() >= {*arms} else []


def rounds(answers: Sequence[Answer]) -> list[list[Answer]]:
    """The arms of a chain's rounds, the first round first; [] where there is one round."""
    there = by_arm(answers)
    if not there:
        return []
    main = main_arm(there)
    found: list[list[Answer]] = []
    while (arm := main.drawn(0, len(found))) in there:
        found.append(there[arm])
    return [*found, there[main]] if found else []


def derive(wanted: Derived, mates: Cellmates, mark: Marked) -> Made | None:
    """The arm, None where the cell lacks what it is made of."""
    if wanted.rule in ("gate", "separate"):
        return _beside_direct(wanted, mates, mark)
    rule = wanted.made()
    draws = rounds(mates.answers) if wanted.rule == "keep" else repeated(mates.answers, wanted.of)
    if not draws:
        return None
    arms = tuple(answers[0].arm for answers in draws)
    main = main_arm(answer.arm for answer in mates.answers)
    if wanted.rule == "select" and main == DIRECT:
        return None  # sampled answers of direct are voted on, not selected
    arm, scores = main.ruled(rule), [mark(answers) for answers in draws]
    if wanted.rule == "vote":
        return Made(derived.voted(arm, scores), arms)
    if wanted.by == "random":
        return Made(derived.at_random(arm, scores, mates.seed), arms)
    worth = _worth(wanted.by, main, mates)
    return Made(derived.selected(arm, scores, worth), arms) if worth else None


def _beside_direct(wanted: Derived, mates: Cellmates, mark: Marked) -> Made | None:
    """What a gate or separate makes of an arm and of direct."""
    start = Arm(wanted.arm)
    shown = [answer for answer in mates.answers if answer.arm == start]
    if not shown:
        return None
    arm = start.ruled(wanted.made())
    if wanted.rule == "separate":
        plain = {answer.id: answer for answer in mates.direct}
        merged = derived.separate(arm, mates.questions, shown, plain)
        return Made(mark(merged), (start,), needs_direct=True)
    values = mates.near(wanted.by) if wanted.by in ("psnr", "ssim") else _rewards(mates, wanted.by)
    base = {score.id: score for score in mark(mates.direct)}
    gated = derived.gated(arm, mark(shown), base, values, wanted.above)
    return Made(gated, (start,), needs_direct=True)


def _worth(by: str, main: Arm, mates: Cellmates) -> Callable[[Score], float] | None:
    if by == "oracle":
        return lambda score: score.score or 0.0
    if by == "confidence":
        sure = {(a.id, a.arm): confidence(a) for a in mates.answers}
        return lambda score: sure[score.id, score.arm]
    values = {
        (r.question, main.drawn(r.draw, r.round)): r.value for r in mates.rewards if r.name == by
    }
    if not values:
        return None
    return lambda score: values.get((score.id, score.arm), -math.inf)


def _rewards(mates: Cellmates, name: str) -> dict[str, float]:
    return {
        r.question: r.value
        for r in mates.rewards
        if r.name == name and r.draw == 0 and r.round is None
    }


def confidence(answer: Answer) -> float:
    """Probability of the likeliest option, 0..1; 0 where options were not scored."""
    if not answer.option_scores:
        return 0.0
    top = max(answer.option_scores)
    return 1 / sum(math.exp(score - top) for score in answer.option_scores)
