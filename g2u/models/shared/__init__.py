"""shared: edits are looked up in a dataset of thoughts; nobody needs the model that drew them.

The editor of a pair whose reader is a model of one's own.
A drawing is found by the pixels that were edited, the prompt and the seed; where there is only one
of picture and prompt, whatever its seed. What the dataset lacks is a failure, named.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from g2u import plugins
from g2u.digests import sha256
from g2u.errors import G2UError, ParamsError
from g2u.pictures.decoding import picture_of
from g2u.premises import Checked
from g2u.protocols import Act, Kind, Reply
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, ScoreRequest
from g2u.settings import Section, Text, checked
from g2u.sharing.manifest import NAME, Manifest, SharedCell, read_manifest
from g2u.sharing.rows import PIXELS, is_call, read_shard, told

VERSION = "3"
CAPABILITIES = frozenset({"edit"})
WHERE = "params.yaml: presets.models: shared"
Place = tuple[SharedCell, str, int]
"""A configuration, a shard's path in the dataset, and a row in it."""


class Settings(Section):
    """What params.yaml may say of it."""

    path: Text
    """Folder of a dataset that `g2u export` wrote."""
    model: Text | None = None
    """Whose drawings, where the dataset holds those of several models."""


def capabilities(settings: Settings) -> frozenset[str]:
    """It edits what is in the dataset."""
    del settings
    return CAPABILITIES


def acts(settings: Settings) -> frozenset[Act] | None:
    """What the model that drew them does whatever it is asked, as far as it is known here."""
    if not (Path(settings.path) / NAME).exists():  # a file is looked for, and missed, elsewhere
        return None
    return load(settings).acts()


def checked_where_drawn(settings: Settings) -> Checked | None:
    """What the dataset says of the check of the model that drew."""
    return load(settings).check()


def load(settings: Settings) -> "Shared":
    """The drawings of one model; the dataset is read at the first call."""
    return Shared(Path(settings.path), settings.model)


class Shared:
    """`Model` whose edits were made elsewhere."""

    capabilities = CAPABILITIES

    def __init__(self, folder: Path, model: str | None) -> None:
        self._folder, self._model = folder, model
        self._drawn = lru_cache(maxsize=2)(self._read)

    def identity(self, kind: Kind) -> str:
        """The dataset's, down to each byte of its drawings.

        Raises:
            DataError: the folder is no dataset.
            ParamsError: it holds drawings of other models.
        """
        del kind
        return f"shared {VERSION} {self._manifest.digest} {self._shown}"

    def acts(self) -> frozenset[Act] | None:
        """See `acts` of the adapter: what the preset says in the dataset is foreign."""
        cell = next(cell for cell in self._manifest.cells if cell.model == self._shown)
        adapter, said = str(cell.model_preset.get("adapter")), cell.model_preset.get("settings", {})
        if adapter not in plugins.known("adapter"):
            return None
        try:
            return plugins.acts(adapter, checked(plugins.settings("adapter", adapter), said))
        except G2UError:
            return None

    def check(self) -> Checked | None:
        """See `checked_where_drawn`; what is said there is foreign."""
        said = [cell.check for cell in self._manifest.cells if cell.model == self._shown]
        known = [Checked.of(each.model_dump_json().encode()) for each in said if each is not None]
        return min(known, key=lambda each: each.date) if len(known) == len(said) else None

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
        self._drawn.cache_clear()

    def _found(self, request: EditRequest) -> Reply[Picture]:
        given = " ".join(picture.digest for picture in request.pictures)
        drawn = self._places.get(sha256([given, request.prompt]), {})
        place = drawn.get(request.seed)
        if place is None and len(drawn) == 1:
            (place,) = drawn.values()
        if place is None:
            other = f"; {len(drawn)} with other seeds" if drawn else ""
            return Failure(f"{self._folder} has no drawing of this picture and prompt{other}")
        cell, shard, row = place
        where = f"{self._folder / shard}: row {row}"
        found = self._drawn(cell.config, shard)[row]
        return told(picture_of(found["image"]["bytes"], where, PIXELS), found)

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
    def _places(self) -> Mapping[str, Mapping[int, Place]]:
        """Digest of what was edited and the prompt -> seed -> where the drawing lies."""
        found: dict[str, dict[int, Place]] = {}
        columns = ["given", "prompt", "seed", "identity", "place"]
        for cell in self._manifest.cells:
            for shard in cell.shards if cell.model == self._shown else ():
                rows = read_shard(self._folder, self._manifest, cell, shard, columns)
                for number, row in enumerate(rows):
                    if is_call(row):
                        drawn = found.setdefault(sha256([row["given"], row["prompt"]]), {})
                        drawn.setdefault(row["seed"], (cell, shard, number))
        return found

    def _read(self, config: str, shard: str) -> list[dict[str, Any]]:
        """The pictures of a shard, each as the manifest says, with what was told of them.

        Raises:
            DataError: the shard has changed.
        """
        cell = next(cell for cell in self._manifest.cells if cell.config == config)
        columns = ["image", "trace", "seen"]
        return list(read_shard(self._folder, self._manifest, cell, shard, columns))
