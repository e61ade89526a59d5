"""Calling the embedded network: edits by a few flow steps, answers and scores byte by byte.

Batch-invariant: every forward pass has one of a few fixed shapes (rows padded to `ROWS`, text
padded to 12 or 48 tokens by its own length alone), float32, one thread. A row's reply does not
depend on its neighbours. Shape legend: see network.py.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.protocols import Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    EmbedRequest,
    Failure,
    Picture,
    ScoreRequest,
    Text,
    Turn,
)
from g2u_tiny.model.canvas import to_bytes, to_canvas, to_unit
from g2u_tiny.model.network import Segment, from_patches, to_patches, visibility
from g2u_tiny.model.sequence import Prefix, byte_logits, drawn, grams_of, see, thought_over
from g2u_tiny.model.text import BYTE_BEGIN, BYTE_END, tokens
from g2u_tiny.model.weights import load_network

ROWS = 8
"""Rows of every forward pass."""
TEXT_LENGTHS = (12, 48)
CONTINUATION_LENGTHS = (16, 64, 256, 1024)
MAX_STEPS = 64
R = TypeVar("R")
T = TypeVar("T")


class Engine:
    """The network in memory."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.network = load_network(folder)
        self.config = self.network.config
        self._canvases: dict[str, NDArray[np.float32]] = {}

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """See `Tiny.edit`."""

        def shape(request: EditRequest) -> Hashable:
            return len(request.pictures), self._text_length(request.prompt), request.settings

        return self._in_batches(requests, shape, self._edit_rows)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """See `Tiny.answer`."""

        def shape(request: AnswerRequest) -> Hashable:
            return (*self._turns_shape(request.turns), request.max_tokens)

        return self._in_batches(requests, shape, self._answer_rows)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """See `Tiny.score`. Requests with equal turns share one pass over them."""
        groups: dict[tuple[int, int, int], dict[tuple[Turn, ...], list[int]]] = {}
        for place, request in enumerate(requests):
            shape = (*self._turns_shape(request.turns), _padded(request.continuation))
            groups.setdefault(shape, {}).setdefault(request.turns, []).append(place)
        replies: dict[int, Reply[tuple[float, ...]]] = {}
        with torch.inference_mode():
            for (_, _, length), group in groups.items():
                distinct = list(group)
                for start in range(0, len(distinct), ROWS):
                    rows = distinct[start : start + ROWS]
                    prefix = self._prefix_of_turns(rows + [rows[0]] * (ROWS - len(rows)))
                    for places in zip_longest(*(group[turns] for turns in rows)):
                        said = ["" if p is None else requests[p].continuation for p in places]
                        padded = said + [""] * (ROWS - len(said))
                        found = self._score_rows(padded, length, prefix)
                        pairs = zip(places, found, strict=False)
                        replies.update({p: reply for p, reply in pairs if p is not None})
        return [replies[place] for place in range(len(requests))]

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """See `Tiny.embed`."""
        return self._in_batches(requests, lambda _: None, self._embed_rows)

    def _in_batches(
        self,
        requests: Sequence[R],
        shape: Callable[[R], Hashable],
        call: Callable[[list[R]], list[Reply[T]]],
    ) -> list[Reply[T]]:
        """Group by shape, pad each group's rows to ROWS, put the replies back in order."""
        groups: dict[Hashable, list[int]] = {}
        for place, request in enumerate(requests):
            groups.setdefault(shape(request), []).append(place)
        replies: dict[int, Reply[T]] = {}
        with torch.inference_mode():
            for places in groups.values():
                for start in range(0, len(places), ROWS):
                    chosen = places[start : start + ROWS]
                    rows = [requests[place] for place in chosen]
                    padded = rows + [rows[0]] * (ROWS - len(rows))
                    replies.update(zip(chosen, call(padded), strict=False))
        return [replies[place] for place in range(len(requests))]

    def _edit_rows(self, rows: list[EditRequest]) -> list[Reply[Picture]]:
        steps = dict(rows[0].settings).get("steps", 4)
        unknown = sorted(set(dict(rows[0].settings)) - {"steps"})
        if unknown or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
            reason = f"tiny edits with steps 1..{MAX_STEPS} only; got {dict(rows[0].settings)}"
            return [Failure(reason)] * len(rows)
        pictures, texts = [row.pictures for row in rows], [row.prompt for row in rows]
        prefix = see(self.network, *self._read([row[1:] for row in pictures], texts))
        config = self.config
        source = (
            self._patches([row[0] for row in pictures]) if pictures[0] else self._nothing(len(rows))
        )
        noise = [
            torch.randn(
                config.patches, config.values, generator=torch.Generator().manual_seed(row.seed)
            )
            for row in rows
        ]
        x = drawn(self.network, source, torch.stack(noise), steps, prefix)
        return [self._reply(canvas) for canvas in from_patches(x, config.patch).numpy()]

    def _reply(self, canvas: NDArray[np.float32]) -> Reply[Picture]:
        if not np.isfinite(canvas).all():
            return Failure("the edit is not finite")
        return picture_of_pixels(to_bytes(canvas))

    def _embed_rows(self, rows: list[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        patches = self._patches([row.picture for row in rows])
        segment = Segment("a", self.config.patches, "a")
        angles = self.network.rotations([True], [self.config.patches])
        tokens = self.network.embed_picture(patches, 0)
        hidden, _ = self.network.trunk(tokens, angles, visibility([segment])[None, None])
        return [tuple(row.tolist()) for row in hidden.mean(1)]

    def _answer_rows(self, rows: list[AnswerRequest]) -> list[Reply[str]]:
        prefix = self._prefix_of_turns([row.turns for row in rows])
        cache = prefix.cache
        limit = min(rows[0].max_tokens, self.config.answer_length - 1)
        symbols = torch.full((len(rows), 1), BYTE_BEGIN)
        written: list[list[int]] = [[] for _ in rows]
        ended = [False] * len(rows)
        sources = [torch.Generator().manual_seed(row.seed) for row in rows]
        angles = self.network.rotations([False], [1])
        for place in range(limit):
            mask = torch.cat([prefix.absent, torch.zeros(len(rows), 1, 1, place + 1)], -1)
            tokens = self.network.embed_bytes(symbols, place)
            hidden, cache = self.network.trunk(tokens, angles, mask, cache)
            choice = self.network.predict_bytes(hidden)[:, -1, : BYTE_END + 1]
            choice[:, BYTE_BEGIN] = -torch.inf
            for row, (request, source) in enumerate(zip(rows, sources, strict=True)):
                if request.temperature:
                    uniform = torch.rand(choice.shape[1], generator=source)
                    choice[row] -= request.temperature * torch.log(-torch.log(uniform))
            symbols = choice.argmax(-1, keepdim=True)
            for row, symbol in enumerate(symbols[:, 0].tolist()):
                ended[row] = ended[row] or symbol == BYTE_END
                if not ended[row]:
                    written[row].append(symbol)
            if all(ended):
                break
        return [
            Text(bytes(symbols).decode(errors="replace"), "stop" if has_ended else "length")
            for symbols, has_ended in zip(written, ended, strict=True)
        ]

    def _score_rows(
        self, continuations: list[str], length: int, prefix: Prefix
    ) -> list[Reply[tuple[float, ...]]]:
        """One pass over a continuation per row, padded to `length` bytes."""
        wanted = [list(text.encode()) for text in continuations]
        symbols = torch.full((len(wanted), length), BYTE_BEGIN)
        for row, found in enumerate(wanted):
            kept = found[:length]
            symbols[row, : len(kept)] = torch.tensor(kept, dtype=torch.long)
        logs = torch.log_softmax(byte_logits(self.network, symbols, prefix), -1)
        replies: list[Reply[tuple[float, ...]]] = []
        for row, found in enumerate(wanted):
            if not 0 < len(found) <= length:
                reason = f"continuation has {len(found)} bytes; tiny scores 1..{length}"
                replies.append(Failure(reason))
                continue
            picked = logs[row, torch.arange(len(found)), torch.tensor(found)]
            replies.append(tuple(picked.tolist()))
        return replies

    def _prefix_of_turns(self, rows: list[tuple[Turn, ...]]) -> Prefix:
        patches, grams = self._read([_pictures(turns) for turns in rows], list(map(_text, rows)))
        if self.config.passes and len(patches) == 1:
            return see(self.network, (), grams, thought_over(self.network, patches[0], grams))
        return see(self.network, patches, grams)

    def _read(
        self, pictures: Sequence[tuple[Picture, ...]], texts: Sequence[str]
    ) -> tuple[list[Tensor], Tensor]:
        """Pictures by slot [B, P, C] each, and text [B, L, 45]."""
        grams = grams_of(texts, self._text_length(texts[0]), self.config.buckets)
        slots = range(len(pictures[0]))
        return [self._patches([row[slot] for row in pictures]) for slot in slots], grams

    def _nothing(self, rows: int) -> Tensor:
        return torch.zeros(rows, self.config.patches, self.config.values)

    def _patches(self, pictures: Sequence[Picture]) -> Tensor:
        stacked = np.stack([self._canvas(picture) for picture in pictures])
        return to_patches(torch.from_numpy(stacked), self.config.patch)

    def _canvas(self, picture: Picture) -> NDArray[np.float32]:
        if picture.digest not in self._canvases:
            if len(self._canvases) > 4096:
                self._canvases.clear()
            self._canvases[picture.digest] = to_unit(
                to_canvas(pixels_of(picture), self.config.size)
            )
        return self._canvases[picture.digest]

    def _turns_shape(self, turns: tuple[Turn, ...]) -> tuple[int, int]:
        return len(_pictures(turns)), self._text_length(_text(turns))

    def _text_length(self, text: str) -> int:
        found = len(tokens(text))
        return next((n for n in TEXT_LENGTHS if found <= n), TEXT_LENGTHS[-1])


def _pictures(turns: tuple[Turn, ...]) -> tuple[Picture, ...]:
    return tuple(part for turn in turns for part in turn.parts if isinstance(part, Picture))


def _text(turns: tuple[Turn, ...]) -> str:
    return "\n".join(part for turn in turns for part in turn.parts if isinstance(part, str))


def _padded(continuation: str) -> int:
    """The length a continuation is padded to, told by its own bytes alone."""
    length = len(continuation.encode())
    return next((n for n in CONTINUATION_LENGTHS if length <= n), CONTINUATION_LENGTHS[-1])
