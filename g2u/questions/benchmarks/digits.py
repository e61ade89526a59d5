"""Digits (thoughts hurt): 36 small, noisy digits; read one of them.

A page of 6 x 6 digits, 5 x 7 pixels each, under noise. The thought is the clean page: its oracle
helps whoever can read. Meant to hurt: in training, half of the pages hold DRAWN digits only, and
only those are ever drawn; all pages are read. So the embedded model reads symbols that it cannot
draw, as generators do that garble text. What came of it is in docs/embedded_model.md.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from g2u.questions.puzzles import puzzle
from g2u.questions.puzzles.forest import GRID, TILE, place_name
from g2u.questions.puzzles.puzzle import BACKGROUND, INK, Asked, Pixels, Puzzle, Split
from g2u.records import Sample

SCORERS = ("short",)
HELPS = "detail"
DEPTHS = (1, 1)
NOISE = 150.0
"""Standard deviation, of 0..255; in training anything from TRAIN_NOISE to this."""
TRAIN_NOISE = 20.0
DRAWN = 3
"""Digits below this are those that a model is taught to draw."""
FONT = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""Ten digits of 5 x 7 pixels, row by row, 1 = ink."""
GLYPHS = np.array([[[int(bit) for bit in row] for row in text.split()] for text in FONT])


class Settings(puzzle.Settings):
    """What params.yaml may say of it."""

    depth: Annotated[int, Field(ge=DEPTHS[0], le=DEPTHS[1])] = 1
    """One glance decides, whatever is asked: 1."""


def make(rng: np.random.Generator, depth: int, split: Split) -> Puzzle:
    """A page of random digits and the question about two of them; `depth` is 1."""
    del depth
    is_drawn = split == "train" and rng.random() < 0.5
    end = DRAWN if is_drawn else 10
    digits, form = puzzle.draw_structure(
        split, lambda: rng.integers(0, end, GRID * GRID), lambda drawn: bytes(drawn.tolist())
    )
    clean = _draw(digits)
    level = rng.uniform(TRAIN_NOISE, NOISE) if split == "train" else NOISE
    noisy = np.clip(clean + rng.normal(0, level, clean.shape[:2])[..., None], 0, 255)
    asked = tuple(
        Asked(
            f"digit{tile}",
            f"Which digit is in {place_name(tile)}?",
            str(digits[tile]),
            "short",
        )
        for tile in rng.permutation(GRID * GRID)[:2].tolist()
    )
    adversary = _draw((digits + 1) % 10)
    return Puzzle(form, noisy.astype(np.uint8), clean, asked, adversary, is_drawn)


def _draw(digits: np.ndarray[Any, np.dtype[np.int64]]) -> Pixels:
    cells = np.zeros((GRID, GRID, TILE, TILE), dtype=np.int64)
    cells[:, :, :7, 1:6] = GLYPHS[digits.reshape(GRID, GRID)]
    ink = cells.transpose(0, 2, 1, 3).reshape(puzzle.SIZE, puzzle.SIZE, 1)
    return np.where(ink == 1, INK, BACKGROUND).astype(np.uint8).repeat(3, 2)


def read(settings: Settings) -> Iterator[Sample]:
    """Questions about two digits of each page."""
    return puzzle.read(make, settings, "glance")
