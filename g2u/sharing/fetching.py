"""A dataset's place becomes a folder: a path, a URL of fsspec, or a repository of the Hub."""

import re
import shutil
from pathlib import Path

import fsspec

from g2u.digests import sha256
from g2u.errors import DataError

FETCHED = Path(".g2u") / "datasets"
REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def fetched(place: str) -> Path:
    """The folder that holds the dataset; what is far away is copied to .g2u/datasets first.

    Args:
        place: an existing folder, PROTOCOL://..., or OWNER/NAME of a dataset on the Hub.

    Raises:
        DataError: it is none of these, or cannot be had.
    """
    if Path(place).is_dir():
        return Path(place)
    target = FETCHED / sha256(place)[:16]
    if "://" in place:
        try:
            files, root = fsspec.core.url_to_fs(place)
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            files.get(root.rstrip("/") + "/", f"{target}/", recursive=True)
        except (OSError, ImportError, ValueError) as error:
            raise DataError(f"{place}: {error}; expected a folder of a dataset") from None
        return target
    if not REPOSITORY.fullmatch(place):
        raise DataError(f"{place}: no such folder; expected a folder, a URL or OWNER/NAME")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise DataError(f"{place}: pip install 'g2u[datasets]' to get it from the Hub") from None
    try:
        snapshot_download(place, repo_type="dataset", local_dir=target)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(
            f"{place}: no such folder, and not to be had from the Hub: {said}"
        ) from None
    return target
