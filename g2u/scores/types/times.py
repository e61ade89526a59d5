"""times: named numbers, "Car: 6.0 Person: 10.0"; each right within 1.0.

Measure: Visual-Spatial-Planning, collision (lmms-eval, tasks/unig2u/vsp/utils.py).
"""

import json
import re

from g2u.records import Question
from g2u.scores import responses

FIELD = re.compile(
    r"\b([A-Za-z]+)[\"']?\s*(?::|=|\bis\b|needs)\s*+(?:[\d\s.+*/×÷()-]{1,60}=\s*+)?"
    r"(-?\d{1,300}+(?:\.\d++)?|\.\d++)(?!\s*[/*×÷=]|\s*[+-]\s*\d)"
)
"""A name and its number, or what a calculation comes to; none that is left as it is."""
WITHIN = 1.0


def parse(response: str, question: Question) -> str | None:
    """Names and numbers as canonical JSON; the last of each name; None where there are none."""
    del question
    found = {
        name.lower(): float(value) for name, value in FIELD.findall(responses.concluded(response))
    }
    return json.dumps(found, sort_keys=True) if found else None


def score(prediction: str, answer: str) -> float:
    """Share of the target's numbers that are met."""
    found = json.loads(prediction)
    wanted = {name.lower(): float(value) for name, value in FIELD.findall(answer)}
    met = [name in found and abs(found[name] - value) <= WITHIN for name, value in wanted.items()]
    return float(sum(met) / len(met))
