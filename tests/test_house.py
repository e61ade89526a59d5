"""docs/house.md: what may import what."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from g2u.code.dependencies import LOADED_BY_NAME
from tests.conftest import ROOT, Workspace

HOUSE = (ROOT / "docs" / "house.md").read_text()
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


def test_the_benchmark_of_the_documents_runs_as_printed(workspace: Workspace) -> None:
    found = re.findall(r"```python\n(.*?)```", HOUSE, re.DOTALL)
    text = next(each for each in found if "def read(settings)" in each)
    (workspace.folder / "g2u/questions/benchmarks/dots.py").write_text(text)
    (preset,) = re.findall(r"^dots: \{(.*), licence", HOUSE, re.MULTILINE)
    told = dict(each.split(": ") for each in preset.split(", "))
    workspace.raw["presets"]["benchmarks"]["dots"] = {**told, "items": int(told["items"])}
    workspace.raw["benchmarks"] = ["dots"]
    workspace.use_null()
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw))
    done = workspace.run("stages.prepare", "--benchmark", "dots")
    assert "prepare dots: 20 items, 20 pictures, 9 distinct" in done.stderr
