"""What a recogniser's frames say, by connectionist temporal classification (CTC).

Frames are [T, K]: in each of T steps along a line a distribution over K letters, of which number 0
is the blank. A path takes one letter per frame; its text is what is left when equal neighbours are
drawn together and blanks are dropped. p(text) is the sum over all paths with that text (Graves et
al. 2006), and the probability that a text begins with some letters is the sum over all texts that
do (the prefix probability of Graves 2008, section 7.5.3).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLANK = 0
NEVER = -math.inf
"""log 0."""
Frames = NDArray[np.floating]


def likeliest(frames: Frames) -> tuple[list[int], list[float]]:
    """The letters of the likeliest path's text, and the probability of each in its first frame."""
    path = frames.argmax(axis=1)
    kept = path != BLANK
    kept[1:] &= path[1:] != path[:-1]
    places = np.flatnonzero(kept)
    return [int(k) for k in path[places]], [float(p) for p in frames[places, path[places]]]


def log_probabilities(frames: Frames, letters: Sequence[int]) -> tuple[list[float], float]:
    """How likely each letter is after those before it, and that the text ends after the last.

    With B(l) the probability that the text begins with the letters l, the n-th value is
    log B(l[:n]) - log B(l[:n - 1]): the sum of the values is log B(letters), and of a longer text
    the values begin with those of its beginning. With the last value, of the end, the sum is
    log p(letters), the likelihood of that text and no other.

    Args:
        frames: each sums to 1.
        letters: numbers in 1 .. K - 1.

    Returns:
        The value of each letter and that of the end, all at most 0; -inf where there is no path.
    """
    logs = _logs(frames)
    blanks = logs[:, BLANK].tolist()
    ended_in_letter = [NEVER] * len(blanks)  # of paths up to each frame whose text is that so far
    ended_in_blank = [sum(blanks[: t + 1]) for t in range(len(blanks))]
    begun, values, before = 0.0, [], BLANK
    for letter in letters:
        column = logs[:, letter].tolist()
        in_letter, in_blank, first = [], [], []
        letter_so_far = blank_so_far = NEVER
        for t, log in enumerate(column):
            if t:
                free = ended_in_blank[t - 1]  # a letter follows itself after a blank alone
                if letter != before:
                    free = _either(free, ended_in_letter[t - 1])
            else:
                free = 0.0 if before == BLANK else NEVER
            blank_so_far = _either(blank_so_far, letter_so_far) + blanks[t]
            letter_so_far = _either(letter_so_far, free) + log
            in_letter.append(letter_so_far)
            in_blank.append(blank_so_far)
            first.append(free + log)
        beginning = _any(first)
        values.append(min(beginning - begun, 0.0) if beginning > NEVER else NEVER)
        ended_in_letter, ended_in_blank = in_letter, in_blank
        begun, before = beginning, letter
    exactly = _either(ended_in_letter[-1], ended_in_blank[-1])
    return values, min(exactly - begun, 0.0) if exactly > NEVER else NEVER


def narrowed(frames: Frames, letters: Sequence[int]) -> Frames:
    """The columns of these letters, in double precision: [T, letters].

    A softmax in single precision sums to 1 to five digits and may underflow: frames are scaled to
    1, and no probability is less than the smallest number of that precision (1.2e-38).
    """
    least = float(np.finfo(np.float32).tiny)
    totals = frames.sum(axis=1, dtype=np.float64, keepdims=True)
    narrow: Frames = np.maximum(frames[:, list(letters)].astype(np.float64) / totals, least)
    return narrow


def joined(lines: Sequence[Frames], space: int) -> Frames:
    """Frames whose text is that of the lines with a space between them: their own, and between two
    lines a space that is certain.
    """
    parts = list(lines[:1])
    for line in lines[1:]:
        gap = np.zeros((3, line.shape[1]), line.dtype)
        gap[[0, 1, 2], [BLANK, space, BLANK]] = 1
        parts += [gap, line]
    return np.concatenate(parts)


def _logs(frames: Frames) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log(frames.astype(np.float64))


def _either(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    if one < other:
        one, other = other, one
    return one if other == NEVER else one + math.log1p(math.exp(other - one))


def _any(logs: Sequence[float]) -> float:
    most = max(logs, default=NEVER)
    return most if most == NEVER else most + math.log(sum(math.exp(v - most) for v in logs))
