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
import re
import sys
import types
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
READS = ("get_multiplier", "parse_prediction")
ANSWERS = (r"Answer': '(.*?)'", r'Answer": "(.*?)"', r"Answer': (\d)")
"""Of Spatial457.evaluate."""
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
        self.yes_no = self._module("dataset/utils/yorn.py")
        self.spatial = self._module("dataset/utils/spatial457.py")
        self.distance = self._class("dataset/image_vqa.py", "QSpatial")

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

    def _class(self, path: str, name: str) -> Any:
        """A class of a module that imports too much, with its methods that read and convert."""
        import numpy as np

        tree = ast.parse((self._folder / "vlmeval" / path).read_text(encoding="utf-8"))
        (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
        found.bases = []
        found.body = [n for n in found.body if getattr(n, "name", "") in READS]
        space: dict[str, Any] = {"re": re, "np": np}
        exec(compile(ast.Module([found], []), path, "exec"), space)
        return space[name]

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


def _inferred(kit: Kit, row: dict[str, Any]) -> float:
    """Whether an option is read, as without a model that judges, and right."""
    options = {letter: row["doc"][letter] for letter in "ABCDEFGHIJ" if letter in row["doc"]}
    return float(kit.matching.can_infer(row["said"], options) == row["doc"]["answer"])


def of_mmstar(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    return accuracy_of([_inferred(kit, row) for row in rows])


of_blink = of_real_world_qa = of_ai2d = of_r_bench = of_mmbench = of_mmstar
of_mmmu_pro = of_mmmu_pro_vision = of_mmstar


def of_mmmu(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    """Open questions have two options there: the right answer, and others."""
    closed = {"A": "", "B": "Other Answers", "answer": "A"}
    found = [
        row if row["doc"]["options"] else {**row, "doc": {**closed, "A": row["doc"]["answer"]}}
        for row in rows
    ]
    return of_mmstar(kit, found)


def _said_yes(kit: Kit, rows: Rows) -> list[str]:
    return [kit.yes_no.YOrN_Extraction(row["said"]) for row in rows]


def of_mme(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    pairs = zip(_said_yes(kit, rows), rows, strict=True)
    return accuracy_of([float(said.lower() == row["doc"]["answer"]) for said, row in pairs])


def of_hallusion(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    import pandas as pd

    values, _ = of_mme(kit, rows)
    data = pd.DataFrame([{**row["doc"], "l2-category": "s"} for row in rows])
    parts = ("set_id", "figure_id", "question_id")
    data["index"] = ["VD_s_x_" + "_".join(str(row["doc"][p]) for p in parts) for row in rows]
    data["score"] = values
    kit.yes_no.load = lambda frame: frame
    told = kit.yes_no.Hallusion_rating(data)
    return values, {name: float(told[name][0]) for name in ("aAcc", "fAcc", "qAcc")}


def of_pope(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    import pandas as pd

    values, _ = of_mme(kit, rows)
    data = pd.DataFrame({
        "answer": [row["doc"]["answer"].capitalize() for row in rows],
        "extracted": _said_yes(kit, rows), "score": values, "category": "random",
    })  # fmt: skip
    kit.yes_no.load, kit.yes_no.d2df = (lambda frame: frame), (lambda found: found)
    told = kit.yes_no.POPE_rating(data)
    names = {"accuracy": "acc", "precision": "precision", "recall": "recall", "F1": "Overall"}
    return values, {name: float(told[theirs][0]) for name, theirs in names.items()}


def of_chartqa(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    lines = [{"answer": row["doc"]["answer"], "prediction": row["said"]} for row in rows]
    found = [kit.vqa.process_line(line, method="relaxed_accuracy") for line in lines]
    return accuracy_of([float(value) for value in kit.vqa.hit_calculate(found, "ChartQA_TEST")])


def of_spatial457(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    """The dataset's search for an answer is in its loop; here it is spelt as there."""
    judge, values = kit.spatial.Spatial457_utils(), []
    for row in rows:
        tried = (re.search(pattern, row["said"]) for pattern in ANSWERS)
        said = next((found[1] for found in tried if found), row["said"])
        values.append(float(judge.is_correct(row["doc"]["answer"], said)))
    return accuracy_of(values)


def of_q_spatial(kit: Kit, rows: Rows) -> tuple[list[float], dict[str, float]]:
    """Within a factor of two, from the form that it asks for."""
    values = []
    for row in rows:
        value, unit = row["doc"]["answer"]
        gold = value * kit.distance.get_multiplier(unit)
        try:
            said = kit.distance.parse_prediction(row["said"])
        except IndexError:
            said = 0.0
        values.append(float(said > 0 and max(said / gold, gold / said) < 2))
    return accuracy_of(values)


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
