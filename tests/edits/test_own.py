"""A family of one's own: as docs/get_started/extend.md has it, and one that raises."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from g2u.calls.folder import FolderStore
from g2u.pictures.decoding import picture_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, Picture, Question, Text
from tests.cache.test_calls import Echo
from tests.conftest import ROOT, Workspace, brokered, imagined, png, tsv_rows

SHOWN = [picture_of(png(number)) for number in range(3)]
PICTURES = {picture.digest: picture for picture in SHOWN}
QUESTIONS = [
    Question("one", "?", pictures=tuple(PICTURES)[:1]),
    Question("two", "?", pictures=tuple(PICTURES)[1:]),
    Question("none", "?"),
]


def printed() -> str:
    """The family in the documents."""
    found = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/get_started/extend.md").read_text(), re.DOTALL
    )
    return str(next(text for text in found if "async def imagine" in text))


def module(folder: Path, text: str) -> ModuleType:
    (folder / "clearer.py").write_text(text)
    spec = importlib.util.spec_from_file_location("clearer", folder / "clearer.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class Judge(Echo):
    """Prefers the second drawing of the first picture alone."""

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.asked += len(requests)
        self.seen = [r.turns[0].parts[:2] for r in requests]
        return [Text("2" if number == 0 else "1") for number in range(len(requests))]


def test_the_family_of_the_documents_runs_as_printed(tmp_path: Path) -> None:
    model = Judge()
    family: Any = module(tmp_path, printed())
    asked = (QUESTIONS, PICTURES)
    thoughts = imagined(family, asked, brokered(model, FolderStore(tmp_path)), prompt="Draw.")
    assert [(t.question, t.position, t.status, t.draw) for t in thoughts] == [
        ("one", 0, "ok", 0), ("two", 0, "ok", 0), ("two", 1, "ok", 0),
    ]  # fmt: skip
    shown: list[Picture] = [pair[n] for pair, n in zip(model.seen, (1, 0, 0), strict=True)]
    assert [thought.picture for thought in thoughts] == shown
    assert model.asked == 2 * 3 + 3


RAISES = """
from g2u.thoughts.edits.prompt import NEEDS, READS, Settings
from g2u.thoughts.edits import prompt


async def imagine(question, pictures, settings, sampler, calls):
    if question.text == "Is number 3 even?":
        return [1][question]
    return await prompt.imagine(question, pictures, settings, sampler, calls)
"""


@pytest.mark.slow
def test_a_family_that_raises_costs_its_question_and_the_exit_code(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null(batch=3)
    workspace.use_tsv(tsv_rows(7))
    workspace.raw["presets"]["families"]["raising"] = {"edit": "raising", "prompt": "Enhance."}
    (workspace.folder / "g2u/thoughts/edits/raising.py").write_text(RAISES)
    workspace.raw["families"] = ["direct", "duplicate", "raising"]
    workspace.raw["run"] = {"workers": 1}
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(workspace.raw, sort_keys=False))
    filled = workspace.run("g2u.cli.main", "fill").stderr
    said = "question 3: g2u/thoughts/edits/raising.py:8: TypeError: list indices must be integers"
    assert said in filled
    assert "fill generate mine tiny raising: 6 calls made, 0 reused, 1 failed" in filled
    assert "fill understand mine tiny raising: 6 calls made, 0 reused, 0 failed" in filled
    workspace.run("stages.prepare", "--benchmark", "mine")
    cell = ("--benchmark", "mine", "--model", "tiny", "--family", "raising")
    made = workspace.run("stages.generate", *cell, check=False)
    assert made.returncode == 1
    assert (
        "1 of 7 thoughts failed, first: question 3: g2u/thoughts/edits/raising.py:8" in made.stderr
    )
