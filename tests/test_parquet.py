"""Folders of shards: whole or refused whenever a run was killed, and other files in them stay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.tables import parquet
from g2u.tables import schemas as tables
from tests.conftest import png
from tests.test_tables import RECIPE, thought


def write(folder: Path, numbers: range) -> None:
    tables.write_thoughts(folder, [thought(number) for number in numbers], RECIPE)


def questions(folder: Path) -> list[str]:
    return [each.question for each in tables.read_thoughts(folder)]


@pytest.mark.parametrize(("before", "after"), [(7, 3), (3, 7), (2, 2), (7, 7), (0, 4), (4, 0)])
def test_a_kill_between_any_two_moves_leaves_the_old_set_the_new_one_or_none(
    before: int, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "SHARD_ROWS", 2)
    old, new = range(before), range(100, 100 + after)
    sets = [[f"q{n}" for n in numbers] for numbers in (old, new)]
    moves, seen = 0, []
    while True:
        folder = tmp_path / str(moves)
        write(folder, old)
        done = 0

        def killed(source: Any, place: Any, *, limit: int = moves) -> None:
            nonlocal done
            if done == limit:
                raise KeyboardInterrupt
            done += 1
            Path(source).rename(place)

        with monkeypatch.context() as patched:
            patched.setattr(parquet.os, "replace", killed)
            try:
                write(folder, new)
            except KeyboardInterrupt:
                pass
            else:
                break
        if parquet.shards(folder)[:1] == [folder / parquet.FIRST]:
            seen.append(questions(folder))
        else:
            with pytest.raises(DataError, match="not whole"):
                questions(folder)
        write(folder, new)
        assert questions(folder) == sets[1], "the next run mends it"
        moves += 1
    assert moves == len(parquet.shards(folder)) + 1
    assert all(found in sets for found in seen)


def test_rows_that_fail_leave_the_old_shards(tmp_path: Path) -> None:
    write(tmp_path, range(3))

    def rows() -> Iterator[dict[str, Any]]:
        yield {"source": "s", **tables._picture_row(picture_of(png(1)))}
        raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        parquet.write_shards(tmp_path, tables.ORACLES.schema, rows())
    assert questions(tmp_path) == ["q0", "q1", "q2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "links.parquet",
        "part-00000.parquet",
    ]
    with pytest.raises(ValueError, match="broken off"):
        parquet.write_shards(tmp_path / "new", tables.ORACLES.schema, rows())
    assert not (tmp_path / "new").exists()


def test_files_of_other_names_stay_and_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    part = (tmp_path / "part-00000.parquet").read_bytes()
    for name in ("part-backup.parquet", "part-00000.parquet.bak", "notes.md"):
        (tmp_path / name).write_bytes(part)
    (tmp_path / "part-00001.parquet.d").mkdir()
    write(tmp_path, range(5, 7))
    assert questions(tmp_path) == ["q5", "q6"]
    assert (tmp_path / "part-backup.parquet").read_bytes() == part
    assert len(list(tmp_path.iterdir())) == 6


def test_what_a_kill_left_beside_goes_and_no_link_is_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / ".part-00000.parquet.g2u-new").symlink_to(precious)
    (folder / ".part-00007.parquet.g2u-new").write_text("half")
    write(folder, range(2))
    assert precious.read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["links.parquet", "part-00000.parquet"]
