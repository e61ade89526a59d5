"""What benchmarks' own scorers make of predictions, in the environment of bench/official_peer.py.

Run: PYTHON bench/official_own.py FOLDER, where FOLDER holds the sources of MMMU and MIRA under
these names. Of their scripts only functions are run.
Input and output: as bench/official_peer.py.
"""

import ast
import contextlib
import io
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def functions(path: Path) -> dict[str, Any]:
    """The functions of a script."""
    import numpy as np

    tree = ast.parse(path.read_text(encoding="utf-8"))
    kept: list[ast.stmt] = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    for node in kept:
        assert isinstance(node, ast.FunctionDef)
        node.returns = None
    space: dict[str, Any] = {"re": re, "np": np, "random": random, "ast": ast, "Dict": dict}
    exec(compile(ast.Module(kept, []), path.name, "exec"), space)
    return space


def accuracy_of(values: list[float]) -> tuple[list[float], dict[str, float]]:
    return values, {"accuracy": 100 * sum(values) / len(values)}


def of_mmmu(folder: Path, rows: Rows) -> tuple[list[float], dict[str, float]]:
    read = functions(folder / "MMMU/mmmu/utils/eval_utils.py")
    values = []
    for row in rows:
        gold, options = row["doc"]["answer"], row["doc"]["options"]
        if options:
            texts = dict(zip("ABCD", options, strict=True))
            said = read["parse_multi_choice_response"](row["said"], list(texts), texts)
            values.append(float(read["eval_multi_choice"](gold, said)))
        else:
            values.append(float(read["eval_open"](gold, read["parse_open_response"](row["said"]))))
    return accuracy_of(values)


def of_mmmu_pro(folder: Path, rows: Rows) -> tuple[list[float], dict[str, float]]:
    read = functions(folder / "MMMU/mmmu-pro/evaluate.py")
    found = [
        read["mmmu_process_results"](
            {"response": r["said"], "options": r["doc"]["options"], "answer": r["doc"]["answer"],
             "id": "1"}
        )
        for r in rows
    ]  # fmt: skip
    return accuracy_of([float(each["if_right"]) for each in found])


def of_mira(folder: Path, rows: Rows) -> tuple[list[float], dict[str, float]]:
    read = functions(folder / "MIRA/acc.py")
    values = []
    for row in rows:
        said = read["extract_answer"](row["said"])
        right = read["normalize_answer"](row["doc"]["answer"])
        values.append(float(said is not None and read["normalize_answer"](said) == right))
    return accuracy_of(values)


SCORERS = {name[3:]: found for name, found in globals().items() if name.startswith("of_")}


def main() -> None:
    """Score every task."""
    random.seed(42)  # as MMMU's script: an answer that is not read is drawn
    found, folder = {}, Path(sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):
        for task, rows in json.load(sys.stdin).items():
            values, figures = SCORERS[task](folder, rows)
            found[task] = {"items": values, "figures": figures}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
