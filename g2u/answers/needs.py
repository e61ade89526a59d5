"""What an arm hangs on: the premises without which what it is compared for means nothing."""

from collections.abc import Iterator

import numpy as np

from g2u import plugins
from g2u.arms import ALONE, NULL_MODES, Arm
from g2u.params.params import PLAIN, Params
from g2u.pictures.decoding import picture_of_pixels
from g2u.premises import Need, Premise
from g2u.protocols import DRAWING
from g2u.records import Picture, Prompt

ASKED: tuple[Premise, ...] = ("words", "prompt", "whole", "greedy", "company", "weights")
"""Of every answer."""
SHOWN: tuple[Premise, ...] = ("picture", "detail")
"""Of answers about a picture."""
BESIDE: tuple[Premise, ...] = ("beside", "order")
"""Of answers about two and more."""
MANY = 3
"""Pictures from which on four have to be seen."""
SCORED = ("likelihood", "contrast")
"""Rewards that are made of log-probabilities."""
DRAWN: tuple[Premise, ...] = ("lossless", "size", "guidance", "company", "weights")
"""Of every drawing."""
CHOSEN = "interleave"
"""What a family needs whose pictures are the model's own choice, whatever the prompt."""
EDITED: tuple[Premise, ...] = ("source", "detail")
"""Of drawings over a picture."""


def needs(
    config: Params, model: str, family: str, arm: Arm | None = None, pictures: int = 1
) -> frozenset[Need]:
    """The premises of an arm, and of direct and duplicate that it is compared with.

    Args:
        config: the params.
        model: a preset.
        family: a preset.
        arm: of that cell; None = its main one.
        pictures: of a question, at most.
    """
    mode = ALONE if family == PLAIN else config.understand.feedback
    found = {*_answers(config, model, mode if arm is None else arm.feedback, pictures)}
    if arm is not None and arm.rule is not None and arm.rule.by in SCORED:
        found.add(("answers", "score"))
    return frozenset(found | {*_draws(config, model, family)})


def spoken() -> frozenset[Need]:
    """The premises of whoever writes prompts."""
    return frozenset(("answers", each) for each in ASKED)


def judging(config: Params) -> frozenset[Need]:
    """The premises of each judge: where it votes more than once, its samples follow their seeds."""
    found = spoken()
    if config.judge.votes == 1:
        return found
    return (found - {("answers", "greedy")}) | {("answers", "sample")}


def _answers(config: Params, model: str, mode: str, pictures: int) -> Iterator[Need]:
    preset, shown = config.presets.models[model], _shown(mode, pictures)
    asked: tuple[Premise, ...] = ASKED + SHOWN * (shown > 0) + BESIDE * (shown > 1)
    if shown >= MANY:
        asked += ("many",)
    if config.understand.samples:
        asked += ("sample",)
    if preset.choices == "likelihood":
        asked += ("score",)
    if not _is_cool(config, model):
        asked = tuple(each for each in asked if each != "greedy")
    yield from (("answers", each) for each in asked)


def _is_cool(config: Params, model: str) -> bool:
    """Whether the most likely answer is asked for: not of servers that take no temperature."""
    settings = config.settings("models", model)
    reader = getattr(settings, "reader", None)
    own = reader.settings if reader is not None else settings
    return bool(getattr(own, "answer_temperature", True))


def _draws(config: Params, model: str, family: str) -> Iterator[Need]:
    wanted = plugins.family(config.presets.families[family].edit).NEEDS
    if not wanted & DRAWING or config.why_not(model, family):
        return
    asked: tuple[Premise, ...] = DRAWN
    if "edit" in wanted or CHOSEN in wanted:
        asked += EDITED
    if CHOSEN not in wanted and config.acts(model) is None:
        asked += ("instruction",)
        if getattr(config.settings("families", family), "draws", 1) > 1:
            asked += ("seed",)
    yield from (("draws", each) for each in asked)


def _shown(mode: str, pictures: int) -> int:
    """How many pictures a feedback mode lays before the model, of a question with so many."""
    first, second = (picture_of_pixels(np.full((8, 8, 3), v, np.uint8)) for v in (0, 255))
    thoughts: list[Picture | None] = [None if mode in NULL_MODES else second] * pictures
    turns = plugins.feedback(mode).lay_out(Prompt(""), [first] * pictures, thoughts)
    return sum(isinstance(part, Picture) for turn in turns for part in turn.parts)
