"""Questions that the page shows with everything that was drawn and said: where thoughts help, where
they mislead, and how it usually goes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from g2u.arms import Arm, main_arm, of_main
from g2u.params.params import PLAIN
from g2u.records import Picture, Question, Target, Thought
from g2u.scores.official.characters import likeness
from g2u.tables.schemas import Answer, Score

TALL, WIDE = 128, 560
"""Pixels on the page that a picture of an example has at most."""
NARROW = 92
"""Pixels that a column of an example has at least."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was said in one arm."""

    name: str
    response: str
    is_right: bool | None
    """None where the arm has no score."""
    characters: float | None = None
    """Of a text that was to be read, the share that was, 0..1."""


@dataclass(frozen=True, slots=True)
class ShownArm:
    """One family of an example."""

    thoughts: tuple[Picture, ...]
    replies: tuple[Reply, ...]
    """Of the main arm, and of others that are shown the same thoughts."""


@dataclass(frozen=True, slots=True)
class Example:
    """One question with everything that was shown and said."""

    id: str
    text: str
    choices: tuple[str, ...]
    answer: str
    pictures: tuple[Picture, ...]
    arms: tuple[ShownArm, ...]

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """By digest, width and height on the page."""
        thoughts = (thought for arm in self.arms for thought in arm.thoughts)
        return fitted((*self.pictures, *thoughts), TALL, WIDE)

    def width(self, shown: Sequence[Picture]) -> int:
        """Px of a column with these pictures, their borders, and the words below."""
        return max([NARROW, *(self.sizes[each.digest][0] + 2 for each in shown)])


def fitted(shown: Sequence[Picture], tall: int, wide: int) -> dict[str, tuple[int, int]]:
    """By digest, width and height on the page: enlarged by whole factors to one height or near it,
    `tall` and `wide` px at most; what is larger is shrunk.
    """
    tallest = max((each.height for each in shown), default=1)
    widest = max((tallest * each.width / each.height for each in shown), default=1.0)
    fits = min(tall / tallest, wide / widest)
    height = tallest * (int(fits) or fits)
    found = {}
    for each in shown:
        factor = int(height / each.height + 1e-6) or height / each.height
        found[each.digest] = (round(factor * each.width), round(factor * each.height))
    return found


def spread(questions: Sequence[Question], count: int) -> list[Question]:
    """`count` questions spread evenly over the given ones, each with other pictures."""
    fresh = list({question.pictures: question for question in reversed(questions)}.values())[::-1]
    if count >= len(fresh):
        return fresh
    return [fresh[place * len(fresh) // count] for place in range(count)]


Held = tuple[list[Thought], list[Answer], list[Score]]
"""What a cell holds."""
Arms = Mapping[str, Held]
"""Per family."""


def changed_ids(arms: Arms, family: str, *, to: bool) -> set[str]:
    """Questions whose answers the family's thoughts turn right, or wrong, in the arm shown."""
    direct = {score.id: score.score for score in of_main(arms[PLAIN][2])}
    return {
        score.id
        for score in of_main(arms[family][2])
        if _is_right(score.score) is to
        if _is_right(direct[score.id]) is (not to)
    }


def chosen(
    questions: Sequence[Question],
    arms: Arms,
    count: int,
    helping: str | None,
    misleading: str | None,
) -> dict[str, list[Question]]:
    """By title the questions that are shown: a quarter of `count` where a family's thoughts turn a
    wrong answer right, a quarter where one's turn a right one wrong, and others spread evenly.

    Args:
        questions: of the benchmark.
        arms: of the benchmark and model, by family.
        count: questions that are shown.
        helping: the best family of own thoughts; None = none was scored.
        misleading: the one that turns most answers wrong; None = none turns any.
    """
    found: dict[str, list[Question]] = {}
    rest = list(questions)
    for family, to, way in (
        (helping, True, "a wrong answer right"),
        (misleading, False, "a right answer wrong"),
    ):
        if family is not None:
            moved = changed_ids(arms, family, to=to)
            title = f"Where {family} turns {way}"
            found[title] = spread([q for q in rest if q.id in moved], count // 4)
            rest = [question for question in rest if question not in found[title]]
    even = spread(rest, count - sum(map(len, found.values())))
    return {**found, "Spread evenly over the benchmark": even}


def _is_right(score: float | None) -> bool | None:
    return None if score is None else score >= 0.5


def examples(
    asked: Sequence[Question],
    gold: Mapping[str, Target],
    pictures: Mapping[str, Picture],
    arms: Arms,
    others: Collection[Arm],
) -> tuple[Example, ...]:
    """The questions as they are shown; `arms` is by family, `others` are those whose answers
    are shown beside the main one's.
    """
    found = []
    for question in asked:
        target, shown = gold[question.id], []
        for family, (thoughts, answers, scores) in arms.items():
            own = tuple(t.picture for t in thoughts if t.question == question.id and t.picture)
            score_of = {s.arm: s for s in scores if s.id == question.id}
            main = main_arm(answer.arm for answer in answers)
            replies = tuple(
                Reply(
                    answer.arm.called(family, main),
                    said(answer, question),
                    _is_right(score_of[answer.arm].score),
                    _characters(score_of[answer.arm], target),
                )
                for answer in answers
                if answer.id == question.id and (answer.arm == main or answer.arm in others)
            )
            shown.append(ShownArm(own, replies))
        originals = tuple(pictures[digest] for digest in question.pictures)
        answer_text = " or ".join(_with_option(each, question) for each in target.distinct)
        choices = question.lettered_choices()
        found.append(
            Example(question.id, question.text, choices, answer_text, originals, tuple(shown))
        )
    return tuple(found)


def said(answer: Answer, question: Question) -> str:
    """An answer as a reader knows it, or why there is none."""
    if answer.status != "ok":
        return answer.reason
    return _with_option(answer.response.strip(), question)


def _characters(score: Score, target: Target) -> float | None:
    """Character accuracy of a reading; None of other answers."""
    if target.scorer != "letters" or score.score is None:
        return None
    return max(likeness(score.prediction, each) for each in target.distinct)


def _with_option(text: str, question: Question) -> str:
    """A letter with its option's text; anything else as it is."""
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    return f"{text}. {options[text]}" if text in options else text
