"""How lmms-eval or VLMEvalKit asks; run by bench/prompts.py in another environment.

Run: PYTHON bench/official_asking.py lmms_eval, or PYTHON bench/official_asking.py vlmevalkit FOLDER
(of its source, of which only the functions that make prompts are run).
Input: JSON on standard input, rows by benchmark. Output: the messages of each row: texts, and the
numbers of pictures, from 1.
"""

import ast
import contextlib
import importlib
import io
import json
import os
import string
import sys
import types
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Message = list[str | int]
KEPT = ("build_prompt", "split_MMMU", "build_subtask_instruction", "all_answers")
"""VLMEvalKit's functions that make prompts."""
CLASSES = {
    "image_base.py": ("ImageBaseDataset",), "image_vqa.py": ("ImageVQADataset",),
    "image_yorn.py": ("ImageYORNDataset",),
    "image_mcq.py": ("ImageMCQDataset", "MMMUDataset", "MMMUProDataset"),
    "spatial457.py": ("Spatial457",), "utils/spatial457.py": ("Spatial457_utils",),
}  # fmt: skip
OF_KIT = {
    **dict.fromkeys(("mmbench", "mmstar", "ai2d", "r_bench", "blink", "mmvp"), "ImageMCQDataset"),
    **dict.fromkeys(("mme", "hallusion", "pope"), "ImageYORNDataset"),
    **dict.fromkeys(("chartqa", "textvqa", "docvqa"), "ImageVQADataset"),
    "real_world_qa": "ImageMCQDataset", "mmvet": "ImageBaseDataset", "spatial457": "Spatial457",
    "mathvista": "ImageBaseDataset", "mmmu": "MMMUDataset", "mmmu_pro": "MMMUProDataset",
    "mmmu_pro_vision": "MMMUProDataset",
}  # fmt: skip
"""Benchmark -> the class that asks it."""
VARIANTS = {"": "", "_cot": "_COT"}


def image(number: int) -> Any:
    """A picture that is known by its first pixel."""
    from PIL import Image

    return Image.new("RGB", (2, 2), (number, 0, 0))


def listed(row: Row) -> list[str]:
    return list(row["options"].values())


def of_mmmu(row: Row) -> Row:
    kind = "multiple-choice" if row["options"] else "open"
    pictures = {f"image_{n}": image(n) for n in range(1, row["pictures"] + 1)}
    options = str(listed(row))
    return {"question": row["question"], "question_type": kind, "options": options, **pictures}


def one(row: Row, **cells: Any) -> Row:
    return {"question": row["question"], "image": image(1), **cells}


def of_ai2d(row: Row) -> Row:
    return one(row, options=listed(row))


def of_mmbench(row: Row) -> Row:
    rest = {"category": "c", "L2-category": "l", "index": 1, "source": "s", "split": "dev"}
    return one(row, hint=row["hint"] or "nan", **row["options"], **rest)


def of_mmstar(row: Row) -> Row:
    told = ", ".join(f"{letter}: {text}" for letter, text in row["options"].items())
    return {"question": f"{row['question']}\nOptions: {told}", "image": image(1)}


def of_real_world_qa(row: Row) -> Row:
    told = "\n".join(f"{letter}. {text}" for letter, text in row["options"].items())
    ask = "Please answer directly with only the letter of the correct option and nothing else."
    return {"question": f"{row['question']}\n\n{told}\n{ask}", "image": image(1)}


def of_blink(row: Row) -> Row:
    told = "".join(f"({letter}) {text}\n" for letter, text in row["options"].items())
    asked = f"{row['question']}\nSelect from the following choices.\n{told}"
    pictures = {f"image_{n}": image(n) for n in range(1, row["pictures"] + 1)}
    return {"prompt": asked, "choices": listed(row), **pictures}


def of_mmvp(row: Row) -> Row:
    told = " ".join(f"({letter.lower()}) {text}" for letter, text in row["options"].items())
    return {"Question": row["question"], "Options": told, "image": image(1)}


def of_pope(row: Row) -> Row:
    asked = row["question"].removesuffix(" Please answer yes or no.")
    return {"question": asked, "image": image(1)}


def of_spatial457(row: Row) -> Row:
    return one(row, category=row["category"])


def of_refspatial(row: Row) -> Row:
    asked, _, suffix = row["question"].partition(" Your ")
    return {"prompt": asked, "suffix": f"Your {suffix}", "image": image(1)}


TASKS = {
    "mmbench": ("mmbench", "mmbench.en_utils", "mmbench", "_default_template_mmbench_en_yaml"),
    "mme": ("mme", "mme.utils", "mme", "mme.yaml"),
    "mmvet": ("mmvet", "mmvet.utils", "", "mmvet.yaml"),
    "mmstar": ("mmstar", "mmstar.utils", "mmstar", "_default_template_yaml"),
    "hallusion": (
        "hallusion_bench", "hallusion_bench.evaluate_hb", "hb", "hallusion_bench_image.yaml",
    ),
    "ai2d": ("ai2d", "ai2d.utils", "ai2d", "ai2d.yaml"),
    "chartqa": ("chartqa", "chartqa.utils", "chartqa", "chartqa.yaml"),
    "pope": ("pope", "pope.utils", "pope", "pope.yaml"),
    "mmmu": ("mmmu", "mmmu.utils", "mmmu", "mmmu_val.yaml"),
    "mmmu_pro": ("mmmu_pro", "mmmu_pro.utils", "mmmu_pro", "mmmu_pro_standard.yaml"),
    "mmmu_pro/lmms_eval_cot": (
        "mmmu_pro", "mmmu_pro.utils", "mmmu_pro", "mmmu_pro_standard_cot.yaml",
    ),
    "mmmu_pro_vision": ("mmmu_pro", "mmmu_pro.utils", "mmmu_pro", "mmmu_pro_vision.yaml"),
    "vqav2": ("vqav2", "vqav2.utils", "vqav2", "_default_template_vqav2_yaml"),
    "textvqa": ("textvqa", "textvqa.utils", "textvqa", "_default_template_textvqa_yaml"),
    "docvqa": ("docvqa", "docvqa.utils", "docvqa", "_default_template_docvqa_yaml"),
    "refspatial": ("refspatial", "refspatial.utils", "refspatial", "_default_template_yaml"),
    "mmvp": ("mmvp", "mmvp.utils", "mmvp", "_default_template_yaml"),
    "blink": ("blink", "blink.utils", "blink", "_default_template_yaml"),
    "real_world_qa": ("realworldqa", "realworldqa.utils", "realworldqa", "realworldqa.yaml"),
    "spatial457": ("spatial457", "spatial457.utils", "spatial457", "_default_template_yaml"),
}  # fmt: skip
"""Benchmark, and a wording of it beside lmms_eval -> lmms-eval's folder, module, name, YAML."""


def of_lmms_eval(benchmark: str, rows: list[Row]) -> list[Message]:
    """As its chat models are asked: the task's messages, or its pictures and then its text."""
    import yaml

    os.environ.setdefault("OPENAI_API_KEY", "none")  # a judge's, which is not asked
    folder, module, name, file = TASKS[benchmark]
    utils = importlib.import_module(f"lmms_eval.tasks.{module}")
    text = (Path(utils.__file__ or "").parents[1] / folder / file).read_text()
    plain = "\n".join(line for line in text.split("\n") if "!function" not in line)
    told = (yaml.safe_load(plain).get("lmms_eval_specific_kwargs") or {}).get("default")
    prefix = f"{name}_" if name else ""
    preset = benchmark.partition("/")[0]
    make = globals().get(f"of_{'mmmu' if preset == 'mmmu_pro' else preset}", one)
    found = []
    for row in rows:
        doc = make(row)
        messages = getattr(utils, f"{prefix}doc_to_messages", None)
        if messages is not None and benchmark in ("mmmu", "blink"):
            found.append([_part(part) for part in messages(doc, told)[0]["content"]])
            continue
        to_text = getattr(utils, f"{prefix}doc_to_text")
        asked = to_text(doc) if told is None else to_text(doc, told)
        visuals = getattr(utils, f"{'mmvet_' if preset == 'mmvet' else prefix}doc_to_visual")(doc)
        found.append([*(each.getpixel((0, 0))[0] for each in visuals), asked])
    return found


def _part(part: dict[str, Any]) -> str | int:
    if part["type"] == "text":
        return str(part["text"])
    return int(part["url"].getpixel((0, 0))[0])


def kit(folder: Path) -> dict[str, Any]:
    """VLMEvalKit's classes, with nothing in them but what makes prompts."""
    import pandas as pd

    space: dict[str, Any] = {"pd": pd, "string": string, "toliststr": list}
    space["listinstr"] = lambda names, text: any(name in text for name in names)
    space["istype"] = lambda text, kind: kind is int and text.isdigit()
    for file, names in CLASSES.items():
        tree = ast.parse((folder / "vlmeval/dataset" / file).read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in names:
                kept: list[ast.stmt] = [
                    each
                    for each in node.body
                    if isinstance(each, ast.FunctionDef) and each.name in KEPT
                ]
                node.body = kept or [ast.Pass()]
                node.keywords = []
                node.bases = [base for base in node.bases if getattr(base, "id", "") in space]
                exec(compile(ast.Module([node], []), file, "exec"), space)
    return space


def of_vlmevalkit(classes: dict[str, Any], benchmark: str, rows: list[Row]) -> list[Message]:
    """Its messages; neighbouring texts are one, and empty ones none, as for a model."""
    import pandas as pd

    preset, _, wording = benchmark.partition("/")
    asker = classes[OF_KIT[preset]]()
    shelf = {"mmmu_pro": "MMMU_Pro_10c", "mmmu_pro_vision": "MMMU_Pro_V"}
    asker.dataset_name = shelf.get(preset, preset) + VARIANTS["_cot" if wording else ""]
    asker.meta_only = False
    asker.dataset_utils = classes["Spatial457_utils"]()
    found = []
    for row in rows:
        asker.dump_image = types.MethodType(
            lambda _, line: [f"{n}.png" for n in range(1, line["pictures"] + 1)], asker
        )
        hint = row["hint"] or float("nan")
        line = pd.Series({**row, "hint": hint, **row["options"]})
        message: Message = []
        for part in asker.build_prompt(line):
            if part["type"] == "image":
                message.append(int(part["value"].removesuffix(".png")))
            elif message and isinstance(message[-1], str):
                message[-1] += part["value"]
            elif part["value"]:
                message.append(part["value"])
        found.append(message)
    return found


def main() -> None:
    """Ask every row."""
    whose, asked = sys.argv[1], json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()):
        if whose == "lmms_eval":
            found = {name: of_lmms_eval(name, rows) for name, rows in asked.items()}
        else:
            classes = kit(Path(sys.argv[2]))
            found = {name: of_vlmevalkit(classes, name, rows) for name, rows in asked.items()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
