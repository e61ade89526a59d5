"""g2u gallery: every question of the report with its pictures and answers, beside the report."""

from collections.abc import Iterator

from g2u import tables, targets
from g2u.params import Params
from g2u.records import Picture, Thought
from g2u.report.gallery import GalleryArm, GalleryItem, GalleryPart, write_gallery
from g2u.tables import Answer, Score
from g2u.workspace import REPORT, BenchmarkFolder, Cell


def write(config: Params, limit: int | None) -> int:
    """Write the gallery of all parts; returns its questions.

    Args:
        config: the params that made the results.
        limit: questions per part, spread evenly; None = all.
    """
    found = [
        part_of(config, benchmark, model, limit)
        for benchmark in config.benchmarks
        for model in config.models
    ]
    write_gallery(REPORT, found)
    return sum(len(part.items) for part in found)


def part_of(config: Params, benchmark: str, model: str, limit: int | None) -> GalleryPart:
    """One model on one benchmark: the main arm of every family."""
    folder = BenchmarkFolder(benchmark)
    questions = tables.read_questions(folder.questions)
    if limit is not None and len(questions) > limit:
        questions = [questions[place * len(questions) // limit] for place in range(limit)]
    gold = {target.id: target.answer for target in targets.read_targets(folder.targets)}
    pictures = tables.read_pictures(folder.pictures)
    arms = {
        family: dict(_arms(Cell(benchmark, model, family), {q.id for q in questions}))
        for family in config.families
    }
    items = [
        GalleryItem(
            question.id,
            question.text,
            tuple(
                f"{letter}. {choice}"
                for letter, choice in zip(question.option_letters(), question.choices, strict=True)
            ),
            gold[question.id],
            question.category,
            tuple(pictures[digest] for digest in question.pictures),
            {family: own[question.id] for family, own in arms.items() if question.id in own},
        )
        for question in questions
    ]
    return GalleryPart(benchmark, model, tuple(config.families), items)


def _arms(cell: Cell, wanted: set[str]) -> Iterator[tuple[str, GalleryArm]]:
    """Question -> the main arm's thoughts, answer and score."""
    thoughts: dict[str, list[Thought]] = {}
    for thought in tables.read_thoughts(cell.thoughts):
        if thought.question in wanted and not thought.draw:
            thoughts.setdefault(thought.question, []).append(thought)
    answers = tables.read_answers(cell.answers)
    main = answers[0].arm if answers else ""
    said = {a.id: a for a in answers if a.arm == main and a.id in wanted}
    scores = {s.id: s for s in tables.read_scores(cell.scores) if s.arm == main}
    rewards = tables.read_rewards(cell.rewards)
    first = {r.question: r.value for r in rewards if not r.draw and r.name == rewards[0].name}
    for name, answer in said.items():
        yield name, _arm(thoughts.get(name, []), answer, scores[name], first.get(name))


def _arm(thoughts: list[Thought], answer: Answer, score: Score, reward: float | None) -> GalleryArm:
    last = max((thought.round for thought in thoughts), default=0)
    shown: list[Picture] = [t.picture for t in thoughts if t.picture and t.round == last]
    response = answer.response if answer.status == "ok" else answer.reason
    return GalleryArm(tuple(shown), response, score.status, score.score, score.fidelity, reward)
