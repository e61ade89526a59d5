"""multi_choice: all right options, and no other; `multi_choice_partial` gives a part for a part."""

from g2u.records import Question
from g2u.scores import several


def parse(response: str, question: Question) -> str | None:
    """The letters that the response gives, such as "AC"; None where it gives none."""
    return several.letters_in(response, question)


def score(prediction: str, answer: str) -> float:
    """1 for the same letters."""
    return float(set(prediction) == set(answer))
