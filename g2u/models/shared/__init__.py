"""shared: edits are looked up in a dataset of thoughts; nobody needs the model that drew them.

The editor of a pair whose reader is a model of one's own. Settings:
    path: folder of a dataset that `g2u export` wrote
    model: whose drawings, where the dataset holds those of several models
A drawing is found by the pixels that were edited, the prompt and the seed; where there is only one
of picture and prompt, whatever its seed. What the dataset lacks is a failure, named.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from g2u import parquet, tables
from g2u.errors import DataError, ParamsError, unknown_name
from g2u.pictures import picture_of
from g2u.protocols import Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest
from g2u.sharing.manifest import Manifest, read_manifest

VERSION = "1"
CAPABILITIES = frozenset({"edit"})
SETTINGS = frozenset({"path", "model"})
WHERE = "params.yaml: presets.models: shared"
Place = tuple[str, int]
"""A shard's path in the dataset, and a row in it."""


def capabilities(settings: Mapping[str, Any]) -> frozenset[str]:
    """It edits what is in the dataset."""
    del settings
    return CAPABILITIES


def load(settings: Mapping[str, Any]) -> "Shared":
    """The drawings of one model; the dataset is read at the first call.

    Raises:
        ParamsError: an unknown setting, or no path.
    """
    for name in settings:
        if name not in SETTINGS:
            raise ParamsError(unknown_name(WHERE, name, SETTINGS))
    if not settings.get("path"):
        raise ParamsError(f"{WHERE}: expected path: FOLDER of a dataset (g2u export)")
    return Shared(Path(str(settings["path"])), settings.get("model"))


class Shared:
    """`Model` whose edits were made elsewhere."""

    capabilities = CAPABILITIES

    def __init__(self, folder: Path, model: str | None) -> None:
        self._folder, self._model = folder, model
        self._images = lru_cache(maxsize=2)(self._read)

    def identity(self, kind: Kind) -> str:
        """The dataset's, down to each byte of its drawings.

        Raises:
            DataError: the folder is no dataset.
            ParamsError: it holds drawings of other models.
        """
        del kind
        return f"shared {VERSION} {self._manifest.digest} {self._shown}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        """The drawings; a request that the dataset cannot serve fails."""
        return [self._found(request) for request in requests]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        """It cannot."""
        return [Failure("shared thoughts answer nothing") for _ in requests]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        """It cannot."""
        return [Failure("shared thoughts score nothing") for _ in requests]

    def close(self) -> None:
        """Forget what was read."""
        self._images.cache_clear()

    def _found(self, request: EditRequest) -> Reply[Picture]:
        if len(request.pictures) != 1:
            return Failure(f"{len(request.pictures)} pictures to edit; shared thoughts are of one")
        drawn = self._places.get((request.pictures[0].digest, request.prompt), {})
        place = drawn.get(request.seed)
        if place is None and len(drawn) == 1:
            (place,) = drawn.values()
        if place is None:
            other = f"; {len(drawn)} with other seeds" if drawn else ""
            return Failure(f"{self._folder} has no drawing of this picture and prompt{other}")
        shard, row = place
        return picture_of(self._images(shard)[row], f"{self._folder / shard}: row {row}")

    @cached_property
    def _manifest(self) -> Manifest:
        return read_manifest(self._folder)

    @cached_property
    def _shown(self) -> str:
        """The model whose drawings are served."""
        there = sorted({cell.model for cell in self._manifest.cells})
        if self._model is None and len(there) == 1:
            return there[0]
        if self._model not in there:
            raise ParamsError(
                f"{WHERE}: model {self._model!r}; expected whose drawings of {self._folder}: "
                f"{', '.join(there)}"
            )
        return self._model

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], Mapping[int, Place]]:
        """Digest of the edited picture and prompt -> seed -> where the drawing lies."""
        configs = {cell.config for cell in self._manifest.cells if cell.model == self._shown}
        found: dict[tuple[str, str], dict[int, Place]] = {}
        for shard in self._manifest.pictures:
            if Path(shard).parent.name not in configs:
                continue
            columns = ["source", "prompt", "seed", "identity"]
            rows = parquet.read_rows(self._folder / shard, tables.THOUGHTS, columns)
            for number, row in enumerate(rows):
                if row["identity"]:
                    drawn = found.setdefault((row["source"], row["prompt"]), {})
                    drawn.setdefault(row["seed"], (shard, number))
        return found

    def _read(self, shard: str) -> list[bytes]:
        """The pictures of a shard, each as the manifest says.

        Raises:
            DataError: one has changed.
        """
        rows = parquet.read_rows(self._folder / shard, tables.THOUGHTS, ["image"])
        images = [row["image"]["bytes"] for row in rows]
        said = list(self._manifest.pictures[shard])
        if [hashlib.sha256(image).hexdigest() for image in images] != said:
            raise DataError(f"{self._folder / shard}: changed; get the dataset again")
        return images
