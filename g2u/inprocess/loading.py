"""Settings of models that load here, and what names their weights; torch only when loading."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import JsonValue

from g2u.digests import sha256
from g2u.errors import ModelError
from g2u.files import write_whole
from g2u.settings import Form, Section, Text

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
COMMIT = re.compile(r"[0-9a-f]{40}")
DEVICE = re.compile(r"auto|(cpu|cuda|mps|xpu|npu|hpu|mlu|musa|mtia|meta)(:\d+)?")
KNOWN_DIGESTS = Path(".g2u/digests")
"""Digests of local files, by path, size and time of change, so that big weights are read once."""


class Loading(Section):
    """Where a model comes from and how it is laid into memory."""

    where: ClassVar[str]
    """The adapter's place in params.yaml, for messages."""
    path: Text
    """A folder, or a repository of the Hugging Face Hub."""
    revision: str | None = None
    """Of a repository: a commit, branch or tag; null = its main branch."""
    device: Annotated[str, Form(DEVICE.fullmatch, "auto, cpu, cuda, cuda:1 or another device")] = (
        "auto"
    )
    """"auto" = the first GPU, else the CPU."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Of the weights; "auto" = as they were saved."""
    device_map: str | dict[str, str | int] | None = None
    """For accelerate: spreads a model over devices; instead of `device`."""
    max_memory: dict[str | int, str | int] | None = None
    """Limit per device, for `device_map`: {0: 20GiB, cpu: 60GiB}."""

    def arguments(self) -> dict[str, Any]:
        """What `from_pretrained` is given."""
        found: dict[str, Any] = {"dtype": self.dtype}
        for name, value in (
            ("revision", self.revision),
            ("device_map", self.device_map),
            ("max_memory", self.max_memory),
        ):
            if value is not None:
                found[name] = value
        return found


class ChatLoading(Loading):
    """The same of a chat model."""

    attention: Text | None = None
    """Attention implementation: sdpa, eager, flash_attention_2 ...; null = the model's own."""
    compile: bool = False
    """Whether its forward pass is compiled at the first call."""
    processor: dict[str, JsonValue] = {}
    """Further arguments of the processor, such as {max_pixels: 1003520}."""
    system: str = ""
    """Text of a system message before every conversation; empty = none."""

    def arguments(self) -> dict[str, Any]:
        """What `from_pretrained` is given."""
        found = super().arguments()
        if self.attention is not None:
            found["attn_implementation"] = self.attention
        return found


def weights_identity(source: Loading) -> str:
    """What names the weights: the digest of a folder's files, or repository and commit.

    Raises:
        ModelError: the folder is empty, or the repository's commit cannot be known here.
    """
    folder = Path(source.path)
    if folder.is_dir():
        return f"sha256 {folder_digest(folder)}"
    if source.revision and COMMIT.fullmatch(source.revision):
        return f"{source.path}@{source.revision}"
    return f"{source.path}@{_downloaded(source).name}"


def folder_digest(folder: Path) -> str:
    """Digest of the names and contents of a folder's files, hidden ones left out.

    Raises:
        ModelError: it holds no file.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [p for p in files if not any(part[0] == "." for part in p.relative_to(folder).parts)]
    if not files:
        raise ModelError(f"{folder} holds no files; expected a model saved with save_pretrained")
    return sha256([[path.relative_to(folder).as_posix(), _digest(path)] for path in files])


def _digest(path: Path) -> str:
    status = path.stat()
    state = [str(path.resolve()), status.st_size, status.st_mtime_ns]
    known = KNOWN_DIGESTS / sha256(state)
    if known.exists():
        return known.read_text()
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if status.st_size > 2**20:
        write_whole(known, found)
    return found


def _downloaded(source: Loading) -> Path:
    """The folder of the Hub's snapshot on this machine; its name is the commit."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source.path, revision=source.revision, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        raise ModelError(
            f"{source.where}: {source.path} is neither a folder nor downloaded, so its commit is "
            f"not known; fetch it (hf download {source.path}), or set revision to a commit of 40 "
            "hex digits"
        ) from None


def load(source: Loading, build: Callable[[], T]) -> T:
    """Build a model; what a user can mend becomes one line.

    Raises:
        ModelError: no GPU, not downloaded, gated, a package is missing, or not enough memory.
    """
    import torch

    if source.device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError(
            f"{source.where}: device is {source.device}, but torch sees no GPU; expected device: "
            "cpu, or a torch built for this GPU"
        )
    try:
        return build()
    except torch.OutOfMemoryError:
        raise ModelError(
            f"{source.where}: the model does not fit into memory; set dtype: bfloat16, or "
            "device_map: auto with max_memory"
        ) from None
    except (ImportError, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ModelError(f"{source.where}: {source.path}: {_advice(said)}{said[:300]}") from None


def _advice(said: str) -> str:
    lowered = said.lower()
    if "torchvision" in lowered or "load video processor" in lowered:
        return "its processor needs torchvision; install the build that belongs to your torch: "
    if "gated" in lowered or "401" in lowered:
        return "the repository is gated; accept its licence on the Hub and log in (hf auth login): "
    if "no module named" in lowered or "import" in lowered or "accelerate" in lowered:
        return "a package of the model's own is missing; pip install it: "
    return "could not be loaded: "


def device_of(source: Loading) -> "torch.device":
    """Where inputs go when the model lies on one device."""
    import torch

    if source.device != "auto":
        return torch.device(source.device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
