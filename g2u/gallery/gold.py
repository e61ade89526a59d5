"""What is shown of a gold answer: letters, texts, criteria, or a place over the picture.

Places are SVG paths in thousandths of the picture's width and height.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from g2u.questions.files.rubrics import criteria
from g2u.records import Question, Target
from g2u.scores.gold import PLACES
from g2u.scores.regions import Point, Region, region

WHOLE = 1000
"""What width and height count in a path."""
ROWS = 96
"""Of a mask at most, so that its path is short."""
ARM = 18
"""Of the cross that marks a point."""
Run = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold answer of a question, as people look at it."""

    letters: str = ""
    """Of the right options."""
    is_any: bool = False
    """Whether each of several letters is accepted by itself."""
    answers: tuple[str, ...] = ()
    """Those that are accepted, the first first; how many people gave each, where several did."""
    criteria: tuple[str, ...] = ()
    """Of a rubric, with their weights."""
    place: str = ""

    @property
    def text(self) -> str:
        """In a line."""
        letters = " or ".join(self.letters) if self.is_any else self.letters
        return letters or " / ".join(self.answers or self.criteria)


def gold_of(target: Target, question: Question) -> Gold:
    """What is shown of a target."""
    if target.scorer in PLACES:
        return Gold(place=" ".join(outline(region(each)) for each in target.distinct))
    if target.scorer == "rubric":
        told = criteria(target.answer)
        return Gold(criteria=tuple(f"{each.text} (weight {each.weight:g})" for each in told))
    named = "".join(target.distinct)
    if question.choices and {*named} <= {*question.option_letters()}:
        is_any = len(target.distinct) > 1
        return Gold(letters="".join(dict.fromkeys(named)), is_any=is_any)
    given = Counter(target.answers)
    people = sum(given.values()) > len(given)
    said = (f"{text} ({count} of {given.total()})" if people else text
             for text, count in given.most_common())  # fmt: skip
    return Gold(answers=tuple(said))


def said_at(target: Target, prediction: str) -> str:
    """Where a reply points to: crosses, or a box; empty where it names no place of the picture."""
    if target.scorer not in PLACES:
        return ""
    place = region(target.answer)
    try:
        found = [place.relative(text) for text in prediction.split()]
    except ValueError:  # in words, as where the reply was not read
        return ""
    return "".join(_marked(numbers) for numbers in found if numbers and len(numbers) in (2, 4))


def outline(place: Region) -> str:
    """The path of a gold place."""
    if place.box is not None:
        return _marked(place.box)
    if place.mask is None:
        return _closed(place.polygon)
    return "".join(
        _marked((left, top, right, bottom)) for top, bottom, runs in _bands(place)
        for left, right in runs
    )  # fmt: skip


def _bands(place: Region) -> Iterator[tuple[float, float, list[Run]]]:
    """Top, bottom and runs of the rows of a mask; rows alike are one band."""
    assert place.mask is not None
    width, height = place.mask
    count = min(height, ROWS)
    rows = [_runs(place.ends, width, (2 * n + 1) * height // (2 * count)) for n in range(count)]
    begin = 0
    for end in range(1, count + 1):
        if end == count or rows[end] != rows[begin]:
            yield begin / count, end / count, rows[begin]
            begin = end


def _runs(ends: Sequence[int], width: int, row: int) -> list[Run]:
    """Beginnings and ends of what is inside in a row of a mask, 0..1."""
    at, last = row * width, (row + 1) * width
    number, found = bisect_right(ends, at), []
    while at < last and number < len(ends):
        end = min(ends[number], last)
        if number % 2:
            found.append(((at - row * width) / width, (end - row * width) / width))
        at, number = end, number + 1
    return found


def _marked(numbers: Sequence[float]) -> str:
    """The path of a relative point or box."""
    if len(numbers) == 4:
        left, top, right, bottom = numbers
        return _closed([(left, top), (right, top), (right, bottom), (left, bottom)])
    x, y = (round(value * WHOLE) for value in numbers)
    return f"M{x - ARM} {y}h{2 * ARM}M{x} {y - ARM}v{2 * ARM}"


def _closed(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{round(x * WHOLE)} {round(y * WHOLE)}" for x, y in points) + "z"
