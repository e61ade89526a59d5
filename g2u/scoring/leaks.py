"""Does an edit prompt say what it should not know? Options and answers, as words of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g2u.records import Question, Target, Thought


@dataclass(frozen=True, slots=True)
class Leaks:
    """Of the prompts of a cell's thoughts."""

    distinct: int
    """Different prompts."""
    with_option: int
    """Questions whose prompt holds an option that the question itself does not."""
    with_answer: int
    """Questions whose prompt holds the right answer, and the question itself does not."""


def holds(text: str, words: str) -> bool:
    """Whether `words` occur in `text` as whole words, letters of any case."""
    wanted, text = words.strip().lower(), text.lower()
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        end = place + len(wanted)
        before, after = text[max(0, place - 1) : place], text[end : end + 1]
        if not (_is_letter(before) or _is_letter(after)):
            return True
        place = text.find(wanted, place + 1)
    return False


def _is_letter(mark: str) -> bool:
    return mark.isalnum() or mark == "_"


def answer_text(question: Question, target: Target) -> str:
    """The right answer in words: an option's text, or the gold text."""
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    return options.get(target.answer, target.answer)


def leaks(
    thoughts: Sequence[Thought], questions: Sequence[Question], gold: Mapping[str, Target]
) -> Leaks:
    """Count them; a word that the base prompt holds as well was not written for the question."""
    asked = {question.id: question for question in questions}
    options, answers = set(), set()
    for thought in thoughts:
        question = asked[thought.question]
        known = f"{question.text}\n{thought.base}"
        told = [c for c in question.choices if holds(thought.prompt, c) and not holds(known, c)]
        if told:
            options.add(question.id)
        answer = answer_text(question, gold[question.id])
        if holds(thought.prompt, answer) and not holds(known, answer):
            answers.add(question.id)
    distinct = {thought.prompt for thought in thoughts if thought.prompt}
    return Leaks(len(distinct), len(options), len(answers))
