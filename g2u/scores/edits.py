"""How far two texts are apart."""

import numpy as np

THRESHOLD = 0.5
"""Below it a likeness of letters counts as none (ANLS)."""


def edits(reading: str, text: str) -> int:
    """Letters to insert, delete or exchange (Levenshtein). Time: the product of both lengths, that
    of `reading` in one step of numpy.
    """
    letters = np.array([ord(letter) for letter in reading], dtype=np.int64)
    places = np.arange(len(reading) + 1)
    row = places
    for number, letter in enumerate(text, start=1):
        changed = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        best = np.concatenate([[number], changed])
        row = np.minimum.accumulate(best - places) + places
    return int(row[-1])


def letters_alike(prediction: str, answer: str) -> float:
    """1 - edits / length of the longer text as it is written, without case and spaces beyond one; 0
    where lengths alone put it below the threshold.
    """
    length = max(len(answer), len(prediction))
    said, wanted = (" ".join(text.lower().split()) for text in (prediction, answer))
    if abs(len(said) - len(wanted)) > (1 - THRESHOLD) * length:
        return 0.0
    return 1 - edits(said, wanted) / length if length else 1.0
