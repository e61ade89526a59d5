r"""Whether a reply can reach a gold answer: prepare asks it of every row, before any call is paid.

A reply that gives the gold answer in a form in which it is written has to score 1: of a choice its
letter and its text, of a list of accepted answers each of them, else the answer's own words (in a
\boxed{} where the scorer wants one). What only a judge can decide is left to the judge.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from g2u import plugins
from g2u.literals import read_literal
from g2u.protocols import AnswerScorer
from g2u.records import Question, Target

TOLERANCE = re.compile(r"\s*(?:±|\+-|\+/-|\*/)\s*[\d.]+\s*%?\s*$")
"""What a number's target allows beside its value (g2u/scoring/answers/number.py)."""
JUDGED = frozenset({"equivalent", "graded"})
"""Scorers of answers that only a judge can tell."""
READ_AS = frozenset({"displacement", "json_object", "number", "yes_no"})
"""Scorers whose predictions have one normal form, so that a gold answer in another form ("North: 1;
East: 4", a yes in another language) becomes what is read in it.
"""
ONE_TEXT = frozenset({"choice", "label", "number", "relaxed", "short", "yes_no"})
"""Scorers of one value: a list in their target is one of accepted answers."""
REMEDY = {
    "choice": "mend the row's options or answer",
    "yes_no": "expected yes or no",
    "label": "expected one of the choices",
    "number": "expected one number, or scorer: short, which compares texts",
    "displacement": 'expected moves, such as "North: 1, East: 4"',
    "route": "expected moves, such as up, left",
    "json_object": "expected one JSON object",
    "times": 'expected names and numbers, such as "Car: 2.0 Person: 2.0"',
    "list": "expected entries, such as red, blue",
}
ACCEPTED = "it is a list of accepted answers; expected one, or a scorer that takes each of them"


@dataclass(frozen=True, slots=True)
class Met:
    """A target that met its scorer."""

    target: Target
    """In the scorer's normal form where the row's was another one."""
    flaw: str = ""
    """Why no reply reaches it, and what mends that; empty where one does, or a judge decides."""


def meet(question: Question, target: Target) -> Met:
    """The target as it is to be kept, or why it cannot be."""
    accepted = _accepted(target)
    if accepted is not None and len(set(accepted)) == 1:
        target, accepted = replace(target, answer=accepted[0]), None
    twin = _twin(question, target)
    if twin:
        said = f"gold {_short(target.answer)} cannot be told from option {twin}, which has its text"
        return Met(target, f"{said}; {_remedy(target, False)}")
    scorer = plugins.scorer(target.scorer)
    for form in _forms(question, target, accepted):
        prediction = scorer.parse(form, question)
        worth = None if prediction is None else _scored(scorer, prediction, target.answer)
        is_judged = worth is None and prediction is not None and target.scorer in JUDGED
        if worth == 1.0 or is_judged:
            continue
        if (
            prediction is not None
            and target.scorer in READ_AS
            and _scored(scorer, prediction, prediction) == 1.0
        ):
            return Met(replace(target, answer=prediction))
        read = (
            "is not read" if prediction is None else f"is read as {_short(prediction)}, not right"
        )
        return Met(
            target,
            f"gold {_short(target.answer)} is out of reach of scorer {target.scorer}, where the "
            f"reply {_short(form)} {read}; {_remedy(target, accepted is not None)}",
        )
    return Met(target)


def _twin(question: Question, target: Target) -> str:
    """Another option with the text of the right one; empty where there is none."""
    if target.scorer != "choice":
        return ""
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    right = options.get(target.answer)
    twins = [key for key, text in options.items() if key != target.answer and text == right]
    return twins[0] if twins else ""


def _remedy(target: Target, is_list: bool) -> str:
    expected = ACCEPTED if is_list else REMEDY.get(target.scorer, "expected another scorer")
    if target.scorer == "choice" or is_list:
        return expected
    known = {"1": "yes", "0": "no"} if target.answer in ("0", "1") else {target.answer[:30]: "..."}
    stands = json.dumps(known, ensure_ascii=False)
    return f"{expected}, or say in the preset what it stands for: answers: {stands}"


def _accepted(target: Target) -> list[str] | None:
    """The entries of a target that lists accepted answers: of one in which a text is quoted. "[3,
    4]" and "[Up, Down]" are answers in a list's form, as ChartQA has them.
    """
    if target.scorer not in ONE_TEXT or not target.answer.lstrip().startswith(("[", "{", "(")):
        return None
    found = read_literal(target.answer)
    if isinstance(found, dict):
        return [target.answer, ""]  # of no known meaning: no reply gives both
    if not isinstance(found, list) or all(_is_number(entry) for entry in found):
        return None
    return [str(entry) for entry in found]


def _forms(question: Question, target: Target, accepted: Sequence[str] | None) -> list[str]:
    """Replies that give the gold answer."""
    if accepted is not None:
        return list(accepted)
    if target.scorer == "choice":
        options = dict(zip(question.option_letters(), question.choices, strict=True))
        text = options.get(target.answer, "")
        is_letter = text.strip("()[]{}.:\"' ").upper() in options  # and stands for that option
        return [target.answer] if is_letter else [target.answer, text]
    if target.scorer == "boxed":
        return [rf"\boxed{{{target.answer}}}"]
    if target.scorer == "number":
        return [TOLERANCE.sub("", target.answer)]
    if target.scorer == "route" and ("|" in target.answer or "\n" in target.answer.strip()):
        return []  # a map is walked on, not said
    if target.scorer == "graded":
        return []  # what has to be said, in any words
    return [target.answer]


def _scored(scorer: AnswerScorer, prediction: str, answer: str) -> float | None:
    """The score; 0 where the answer is of no form that the scorer knows."""
    try:
        return scorer.score(prediction, answer)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return 0.0


def _is_number(entry: Any) -> bool:
    return isinstance(entry, (int, float)) and not isinstance(entry, bool)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
