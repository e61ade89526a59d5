"""Replies on disk, one file per call, named by the digest of the request.

A file is one JSON line (sha256 of the body, kind, model seconds) and the body. It is written beside
its place and moved there, so a reader sees all of it or nothing, whoever else writes; what is read
is checked against the sha256, and a damaged file is set aside and counts as absent. The folder can
be deleted at no loss but time.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored reply."""

    body: bytes
    kind: str
    """edit, answer or score."""
    seconds: float
    """Wall time of the call when it was made: its batch's, divided by the batch's size."""


class CallStore:
    """A folder of replies, `root/ab/abcdef...`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> Entry | None:
        """The reply, or None where there is none or it is damaged."""
        path = self._path(key)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        head, _, body = raw.partition(b"\n")
        try:
            meta = json.loads(head)
            if hashlib.sha256(body).hexdigest() != meta["sha256"]:
                raise ValueError
            return Entry(body, str(meta["kind"]), float(meta["seconds"]))
        except (ValueError, KeyError, TypeError):
            os.replace(path, path.with_suffix(".damaged"))
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Store a reply; the last of several equal writers wins, all of them write the same."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        meta = {
            "sha256": hashlib.sha256(entry.body).hexdigest(),
            "kind": entry.kind,
            "seconds": round(entry.seconds, 6),
        }
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(meta).encode() + b"\n" + entry.body)
            os.replace(fresh, path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / key
