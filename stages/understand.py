"""understand: the model answers every question of a cell, with the cell's thoughts laid before it.

Input columns: g2u.tables.QUESTIONS, PICTURES, THOUGHTS, LINKS.
Output columns: g2u.tables.ANSWERS, one row per question and arm. The null family has two arms:
`none` (direct) and `blind`; every other family has the feedback mode of params.yaml, and the
families that params.yaml names have its control arms as well.
Run: python -m stages.understand --benchmark ladder --model tiny --family structure
"""

import sys
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from g2u import params, plugins, tables
from g2u.arms import DIFFERENCES, Arm, paired
from g2u.cache.calls import CachedCalls
from g2u.costs import write_costs
from g2u.errors import ModelError, run_main
from g2u.params import Params
from g2u.prompts import question_prompt
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Picture, Question, ScoreRequest, Thought, Turn
from g2u.tables import Answer
from g2u.workspace import BenchmarkFolder, Cell, call_store, parse_cell

NULL_FAMILY = "direct"


@dataclass(frozen=True, slots=True)
class Material:
    """What a cell's answers are made from."""

    questions: Sequence[Question]
    pictures: Mapping[str, Picture]
    """By digest."""
    thoughts: Sequence[Thought]


def arms(config: Params, family: str) -> tuple[Arm, ...]:
    """The arms of a family's cell, the main one first."""
    if family == NULL_FAMILY:
        return tuple(Arm(mode) for mode in params.NULL_MODES)
    section = config.understand
    controls = section.controls if family in section.controlled else []
    further = (Arm(control.feedback, control.pairing) for control in controls)
    return (Arm(section.feedback), *further)


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
    shown_thoughts = paired(arm, material.questions, material.thoughts)
    drafts, asked = [], []
    for question in material.questions:
        if only is not None and question.id not in only:
            continue
        own = shown_thoughts[question.id]
        draft = Answer(
            question.id,
            arm.name,
            feedback.DIFFERENCE + DIFFERENCES[arm.pairing],
            "ok",
            max_tokens=config.understand.max_tokens,
        )
        unusable = next((thought for thought in own if thought.status != "ok"), None)
        if cell.family != NULL_FAMILY and not own:
            reason = (
                "the question has no picture to imagine from"
                if arm.pairing == "own"
                else "no other question has as many pictures"
            )
            draft = replace(draft, status="not_applicable", reason=reason)
        elif unusable is not None:
            draft = replace(draft, status=unusable.status, reason=unusable.reason)
        else:
            fed = [thought.picture for thought in own]
            shown = [material.pictures[digest] for digest in question.pictures]
            turns = feedback.lay_out(question_prompt(question), shown, fed)
            thoughts = sum(thought is not None for thought in fed)
            draft = replace(draft, pictures=_pictures(turns) - thoughts, thoughts=thoughts)
            asked.append((question, turns))
        drafts.append(draft)
    said = _ask(config, cell, asked, calls)
    return [
        _completed(draft, said[draft.id]) if draft.status == "ok" else draft for draft in drafts
    ]


def _pictures(turns: Sequence[Turn]) -> int:
    return sum(isinstance(part, Picture) for turn in turns for part in turn.parts)


def _check_capabilities(config: Params, model: str) -> None:
    preset = config.presets.models[model]
    needed = {"answer", "score"} if preset.choices == "likelihood" else {"answer"}
    lacking = sorted(needed - plugins.adapter(preset.adapter).CAPABILITIES)
    if lacking:
        raise ModelError(
            f"params.yaml: presets.models.{model}: adapter {preset.adapter} cannot {lacking[0]}; "
            "expected a model that answers, and scores if choices is likelihood"
        )


Said = Failure | tuple[str, tuple[float, ...]]
"""A failure, or the response and the options' scores."""


def _ask(
    config: Params, cell: Cell, asked: Sequence[tuple[Question, tuple[Turn, ...]]], calls: Calls
) -> dict[str, Said]:
    """Question id -> what the model said: options by likelihood where params.yaml says so."""
    by_likelihood = config.presets.models[cell.model].choices == "likelihood"
    scored = [(q, t) for q, t in asked if by_likelihood and q.format == "choice"]
    spoken = [(q, t) for q, t in asked if not (by_likelihood and q.format == "choice")]
    said: dict[str, Said] = {}
    requests = [AnswerRequest(turns, config.understand.max_tokens) for _, turns in spoken]
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
            letter = question.option_letters()[means.index(max(means))]
            said[question.id] = (letter, tuple(means))
    return said


def _completed(draft: Answer, said: Said) -> Answer:
    if isinstance(said, Failure):
        return replace(draft, status="failed", reason=said.reason)
    return replace(draft, response=said[0], option_scores=said[1])


def main() -> None:
    """Answer the cell's questions; stop if more than max_failed answers failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    preset, folder = config.presets.models[cell.model], BenchmarkFolder(cell.benchmark)
    questions = tables.read_questions(folder.questions)
    model = plugins.model(preset.adapter, preset.settings)
    material = Material(
        questions,
        tables.read_pictures(folder.pictures),
        tables.read_thoughts(cell.thoughts),
    )
    answers, tallies, budget = [], {}, config.budget(cell.model)
    for arm in arms(config, cell.family):
        calls = CachedCalls(model, call_store(), preset.batch, budget=budget)
        answers += answer(config, cell, arm, material, calls)
        tallies[arm.name] = calls.tally
    model.close()
    failed = [a for a in answers if a.status == "failed"]
    tables.assert_same_ids(str(cell), (a.id for a in answers), (q.id for q in questions))
    if len(failed) > config.understand.max_failed + config.generate.max_failed:
        raise ModelError(
            f"understand {cell}: {len(failed)} of {len(answers)} answers failed, first: question "
            f"{failed[0].id}: {failed[0].reason}; allowed: understand.max_failed = "
            f"{config.understand.max_failed}; finished calls are kept"
        )
    tables.write_answers(cell.answers, answers)
    line = write_costs(cell.costs("understand"), tallies)
    shown = sum(a.pictures + a.thoughts for a in answers)
    print(
        f"understand {cell}: {len(questions)} items, {shown} pictures shown, {line}, "
        f"{len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
