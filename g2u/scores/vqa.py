"""VQA's normal form of an answer, and its soft accuracy beside the answers of several people.

Rule: VQA's evaluation (github.com/GT-Vision-Lab/VQA, vqaEval.py), as lmms-eval (tasks/vqav2) and
VLMEvalKit (dataset/utils/vqa_eval.py) apply it. Deviation: contractions that lack two apostrophes
stay as they are.
"""

import re

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
COMMA = re.compile(r"(?<=\d),+(?=\d)")
PERIOD = re.compile(r"\.(?!\d)")
NUMBERS = {
    "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
}  # fmt: skip
ARTICLES = {"a", "an", "the"}
PERIODS = 32
"""Full stops that the source drops, at most: it passes a flag where a count is expected."""
ENOUGH = 3
"""People who have to agree with an answer for the full score."""
ENDINGS = {
    "n't": "ai are ca could did does do had has have is might must need ought sha should was were "
    "wo would",
    "'ve": "could might must not should they we what where who would you",
    "'ll": "how it somebody someone something they what who why you",
    "'d": "he how it someone something there they where who you",
    "'s": "he how somebody someone that there what when where who why",
    "'re": "there they what why you",
}
WITHOUT = {
    f"{stem}{ending.replace(chr(39), '')}": f"{stem}{ending}"
    for ending, stems in ENDINGS.items()
    for stem in stems.split()
} | {"maam": "ma'am", "oclock": "o'clock", "twas": "'twas", "yall": "y'all"}
"""Words that lack their apostrophe, as they are compared."""


def soft(matches: int, people: int) -> float:
    """The mean over people of min(1, how many of the others gave the answer / 3); of a single
    answer whether it is that.
    """
    if people < 2:
        return float(matches)
    others = (people - matches) * min(matches, ENOUGH)
    own = matches * min(matches - 1, ENOUGH) if matches else 0
    return (others + own) / (ENOUGH * people)


def normal(text: str) -> str:
    """A text as VQA's evaluation compares it."""
    plain = unpunctuated(text.replace("\n", " ").replace("\t", " ").strip())
    words = PERIOD.sub("", plain, PERIODS).lower().split()
    kept = [word for word in (NUMBERS.get(word, word) for word in words) if word not in ARTICLES]
    return " ".join(WITHOUT.get(word, word) for word in kept)


def unpunctuated(text: str) -> str:
    """Without marks that stand beside a space, or beside a comma within a number; else they become
    spaces. Full stops stay.
    """
    drops_all = COMMA.search(text) is not None
    plain = text
    for mark in PUNCTUATION:
        is_beside_space = f"{mark} " in text or f" {mark}" in text
        plain = plain.replace(mark, "" if is_beside_space or drops_all else " ")
    return plain
