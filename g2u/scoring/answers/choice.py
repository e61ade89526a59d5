"""choice: one option letter."""

import re

from g2u.records import Question

WRAPPED = re.compile(r"^[\s(\[*\"']*([A-Z])[\s)\].:,*\"']*$")
STATED = re.compile(r"\banswer(?:\s+is)?\s*:?\s*[(\[*\"']*([A-Z])\b[)\].*\"']*", re.IGNORECASE)
LEADING = re.compile(r"^\s*[(\[*]*([A-Z])[)\].:]+\s")


def parse(response: str, question: Question) -> str | None:
    """The option letter that the response names, or None if it names none or several.

    Read in order: the letter alone; "answer: X" (all such agree); a leading "X." or "(X)"; the
    exact text of one option. Nothing is guessed.
    """
    letters = question.option_letters()
    alone = WRAPPED.match(response)
    if alone and alone[1] in letters:
        return alone[1]
    stated = {match.upper() for match in STATED.findall(response)} & set(letters)
    if stated:
        return stated.pop() if len(stated) == 1 else None
    leading = LEADING.match(response)
    if leading and leading[1] in letters:
        return leading[1]
    said = response.strip().strip(".").lower()
    named = [
        letter
        for letter, choice in zip(letters, question.choices, strict=True)
        if choice.strip().strip(".").lower() == said
    ]
    return named[0] if len(named) == 1 else None


def score(prediction: str, answer: str) -> float:
    """1 for the right letter."""
    return float(prediction == answer)
