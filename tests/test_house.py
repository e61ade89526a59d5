"""docs/house.md: what may import what; docs/get_started/extend.md: what a study may add."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from g2u.code.dependencies import LOADED_BY_NAME
from tests.conftest import ROOT, Workspace

HOUSE = (ROOT / "docs" / "house.md").read_text()
EXTEND = (ROOT / "docs" / "get_started" / "extend.md").read_text()
PACKAGES = ("g2u", "g2u_tiny", "stages", "flows")
FILES = [path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
ROOMS = ("g2u/report", "g2u/gallery", "g2u_tiny/model")
"""Loaded by name, and no folders of plug-ins."""
PLUG_INS = sorted({f for folders in LOADED_BY_NAME.values() for f in folders} - {*ROOMS})


def floors() -> list[str]:
    """The rooms in the order in which the document lists them."""
    (listed,) = re.findall(r"```\n(secrets .*?)```", HOUSE, re.DOTALL)
    return str(listed).split()


def room(path: Path) -> str:
    """The room of a file: a folder or a file of g2u, or another package."""
    parts = path.with_suffix("").parts
    return parts[1] if parts[0] == "g2u" else parts[0]


def imported(path: Path) -> Iterator[Path]:
    """Files of the house that a file names in import statements."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            place = Path(*name.split("."))
            if name != "g2u" and name.split(".")[0] in PACKAGES:
                yield from (
                    each
                    for each in (place.with_suffix(".py"), place / "__init__.py")
                    if (ROOT / each).is_file()
                )


def test_every_room_is_listed_once() -> None:
    rooms = {room(path) for path in FILES} - {"__init__"}
    assert sorted(floors()) == sorted(rooms)


def test_a_room_imports_no_room_below_it() -> None:
    order = {name: place for place, name in enumerate(floors())}
    upward = {
        f"{path} imports {other}"
        for path in FILES
        for other in imported(path)
        if room(path) != "__init__" and order[room(other)] > order[room(path)]
    }
    assert upward == set()


@pytest.mark.parametrize("folder", PLUG_INS)
def test_plug_ins_of_one_kind_never_import_one_another(folder: str) -> None:
    def plug_in(path: Path) -> str:
        below = path.relative_to(folder).with_suffix("").parts
        return "" if below[0] == "__init__" else below[0]

    own = [path for path in FILES if path.is_relative_to(folder) and plug_in(path)]
    across = {
        (plug_in(path), plug_in(other))
        for path in own
        for other in imported(path)
        if other.is_relative_to(folder) and plug_in(other) not in ("", plug_in(path))
    }
    assert across == set()


def printed(part: str) -> str:
    """The code of the document that holds `part`."""
    found = re.findall(r"```python\n(.*?)```", EXTEND, re.DOTALL)
    return str(next(each for each in found if part in each))


def preset(name: str) -> dict[str, Any]:
    """A preset as the document has it."""
    (line,) = re.findall(rf"^{name}: \{{.*\}}$", EXTEND, re.MULTILINE)
    found: dict[str, Any] = yaml.safe_load(line)[name]
    return found


@pytest.mark.slow
def test_the_benchmark_and_the_family_of_the_documents_are_files_of_a_study(
    workspace: Workspace,
) -> None:
    workspace.init_dvc()
    for kind, name, part in (
        ("benchmarks", "dots", "def read(settings)"),
        ("edits", "clearer", "async def imagine"),
    ):
        path = workspace.folder / "own" / kind / f"{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(printed(part))
        axis = {"edits": "families"}.get(kind, kind)
        workspace.raw["presets"][axis][name] = preset(name)
    workspace.raw |= {"benchmarks": ["dots"], "families": ["direct", "duplicate", "clearer"]}
    workspace.use_null()
    workspace.write()
    assert workspace.run("g2u.cli.main", "run").returncode == 0
    links = pl.read_parquet(workspace.folder / "data/dots/clearer/tiny/thoughts/links.parquet")
    assert links["status"].to_list() == ["ok"] * 20
    assert workspace.run("dvc", "status").stdout.strip().endswith("are up to date.")
    path.write_text(path.read_text().replace("max_tokens=4", "max_tokens=5"))
    ran = workspace.run("g2u.cli.main", "run", "--verbose").stderr
    assert "generate dots tiny clearer: 20 items" in ran
    assert "generate dots tiny duplicate" not in ran
    assert "prepare dots" not in ran


@pytest.mark.parametrize(
    ("kind", "name", "text", "said"),
    [
        ("edits", "spy", "from g2u.questions import targets", "reaches g2u/questions/targets.py"),
        ("edits", "spy", "def f():\n    import own.helper", "reaches g2u/scores/"),
        ("feedback", "spy", "import g2u.scores.gold", "reaches g2u/scores/"),
        ("edits", "prompt", "", "g2u has one of that name; expected a name of its own"),
    ],
)
def test_a_plug_in_of_a_study_reaches_no_gold_and_hides_none_of_g2us(
    workspace: Workspace, kind: str, name: str, text: str, said: str
) -> None:
    (workspace.folder / "own" / kind).mkdir(parents=True)
    (workspace.folder / "own/helper.py").write_text("import g2u.scores.gold\n")
    settings = "from g2u.settings import Section\nNEEDS, READS = frozenset(), 'pictures'\n"
    settings += "class Settings(Section):\n    pass\nasync def imagine(*told):\n    return []\n"
    (workspace.folder / "own" / kind / f"{name}.py").write_text(f"{text}\n{settings}")
    if kind == "edits":
        workspace.raw["presets"]["families"]["mine"] = {"edit": name}
        workspace.raw["families"] = ["direct", "duplicate", "mine"]
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw))
    refused = workspace.run("g2u.cli.main", "sync", check=False)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
