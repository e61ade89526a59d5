"""The answers of an arm: what is laid before the model, and what it says.

The null family has the arms `none` (direct), `blind`, a number of sampled answers for votes and a
chain of thought in words; every other family has its feedback mode for each draw, and controls.
"""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from g2u import params, plugins
from g2u.arms import Arm, paired
from g2u.digests import call_seed
from g2u.errors import ModelError
from g2u.params import Params
from g2u.prompts import REASON, question_prompt
from g2u.protocols import Calls
from g2u.records import (
    AnswerRequest,
    Failure,
    Picture,
    Question,
    ScoreRequest,
    Text,
    Thought,
    Turn,
    ending,
)
from g2u.tables import Answer
from g2u.workspace import Cell

NULL_FAMILY = "direct"
Said = Failure | tuple[str, tuple[float, ...]]
"""A failure, or the response (a `Text`) and the options' scores."""
Asked = Sequence[tuple[Question, tuple[Turn, ...]]]


@dataclass(frozen=True, slots=True)
class Material:
    """What a cell's answers are made from."""

    questions: Sequence[Question]
    pictures: Mapping[str, Picture]
    """By digest."""
    thoughts: Sequence[Thought]


def arms(config: Params, cell: Cell, thoughts: Sequence[Thought]) -> tuple[Arm, ...]:
    """The arms of a cell, the main one first; `thoughts` tell how many draws and
    rounds there are.
    """
    section = config.understand
    if cell.family == NULL_FAMILY:
        found = [Arm(mode) for mode in params.NULL_MODES]
        found += [Arm("none", sample=number) for number in range(section.samples)]
        return (*found, Arm("none", reasons=True)) if section.reasoning_tokens else tuple(found)
    draws = 1 + max((thought.draw for thought in thoughts), default=0)
    rounds = max((thought.round for thought in thoughts), default=0)
    return (
        *(Arm(section.feedback, draw=draw) for draw in range(draws)),
        *(Arm(section.feedback, round=number) for number in range(rounds)),
        *(
            Arm(control.feedback, control.pairing)
            for control in section.controls_of(cell.model, cell.family)
        ),
    )


def needs_others(config: Params, cell: Cell) -> bool:
    """Whether an arm shows a question the thoughts of others."""
    controls = config.understand.controls_of(cell.model, cell.family)
    return any(control.pairing != "own" for control in controls)


def answer(
    config: Params,
    cell: Cell,
    arm: Arm,
    material: Material,
    calls: Calls,
    only: Container[str] | None = None,
) -> list[Answer]:
    """One answer per question, in the order of the questions, as the arm says.

    `only` restricts them to these ids; thoughts are paired over all questions all the same.
    """
    _check_capabilities(config, cell.model)
    feedback = plugins.feedback(arm.feedback)
    lacking = [need for need in sorted(feedback.NEEDS) if not _can(config, cell.model, need)]
    shown_thoughts = paired(arm, material.questions, material.thoughts)
    drafts, asked = [], []
    for question in material.questions:
        if only is not None and question.id not in only:
            continue
        own = shown_thoughts[question.id]
        draft = Answer(
            question.id,
            arm.name,
            arm.difference(feedback.DIFFERENCE),
            "ok",
            max_tokens=config.understand.max_tokens,
        )
        unusable = next((thought for thought in own if thought.status != "ok"), None)
        if lacking:
            reason = f"{cell.model} cannot {lacking[0]}, which feedback {arm.feedback} needs"
            draft = replace(draft, status="not_applicable", reason=reason)
        elif cell.family != NULL_FAMILY and not own:
            reason = (
                "the question has no picture to imagine from"
                if arm.pairing == "own"
                else "no other question has as many pictures"
            )
            draft = replace(draft, status="not_applicable", reason=reason)
        elif unusable is not None:
            draft = replace(draft, status=unusable.status, reason=unusable.reason)
        elif arm.sample is not None and not _can_sample(config, cell.model, question):
            reason = f"{cell.model} cannot sample"
            draft = replace(draft, status="not_applicable", reason=reason)
        else:
            fed = [thought.picture for thought in own]
            shown = [material.pictures[digest] for digest in question.pictures]
            turns = feedback.lay_out(question_prompt(question), shown, fed)
            thoughts = sum(thought is not None for thought in fed)
            draft = replace(draft, pictures=_pictures(turns) - thoughts, thoughts=thoughts)
            asked.append((question, turns))
        drafts.append(draft)
    said = _reasoned(config, asked, calls) if arm.reasons else {}
    asked = [(question, said.get(question.id, turns)) for question, turns in asked]
    heard = _ask(config, cell, arm, asked, calls)
    return [
        _completed(draft, heard[draft.id]) if draft.status == "ok" else draft for draft in drafts
    ]


def _pictures(turns: Sequence[Turn]) -> int:
    return sum(isinstance(part, Picture) for turn in turns for part in turn.parts)


def _can(config: Params, model: str, capability: str) -> bool:
    return capability in config.abilities(model)


def _by_likelihood(config: Params, model: str, question: Question) -> bool:
    is_closed = question.format in ("choice", "label")
    return config.presets.models[model].choices == "likelihood" and is_closed


def _can_sample(config: Params, model: str, question: Question) -> bool:
    """Options that were scored can be sampled without the model."""
    return _by_likelihood(config, model, question) or _can(config, model, "sample")


def _check_capabilities(config: Params, model: str) -> None:
    preset = config.presets.models[model]
    needed = ["answer", "score"] if preset.choices == "likelihood" else ["answer"]
    lacking = [capability for capability in needed if not _can(config, model, capability)]
    if lacking:
        raise ModelError(
            f"params.yaml: presets.models.{model}: adapter {preset.adapter} cannot {lacking[0]}; "
            "expected a model that answers, and scores if choices is likelihood"
        )


def _reasoned(config: Params, asked: Asked, calls: Calls) -> dict[str, tuple[Turn, ...]]:
    """By question id: the messages with the model's own reasoning in them, then the question again.

    A question whose reasoning failed is asked as in direct; it fails there if the model does.
    """
    wanted = [
        AnswerRequest(
            (*turns[:-1], Turn("user", (*turns[-1].parts, REASON))),
            config.understand.reasoning_tokens,
        )
        for _, turns in asked
    ]
    found = {}
    for (question, _), request, reply in zip(asked, wanted, calls.answer(wanted), strict=True):
        if not isinstance(reply, Failure):
            again = Turn("user", (question_prompt(question),))
            found[question.id] = (*request.turns, Turn("assistant", (str(reply),)), again)
    return found


def _ask(config: Params, cell: Cell, arm: Arm, asked: Asked, calls: Calls) -> dict[str, Said]:
    """Question id -> what the model said: options by likelihood where params.yaml says so."""
    scored = [(q, t) for q, t in asked if _by_likelihood(config, cell.model, q)]
    spoken = [(q, t) for q, t in asked if not _by_likelihood(config, cell.model, q)]
    said: dict[str, Said] = {}
    requests = [
        AnswerRequest(turns, config.understand.max_tokens)
        if arm.sample is None
        else AnswerRequest(
            turns, config.understand.max_tokens, 1.0, _sample_seed(config, arm.sample, question)
        )
        for question, turns in spoken
    ]
    for (question, _), reply in zip(spoken, calls.answer(requests), strict=True):
        said[question.id] = reply if isinstance(reply, Failure) else (reply, ())
    options = [(q, ScoreRequest(turns, choice)) for q, turns in scored for choice in q.choices]
    replies = calls.score([request for _, request in options])
    likelihoods: dict[str, list[float]] = {}
    for (question, _), log_probabilities in zip(options, replies, strict=True):
        if isinstance(log_probabilities, Failure):
            said[question.id] = log_probabilities
        else:
            mean = sum(log_probabilities) / len(log_probabilities)
            likelihoods.setdefault(question.id, []).append(mean)
    for question, _ in scored:
        if question.id not in said:
            means = likelihoods[question.id]
            place = means.index(max(means))
            if arm.sample is not None:
                place = drawn(means, _sample_seed(config, arm.sample, question))
            names = question.choices if question.format == "label" else question.option_letters()
            said[question.id] = (Text(names[place], "stop"), tuple(means))
    return said


def _sample_seed(config: Params, sample: int, question: Question) -> int:
    return call_seed(config.generate.seed, question.pictures, question_prompt(question), sample)


def drawn(means: Sequence[float], seed: int) -> int:
    """The place of an option drawn with probability proportional to exp of its score."""
    weights = [math.exp(mean - max(means)) for mean in means]
    shares = np.cumsum(weights) / sum(weights)
    return min(int(np.searchsorted(shares, np.random.default_rng(seed).random())), len(means) - 1)


def _completed(draft: Answer, said: Said) -> Answer:
    if isinstance(said, Failure):
        return replace(draft, status="failed", reason=said.reason)
    response, scores = said
    return replace(draft, response=str(response), ended=ending(response), option_scores=scores)
