"""Flows start nothing heavy: stages do, in processes of their own."""

import ast

from g2u.code.dependencies import reached
from tests.conftest import ROOT


def test_no_flow_reaches_torch() -> None:
    for path in sorted((ROOT / "flows").glob("*.py")):
        files = reached(path.relative_to(ROOT), ROOT)
        names = {
            alias.name.split(".")[0]
            for file in files
            for node in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "torch" not in names
