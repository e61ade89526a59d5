"""Does an edit prompt say what it should not know? Options and answers, told in words of their own
("draw the red line"), or said to be right ("the answer is B", "A is right", "choose the second
option").

Prompts are text that people and models wrote: each is read in linear time and nothing in it raises.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from g2u.records import Question, Target, Thought
from g2u.scores.responses import unpiled

NEAR = 80
"""Characters before and after a word in which it may be said to be right."""
_NOUN = r"(?:answers?|option|choice|letter|solution|reply|response|result|alternative)"
_BE = r"(?:is|are|was|be|being|as|equals?|reads?|says?|remains?)"
_RIGHT = r"(?:right|correct|true|best|valid|winning|proper)"
_OPEN = r"[\s:=\-–—>*_`\"'“”‘’({\[]*"
_CLOSE = r"[\s)\]}*_`\"'“”‘’]*"
_PLACES = (
    r"of|next|above|below|beside|under|behind|side|to|in|at|on|hand|here|there|edge|half|border"
)
BEFORE = re.compile(
    rf"(?:\b{_NOUN}(?:\s+(?:(?:to|should|must|would|will|can)\s+)*{_BE})?{_OPEN}"
    rf"|\b{_RIGHT}(?:\s+(?:one|thing|{_NOUN}))?\s*(?:{_BE}\b|[:=]){_OPEN}"
    rf"(?:\b(?:the|an?|{_NOUN})\s+)*{_OPEN}"
    r"|\b(?:choos(?:e|ing)|pick(?:ing)?|select(?:ing)?|prefer|answer(?:s|ing)?|say(?:s|ing)?"
    r"|tell(?:s|ing)?|go(?:es|ing)?\s+(?:with|for)|in\s+favou?r\s+of|supports?|suggests?)\s+"
    rf"(?:(?:that|with|the|it|is|{_NOUN})\s+)*{_OPEN}"
    r"|\b(?:tick|circle|mark|highlight|underline|emphasi[sz]e|indicate|reveal|point\s+(?:to|at))"
    r"\s+(?:the\s+)?[*_`\"'“‘(\[]+\s*"  # without a bracket or quote, a point of that name
    r"|\\?boxed\s*\{\s*)$"
)
"""Of the text before a word: it is said to be right, or chosen."""
AFTER = re.compile(
    rf"{_CLOSE}(?:(?:,\s*)?(?:(?:which|that|this)\s+)?"
    rf"(?:(?:must|should|would|will|has\s+to)\s+)?(?:{_BE}\b|[=:\-–—(])|,(?=\s*the\b))\s*"
    r"(?:(?:clearly|indeed|obviously|certainly|definitely|in\s+fact|surely|always|the|an?|only"
    rf"|very)\s+)*(?:{_RIGHT}|answer|solution|winner|one)\b(?!-|\s+(?:{_PLACES})\b)"
)
"""Of the text after a word: it is said to be right."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth")  # fmt: skip
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve")  # fmt: skip


UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of Chinese and Japanese, and of Korean, whose words bear endings."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """Of the prompts of a cell's thoughts."""

    distinct: int
    """Different prompts."""
    prompted: int
    """Questions with a prompt."""
    with_option: int
    """Questions whose prompt holds some of the options, and the question itself does not."""
    with_answer: int
    """Questions whose prompt holds the right answer, and the question itself does not."""


def plain(text: str) -> str:
    """Letters of one width and case, one kind of space, no separators within numbers."""
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", unpiled(text)).casefold())
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


def _places(text: str, words: str) -> Iterator[tuple[int, int]]:
    """Where `words` stand in `text` (both plain), as whole words and whole numbers; in scripts that
    put no space between words, anywhere.
    """
    if words:
        before = "" if UNSPACED.match(words[0]) else r"(?<!\w)"
        after = "" if UNSPACED.match(words[-1]) else r"(?!\w)"
        bounded = rf"{before}(?<!\d\.)(?<!\d,){re.escape(words)}{after}(?![.,]\d)"
        yield from (found.span() for found in re.finditer(bounded, text))


def holds(text: str, words: str) -> bool:
    """Whether `words` occur in `text` as whole words, letters of any case."""
    return any(True for _ in _places(plain(text), plain(words).strip()))


def answer_text(question: Question, answer: str) -> str:
    """A right answer in words: an option's text, or the gold text."""
    options = dict(zip(question.option_letters(), question.choices, strict=True))
    return options.get(answer, answer)


def leaks(
    thoughts: Sequence[Thought], questions: Sequence[Question], gold: Mapping[str, Target]
) -> Leaks:
    """Count them. A word that the base prompt, or every prompt of the cell, holds as well was not
    written for the question; a prompt that repeats all options tells none of them.
    """
    asked = {question.id: question for question in questions}
    prompted = [thought for thought in thoughts if thought.prompt]
    ids = {thought.question for thought in prompted}
    is_one = len({answer_text(asked[id], gold[id].answer) for id in ids}) < 2
    common = frozenset() if is_one else _common({plain(thought.prompt) for thought in prompted})
    options, answers = set(), set()
    for thought in prompted:
        question = asked[thought.question]
        prompt, known = (
            plain(thought.prompt),
            plain(f"{question.named(question.text)}\n{thought.base}"),
        )
        told, is_told = _told(prompt, known, question, gold[question.id], common)
        if told:
            options.add(question.id)
        if is_told:
            answers.add(question.id)
    distinct = {thought.prompt for thought in prompted}
    return Leaks(len(distinct), len(ids), len(options), len(answers))


def _common(prompts: Iterable[str]) -> frozenset[str]:
    """Words of all prompts."""
    found: set[str] | None = None
    for prompt in prompts:
        words = set(re.findall(r"\w+", prompt))
        found = words if found is None else found & words
    return frozenset(found or ())


def _told(
    prompt: str, known: str, question: Question, target: Target, common: frozenset[str]
) -> tuple[bool, bool]:
    """Whether some options, and whether an accepted answer are told; all texts are plain."""
    if not question.choices:
        golds = [text for answer in target.distinct for text in _golds(answer)]
        names = {name for text in golds for name in _numbers(text)}
        return False, any(
            _mentions(prompt, known, name, common) or _is_said(prompt, known, name)
            for name in names
        )
    letters = question.option_letters()
    texts = [plain(choice).strip() for choice in question.choices]
    rest, shown = prompt, set()
    for text in sorted(set(texts), key=len, reverse=True):
        if _mentions(rest, known, text, common):
            shown |= {letter for letter, own in zip(letters, texts, strict=True) if own == text}
        for start, end in reversed(list(_places(rest, text)) if len(text) > 1 else []):
            rest = rest[:start] + " " * (end - start) + rest[end:]
    said = {
        letter
        for place, (letter, text) in enumerate(zip(letters, texts, strict=True))
        if any(_is_said(prompt, known, name) for name in (letter.casefold(), text))
        or _is_numbered(prompt, known, place)
    }
    told: set[str] = set()
    for found in (shown, said):
        if len(found) < len(letters):
            told |= found
    return bool(told), any(_is_within(answer, told, letters) for answer in target.distinct)


def _is_within(answer: str, told: Set[str], letters: Sequence[str]) -> bool:
    """Whether an answer, or each of the letters that it is made of, is told."""
    several = set(answer)
    return answer in told or (several <= set(letters) and several <= told)


def _golds(answer: str) -> list[str]:
    """The gold text, or each of several that count; of a number, without its tolerance."""
    text = answer.strip()
    several: list[str] = []
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None  # not a list: the text is the answer
        if isinstance(listed, list):
            several = [each for each in listed if isinstance(each, str)]
    return [plain(each.split(" */ ")[0]).strip() for each in (text, *several)]


def _numbers(text: str) -> tuple[str, ...]:
    """A text, and of a small whole number also its word."""
    number = re.fullmatch(r"(\d{1,2})(?:\.0+)?", text)
    if number is None or int(number[1]) >= len(NUMBERS):
        return (text,)
    return text, number[1], NUMBERS[int(number[1])]


def _mentions(prompt: str, known: str, words: str, common: frozenset[str]) -> bool:
    """Whether the prompt holds words that the question does not; a single letter says nothing, and
    "no" before a word ("no lines") is no answer.
    """
    if len(words) < 2 and not words.isdigit():
        return False
    if set(re.findall(r"\w+", words)) <= common:
        return False
    spans = _places(prompt, words)
    if words == "no":
        spans = (span for span in spans if not re.match(r"\s\w", prompt[span[1] : span[1] + 2]))
    return any(True for _ in spans) and not any(True for _ in _places(known, words))


def _is_said(prompt: str, known: str, words: str) -> bool:
    """Whether the prompt says that `words` are right, and the question does not."""
    return _asserts(prompt, words) and not _asserts(known, words)


def _asserts(text: str, words: str) -> bool:
    for start, end in _places(text, words):
        after = text[end : end + NEAR]
        if words in ("a", "i") and re.match(r"\s+\w", after) and not AFTER.match(after):
            continue  # the article, the pronoun
        if BEFORE.search(text[max(0, start - NEAR) : start]) or AFTER.match(after):
            return True
    return False


def _is_numbered(prompt: str, known: str, place: int) -> bool:
    """Whether the option at a place, from 0, is called by its number: "the second option"."""
    names = [f"option {place + 1}", f"choice {place + 1}", f"answer {place + 1}"]
    if place < len(ORDINALS):
        nouns = ("option", "choice", "answer", "alternative", "one")
        names += [f"{ORDINALS[place]} {noun}" for noun in nouns]
    return any(
        any(True for _ in _places(prompt, name)) and not any(True for _ in _places(known, name))
        for name in names
    )
