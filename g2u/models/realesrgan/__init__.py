"""realesrgan: released restoration networks that imagine detail, four times as large.

Real-ESRGAN (arXiv 2107.10833): x4plus (RRDBNet, 16.7 million parameters) and animevideov3
(SRVGGNetCompact, 0.6 million). They follow no instruction: the prompt and the seed are not looked
at, and `acts` says so. `python -m g2u.models.realesrgan.fetching` brings the weights.
A picture's drawing is the same for any batch, order and number of threads.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from g2u.errors import ModelError
from g2u.inprocess.batches import in_batches
from g2u.inprocess.loading import DEVICE
from g2u.models.realesrgan import weights
from g2u.protocols import Act, Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest
from g2u.settings import Form, Section, Text

if TYPE_CHECKING:
    from g2u.models.realesrgan.drawing import Drawing

VERSION = "1"
"""Raised whenever the same weights would give another drawing."""
CAPABILITIES = frozenset({"edit"})
WHERE = "params.yaml: presets.models: realesrgan"


class Settings(Section):
    """What params.yaml may say of it."""

    network: Literal["x4plus", "animevideov3"] = "x4plus"
    """Which of the two."""
    path: Text | None = None
    """Folder with <network>.safetensors of one's own; null = the released weights."""
    device: Annotated[str, Form(DEVICE.fullmatch, "auto, cpu, cuda, cuda:1 or another device")] = (
        "auto"
    )
    """"auto" = the first GPU, else the CPU."""
    tile: Annotated[int, Field(ge=16, le=4096)] = 192
    """Side in pixels of what is drawn at once of a large picture, before its overlap."""


def capabilities(settings: Settings) -> frozenset[str]:
    """It edits."""
    del settings
    return CAPABILITIES


def acts(settings: Settings) -> frozenset[Act]:
    """It draws detail, whatever it is asked."""
    del settings
    return frozenset({"detail"})


def reach(settings: Settings) -> None:
    """Look for its weights.

    Raises:
        ModelError: they are not there; says how to get them.
    """
    _file(settings)


def load(settings: Settings) -> "RealEsrgan":
    """The model; weights are read at the first call."""
    return RealEsrgan(settings)


class RealEsrgan:
    """`Model` over one network."""

    capabilities = CAPABILITIES

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._identity = ""
        self._drawing: Drawing | None = None

    def identity(self, kind: Kind) -> str:
        """See `Model.identity`; a tile's size counts, as sums may round otherwise."""
        del kind
        if not self._identity:
            found = weights.digest_of(self._tensors())
            said = f"{self._settings.network} sha256 {found} tile {self._settings.tile}"
            self._identity = f"realesrgan {VERSION} {said}"
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """The picture of each request, four times as large."""
        if self._drawing is None:
            self._drawing = self._built()
        one = self._drawing.edit
        return in_batches(requests, lambda batch: [one(r) for r in batch], lambda r: r)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """It answers nothing."""
        return [Failure("realesrgan does not answer")] * len(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """It scores nothing."""
        return [Failure("realesrgan does not score")] * len(requests)

    def close(self) -> None:
        """Drop the network."""
        self._drawing = None

    def _tensors(self) -> weights.Tensors:
        expected = None if self._settings.path else weights.RELEASED[self._settings.network]
        return weights.read(_file(self._settings), self._settings.network, expected)

    def _built(self) -> "Drawing":
        import torch

        from g2u.models.realesrgan.drawing import Drawing

        device = self._settings.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        elif device.startswith("cuda") and not torch.cuda.is_available():
            raise ModelError(
                f"{WHERE}: device is {device}, but torch sees no GPU; expected device: cpu, or a "
                "torch built for this GPU"
            )
        return Drawing(self._settings.network, self._tensors(), device, self._settings.tile)


def _file(settings: Settings) -> Path:
    """The weights' file.

    Raises:
        ModelError: it is not there.
    """
    folder = Path(settings.path) if settings.path else weights.folder()
    found = folder / f"{settings.network}.safetensors"
    if not found.is_file():
        remedy = f"get it: {weights.COMMAND}" if settings.path is None else "put it there"
        raise ModelError(f"{WHERE}: {found} is missing; {remedy}")
    return found
