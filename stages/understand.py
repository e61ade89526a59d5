"""understand: the model answers every question of a cell, with the cell's thoughts laid before it.

Input columns: g2u.tables.schemas.QUESTIONS, PICTURES, THOUGHTS, LINKS.
Output columns: g2u.tables.schemas.ANSWERS, one row per question and arm
(g2u/answers/answering.py), and REWARDS; CALLS that they were made from.
Run: python -m stages.understand --benchmark ladder --model tiny --family structure
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from itertools import chain

from g2u.answers.answering import Answering, Shown, arms
from g2u.answers.rewards import named, rewards
from g2u.arms import Arm, last_round, paired
from g2u.calls.asking import BrokeredCalls
from g2u.calls.brokers import Brokers
from g2u.calls.costs import write_costs
from g2u.calls.flow import in_order
from g2u.calls.opened import known_calls
from g2u.errors import ModelError, run_main
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.records import Picture, Question, Thought
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell, parse_cell
from g2u.tables.schemas import Answer, Reward

REWARDS = "rewards"
"""What its calls are noted under, beside the arms'."""


class Understanding:
    """What is asked about each question of a cell once its thoughts are there.

    Args:
        config: the params.
        cell: which.
        questions: all of its benchmark.
        pictures: theirs, by digest.
        thoughts: the cell's.
    """

    def __init__(
        self,
        config: Params,
        cell: Cell,
        questions: Sequence[Question],
        pictures: Mapping[str, Picture],
        thoughts: Sequence[Thought],
    ) -> None:
        self.arms = arms(config, cell, thoughts)
        self.questions, self._pictures = questions, pictures
        self._answering = Answering(config, cell)
        self._rewards = named(config, cell.model)
        self._last = last_round(thoughts)
        self._shown = {arm: paired(arm, questions, thoughts) for arm in self.arms}
        self._thoughts: dict[str, list[Thought]] = {question.id: [] for question in questions}
        for thought in thoughts:
            self._thoughts[thought.question].append(thought)

    async def understood(
        self, calls: Mapping[str, BrokeredCalls]
    ) -> tuple[list[Answer], list[Reward]]:
        """All answers, arm after arm, and rewards, name after name, round after round.

        Args:
            calls: by the arm that asks, and of `REWARDS`.
        """

        async def asked(question: Question) -> tuple[list[Answer], list[Reward]]:
            answers = (self._answer(arm, question, calls[arm.name]) for arm in self.arms)
            own, reward = self._thoughts[question.id], calls[REWARDS]
            return await asyncio.gather(
                asyncio.gather(*answers),
                rewards(self._rewards, own, self._pictures, reward, self._last),
            )

        answers: list[Answer] = []
        found: list[Reward] = []
        async for said, rewarded in in_order(self.questions, asked, calls[REWARDS].window):
            answers += said
            found += rewarded
        order = {arm: number for number, arm in enumerate(self.arms)}
        answers.sort(key=lambda answer: order[answer.arm])
        last = self._last
        found.sort(
            key=lambda r: (
                self._rewards.index(r.name), last if r.round is None else r.round, r.draw
            )
        )  # fmt: skip
        return answers, found

    async def _answer(self, arm: Arm, question: Question, calls: BrokeredCalls) -> Answer:
        fed = self._shown[arm][question.id]
        return await self._answering.answer(arm, Shown(question, self._pictures, fed), calls)


def main() -> None:
    """Answer the cell's questions; stop if more than max_failed answers failed."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    folder = BenchmarkFolder(cell.benchmark)
    questions = tables.read_questions(folder.questions)
    pictures, thoughts = tables.read_pictures(folder.pictures), tables.read_thoughts(cell.thoughts)
    work = Understanding(config, cell, questions, pictures, thoughts)
    with Brokers(config, known_calls()) as brokers:
        names = [*(arm.name for arm in work.arms), REWARDS]
        made = {name: brokers.calls(cell.model) for name in names}
        answers, found = brokers.run(work.understood(made))
    failed = [a for a in answers if a.status == "failed"]
    tables.assert_same_ids(str(cell), (a.id for a in answers), (q.id for q in questions))
    if len(failed) > config.understand.max_failed + config.generate.max_failed:
        raise ModelError(
            f"understand {cell}: {len(failed)} of {len(answers)} answers failed, first: question "
            f"{failed[0].id}: {failed[0].reason}; allowed: understand.max_failed = "
            f"{config.understand.max_failed}; finished calls are kept"
        )
    tables.write_answers(cell.answers, answers)
    tables.write_rewards(cell.rewards, found)
    rows = chain.from_iterable(calls.rows(()) for calls in made.values())
    tables.write_calls(cell.calls("understand"), rows)
    tallies = {arm: calls.tally() for arm, calls in made.items()}
    line = write_costs(cell.costs("understand"), tallies)
    pictured = sum(a.pictures + a.thoughts for a in answers)
    print(
        f"understand {cell}: {len(questions)} items, {pictured} pictures shown, {line}, "
        f"{len(failed)} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
