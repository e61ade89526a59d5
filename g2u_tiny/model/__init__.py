"""tiny: the embedded unified model, trained by stage train and shipped in weights/.

It edits, answers and scores. Pictures of any size are resized to its canvas of 48x48 pixels; its
edits have that size. Text is read up to 96 words, of a longer one the two ends; answers have at
most 47 bytes. Its identity is made of the weights' digest, the configuration and `VERSION`.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from g2u.errors import ModelError
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, EmbedRequest, Picture, ScoreRequest
from g2u.settings import Section, Text

if TYPE_CHECKING:
    from g2u_tiny.model.inference import Engine

VERSION = "2"
"""Raised whenever the same weights would give another reply: preprocessing, sampler, arithmetic."""
CAPABILITIES = frozenset({"edit", "answer", "sample", "score", "embed"})
WEIGHTS = Path(__file__).parent / "weights"


class Settings(Section):
    """What params.yaml may say of it."""

    weights: Text = str(WEIGHTS)
    """Folder of its weights; those that are shipped, if nothing is said."""


def capabilities(settings: Settings) -> frozenset[str]:
    """What it can do, whatever its settings."""
    del settings
    return CAPABILITIES


def load(settings: Settings) -> "Tiny":
    """The model with the weights of a folder.

    Raises:
        ModelError: weights are missing or do not match their digest.
    """
    return Tiny(Path(settings.weights))


class Tiny:
    """`Model` over `inference.Engine`, which is built at the first call."""

    capabilities = CAPABILITIES

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine: Engine | None = None
        self._identity = f"tiny {VERSION} {verified_digest(folder)}"

    def identity(self, kind: Kind) -> str:
        """One identity for all kinds of requests."""
        del kind
        return self._identity

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """One 48x48 picture per request; settings: steps (1..64, default 4)."""
        return self._loaded().edit(requests)

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """Bytes up to the end symbol, the likeliest or sampled; invalid UTF-8 is replaced."""
        return self._loaded().answer(requests)

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """One natural-log probability per byte of the continuation."""
        return self._loaded().score(requests)

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        """The mean of the picture's tokens after the last layer; nothing else is seen."""
        return self._loaded().embed(requests)

    def close(self) -> None:
        """Drop the network."""
        self._engine = None

    def _loaded(self) -> "Engine":
        if self._engine is None:
            from g2u_tiny.model.inference import Engine

            self._engine = Engine(self._folder)
        return self._engine


def verified_digest(folder: Path) -> str:
    """SHA-256 of a folder's config.json, which holds those of the weights and of their base.

    Raises:
        ModelError: a file is missing, or is not the one that config.json names.
    """
    try:
        config = (folder / "config.json").read_bytes()
        weights = (folder / "model.safetensors").read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"tiny: {error.filename} is missing; restore it with git checkout, or retrain: "
            "make train"
        ) from None
    stored = json.loads(config)
    found = {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    if "base" in stored:
        found["base_sha256"] = verified_digest(folder / stored["base"])
    for name, digest in found.items():
        if stored[name] != digest:
            file = (
                "model.safetensors" if name == "weights_sha256" else f"{stored['base']}/config.json"
            )
            raise ModelError(
                f"tiny: {folder / file} has sha256 {digest[:12]}, config.json says "
                f"{stored[name][:12]}; restore both with git checkout, or retrain: make train"
            )
    return hashlib.sha256(config).hexdigest()
