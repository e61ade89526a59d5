"""What VLMEvalKit's scorers make of predictions; run by bench/official.py in another environment.

Run: PYTHON bench/official_kit.py FOLDER, where FOLDER holds VLMEvalKit's source. Its package is not
installed: modules are loaded one by one, and what they import of the rest is left out.
Input and output: as bench/official_peer.py.
"""

import ast
import base64
import contextlib
import importlib.util
import io
import json
import logging
import sys
import types
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
SMP = ("istype", "listinstr", "process_punctuation")
"""What scorers use of its helpers."""
UNUSED = (
    "LMUDataRoot", "download_file", "dump", "get_intermediate_file_path", "load", "md5", "d2df",
    "MMBenchOfficialServer", "get_logger", "toliststr", "decode_base64_to_image_file",
)  # fmt: skip


class Kit:
    """VLMEvalKit's scoring functions.

    Args:
        folder: of its source.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("vlmeval", "vlmeval.dataset", "vlmeval.dataset.utils", "vlmeval.utils"):
            module = sys.modules[name] = types.ModuleType(name)
            module.__path__ = []  # type: ignore[attr-defined]
        self._helpers()
        self.vqa = self._module("dataset/utils/vqa_eval.py")
        self.refcoco = self._module("dataset/refcoco.py").RefCOCODataset
        self.matching = self._module("utils/matching_util.py")
        places = self._module("dataset/refspatial.py").RefSpatialDataset
        self.refspatial = places.__new__(places)
        self.ocrbench = self._module("dataset/utils/ocrbench.py")

    def _helpers(self) -> None:
        for name in ("vlmeval.smp", "vlmeval.smp.file", "vlmeval.smp.log"):
            module = sys.modules[name] = types.ModuleType(name)
            for unused in UNUSED:
                setattr(module, unused, None)
            module.get_logger = logging.getLogger  # type: ignore[attr-defined]
        smp = sys.modules["vlmeval.smp"]
        tree = ast.parse((self._folder / "vlmeval/smp/misc.py").read_text(encoding="utf-8"))
        kept = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in SMP]
        exec(compile(ast.Module(kept, []), "misc.py", "exec"), vars(smp))
        base = sys.modules["vlmeval.dataset.image_base"] = types.ModuleType("image_base")
        base.ImageBaseDataset = object  # type: ignore[attr-defined]

    def _module(self, path: str) -> Any:
        name = "vlmeval." + path.removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(name, self._folder / "vlmeval" / path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def accuracy_of(values: list[float]) -> tuple[list[float], dict[str, float]]:
    return values, {"accuracy": 100 * sum(values) / len(values)}


def of_vqav2(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    lines = [
        {"answer": str([each["answer"] for each in r["doc"]["answers"]]), "prediction": r["said"]}
        for r in rows
    ]
    found = [kit.vqa.process_line(line, method="vqa_score") for line in lines]
    return accuracy_of([float(value) for value in kit.vqa.hit_calculate(found, "TextVQA_VAL")])


of_textvqa = of_vqav2


def of_docvqa(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    lines = [{"answer": str(r["doc"]["answers"]), "prediction": r["said"]} for r in rows]
    found = [kit.vqa.process_line(line, method="anls") for line in lines]
    return accuracy_of([float(value) for value in kit.vqa.hit_calculate(found, "DocVQA_VAL")])


def of_ocrbench(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    import pandas as pd

    values = []
    kit.ocrbench.load = lambda frame: frame
    kit.ocrbench.tqdm = lambda each: each
    told: list[dict[str, Any]] = []
    kit.ocrbench.dump = lambda *given: told.append(given[0])
    kit.ocrbench.get_intermediate_file_path = lambda *_: ""
    for row in rows:
        line = {
            "answer": str(row["doc"]["answer"]), "prediction": row["said"],
            "category": row["doc"]["category"],
        }  # fmt: skip
        kit.ocrbench.OCRBench_eval(pd.DataFrame([line]))
        values.append(float(told[-1]["Final Score"]))
    return accuracy_of(values)


def of_refcoco(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    overlaps = []
    for row in rows:
        side = row["doc"]["side"]
        found = kit.refcoco._parse_prediction(row["said"])
        box = None if found is None else kit.refcoco._to_absolute(found, side, side)
        gold = [edge * side for edge in row["doc"]["bbox"]]
        overlaps.append(0.0 if box is None else float(kit.refcoco._compute_iou(box, gold)))
    values = [float(value >= kit.refcoco.IOU_THRESHOLD) for value in overlaps]
    return values, {
        "ACC@0.5": 100 * sum(values) / len(values),
        "IoU": 100 * sum(overlaps) / len(overlaps),
    }


def of_refspatial(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    import numpy as np
    from PIL import Image

    values = []
    for row in rows:
        points = kit.refspatial._parse_prediction(row["said"])
        mask = np.array(Image.open(io.BytesIO(base64.b64decode(row["doc"]["png"]))))
        values.append(float(bool(points) and kit.refspatial._check_points_in_mask(points, mask)))
    return accuracy_of(values)


def of_mmvp(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    values = []
    for row in rows:
        options = {letter: row["doc"][letter] for letter in "AB"}
        values.append(float(kit.matching.can_infer(row["said"], options) == row["doc"]["answer"]))
    both = [float(one and other) for one, other in zip(values[::2], values[1::2], strict=True)]
    return values, {
        "accuracy": 100 * sum(values) / len(values),
        "pairs": 100 * sum(both) / len(both),
    }


SCORERS = {name[3:]: found for name, found in globals().items() if name.startswith("of_")}


def main() -> None:
    """Score every task."""
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        kit = Kit(Path(sys.argv[1]))
        for task, rows in json.load(sys.stdin).items():
            values, figures = SCORERS[task](kit, rows)
            found[task] = {"items": values, "figures": figures}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
