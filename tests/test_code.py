"""The identity of code: what it says, not how it is laid out."""

import ast
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from g2u import plugins
from g2u.code import identity
from g2u.errors import ModelError, ParamsError

HOUSE = sorted(set(plugins.known("adapter")) - plugins.foreign().keys())
CODE = '''"""A module."""
import os


class A:
    """A class."""

    def f(self, x):
        """Returns x."""
        return f"{x}-{os.sep!r:>4}"


async def g(): yield [None, 1.5, b"a", ..., 2j, True]
'''


@pytest.mark.parametrize("adapter", HOUSE)
def test_the_code_of_the_house_is_the_code_that_its_calls_were_made_by(adapter: str) -> None:
    """Where it fails, the adapter's code has changed. Replies that may differ: its calls are made
    anew, so raise its VERSION and record the digest in g2u/models/moves.json. Replies that are
    equal: `g2u check MODEL --moved` proves and records it.
    """
    found = identity.digest(adapter, None)
    assert identity.moves(True).get(adapter, {}).get(found) == "", found


@pytest.mark.parametrize(
    ("old", "new", "is_equal"),
    [
        ('"""A module."""', '"""Another."""', True),
        ('"""Returns x."""', '# said\n        "x"', True),
        ("class A:", "class A:  # noqa", True),
        ("import os\n", "import os\n\n\n", True),
        ('f"{x}-{os.sep!r:>4}"', "(\n            f'{x}-{os.sep!r:>4}')", True),
        ("1.5", "1.50", True),
        ("{x}-", "{x}_", False),
        ("!r", "!s", False),
        (":>4", ":>5", False),
        ("1.5", "1.25", False),
        ("True", "1", False),
        ("None,", "False,", False),
        ('b"a"', '"a"', False),
        ("async def g", "def g", False),
        ("2j", "3j", False),
        ("def f(self, x)", "def f(self, x=None)", False),
        ("yield ", "return ", False),
    ],
)
def test_layout_and_comments_are_nothing_and_every_token_is_something(
    old: str, new: str, is_equal: bool
) -> None:
    assert old in CODE
    before, after = (identity._told(ast.parse(t)) for t in (CODE, CODE.replace(old, new, 1)))
    assert (before == after) == is_equal


def package(folder: Path, entry: str) -> EntryPoint:
    (folder / "outer" / "inner").mkdir(parents=True)
    for name in ("__init__", "inner/__init__", "inner/model", "inner/helper"):
        (folder / "outer" / f"{name}.py").write_text(f"NAME = {name!r}\n")
    return EntryPoint("own", entry, "g2u.models")


def test_every_file_of_a_private_package_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = package(tmp_path, "outer.inner.model")
    seen = [identity.digest("own", entry)]
    for name in ("__init__.py", "inner/helper.py"):
        (tmp_path / "outer" / name).write_text("NAME = 'changed'\n")
        seen.append(identity.digest("own", entry))
    (tmp_path / "outer" / "inner" / "prompts.txt").write_text("Draw.")
    seen.append(identity.digest("own", entry))
    (tmp_path / "outer" / "inner" / "helper.py").rename(tmp_path / "outer" / "helper.py")
    seen.append(identity.digest("own", entry))
    assert len(set(seen)) == len(seen)
    (tmp_path / "outer" / "__pycache__").mkdir()
    (tmp_path / "outer" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (tmp_path / "outer" / ".notes").write_text("x")
    assert identity.digest("own", entry) == seen[-1]


def test_a_package_that_is_gone_and_a_record_that_is_none_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="no module nowhere_at_all"):
        identity.mark("own", EntryPoint("own", "nowhere_at_all.model", "g2u.models"))
    monkeypatch.chdir(tmp_path)
    for text in ("[]", "{", '{"own": []}', '{"own": 1}'):
        Path("moves.json").write_text(text)
        with pytest.raises(ParamsError, match="not of the form"):
            identity.moves(False)


def test_moves_of_an_installed_house_are_the_study_s_and_go_over_those_that_are_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = identity.moves(True)
    monkeypatch.chdir(tmp_path)
    assert identity.moves(True) == shipped
    assert identity.moves_file(True) == identity.moves_file(False) == Path("moves.json")
    Path("moves.json").write_text('{"tiny": {"after": "before"}, "own": {"1": "2"}}')
    found = identity.moves(True)
    assert found["tiny"] == {**shipped["tiny"], "after": "before"}
    assert found["openai"] == shipped["openai"]
    assert identity.moves(False) == {"tiny": {"after": "before"}, "own": {"1": "2"}}


def test_what_cannot_be_parsed_counts_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "odd_module.py"
    path.write_text("def (:\n")
    entry = EntryPoint("own", "odd_module", "g2u.models")
    first = identity.digest("own", entry)
    path.write_text("def (: \n")
    assert identity.digest("own", entry) != first
