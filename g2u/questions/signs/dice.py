"""Random numbers that no version of a library changes.

NumPy keeps the bits of its bit generators for good (NEP 19), but not what its distributions make
of them; so these are the bits.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Dice:
    """A stream of whole numbers that is told by its key."""

    def __init__(self, *key: int) -> None:
        """`key`: whole numbers of at least 0."""
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, end: int) -> int:
        """0 to end - 1; `end` up to some thousands, so that no number is favoured."""
        return int(self._bits.random_raw()) % end

    def between(self, low: int, high: int) -> int:
        """From low to high, both ends included."""
        return low + self.below(high - low + 1)

    def one_of(self, things: Sequence[T]) -> T:
        """One of them."""
        return things[self.below(len(things))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of them in a random order."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in things]

    def bytes_of(self, *shape: int) -> NDArray[np.uint8]:
        """An array of 0..255."""
        count = int(np.prod(shape))
        raw = self._bits.random_raw(-(-count // 8)).astype("<u8")
        return raw.view(np.uint8)[:count].reshape(shape)
