"""gallery: every question with its pictures and answers, as a page that opens from the file system.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, ANSWERS, REWARDS, SCORES,
g2u.questions.targets.TARGETS.
Output: data/report/gallery.html and, in data/report/gallery, the scripts that it loads.
Run: python -m stages.gallery
"""

import sys
from collections.abc import Iterator, Sequence

from g2u.arms import main_arm, of_main, paired
from g2u.errors import run_main
from g2u.gallery.writing import GalleryArm, GalleryItem, GalleryPart, write_gallery
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.questions import targets
from g2u.records import Picture, Question
from g2u.tables import schemas as tables
from g2u.tables.places import REPORT, BenchmarkFolder, Cell
from g2u.tables.schemas import Answer, Score


def spread(questions: list[Question], count: int | None) -> list[Question]:
    """`count` of the questions, evenly over them; None = all."""
    if count is None or len(questions) <= count:
        return questions
    return [questions[place * len(questions) // count] for place in range(count)]


def part_of(config: Params, benchmark: str, model: str) -> GalleryPart:
    """One model on one benchmark: the main arm of every family."""
    folder, families = BenchmarkFolder(benchmark), tuple(config.families_of(benchmark, model))
    questions = spread(tables.read_questions(folder.questions), config.gallery.items)
    gold = {target.id: target.answer for target in targets.read_targets(folder.targets)}
    pictures = tables.read_pictures(folder.pictures)
    arms = {
        family: dict(_arms(Cell(benchmark, model, family), questions, pictures))
        for family in families
    }
    items = [
        GalleryItem(
            question.id,
            question.text,
            question.lettered_choices(),
            gold[question.id],
            question.category,
            question.pictures,
            {family: own[question.id] for family, own in arms.items() if question.id in own},
        )
        for question in questions
    ]
    return GalleryPart(benchmark, model, families, items, pictures)


def _arms(
    cell: Cell, questions: Sequence[Question], pictures: dict[str, Picture]
) -> Iterator[tuple[str, GalleryArm]]:
    """Question -> the main arm's thoughts, answer and score; adds the thoughts' pictures."""
    wanted = {question.id for question in questions}
    thoughts = [t for t in tables.read_thoughts(cell.thoughts) if t.question in wanted]
    answers = tables.read_answers(cell.answers)
    said = {answer.id: answer for answer in of_main(answers) if answer.id in wanted}
    scores = {score.id: score for score in of_main(tables.read_scores(cell.scores))}
    rewards = tables.read_rewards(cell.rewards)
    first = {
        r.question: r.value
        for r in rewards
        if not r.draw and r.round is None and r.name == rewards[0].name
    }
    drawn = paired(main_arm(a.arm for a in said.values()), questions, thoughts) if said else {}
    for name, answer in said.items():
        shown = [thought.picture for thought in drawn[name] if thought.picture]
        for picture in shown:
            pictures.setdefault(picture.digest, picture)
        yield name, _arm(shown, answer, scores[name], first.get(name))


def _arm(
    shown: Sequence[Picture], answer: Answer, score: Score, reward: float | None
) -> GalleryArm:
    digests = tuple(picture.digest for picture in shown)
    words = tuple("\n".join(filter(None, picture.trace)) for picture in shown)
    response = answer.response if answer.status == "ok" else answer.reason
    return GalleryArm(digests, response, score.status, score.score, score.fidelity, reward, words)


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
