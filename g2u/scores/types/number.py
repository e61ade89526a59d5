"""number: one number, with its unit where it has one.

Targets may name a tolerance: "2.5 m +- 10 %", "45 +- 0.5" (or ±), "2.5 m */ 2" (within a factor of
two, the measure of Q-Spatial Bench, arXiv 2409.09788); without one, values have to be equal. Units
are converted.
"""

import re
from bisect import bisect_left
from dataclasses import replace
from decimal import Decimal

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.quantities import Quantity, in_base, prepared, quantities, value_of

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
    r"(?:(?:=|≈|\\approx|\\to|→)\s*+|\b(?:so|total|altogether|therefore|thus|hence|in\s+all|"
    r"(?:number|value|distance|count|sum|total|length|height|width)\s+(?:is|was)|in\s+total\s*:?)\b[\s,:]*+)",
    re.IGNORECASE,
)
IN_TOTAL = re.compile(r"[\s\w]{0,12}\b(?:in\s+(?:total|all)|altogether|overall)\b")
CLAIMED = re.compile(rf"{IN_TOTAL.pattern}(?=\s*(?:[,.;)]|$))")
"""The same where what follows is told apart, as in "9 in total, 4 of them red"."""
BOUND = re.compile(
    r"\b(?:more|less|[a-z]+er)\s+than\s*$|\bat\s+(?:least|most)\s*$|\b(?:up\s+to|maximum\s+of|"
    r"minimum\s+of|over|under|below|above|exceeds|almost|nearly|close\s+to)\s*$",
    re.IGNORECASE,
)
BOUND_AFTER = re.compile(
    r"\s*\+(?!\s*[\d(])|\s+(?:or|and)\s+(?:more|fewer|less|above|below|up|over|higher|lower)\b",
    re.IGNORECASE,
)
RANGE = re.compile(r"\s*(?:-|–|to|or)\s*")
REQUESTED = re.compile(
    r"\bscalar\{([^{}]{1,40})\}[\s,;$]{0,9}\\?distance_unit\{([^{}]{1,20})\}", re.IGNORECASE
)
"""The form in which Q-Spatial Bench asks for a length, at the end of a reply."""
AGAIN = re.compile(
    r"[\s,;]*+(?:i\.\s?e\.|that\s+is|or|equal\s+to|which\s+is|=|≈|~)?[\s,]*+(?:about|around|roughly|approximately)?\s*+",
    re.I,
)
"""What stands between a quantity and the same one in another unit."""
ROUNDED = Decimal("0.02")
"""How far a quantity said again in another unit may differ."""
DENIED = re.compile(r"\bnot\s*$", re.IGNORECASE)
PARENTHESIS = re.compile(r"\([^()]*+\)")
FIGURE = re.compile(r"\d")
BEFORE = 30
"""Letters before a number in which a bound or a denial of it stands."""
SHORT = 200


def parse(response: str, question: Question) -> str | None:
    """The one number that the response gives, as "12", "2.5 m" or "45 %"; None where it gives none,
    several, a range or a bound.
    """
    del question
    asked = REQUESTED.findall(responses.without_reasoning(response))
    found = given(" ".join(asked[-1]) if asked else responses.concluded(response))
    return None if found is None else str(found)


def given(text: str) -> Quantity | None:
    """The one quantity that a conclusion gives; None as in `parse`."""
    if len(text) <= SHORT and NOTHING.fullmatch(text) and not responses.refuses(text):
        return Quantity(Decimal(0), "", 0, len(text))
    text = PAIR.sub(" ", REFERENCE.sub(" ", text))
    stated = responses.statements(text)
    first = [(statement, _first(statement.text)) for statement in stated if not statement.is_denied]
    said = [(statement, str(found)) for statement, found in first if found is not None]
    if said:
        settled = responses.settled(said)
        return next((found for _, found in first if str(found) == settled), None)
    text = prepared(text)
    if any(statement.is_denied for statement in stated):
        return None
    outside = PARENTHESIS.sub(" ", text)
    return _one(outside if quantities(outside) else text)


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
    return _one(PARENTHESIS.sub(" ", text))


def _one(text: str) -> Quantity | None:
    found = _kept(text)
    if len({str(quantity) for quantity in found}) == 1:
        return found[0]
    return _concluded(text, found)


def _kept(text: str) -> list[Quantity]:
    """Numbers that are affirmed, one said again in another unit once; none where they are a bound
    or a range.
    """
    found: list[Quantity] = []
    for quantity in quantities(text):
        if _stands_before(BOUND, text, quantity) or BOUND_AFTER.match(text, quantity.end):
            return []
        last = found[-1] if found else None
        between = text[last.end : quantity.start] if last else ""
        if last and last.unit != quantity.unit and AGAIN.fullmatch(between):
            one, other = in_base(last), in_base(quantity)
            if one and other and one[0] == other[0]:
                if abs(one[1] - other[1]) > ROUNDED * abs(one[1]):
                    return []
                found[-1] = replace(last, end=quantity.end)
                continue
        if last and (RANGE.fullmatch(between) or (not between and text[quantity.start] == "-")):
            return []
        found.append(quantity)
    return [quantity for quantity in found if not _stands_before(DENIED, text, quantity)]


def _stands_before(words: re.Pattern[str], text: str, quantity: Quantity) -> bool:
    return words.search(text, max(0, quantity.start - BEFORE), quantity.start) is not None


def _concluded(text: str, found: list[Quantity]) -> Quantity | None:
    """The number after the last word or sign that concludes, or before "in total"."""
    starts = [quantity.start for quantity in found]
    claimed = {said.end() for each in found if (said := CLAIMED.match(text, each.end))}
    concluded: set[int] = set()
    for mark in CONCLUDING.finditer(text):
        if any(mark.start() < end <= mark.end() for end in claimed):
            continue
        nearest = bisect_left(starts, mark.end())
        if nearest < len(found) and not FIGURE.search(text, mark.end(), starts[nearest]):
            concluded.add(nearest)
    for place in range(len(found) - 1, -1, -1):
        if place in concluded or IN_TOTAL.match(text, found[place].end):
            return found[place]
    return None
