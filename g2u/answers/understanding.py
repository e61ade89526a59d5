"""A cell's questions, each asked in every arm and its rewards read, once its thoughts are there."""

import asyncio
from collections.abc import Mapping, Sequence

from g2u.answers.answering import Answering, Asking, Shown, arms
from g2u.answers.rewards import named, rewards
from g2u.arms import Arm, last_round, paired
from g2u.calls.asking import BrokeredCalls
from g2u.calls.flow import in_order
from g2u.records import Picture, Question, Thought
from g2u.tables.schemas import Answer, Reward
from g2u.thoughts.part import drawn_for

REWARDS = "rewards"
"""What its calls are noted under, beside the arms'."""


class Understanding:
    """What is asked about each question of a cell once its thoughts are there.

    Args:
        asking: how.
        questions: all of the benchmark.
        pictures: theirs, by digest.
        thoughts: the cell's.
    """

    def __init__(
        self,
        asking: Asking,
        questions: Sequence[Question],
        pictures: Mapping[str, Picture],
        thoughts: Sequence[Thought],
    ) -> None:
        self.arms = arms(asking, thoughts)
        self.questions, self._pictures = questions, pictures
        self._answering = Answering(asking)
        self._rewards = named(asking)
        self._last = last_round(thoughts)
        left = {thought.question for thought in thoughts if thought.status == "undrawn"}
        asked = drawn_for(questions, left)
        drawn = [thought for thought in thoughts if thought.question not in left]
        self._shown = {arm: paired(arm, asked, drawn) for arm in self.arms}
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
        fed = self._shown[arm].get(question.id, self._thoughts[question.id])  # undrawn
        return await self._answering.answer(arm, Shown(question, self._pictures, fed), calls)
