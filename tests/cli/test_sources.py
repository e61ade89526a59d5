"""Whether files changed, by size and time."""

from pathlib import Path

from g2u.files import states


def test_every_file_counts_but_compiled_python_and_links_to_nothing(tmp_path: Path) -> None:
    code, table = tmp_path / "code", tmp_path / "table.tsv"
    (code / "below" / "__pycache__").mkdir(parents=True)
    for name in (
        "b.py",
        "below/a.yaml",
        "below/old.pyc",
        "below/__pycache__/a.pyc.139",
        "../table.tsv",
    ):
        (code / name).write_text(name)
    (code / ".#b.py").symlink_to(tmp_path / "nothing")
    before = states([code, table, tmp_path / "missing"])
    assert [path for path, _, _ in before] == [
        str(code / "b.py"),
        str(code / "below/a.yaml"),
        str(table),
    ]
    (code / "below" / "__pycache__" / "a.pyc.140").write_text("another process compiles")
    assert states([code, table]) == before
    (code / "below" / "a.yaml").write_text("longer than before")
    changed = {path for path, _, _ in set(states([code, table])) - set(before)}
    assert changed == {str(code / "below/a.yaml")}
