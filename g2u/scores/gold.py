r"""Whether a reply can reach a gold answer: prepare asks it of every row, before any call is paid.

A reply that gives the gold answer in a form in which it is written has to score 1: of a choice its
letter and its text, of a list of accepted answers each of them (of what people gave, the share that
the published rule gives it), else the answer's own words (in a \boxed{} where the scorer wants
one). What only a judge can decide is left to the judge.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from g2u import plugins
from g2u.literals import read_literal
from g2u.protocols import AnswerScorer, SetScorer
from g2u.records import Question, Target
from g2u.scores.forms import phrase
from g2u.scores.marking import worth
from g2u.scores.regions import Region, region, said_of

TOLERANCE = re.compile(r"\s*(?:±|\+-|\+/-|\*/)\s*[\d.]+\s*%?\s*$")
"""What a number's target allows beside its value (g2u/scores/types/number.py)."""
JUDGED = frozenset({"equivalent", "graded", "rubric"})
"""Scorers of answers that only a judge can tell."""
REFUSAL = 5
"""Words of a gold answer that may be nothing but a refusal ("unknown"), which no reply can give; in
longer ones the words of one are a part of what has to be said.
"""
READ_AS = frozenset({"displacement", "json_object", "number", "route", "yes_no"})
"""Scorers whose predictions have one normal form, so that a gold answer in another form ("North: 1;
East: 4", a yes in another language) becomes what is read in it.
"""
TEXTS = frozenset({"anls", "relaxed", "short", "vqa_soft"})
"""Scorers that compare texts, and so have to be given the answer without what it was wrapped in."""
LISTS = frozenset({"list", "route"})
"""Scorers whose targets may be lists."""
PLACES = frozenset({"box", "point"})
"""Scorers whose targets are places in a picture."""
LETTERED = frozenset({"multi_choice", "multi_choice_partial"})
"""Scorers whose targets are option letters in a row."""
STRUCTURED = LISTS | PLACES | LETTERED | {"graded", "json_object", "rubric"}
"""Scorers whose targets have a form of their own; elsewhere a list is one of accepted answers."""
ONE = frozenset({"choice", "yes_no"})
"""Scorers of closed questions, which have one right answer."""
WRAPPED = re.compile(r"<(\w++)[^<>]*+>(.*)</\1>|[(\[{]([^()\[\]{},;]*)[)\]}]", re.DOTALL)
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});", re.IGNORECASE)
INVISIBLE = " \t\r\n\xa0\ufeff\u200b\u200c\u200d\u2060"
SEVERAL = re.compile(r"<\s*(?:or|and)\s*>|\|\||\s\|\s|\w\|\w", re.IGNORECASE)
LETTER = re.compile("[A-Z]")
OPTION = re.compile(r"(?<!\w)(?:([A-Z])[.):]|[(\[]([A-Z])[)\]])\s*+\S")
"""A letter as it stands before an option."""
PRINTED = re.compile(
    r"""(?:array|set|frozenset|dict|tuple|list)\s*\(|b(?:'.*'|".*")$|[\[({]+\s*(?:b?['"]|[\])}]+$)|nan$""",
    re.IGNORECASE | re.DOTALL,
)
"""What programs print of lists, objects, bytes and missing values."""
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
SHARED = frozenset({"vqa_soft", "vqa_soft_published"})
"""Scorers in which an accepted answer is worth the share of people who gave it."""


@dataclass(frozen=True, slots=True)
class Met:
    """A target that met its scorer."""

    target: Target
    """In the scorer's normal form where the row's was another one."""
    flaw: str = ""
    """Why no reply reaches it, and what mends that; empty where one does, or a judge decides."""


def meet(question: Question, target: Target) -> Met:
    """The target as it is to be kept, or why it cannot be."""
    target = _as_set(target)
    found: list[str] = []
    for answer in target.answers:
        met = _meet_one(question, target, answer)
        if met.flaw:
            return Met(target, met.flaw)
        found.append(met.target.answer)
    kept = _set_of(target, found)
    if target.scorer in ONE and kept.accepted:
        return Met(kept, f"{_named(kept)} accepts {_short(', '.join(found))}; {_remedy(kept)}")
    return Met(kept)


def _as_set(target: Target) -> Target:
    """The target with the accepted answers that its text lists."""
    listed = _listed(target)
    return target if listed is None else replace(target, answer=listed[0], accepted=tuple(listed))


def _set_of(target: Target, answers: Sequence[str]) -> Target:
    """The target with these answers: of what people gave all, else each once."""
    if isinstance(plugins.scorer(target.scorer), SetScorer) and len(answers) > 1:
        ((commonest, _),) = Counter(answers).most_common(1)
        return replace(target, answer=commonest, accepted=tuple(answers))
    distinct = tuple(dict.fromkeys(answers))
    accepted = distinct if len(distinct) > 1 else ()
    return replace(target, answer=distinct[0], accepted=accepted)


def _meet_one(question: Question, target: Target, answer: str) -> Met:
    """One accepted answer of a target, alone as it is to be kept."""
    one = _unwrapped(replace(target, answer=answer, accepted=()))
    problem = _twin(question, one) or _unlisted(question, one) or _several(one)
    if problem:
        return Met(one, f"{_named(one)} {problem}; {_remedy(one)}")
    scorer = plugins.scorer(one.scorer)
    for form in _forms(question, one):
        prediction = scorer.parse(form, question)
        if one.scorer in SHARED:
            value = None if prediction is None else worth(scorer, prediction, target.answers)
            is_reached = (value or 0.0) > 0 or not phrase(form)
        else:
            value = None if prediction is None else _scored(scorer, prediction, one.answer)
            is_reached = value == 1.0
        is_judged = one.scorer in JUDGED and (
            value is None if prediction is not None else len(form.split()) > REFUSAL
        )
        if is_reached or is_judged:
            continue
        if prediction is not None and one.scorer in READ_AS:
            read = replace(one, answer=prediction)
            if _scored(scorer, prediction, prediction) == 1.0:
                return Met(read)
        said = (
            "is not read" if prediction is None else f"is read as {_short(prediction)}, not right"
        )
        return Met(
            one,
            f"gold {_short(one.answer)} is out of reach of scorer {one.scorer}, where the reply "
            f"{_short(form)} {said}; {_remedy(one)}",
        )
    return Met(one)


def _named(target: Target) -> str:
    return f"gold {_short(target.answer)} of scorer {target.scorer}"


def _unwrapped(target: Target) -> Target:
    """The target without what stands around its answer and is no part of it: invisible letters, and
    of texts markup, brackets and a separator at the end.
    """
    answer = target.answer.strip(INVISIBLE)
    if target.scorer == "route" and not _is_map(answer):
        answer = " ".join(answer.split())
    if target.scorer in TEXTS and not PRINTED.match(answer):
        answer = unescape(answer).strip(INVISIBLE) if ENTITY.search(answer) else answer
        wrapped = WRAPPED.fullmatch(answer)
        inner = (wrapped[2] or wrapped[3] or "").strip(INVISIBLE) if wrapped else ""
        answer = inner or answer
        answer = answer.rstrip(";,: ") or answer
    return replace(target, answer=answer) if answer else target


def _several(target: Target) -> str:
    """What is wrong with an answer that is none: the print of a list, or alternatives in a row."""
    answer = target.answer
    if target.scorer in ("graded", "json_object", "rubric") or target.scorer in PLACES:
        return ""
    if target.scorer == "route" and "|" in answer:
        return "" if _is_map(answer) else "is no map with a start (@, S) and a goal (*, G)"
    if SEVERAL.search(answer):
        return "holds several answers (separator: in the preset parts them)"
    found = read_literal(answer) if answer.startswith(("[", "(", "{")) else None
    if isinstance(found, list) and target.scorer in LISTS:
        is_flat = found and all(_is_plain(entry) for entry in found)
        return "" if is_flat else "is no list of texts or numbers"
    if PRINTED.match(answer):
        return "is the print of a list, an object, bytes or a missing value"
    return ""


def _is_plain(entry: object) -> bool:
    """Whether it is one text or number, and no print of a list."""
    is_text = isinstance(entry, str) and not PRINTED.match(entry)
    return is_text or _is_number(entry)


def _remedy(target: Target) -> str:
    expected = REMEDY.get(target.scorer, "expected one answer, or another scorer")
    if target.scorer == "choice":
        return expected
    known = {"1": "yes", "0": "no"} if target.answer in ("0", "1") else {target.answer[:30]: "..."}
    stands = json.dumps(known, ensure_ascii=False)
    return f"{expected}, or say in the preset what it stands for: answers: {stands}"


def _listed(target: Target) -> list[str] | None:
    """The entries of a target that lists accepted answers: of one in which a text is quoted. "[3,
    4]" and "[Up, Down]" are answers in a list's form, as ChartQA has them.
    """
    if (
        target.accepted
        or target.scorer in STRUCTURED
        or target.answer.lstrip()[:1] not in ("[", "(")
    ):
        return None
    found = read_literal(target.answer.strip(INVISIBLE))
    if not isinstance(found, list) or not all(_is_plain(entry) for entry in found):
        return None
    return [str(entry) for entry in found] if any(isinstance(e, str) for e in found) else None


def _twin(question: Question, target: Target) -> str:
    """What is wrong with an option whose text another one has as well, which is not right."""
    if target.scorer != "choice" and target.scorer not in LETTERED:
        return ""
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    right = {options.get(letter) for letter in target.answer}
    twins = [key for key, text in options.items() if key not in target.answer and text in right]
    return f"cannot be told from option {twins[0]}, which has its text" if twins else ""


def _unlisted(question: Question, target: Target) -> str:
    """What is wrong with a letter that stands for an option within the question's text."""
    answer = target.answer.strip("()[]. ")
    if target.scorer not in TEXTS or not LETTER.fullmatch(answer):
        return ""
    marked = "".join(first or second for first, second in OPTION.findall(question.text))
    if not marked.startswith("AB") or answer not in marked:
        return ""
    return (
        "is the letter of an option that only the question's text names, so that its words would "
        "count as wrong; put the options into a column of their own (format: choice)"
    )


def _forms(question: Question, target: Target) -> list[str]:
    """Replies that give the gold answer."""
    if target.scorer == "choice":
        options = dict(zip(question.option_letters(), question.choices, strict=True))
        text = options.get(target.answer, "")
        is_letter = text.strip("()[]{}.:\"' ").upper() in options  # and stands for that option
        return [target.answer] if is_letter else [target.answer, text]
    if target.scorer in LETTERED:
        options = dict(zip(question.option_letters(), question.choices, strict=True))
        lines = "\n".join(f"{letter}. {options[letter]}" for letter in target.answer)
        return [target.answer, lines] if len(target.answer) < len(options) else [target.answer]
    if target.scorer in PLACES:
        return _said_of(region(target.answer), target.scorer)
    if target.scorer == "boxed":
        return [rf"\boxed{{{target.answer}}}"]
    if target.scorer == "number":
        return [TOLERANCE.sub("", target.answer)]
    if target.scorer == "route" and _is_map(target.answer):
        return []  # a map is walked on, not said
    if target.scorer == "graded":
        return [form.replace("<AND>", " ") for form in target.answer.split("<OR>")]
    return [target.answer]


def _said_of(place: Region, scorer: str) -> list[str]:
    """A point inside a place, or its box, in the frame in which replies are read."""
    if scorer == "point":
        return [f"({said_of(place, place.example())})"]
    left, top, right, bottom = place.box or (0.0, 0.0, 1.0, 1.0)
    return [f"[{said_of(place, (left, top))}, {said_of(place, (right, bottom))}]"]


def _scored(scorer: AnswerScorer, prediction: str, answer: str) -> float | None:
    """The score; 0 where the answer is of no form that the scorer knows."""
    try:
        return scorer.score(prediction, answer)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        return 0.0


def _is_map(answer: str) -> bool:
    """Whether it is a map with a start and a goal, as scorer route reads it."""
    cells = {
        cell.strip() for line in answer.splitlines() if "Row" in line for cell in line.split("|")
    }
    return bool(cells & {"@", "S"}) and bool(cells & {"*", "G"})


def _is_number(entry: Any) -> bool:
    return isinstance(entry, (int, float)) and not isinstance(entry, bool)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
