"""multi_choice_partial: the share of the right options that were chosen; 0 with a wrong one."""

from g2u.records import Question
from g2u.scores import several


def parse(response: str, question: Question) -> str | None:
    """The letters that the response gives, such as "AC"; None where it gives none."""
    return several.letters_in(response, question)


def score(prediction: str, answer: str) -> float:
    """The share of the right letters; 0 where a wrong one is among them."""
    said, right = set(prediction), set(answer)
    return len(said) / len(right) if said <= right else 0.0
