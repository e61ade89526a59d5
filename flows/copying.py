"""A folder's files go to another folder or a URL."""

from pathlib import Path

import fsspec

from g2u.errors import DataError


def copied(source: Path, place: str, said_by: str) -> None:
    """Copy every file below `source` to `place`.

    Args:
        source: a folder.
        place: folder or fsspec URL (s3://bucket/prefix).
        said_by: where the place was named, for the error.

    Raises:
        DataError: it cannot be written there.
    """
    try:
        files, root = fsspec.core.url_to_fs(place)
        files.makedirs(root, exist_ok=True)
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            target = f"{root}/{path.relative_to(source).as_posix()}"
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
            files.put_file(str(path), target)
    except (OSError, ImportError, ValueError) as error:
        raise DataError(
            f"{said_by}: {place}: {error}; expected a folder or URL that can be written"
        ) from None
