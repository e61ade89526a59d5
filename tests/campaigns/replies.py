"""Replies that no one would write, through everything that reads them: none may raise."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.extraction import cases
from bench.reading import NATURAL, SHAPES, readers

AT_ONCE = 12
"""Readers that a reply goes through: the next ones in turn."""
LONG = 2_000


@dataclass(slots=True)
class Outcome:
    """What a campaign came to."""

    replies: int = 0
    readings: int = 0
    raised: list[str] = field(default_factory=list)
    """Reader, exception and reply."""


def mutated(count: int, seed: int) -> Iterator[str]:
    """Labelled responses, each changed up to six times: cut, spliced, repeated, wrapped, with marks
    put in.
    """
    draw = random.Random(seed)
    known = [*dict.fromkeys(case.response for case in cases()), *NATURAL]
    for _ in range(count):
        text = draw.choice(known)
        for _ in range(draw.randint(1, 6)):
            place = draw.randint(0, len(text))
            end = min(len(text), place + draw.randint(0, 20))
            mark = draw.choice(SHAPES)
            changes = (
                text[:place],
                text[place:],
                text[:place] + text[end:],
                text[:place] + mark + text[place:],
                text[:place] + mark * draw.randint(2, 40) + text[end:],
                text[:place] + text[place:end] * draw.randint(2, 20) + text[end:],
                text[:place] + draw.choice(known) + text[end:],
                mark + text + draw.choice(SHAPES),
                text[:place] + chr(draw.choice((draw.randrange(256), draw.randrange(0x10000))))
                + text[place:],
            )  # fmt: skip
            text = draw.choice(changes)[:LONG]
        yield text


def campaign(count: int, seed: int) -> Outcome:
    """Read `count` replies, each by the next readers in turn."""
    found = Outcome()
    known = list(readers().items())
    turn = 0
    for text in mutated(count, seed):
        found.replies += 1
        for _ in range(AT_ONCE):
            name, read = known[turn % len(known)]
            turn += 1
            found.readings += 1
            try:
                read(text)
            except Exception as fault:  # noqa: BLE001 - what is looked for is whatever a reader may raise
                found.raised.append(f"{name}: {type(fault).__name__}: {fault}: {text[:200]!r}")
    return found
