"""Where the call cache lies, opened once in a process."""

import json
import logging
import os
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path

from g2u.calls.folder import FolderStore
from g2u.calls.made import MadeStore
from g2u.calls.store import CallStore
from g2u.errors import CacheError
from g2u.tables.places import DATA

CACHE_VARIABLE = "G2U_CACHE"
"""Environment variable that moves the call cache, e.g. to share it between clones."""
OPTIONS_VARIABLE = "G2U_CACHE_OPTIONS"
DEFAULT_CACHE = Path(".g2u") / "calls"


def known_calls(*, takes: bool = True) -> MadeStore:
    """The call cache, and what the results in data/ were made from.

    Args:
        takes: whether replies that lie in data/ alone are put into the call cache.

    Raises:
        CacheError: see `call_store`.
    """
    root = DATA.absolute()
    return MadeStore(
        call_store(),
        lambda: sorted(root.glob("*/*/*/calls/*.parquet")),
        lambda: sorted(root.glob("*/*/*/thoughts/part-*.parquet")),
        lambda path: path.parents[1] / "costs" / f"{path.stem}.json",
        takes=takes,
    )


def call_store() -> CallStore:
    """The call cache: .g2u/calls, or the folder or URL that G2U_CACHE names.

    A URL (s3://bucket/calls) is shared storage, with .g2u/calls before it; G2U_CACHE_OPTIONS holds
    what its file system takes, as JSON.

    Raises:
        CacheError: the URL or its options cannot be read.
    """
    told = os.environ.get(OPTIONS_VARIABLE) or "{}"
    return _opened(os.environ.get(CACHE_VARIABLE) or str(DEFAULT_CACHE), told, Path.cwd())


@lru_cache(maxsize=4)
def _opened(named: str, told: str, _: Path) -> CallStore:
    """The process's one store of this name: its index is read once, and it writes one segment."""
    store = FolderStore(Path(named)) if "://" not in named else _shared(named, told)
    Finalize(None, _close, (store,), exitpriority=1)  # atexit comes too late in a worker
    return store


def _shared(url: str, told: str) -> CallStore:
    from g2u.calls.remote import RemoteStore

    try:
        options = json.loads(told)
    except ValueError as error:
        raise CacheError(f"{OPTIONS_VARIABLE}: {error}; expected a JSON object") from None
    return RemoteStore(url, FolderStore(DEFAULT_CACHE), options)


def _close(store: CallStore) -> None:
    """At the end of a process, when nobody can be told otherwise."""
    try:
        store.close()
    except CacheError as error:
        logging.getLogger(__name__).warning("%s", error)
