"""number: one number, with its unit where it has one.

Targets may name a tolerance: "2.5 m +- 10 %", "45 +- 0.5" (or ±), "2.5 m */ 2" (within a factor of
two, the measure of Q-Spatial Bench, arXiv 2409.09788); without one, values have to be equal. Units
are converted.
"""

import itertools
import re

from g2u.records import Question
from g2u.scoring import responses
from g2u.scoring.quantities import Quantity, prepared, quantities, value_of

REFERENCE = re.compile(
    r"\b(?:figure|fig\.?|image|picture|panel|step|option|question|page|line|table)\s+\d+\b",
    re.IGNORECASE,
)
PAIR = re.compile(
    r"\b(?:the|these|those)\s+two\b(?=\s+(?:are|is|were|lie|stand|of)\b)", re.IGNORECASE
)
NOTHING = re.compile(
    r"\W*(?:(?:there\s+(?:are|is)\s+)?none|there\s+(?:are|is)\s+no\s+\w+(?:\s+(?:on|in|at|of)\b[^.]*)?"
    r"|no\s+[a-z]+s)\W*",
    re.IGNORECASE,
)
"""A count of nothing, said in words."""
TOLERANCE = re.compile(r"\s*(?:±|\+-|\+/-)\s*([\d.]+)\s*(%?)\s*$")
FACTOR = re.compile(r"\s*\*/\s*([\d.]+)\s*$")
CONCLUDING = re.compile(
    r"(?:(?:=|≈|\\approx|\\to|→)\s*|\b(?:so|total|altogether|therefore|thus|hence|in\s+all|"
    r"(?:number|value|distance|count|sum|total|length|height|width)\s+is|in\s+total\s*:?)\b[\s,:]*)",
    re.IGNORECASE,
)
BOUND = re.compile(
    r"\b(?:more|less|fewer|greater|smaller|larger)\s+than\s*$|\bat\s+(?:least|most)\s*$", re.I
)
RANGE = re.compile(r"^\s*(?:-|–|to|or|and)\s*$", re.IGNORECASE)
DENIED = re.compile(r"\bnot\s*$", re.IGNORECASE)


def parse(response: str, question: Question) -> str | None:
    """The one number that the response gives, as "12", "2.5 m" or "45 %"; None where it gives none,
    several, a range or a bound.
    """
    del question
    text = responses.concluded(response)
    if NOTHING.fullmatch(text) and not responses.refuses(text):
        return "0"
    text = PAIR.sub(" ", REFERENCE.sub(" ", text))
    said = [
        (statement, str(found))
        for statement in responses.statements(text)
        if not statement.is_denied and (found := _first(statement.text)) is not None
    ]
    if said:
        return responses.settled(said)
    text = prepared(text)
    if responses.statements(text) and any(s.is_denied for s in responses.statements(text)):
        return None
    text = (
        re.sub(r"\([^()]*\)", " ", text) if quantities(re.sub(r"\([^()]*\)", " ", text)) else text
    )
    kept = _kept(text)
    if len({str(quantity) for quantity in kept}) == 1:
        return str(kept[0])
    return _concluded(text, kept)


def score(prediction: str, answer: str) -> float:
    """1 for the same value, or one within the target's tolerance."""
    tolerance = TOLERANCE.search(answer)
    factor = FACTOR.search(answer)
    stated = tolerance or factor
    wanted = _of_target(answer[: stated.start()] if stated else answer)
    if wanted is None:
        return float(prediction.strip().lower() == answer.strip().lower())
    value = value_of(prediction, wanted.unit)
    if value is None:
        return 0.0
    target = float(wanted.value)
    if factor:
        within = float(factor[1])
        return float(value * target > 0 and 1 / within <= value / target <= within)
    allowed = float(tolerance[1]) if tolerance else 0.0
    if tolerance and tolerance[2]:
        allowed *= abs(target) / 100
    return float(abs(value - target) <= allowed + 1e-9 * max(abs(value), abs(target)))


def _of_target(answer: str) -> Quantity | None:
    found = quantities(prepared(answer))
    return found[0] if len(found) == 1 else None


def _first(sentence: str) -> Quantity | None:
    """The number of a statement; None where it is a range, or denied."""
    text = prepared(REFERENCE.sub(" ", sentence))
    text = re.sub(r"\([^()]*\)", " ", text)
    found = _kept(text)
    if len({str(quantity) for quantity in found}) == 1:
        return found[0]
    last = _concluded(text, found)
    return next((q for q in found if str(q) == last), None)


def _kept(text: str) -> list[Quantity]:
    """Numbers that are affirmed; none where they are a bound or a range."""
    found = quantities(text)
    if any(BOUND.search(text[: quantity.start]) for quantity in found):
        return []
    for one, other in itertools.pairwise(found):
        if re.fullmatch(r"\s*(?:-|–|to|or)\s*", text[one.end : other.start]):
            return []
        if one.end == other.start and text[other.start] == "-":
            return []
    return [quantity for quantity in found if not DENIED.search(text[: quantity.start])]


def _concluded(text: str, found: list[Quantity]) -> str | None:
    """The number after the last word or sign that concludes, or before "in total"."""
    for quantity in reversed(found):
        before = text[: quantity.start]
        marks = list(CONCLUDING.finditer(before))
        if marks and not re.search(r"\d", before[marks[-1].end() :]):
            return str(quantity)
        if re.match(r"[\s\w]{0,12}\bin\s+(?:total|all)\b", text[quantity.end :]):
            return str(quantity)
    return None
