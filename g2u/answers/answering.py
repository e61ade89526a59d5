"""The answers of an arm: what is laid before the model, and what it says.

The null family has the arms `none` (direct), `blind`, a number of sampled answers for votes and a
chain of thought in words; every other family has its feedback mode for each draw, and controls.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from g2u import plugins
from g2u.arms import ALONE, BLIND, BLINDED, DIRECT, Arm, Pairing
from g2u.digests import call_seed
from g2u.errors import ModelError
from g2u.params.params import PLAIN, Params
from g2u.params.sections import Understand
from g2u.protocols import Calls
from g2u.questions.wording import REASON, asked, question_prompt
from g2u.records import (
    AnswerRequest,
    Failure,
    Laid,
    Picture,
    Question,
    ScoreRequest,
    Text,
    Thought,
    Turn,
    ending,
    seen,
)
from g2u.tables.places import Cell
from g2u.tables.schemas import Answer

UNALTERED = "there is nothing in what is shown that could be altered so"
UNTOLD = "nothing was said with the thoughts, and what was said is what the arm shows"


@dataclass(frozen=True, slots=True)
class Shown:
    """A question, and what an arm may lay before the model with it."""

    question: Question
    pictures: Mapping[str, Picture]
    """By digest."""
    thoughts: Sequence[Thought]
    """Those that the arm shows, in the order of their pictures."""

    @property
    def laid(self) -> Laid:
        """Their pictures."""
        return Laid(
            tuple(self.pictures[digest] for digest in self.question.pictures),
            tuple(thought.picture for thought in self.thoughts),
            tuple(self.pictures.get(thought.source) for thought in self.thoughts),
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """A response, and the scores of the options where they were scored."""

    response: str
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the questions of a cell are asked."""

    model: str
    """The preset, for messages."""
    abilities: frozenset[str]
    """What the model can do."""
    scores_options: bool
    """Whether an option is chosen by its likelihood; else the model says its letter."""
    is_plain: bool
    """Whether the family shows no thought: direct."""
    feedback: str
    """Of the main arm."""
    controls: tuple[Arm, ...] = ()
    """Further arms that show thoughts."""
    samples: int = 0
    """Sampled answers of direct."""
    rewards: tuple[str, ...] = ()
    """Of every thought that a model drew."""
    max_tokens: int
    """Of an answer."""
    reasoning_tokens: int = 0
    """Of direct's arm that first thinks in words; 0 = no such arm."""
    seed: int
    """Of the run; sampled answers' own are made from it."""

    @classmethod
    def of(cls, config: Params, cell: Cell) -> Self:
        """As params.yaml says.

        Raises:
            ModelError: the model cannot answer, or cannot score where choices are by likelihood.
        """
        preset, section = config.presets.models[cell.model], config.understand
        abilities, scores_options = config.abilities(cell.model), preset.choices == "likelihood"
        for needed in ["answer", "score"] if scores_options else ["answer"]:
            if needed not in abilities:
                raise ModelError(
                    f"params.yaml: presets.models.{cell.model}: adapter {preset.adapter} cannot "
                    f"{needed}; expected a model that answers, and scores if choices is likelihood"
                )
        if cell.look:  # a look reads the main arm
            section = Understand(feedback=section.feedback, max_tokens=section.max_tokens)
        controls = section.controls_of(cell.model, cell.family)
        return cls(
            model=cell.model,
            abilities=abilities,
            scores_options=scores_options,
            is_plain=cell.family == PLAIN,
            feedback=section.feedback,
            controls=tuple(dict.fromkeys(each.arm for each in controls)),
            samples=section.samples,
            rewards=tuple(section.rewards),
            max_tokens=section.max_tokens,
            reasoning_tokens=section.reasoning_tokens,
            seed=config.generate.seed,
        )

    @property
    def donors(self) -> tuple[tuple[Pairing, int], ...]:
        """The donors whose thoughts some arm shows."""
        return tuple(sorted({arm.whose for arm in self.controls if arm.whose is not None}))


def arms(asking: Asking, thoughts: Sequence[Thought]) -> tuple[Arm, ...]:
    """The arms of a cell, the main one first; `thoughts` tell how many draws and
    rounds there are.
    """
    if asking.is_plain:
        found = [DIRECT, BLINDED, *map(DIRECT.sampled, range(asking.samples))]
        return (*found, Arm(ALONE, reasons=True)) if asking.reasoning_tokens else tuple(found)
    main = Arm(asking.feedback, is_main=True)
    draws = 1 + max((thought.draw for thought in thoughts), default=0)
    rounds = max((thought.round for thought in thoughts), default=0)
    return (
        main,
        *(main.drawn(draw) for draw in range(1, draws)),
        *(main.drawn(0, number) for number in range(rounds)),
        *asking.controls,
    )


class Answering:
    """The model of a cell is asked.

    Args:
        asking: how.
    """

    def __init__(self, asking: Asking) -> None:
        self._how = asking

    async def answer(self, arm: Arm, shown: Shown, calls: Calls) -> Answer:
        """The answer of an arm to one question."""
        feedback, question = plugins.feedback(arm.feedback), shown.question
        altered = None if arm.alter is None else plugins.alteration(arm.alter)
        draft = Answer(
            question.id,
            arm,
            arm.difference(feedback.DIFFERENCE, altered.DIFFERENCE if altered else ""),
            "ok",
            max_tokens=self._how.max_tokens,
        )
        needs = feedback.NEEDS | (altered.NEEDS if altered else frozenset())
        if (idle := self._why_not(arm, shown, needs)) is not None:
            return replace(draft, status=idle.status, reason=idle.reason)
        before = shown.laid
        laid: Laid | Failure | None = before
        if altered is not None:
            laid = await altered.alter(before, arm.amount, calls)
        if isinstance(laid, Failure):
            return replace(draft, status="failed", reason=laid.reason)
        if laid is None:
            return replace(draft, status="not_applicable", reason=f"{UNALTERED} ({arm.alter})")
        fed = laid.thoughts
        turns = feedback.lay_out(asked(question), laid.pictures, fed)
        if not turns:
            return replace(draft, status="not_applicable", reason=f"{UNTOLD} ({arm.feedback})")
        thoughts = _thoughts(turns, fed)
        draft = replace(draft, pictures=len(_pictures(turns)) - thoughts, thoughts=thoughts)
        if arm.reasons:
            turns = await self._reasoned(question, turns, calls)
        scores = self._by_likelihood(question)
        said = await (self._scored if scores else self._spoken)(arm, question, turns, calls)
        if isinstance(said, Failure):
            return replace(draft, status="failed", reason=said.reason)
        text = said.response
        return replace(
            draft,
            response=str(text),
            ended=ending(text),
            option_scores=said.scores,
            seen=seen(text),
        )

    def _why_not(self, arm: Arm, shown: Shown, needs: frozenset[str]) -> Thought | None:
        """Status and reason of an answer that is not asked for; None where it is."""

        def idle(reason: str) -> Thought:
            return Thought(shown.question.id, 0, "not_applicable", reason)

        model, can = self._how.model, self._how.abilities
        for need in sorted(needs - can):
            return idle(f"{model} cannot {need}, which {arm.name} needs")
        if not self._how.is_plain and not shown.thoughts:
            return idle(
                "the question has no picture to imagine from"
                if arm.pairing == "own"
                else "no other pictures are asked alike"
                if arm.pairing == "alike"
                else "no other question has as many pictures"
            )
        for thought in shown.thoughts:
            if thought.status != "ok":
                return thought
        if asked(shown.question).is_placed and arm.feedback != BLIND and "places" not in can:
            return idle(f"{model} takes pictures before the text alone, not where they stand in it")
        # options that were scored can be sampled without the model
        is_sampled = arm.sample is not None and not self._by_likelihood(shown.question)
        return idle(f"{model} cannot sample") if is_sampled and "sample" not in can else None

    def _by_likelihood(self, question: Question) -> bool:
        return self._how.scores_options and question.format in ("choice", "label")

    async def _reasoned(
        self, question: Question, turns: tuple[Turn, ...], calls: Calls
    ) -> tuple[Turn, ...]:
        """The messages with the model's own reasoning in them, then the question again.

        Its pictures are shown again only where they stand among its text. A question whose
        reasoning failed is asked as in direct; it fails there if the model does.
        """
        first = (*turns[:-1], Turn("user", (*turns[-1].parts, REASON)))
        request = AnswerRequest(first, self._how.reasoning_tokens)
        reply = await calls.answer(request)
        if isinstance(reply, Failure):
            return turns
        prompt = asked(question)
        again = turns[-1] if prompt.is_placed else Turn("user", (prompt.text,))
        return (*first, Turn("assistant", (str(reply),)), again)

    async def _spoken(
        self, arm: Arm, question: Question, turns: tuple[Turn, ...], calls: Calls
    ) -> _Said | Failure:
        """What the model says in words."""
        request = AnswerRequest(turns, self._how.max_tokens)
        if arm.sample is not None:
            request = replace(request, temperature=1.0, seed=self._seed(arm.sample, question))
        reply = await calls.answer(request)
        return reply if isinstance(reply, Failure) else _Said(reply)

    async def _scored(
        self, arm: Arm, question: Question, turns: tuple[Turn, ...], calls: Calls
    ) -> _Said | Failure:
        """The option that is likeliest per token, or one that is drawn by these likelihoods."""
        scores = (calls.score(ScoreRequest(turns, choice)) for choice in question.choices)
        replies = await asyncio.gather(*scores)
        failed = [reply for reply in replies if isinstance(reply, Failure)]
        if failed:
            return failed[-1]
        means = [sum(r) / len(r) for r in replies if not isinstance(r, Failure)]
        place = means.index(max(means))
        if arm.sample is not None:
            place = drawn(means, self._seed(arm.sample, question))
        names = question.choices if question.format == "label" else question.option_letters()
        return _Said(Text(names[place], "stop"), tuple(means))

    def _seed(self, sample: int, question: Question) -> int:
        return call_seed(self._how.seed, question.pictures, question_prompt(question), sample)


def _pictures(turns: Sequence[Turn]) -> list[Picture]:
    return [part for turn in turns for part in turn.parts if isinstance(part, Picture)]


def _thoughts(turns: Sequence[Turn], fed: Sequence[Picture | None]) -> int:
    """How many thoughts are shown: all, or none where their words stand for them."""
    drawn = [thought for thought in fed if thought is not None]
    words = {said for thought in drawn for said in thought.trace if said}
    told = any(part in words for turn in turns for part in turn.parts if isinstance(part, str))
    return 0 if told and not {*drawn} & {*_pictures(turns)} else len(drawn)


def drawn(means: Sequence[float], seed: int) -> int:
    """The place of an option drawn with probability proportional to exp of its score."""
    weights = [math.exp(mean - max(means)) for mean in means]
    shares = np.cumsum(weights) / sum(weights)
    return min(int(np.searchsorted(shares, np.random.default_rng(seed).random())), len(means) - 1)
