"""The model behind the server: what it sees, says and draws is a rule of all that reaches it.

It reads numbers as `g2u.conformance.pictures` draws them, repeats what it is told to repeat, tells
what stands before a message, and describes; it draws a mixture of its pictures with a pattern of
prompt and seed, by guidance and steps. `MINDS` are weaker ones.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.conformance.pictures import ROWS

Pixels = NDArray[np.uint8]
Kind = Literal["edit", "interleave", "answer", "score"]
WORDS = [
    "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty",
    "knoll", "lagoon", "meadow", "north", "orchard", "prairie", "quarry", "ravine", "summit",
    "tundra", "upland", "valley", "willow", "yonder",
]  # fmt: skip
SAMPLED = 24
"""Words of a sampled reply."""
TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What reaches the model."""

    kind: Kind
    pictures: tuple[Pixels, ...]
    text: str
    system: str = ""
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 8192
    text_guidance: float = 4.0
    image_guidance: float = 1.5
    steps: int = 50
    size: tuple[int, int] | None = None
    """Width and height asked for."""
    continuation: str = ""
    """What is scored."""
    weights: int = 0
    """Which weights are loaded."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reply in words."""

    text: str
    finish: str = "stop"
    picture: Pixels | None = None
    """Sent in place of the words."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A reply in pixels."""

    pixels: Pixels
    file: str = "PNG"
    quality: int = 100


@dataclass(frozen=True, slots=True)
class Woven:
    """A reply of words and pictures in their order."""

    parts: tuple[Said | Drawn, ...]


Scores = list[tuple[str, float]]
"""Token and log-probability."""
Made = Said | Drawn | Woven | Scores
STEPS = ("First I make it clear.", "Then I follow what is asked.")
"""What is said before each picture of an interleaved reply."""
CLOSING = "That is all I draw."


def tokens(text: str) -> list[str]:
    """Its tokens, which spell it when joined."""
    return TOKEN.findall(text)


def read_tokens(asked: Asked) -> int:
    """Tokens of its words, and one for each 28 x 28 pixels of its pictures."""
    shown = sum(-(-p.shape[0] // 28) * -(-p.shape[1] // 28) for p in asked.pictures)
    return len(tokens(asked.system + asked.text)) + shown


def digest(*parts: Any) -> int:
    """56 bits of all that is given."""
    shown = [p.tobytes().hex() if isinstance(p, np.ndarray) else p for p in parts]
    found = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).digest()
    return int.from_bytes(found[:7])


def read(pixels: Pixels) -> str:
    """The number that a picture shows, by what its digits resemble; "nothing" where it shows none,
    or dots of less than a pixel.
    """
    off = np.abs(pixels.astype(int) - pixels[0, 0]).sum(2)
    columns = np.flatnonzero((off > max(90, 0.3 * off.max())).any(0))
    cuts = np.flatnonzero(np.diff(columns) > 1)
    found = "".join(_digit(off[:, part]) for part in np.split(columns, cuts + 1))
    return found if len(found) == 2 else "nothing"


def _digit(off: NDArray[np.int64]) -> str:
    """What columns show that differ by so much from the ground; empty where it is no digit."""
    inked = off > max(90, 0.5 * off.max(initial=0))
    shape = off[np.ix_(inked.any(1), inked.any(0))]
    height, width = shape.shape
    if height < 7 or not width:
        return ""
    likeness = {}
    for number, rows in ROWS.items():
        dots = np.array([[row >> bit & 1 for bit in range(4, -1, -1)] for row in rows])
        dots = dots[:, dots.any(0)].astype(np.uint8) * 255
        if abs(width / height - dots.shape[1] / 7) < 0.1:
            drawn = Image.fromarray(dots).resize((width, height), Image.Resampling.BOX)
            likeness[number] = np.corrcoef(shape.ravel(), np.asarray(drawn).ravel())[0, 1]
    best = max(likeness, key=likeness.__getitem__, default="")
    return best if best and likeness[best] > 0.8 else ""


def say(asked: Asked) -> str:
    """All that is said, before it is cut."""
    if asked.temperature:
        return _words(SAMPLED, *_heard(asked), asked.seed, asked.temperature)
    if asked.text.startswith("Repeat word for word"):
        return asked.text.partition("\n")[2]
    if "before this message" in asked.text or "above this line" in asked.text:
        return f"I was told: {asked.system}" if asked.system else "NOTHING"
    if "Say the numbers" in asked.text:
        return "; ".join(f"picture {n}: {read(p)}" for n, p in enumerate(asked.pictures, 1))
    shown = " ".join(
        f"Picture {n} shows {read(p)}, of a mean of {p.mean():.0f}."
        for n, p in enumerate(asked.pictures, 1)
    )
    return f"{shown} It reminds me of {_words(30, *_heard(asked))}."


def _heard(asked: Asked) -> tuple[Any, ...]:
    return (list(map(digest, asked.pictures)), asked.text, asked.system, asked.weights)


def _words(count: int, *parts: Any) -> str:
    return " ".join(np.random.default_rng(digest(*parts)).choice(WORDS, count))


MINDS: dict[str, Callable[[Asked], str]] = {
    "reader": say,
    "digest": lambda asked: f"word {digest(*_heard(asked), *_sampling(asked)):x}",
    "constant": lambda asked: "A",
    "choice": lambda asked: "AB"[digest(*_heard(asked), *_sampling(asked)) % 2],
    "colours": lambda asked: "; ".join(str(p.reshape(-1, 3).mean(0) // 64) for p in asked.pictures),
    "random": lambda asked: f"word {np.random.default_rng().integers(2**60):x}",
}
"""What they say; `constant` and `random` also draw like this."""


def _sampling(asked: Asked) -> tuple[float, ...]:
    return (asked.seed, asked.temperature) if asked.temperature else ()


def answer(asked: Asked, mind: str) -> Said:
    """What is said within the budget, and why it ends there."""
    found = tokens(MINDS[mind](asked))
    kept = found[: asked.max_tokens]
    return Said("".join(kept), "stop" if len(kept) == len(found) else "length")


def draw(asked: Asked, mind: str) -> Pixels:
    """The pictures mixed, the first the strongest, under a pattern of prompt and seed."""
    width, height = asked.size or _size(asked)
    if mind in ("constant", "random"):
        dice = np.random.default_rng(0 if mind == "constant" else None)
        return _pattern(dice, width, height).astype(np.uint8)
    weights = 1 / np.arange(1, len(asked.pictures) + 1)
    mixed = np.full((height, width, 3), 128.0)
    if asked.pictures:
        shown = [
            _resized(p, width, height) * w for p, w in zip(asked.pictures, weights, strict=True)
        ]
        mixed = np.sum(shown, axis=0) / weights.sum()
    dice = np.random.default_rng(digest(asked.text, asked.seed, asked.weights))
    pattern, unfinished = (_pattern(dice, width, height) for _ in range(2))
    share = asked.text_guidance / (asked.text_guidance + 2 * asked.image_guidance + 2)
    found = share * pattern + (1 - share) * mixed + 48 / asked.steps * (unfinished - 128) / 128
    return found.clip(0, 255).astype(np.uint8)


def weave(asked: Asked, draw_one: Callable[[Asked], Drawn]) -> Woven:
    """A step in words, its picture, the next step and a picture of that picture, and a closing."""
    parts: list[Said | Drawn] = []
    for step in STEPS:
        drawn = draw_one(replace(asked, kind="edit", text=f"{asked.text} {step}"))
        parts += [Said(step), drawn]
        asked = replace(asked, pictures=(drawn.pixels,))
    return Woven((*parts, Said(CLOSING)))


def _size(asked: Asked) -> tuple[int, int]:
    if not asked.pictures:
        return 128, 128
    height, width = asked.pictures[0].shape[:2]
    return width, height


def _resized(pixels: Pixels, width: int, height: int) -> NDArray[np.float64]:
    return np.asarray(Image.fromarray(pixels).resize((width, height)), dtype=np.float64)


def _pattern(dice: np.random.Generator, width: int, height: int) -> NDArray[np.float64]:
    coarse = Image.fromarray(dice.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float64)


def score(asked: Asked, mind: str) -> Scores:
    """Of each token of the continuation: high for what the model itself says, low for all else."""
    said = tokens(MINDS[mind](asked))
    found: Scores = []
    given = tokens(asked.continuation)
    for place, token in enumerate(given):
        is_own = given[: place + 1] == said[: place + 1]
        chance = (digest(*_heard(asked), given[: place + 1]) % 997 + 1) / 5000
        found.append((token, math.log(0.7 if is_own else chance)))
    return found


def fields(asked: Asked) -> dict[str, Any]:
    """What arrived; of pictures their sizes, and digests of their pixels."""
    sizes, digests = [p.shape[1::-1] for p in asked.pictures], [*map(digest, asked.pictures)]
    return {**asdict(asked), "pictures": sizes, "digests": digests}
