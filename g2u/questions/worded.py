"""Questions in the words of others: a benchmark's own, VLMEvalKit's, lmms-eval's, a study's.

A wording is data: an entry of the file of g2u/questions/wordings that bears its benchmark's name,
or of a study's own/wordings, whose entries go first. `prepare` words each question once and keeps
the text with it, so whatever asks or shows it agrees. Edit families see the question as its source
has it: a thought does not depend on the wording.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import model_validator

from g2u.errors import DataError, ParamsError, in_one_line, unknown_name
from g2u.files import from_yaml
from g2u.records import PLACE, AnswerFormat, Question
from g2u.settings import Section, checked, unfit

OWN = "own"
"""The word for g2u's own form (g2u/questions/wording.py)."""
HOUSE = Path("g2u/questions/wordings")
STUDY = Path("own/wordings")
"""Folders of wordings: relative to the code's root, and to a study."""
FIELD = re.compile(r"\{\{([^{}]+)\}\}|\{([a-z_]+)\}")
"""A place of a template; in double braces, a text in braces as it is."""
FIELDS = ("question", "hint", "options", "letters", "pictures")


class Wording(Section):
    """How one of them asks. In a template {question}, {hint}, {options}, {letters} and {pictures}
    stand for the question's; {{x}} is the text {x}.
    """

    source: str
    """Where it is written: repository, commit, file."""
    choice: str | None = None
    """Template of a question with options; null = there are none here, and so for the others."""
    multi_choice: str | None = None
    """With several right options."""
    yes_no: str | None = None
    """With the answers yes and no."""
    short: str | None = None
    """With a short answer."""
    label: str | None = None
    """With a class as its answer."""
    open: str | None = None
    """With an answer in words of the model's own."""
    hint: str = "{hint}\n"
    """What stands for {hint} where a question has one."""
    option: str = "{letter}. {text}"
    """One option; {small} is its letter as a small one."""
    between: str = "\n"
    """Between options."""
    without: str = ""
    """A text that is taken out of the question first."""
    change: list[Literal["strip", "capitalize"]] = []
    """What is done to the question then, as Python's methods of these names do it."""
    words: dict[str, dict[str, str]] = {}
    """Further places of templates: {task: {by: category, A: "text for category A"}}."""
    marks: Literal["inline", "trimmed", "literal", "bare"] = "inline"
    """What stands where a question marks a picture: inline = the picture; trimmed = the same, and
    no spaces beside it; literal = the mark, <image 1>; bare = <image>. Pictures that do not stand
    there come where the template says {pictures}, else before all text.
    """

    @model_validator(mode="after")
    def _is_told(self) -> Self:
        templates = {f: t for f in FORMATS if (t := getattr(self, f)) is not None}
        if not templates:
            raise unfit(f": no template; expected one of {', '.join(FORMATS)}")
        known = (*FIELDS, *self.words)
        for form, template in templates.items():
            for _, name in FIELD.findall(template):
                if name and name not in known:
                    raise unfit(unknown_name(f".{form}: place", name, known))
            if self.marks == "literal" and "{pictures}" in template:
                raise unfit(f".{form}: {{pictures}} with marks: literal; expected one of the two")
        for name, texts in self.words.items():
            if "by" not in texts:
                raise unfit(f".words.{name}: no `by`; expected category or a label")
        return self


FORMATS: tuple[AnswerFormat, ...] = ("choice", "multi_choice", "yes_no", "short", "label", "open")


def wording_of(benchmark: str, word: str, named: str | None, root: Path) -> Wording | None:
    """The wording that a preset names; None: g2u's own.

    Args:
        benchmark: the preset's name.
        word: its `wording`.
        named: its `wordings`.
        root: of the code.

    Raises:
        ParamsError: there is no such wording (the line names those that are there), or its file is
            not of that form.
    """
    if word == OWN:
        return None
    told = wordings(named or benchmark, root)
    if word not in told:
        place = f"params.yaml: presets.benchmarks.{benchmark}.wording"
        raise ParamsError(unknown_name(place, word, [OWN, *told]))
    return told[word]


def wordings(name: str, root: Path) -> dict[str, Wording]:
    """The wordings of a benchmark by their words, a study's own over the house's. Raises
    ParamsError.
    """
    found: dict[str, Wording] = {}
    for path in files(name, root):
        found |= _read(path, path.read_text(encoding="utf-8"))
    return found


def files(name: str, root: Path) -> list[Path]:
    """The files that hold wordings of a benchmark, the house's first."""
    places = (root / HOUSE / f"{name}.yaml", STUDY / f"{name}.yaml")
    return [path for path in places if path.is_file()]


@lru_cache(maxsize=64)
def _read(path: Path, text: str) -> Mapping[str, Wording]:
    try:
        raw: Any = from_yaml(text)
    except yaml.YAMLError as error:
        raise ParamsError(in_one_line(f"{path}: not YAML: {error}", 400)) from None
    if not isinstance(raw, dict) or not all(isinstance(word, str) for word in raw):
        raise ParamsError(f"{path}: expected wordings by name, such as official: {{choice: ...}}")
    if OWN in raw:
        raise ParamsError(f"{path}: {OWN} is g2u's own wording; expected another name")
    return {word: checked(Wording, told, word, str(path)) for word, told in raw.items()}


def worded(question: Question, wording: Wording | None, whole: Question | None = None) -> Question:
    """The question with the text that it is asked by.

    Args:
        question: as its source has it.
        wording: None = g2u's own, which keeps no text.
        whole: the question with every mark of a picture that its source has, where it lost some.

    Raises:
        DataError: the wording has no template for its format, or places of pictures in it could be
            taken for others.
    """
    if wording is None:
        return question
    template = getattr(wording, question.format)
    if template is None:
        told = ", ".join(form for form in FORMATS if getattr(wording, form) is not None)
        raise DataError(
            f"question {question.id[:80]!r}: the wording has no template for {question.format}; "
            f"it has {told}; expected another wording, or one in own/wordings"
        )
    marked = whole or question
    text, is_placed = _with_marks(_filled(template, marked, wording), marked, wording)
    if "{pictures}" in template:
        if not is_placed and PLACE.search(text):
            raise DataError(
                f"question {question.id[:80]!r}: {PLACE.search(text)[0]} is text in it, and the "  # type: ignore[index]
                "wording places pictures; expected a wording without {pictures}"
            )
        marks = "".join(f"<image {n}>" for n in range(1, len(question.pictures) + 1))
        text, is_placed = text.replace(PICTURES, marks), bool(question.pictures)
    return replace(question, asked=text, is_asked_placed=is_placed)


PICTURES = "\ufdd0"
"""Stands for the pictures until marks are settled; no character."""


def _filled(template: str, question: Question, wording: Wording) -> str:
    """The template with the question's parts."""
    parts = {
        "question": _changed(question.text, wording),
        "hint": wording.hint.replace("{hint}", question.hint) if question.hint else "",
        "options": wording.between.join(_options(question, wording)),
        "letters": ", ".join(question.option_letters()),
        "pictures": PICTURES,
        **{name: _word(question, texts) for name, texts in wording.words.items()},
    }
    return FIELD.sub(lambda found: f"{{{found[1]}}}" if found[1] else parts[found[2]], template)


def _word(question: Question, texts: Mapping[str, str]) -> str:
    """What a place of the wording's own says for the question's group."""
    group = question.category if texts["by"] == "category" else question.label(texts["by"])
    return texts.get(group, "") if group != "by" else ""


def _changed(text: str, wording: Wording) -> str:
    found = text.replace(wording.without, "") if wording.without else text
    for change in wording.change:
        found = getattr(found, change)()
    return found


def _options(question: Question, wording: Wording) -> list[str]:
    pairs = zip(question.option_letters(), question.choices, strict=True)
    return [
        wording.option.replace("{letter}", letter)
        .replace("{small}", letter.lower())
        .replace("{text}", text)
        for letter, text in pairs
    ]


def _with_marks(text: str, question: Question, wording: Wording) -> tuple[str, bool]:
    """The text with what stands for marked pictures, and whether these stand where it says."""
    if not question.is_placed or wording.marks == "literal":
        return text, False
    if wording.marks == "bare":
        return PLACE.sub("<image>", text), False
    if wording.marks == "trimmed":
        text = re.sub(rf"\s*({PLACE.pattern})\s*", r"\1", text).strip()
    return text, True
