"""Published traces as thoughts of a model: taken in, answered, scored and written again.

The tables are fixtures of the schemas that `g2u.sharing.layouts` names; no row is from there.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from g2u import plugins
from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.protocols import Model
from g2u.records import EditRequest, Failure, Interleaved, InterleaveRequest, Picture
from tests.conftest import Workspace, png, typed

HEAD = "<image_start>[problem_image_1]<image_end>\n"
LAYOUTS = ("thinkmorph", "zebra_cot")


def jpeg(seed: int) -> bytes:
    """A picture whose file no PNG writer gives back."""
    pixels = np.random.default_rng(seed).integers(0, 255, (32, 48, 3), np.uint8)
    Image.fromarray(pixels).save(file := io.BytesIO(), "JPEG", quality=80)
    return file.getvalue()


def cell(encoded: bytes | None) -> dict[str, Any] | None:
    return encoded and {"bytes": encoded, "path": None}


def morph(number: int) -> dict[str, Any]:
    """A row of ThinkMorph's schema; rows with an odd number have a second picture."""
    return {
        "pid": f"p{number}",
        "question": f"Is {number} even?",
        "answer": "no" if number % 2 else "yes",
        "problem_image_0": cell(png(number)),
        "resoning_thought_0": f"<think>I look\nat {number}.</think>",
        "reasoning_image_0": cell(jpeg(100 + number)),
        "resoning_thought_1": f"Now I see {number}.",
        "reasoning_image_1": cell(png(200 + number)) if number % 2 else None,
        "resoning_thought_2": f"So it is {number}." if number % 2 else None,
        "task": "numbers",
        "full_text_only_thought": "Words alone.",
    }


def zebra(number: int) -> dict[str, Any]:
    """A row of Zebra-CoT's schema."""
    mark = "<image_start>[reasoning_image_{}]<image_end>"
    second = f"\n\nTHOUGHT 1: Now I see {number}.\n{mark.format(2)}" if number % 2 else ""
    return {
        "Question": f"{HEAD}Is {number} even?",
        "Text Reasoning Trace": f"THOUGHT 0: I look.\n{mark.format(1)}{second}\nTHOUGHT 2: done",
        "Final Answer": "no" if number % 2 else "yes",
        "problem_image_1": cell(png(number)),
        "reasoning_image_1": cell(jpeg(100 + number)),
        "reasoning_image_2": cell(png(200 + number)) if number % 2 else None,
    }


ROW = {"thinkmorph": morph, "zebra_cot": zebra}
COLUMNS = {
    "thinkmorph": {
        "id": "pid", "question": "question", "pictures": "problem_image_0", "answer": "answer",
        "category": "task",
    },
    "zebra_cot": {
        "question": "Question", "pictures": "problem_image_1", "answer": "Final Answer",
    },
}  # fmt: skip


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "traces.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def loaded(path: Path, layout: str) -> Model:
    raw = {"path": str(path), "layout": layout, "model": "somebody/s-model", "licence": "CC-BY-4.0"}
    return plugins.model("traces", typed("traces", raw))


def asked(number: int, text: str = "Is {} even?") -> InterleaveRequest:
    return InterleaveRequest((picture_of(png(number)), text.format(number)), 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_question_gets_its_own_trace_in_its_order_with_every_byte(
    layout: str, tmp_path: Path
) -> None:
    path = write(tmp_path, [ROW[layout](n) for n in range(4)])
    replies = loaded(path, layout).edit([asked(3), asked(0)])
    kinds, files = [], []
    for reply in replies:
        assert isinstance(reply, Interleaved)
        kinds.append(["p" if isinstance(part, Picture) else "t" for part in reply.parts])
        files.append([part.encoded for part in reply.parts if isinstance(part, Picture)])
    assert kinds == [list("tptpt"), list("tpt")]
    assert files == [[jpeg(103), png(203)], [jpeg(100)]]
    said = replies[0].parts[0]  # type: ignore[union-attr]
    wanted = {"thinkmorph": "<think>I look\nat 3.</think>", "zebra_cot": "THOUGHT 0: I look.\n"}
    assert said == wanted[layout]


def test_a_trace_is_found_whatever_marks_breaks_and_options_the_texts_differ_in(
    tmp_path: Path,
) -> None:
    rows = [morph(0) | {"question": "<image>\nWhich one?\nA. dog\nB. cat"}, morph(1)]
    model = loaded(write(tmp_path, rows), "thinkmorph")
    found = model.edit([asked(0, "Which  one?"), asked(1, "Think. Is {} even? Answer.")])
    assert all(isinstance(each, Interleaved) for each in found)


def test_what_the_table_lacks_or_has_twice_is_a_named_failure(tmp_path: Path) -> None:
    path = write(tmp_path, [morph(0), morph(1), morph(1)])
    model = loaded(path, "thinkmorph")
    other, twice, plain = model.edit(
        [asked(0, "What is this?"), asked(1), EditRequest((picture_of(png(0)), "Draw."), 0)]
    )
    for reply, said in (
        (other, "has no trace of this question"), (twice, "has 2 traces"), (plain, "family native"),
    ):  # fmt: skip
        assert isinstance(reply, Failure)
        assert said in reply.reason


def test_identity_tells_whose_traces_and_every_byte_of_the_table(tmp_path: Path) -> None:
    path = write(tmp_path, [morph(0)])
    before = loaded(path, "thinkmorph").identity("edit")
    assert "somebody/s-model" in before
    write(tmp_path, [morph(1)])
    assert loaded(path, "thinkmorph").identity("edit") != before


@pytest.mark.parametrize(
    ("layout", "changes", "said"),
    [
        ("zebra_cot", {"reasoning_image_1": None}, "names reasoning pictures"),
        ("zebra_cot", {"Text Reasoning Trace": "no mark"}, "names reasoning pictures"),
        ("zebra_cot", {"Text Reasoning Trace": None}, "names reasoning pictures"),
        ("thinkmorph", {"reasoning_image_0": cell(b"GIF89a no")}, "column reasoning_image_0"),
        ("thinkmorph", {"problem_image_0": cell(b"no")}, "column problem_image_0"),
    ],
)
def test_a_row_that_is_no_whole_trace_is_one_line(
    layout: str, changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = write(tmp_path, [ROW[layout](0), ROW[layout](1) | changes])
    with pytest.raises(DataError, match=rf"row 2.*{said}"):
        loaded(path, layout).edit([asked(0)])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_traces_are_answered_scored_and_written_again_with_nothing_lost(
    layout: str, workspace: Workspace
) -> None:
    """From a table through a run and back: texts, pictures, order, bytes, answers."""
    rows = [ROW[layout](n) for n in range(4)]
    write(workspace.folder, rows)
    raw, presets = workspace.raw, workspace.raw["presets"]
    presets["benchmarks"]["mine"] = {
        "source": "table", "file": "traces.parquet", "format": "yes_no", "licence": "CC-BY-4.0",
        "columns": COLUMNS[layout],
    }  # fmt: skip
    told = {"path": "traces.parquet", "layout": layout, "model": "them/m", "licence": "CC-BY-4.0"}
    presets["models"]["theirs"] = {
        "adapter": "pair",
        "settings": {"editor": {"adapter": "traces", "settings": told},
                     "reader": {"adapter": "null"}},
    }  # fmt: skip
    presets["families"]["native"] = {"edit": "native", "template": "{question}"}
    families = ["direct", "duplicate", "native"]
    raw |= {"benchmarks": ["mine"], "models": ["theirs"], "families": families}
    raw["understand"] |= {"controlled": ["native"], "controls": [{"feedback": "concat_words"}]}
    workspace.write()
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "run")
    answers = pl.read_parquet(workspace.folder / "data/mine/native/theirs/answers.parquet")
    assert set(answers["status"]) == {"ok"}
    assert sorted(set(answers["thoughts"])) == [1, 2]
    workspace.run("g2u.cli.main", "export", "again", "mine/theirs/native", "--layout", layout)
    (part,) = (workspace.folder / "again/data").rglob("*.parquet")
    lost = {"full_text_only_thought": None}
    assert pq.read_table(part).to_pylist() == [
        {**row, **lost} if layout == "thinkmorph" else row for row in rows
    ]
    card = (workspace.folder / "again/README.md").read_text()
    assert "traces of them/m, CC-BY-4.0" in card
    assert "any-to-any" in card
    assert "n<1K" in card
    workspace.run("g2u.cli.main", "export", "ours", "mine/theirs/native")
    (part,) = (workspace.folder / "ours/data").rglob("*.parquet")
    drawn = pl.read_parquet(part).sort("place")
    assert drawn["trace"].to_list().count(["", ""]) == 0
    assert len(drawn) == 6
    (shared,) = json.loads((workspace.folder / "ours/manifest.json").read_text())["cells"]
    assert shared["model_preset"]["settings"]["editor"]["settings"]["model"] == "them/m"
    said = {(row["id"], row["arm"]): row["response"] for row in answers.to_dicts()}
    for use in (use for uses in drawn["uses"] for use in uses):
        told = {each["arm"]: each["response"] for each in use["replies"]}
        assert set(told) == {"none", "blind", "concat", "concat_words"}
        assert {said[use["question"], arm] == told[arm] for arm in set(answers["arm"])} == {True}
        assert len(use["pictures"]) == 1
