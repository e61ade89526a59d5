"""gallery: every question with its pictures and answers, as a page that opens from the file system.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, ANSWERS, REWARDS, SCORES,
g2u.questions.targets.TARGETS.
Output: data/report/gallery.html and, in data/report/gallery, the scripts that it loads.
Run: python -m stages.gallery
"""

import sys
from collections.abc import Iterator, Mapping, Sequence

from g2u.arms import Arm, by_arm, main_arm, paired
from g2u.digests import sha256
from g2u.errors import run_main
from g2u.gallery.gold import gold_of, said_at
from g2u.gallery.writing import (
    GalleryArm,
    GalleryCell,
    GalleryItem,
    GalleryPart,
    write_gallery,
)
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.questions import targets
from g2u.records import Picture, Question, Target
from g2u.tables import schemas as tables
from g2u.tables.places import REPORT, BenchmarkFolder, Cell
from g2u.tables.schemas import Answer, Score


def chosen(questions: list[Question], count: int | None) -> list[Question]:
    """`count` of the questions in their order; None = all. A digest of each id decides, so that a
    question stays where others come or go, and its address with it.
    """
    if count is None or len(questions) <= count:
        return questions
    ranked = sorted((question.id for question in questions), key=sha256)
    kept = set(ranked[:count])
    return [question for question in questions if question.id in kept]


def part_of(config: Params, benchmark: str, model: str) -> GalleryPart:
    """One model on one benchmark: every arm of every family."""
    folder, families = BenchmarkFolder(benchmark), tuple(config.families_of(benchmark, model))
    everything = tables.read_questions(folder.questions)
    questions = chosen(everything, config.gallery.items)
    gold = {target.id: target for target in targets.read_targets(folder.targets)}
    pictures = tables.read_pictures(folder.pictures)
    shown = {question.id: gold[question.id] for question in questions}
    cells = {
        family: dict(_cells(Cell(benchmark, model, family), everything, shown, pictures))
        for family in families
    }
    items = [
        GalleryItem(
            question.id,
            question.text,
            question.hint,
            question.lettered_choices(),
            gold_of(gold[question.id], question),
            question.category,
            question.pictures,
            {family: own[question.id] for family, own in cells.items() if question.id in own},
            question.is_placed,
        )
        for question in questions
    ]
    return GalleryPart(benchmark, model, families, items, pictures)


def _cells(
    cell: Cell,
    questions: Sequence[Question],
    wanted: Mapping[str, Target],
    pictures: dict[str, Picture],
) -> Iterator[tuple[str, GalleryCell]]:
    """Question -> what its arms showed and said, the main one first; adds the thoughts' pictures.

    Args:
        cell: whose.
        questions: all, as which thought a shuffled arm shows depends on all.
        wanted: targets of those that are shown, by id.
        pictures: by digest.
    """
    thoughts = tables.read_thoughts(cell.thoughts)
    answers = [a for a in tables.read_answers(cell.answers) if a.id in wanted]
    said = {(answer.id, answer.arm): answer for answer in answers}
    scores = by_arm(s for s in tables.read_scores(cell.scores) if s.id in wanted)
    rewards = _rewards(cell)
    main = main_arm(scores)
    drawn = {arm: paired(arm, questions, thoughts) for arm in {answer.arm for answer in answers}}
    found: dict[str, dict[Arm, GalleryArm]] = {}
    for arm, of_arm in sorted(scores.items(), key=lambda pair: pair[0] != main):
        name = arm.called(cell.family, main).removeprefix(f"{cell.family}, ")
        for score in of_arm:
            held = [] if arm.alter else drawn.get(arm, {}).get(score.id, [])
            shown = [thought.picture for thought in held if thought.picture]
            pictures.update((picture.digest, picture) for picture in shown)
            reward = rewards.get(score.id) if arm == main else None
            answer = said.get((score.id, arm))
            made = _arm(name, shown, answer, score, wanted[score.id], reward)
            found.setdefault(score.id, {})[arm] = made
    for question, arms in found.items():
        own = [t for t in drawn.get(main, {}).get(question, []) if t.picture]
        prompts = tuple(t.prompt for t in own if t.prompt)
        if main in arms:
            others = tuple(arms[arm] for arm in arms if arm != main)
            yield question, GalleryCell(arms[main], others, prompts)


def _rewards(cell: Cell) -> dict[str, float]:
    """By question, of its first draw: the first kind of reward that was asked for."""
    rewards = tables.read_rewards(cell.rewards)
    return {
        r.question: r.value
        for r in rewards
        if not r.draw and r.round is None and r.name == rewards[0].name
    }


def _arm(
    name: str,
    shown: Sequence[Picture],
    answer: Answer | None,
    score: Score,
    target: Target,
    reward: float | None,
) -> GalleryArm:
    """An arm; of one that a rule makes, what was read stands for the reply."""
    response, difference = score.prediction, ""
    if answer is not None:
        response = answer.response if answer.status == "ok" else answer.reason
        difference = answer.difference
    return GalleryArm(
        name,
        tuple(picture.digest for picture in shown),
        response,
        score.status,
        score.score,
        score.fidelity,
        reward,
        difference,
        tuple("\n".join(filter(None, picture.trace)) for picture in shown),
        said_at(target, score.prediction),
    )


def main() -> None:
    """Write the gallery of all parts."""
    config = params.load()
    parts = (
        part_of(config, benchmark, model)
        for benchmark in config.benchmarks
        for model in config.models_of(benchmark)
    )
    shown = write_gallery(REPORT, parts)
    line = f"gallery: {shown} items, 0 calls made, 0 reused, 0 failed"
    print(f"{line}: {REPORT / 'gallery.html'}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
