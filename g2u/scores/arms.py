"""A cell's derived arms, as section score of params.yaml asks for them; g2u/scores/derived.py."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from g2u.arms import Arm
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
    arms: tuple[str, ...]
    """The arms of the cell that it needs."""
    needs_direct: bool = False


def repeated(answers: Sequence[Answer], count: int) -> list[list[Answer]]:
    """The first `count` draws of the main arm, or sampled answers of direct; [] if fewer."""
    by_arm: dict[str, list[Answer]] = {}
    for answer in answers:
        by_arm.setdefault(answer.arm, []).append(answer)
    if not by_arm:
        return []
    main = next(iter(by_arm))
    names = [Arm(main, draw=number).name for number in range(count)]
    if main == "none":
        names = [Arm(main, sample=number).name for number in range(count)]
    return [by_arm[name] for name in names if name in by_arm] if set(names) <= set(by_arm) else []


def rounds(answers: Sequence[Answer]) -> list[list[Answer]]:
    """The arms of a chain's rounds, the first round first; [] where there is one round."""
    by_arm: dict[str, list[Answer]] = {}
    for answer in answers:
        by_arm.setdefault(answer.arm, []).append(answer)
    if not by_arm:
        return []
    main = next(iter(by_arm))
    found: list[list[Answer]] = []
    while (name := Arm(main, round=len(found)).name) in by_arm:
        found.append(by_arm[name])
    return [*found, by_arm[main]] if found else []


def derive(wanted: Derived, mates: Cellmates, mark: Marked) -> Made | None:
    """The arm, None where the cell lacks what it is made of."""
    plain = {answer.id: answer for answer in mates.direct}
    if wanted.rule in ("gate", "separate"):
        start = [answer for answer in mates.answers if answer.arm == wanted.arm]
        if not start:
            return None
        if wanted.rule == "separate":
            merged = derived.separate(wanted.name, mates.questions, start, plain)
            return Made(mark(merged), (wanted.arm,), needs_direct=True)
        values = (
            mates.near(wanted.by) if wanted.by in ("psnr", "ssim") else _rewards(mates, wanted.by)
        )
        base = {score.id: score for score in mark(mates.direct)}
        gated = derived.gated(wanted.name, mark(start), base, values, wanted.above)
        return Made(gated, (wanted.arm,), needs_direct=True)
    draws = rounds(mates.answers) if wanted.rule == "keep" else repeated(mates.answers, wanted.of)
    if not draws or (wanted.rule == "select" and draws[0][0].arm.startswith("sample")):
        return None  # sampled answers of direct are voted on, not selected
    names = tuple(arm[0].arm for arm in draws)
    scores = [mark(arm) for arm in draws]
    if wanted.rule == "vote":
        return Made(derived.voted(wanted.name, scores), names)
    if wanted.by == "random":
        return Made(derived.at_random(wanted.name, scores, mates.seed), names)
    worth = _worth(wanted.by, mates)
    return Made(derived.selected(wanted.name, scores, worth), names) if worth else None


def _worth(by: str, mates: Cellmates) -> Callable[[Score], float] | None:
    if by == "oracle":
        return lambda score: score.score or 0.0
    if by == "confidence":
        sure = {(a.id, a.arm): confidence(a) for a in mates.answers}
        return lambda score: sure[score.id, score.arm]
    main = next(iter(dict.fromkeys(answer.arm for answer in mates.answers)))
    values = {
        (r.question, Arm(main, draw=r.draw, round=r.round).name): r.value
        for r in mates.rewards
        if r.name == by
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
