"""Any UTF-8 text as token ids: in by hashed byte n-grams of its words, out byte by byte.

A text is cut at white space into words, long words into pieces of at most 12 bytes; three pieces
make a token. A piece is the bag of its hashed byte trigrams and of itself (as in fastText:
Bojanowski et al. 2017, arXiv 1607.04606), so no list of words bounds what can be read; the piece
itself is hashed with its place in the token, so that order is kept. Answers are written and scored
as bytes.
"""

import functools
import zlib

import numpy as np
from numpy.typing import NDArray

PIECE_BYTES = 12
PIECES = 3
"""Pieces of a token."""
PIECE_GRAMS = 15
"""Most n-grams of a piece: 14 trigrams of 12 bytes with its two borders, and the piece."""
GRAMS = PIECES * PIECE_GRAMS
BYTE_BEGIN, BYTE_END, BYTE_PAD = 256, 257, 258
BYTE_SYMBOLS = 259


@functools.lru_cache(maxsize=65536)
def piece_grams(piece: bytes, place: int, buckets: int) -> tuple[int, ...]:
    """Bucket numbers 1..buckets-1 of the n-grams of a piece, `place` 0..2 in its token; 0 is kept
    for padding.
    """
    framed = b"\x02" + piece + b"\x03"
    grams = [framed[i : i + 3] for i in range(len(framed) - 2)]
    grams.append(b"\x01" + bytes([place]) + framed)
    return tuple(1 + zlib.crc32(gram) % (buckets - 1) for gram in grams)


def tokens(text: str) -> list[list[bytes]]:
    """The text's words as bytes, long ones cut, three to a token."""
    pieces = [
        word[start : start + PIECE_BYTES]
        for word in text.encode().split()
        for start in range(0, len(word), PIECE_BYTES)
    ]
    return [pieces[start : start + PIECES] for start in range(0, len(pieces), PIECES)]


def encode_text(text: str, length: int, buckets: int) -> NDArray[np.int64]:
    """Ids [length, 45] of the n-grams, 0-padded; of a longer text the first and last halves are
    kept.
    """
    found = tokens(text)
    if len(found) > length:
        found = found[: length // 2] + found[len(found) - (length - length // 2) :]
    ids = np.zeros((length, GRAMS), dtype=np.int64)
    for row, pieces in enumerate(found):
        grams = [
            g for place, piece in enumerate(pieces) for g in piece_grams(piece, place, buckets)
        ]
        ids[row, : len(grams)] = grams
    return ids


def encode_answer(text: str) -> list[int]:
    """Byte symbols of an answer, with the end symbol."""
    return [*text.encode(), BYTE_END]
