"""Prompts by another model: what it is shown, whose reply is whose, what the cells depend on."""

from pathlib import Path

import pytest
import yaml

from g2u import params
from g2u.cache.calls import CachedCalls
from g2u.cache.folder import FolderStore
from g2u.edits import written
from g2u.errors import ModelError, ParamsError
from g2u.models import null, tiny
from g2u.pictures import picture_of
from g2u.records import Failure, Picture, Question, Turn
from g2u.workspace import Cell
from g2u.writing import WithWriter, writer
from stages.generate import imagine
from tests.conftest import Workspace, png, tsv_rows
from tests.edits.test_rounds import Painter

SOURCE = picture_of(png(7))
QUESTIONS = [Question(n, f"{n}?", ("yes", "no"), pictures=(SOURCE.digest,)) for n in "abc"]


def test_the_writer_sees_examples_and_the_question_without_options(tmp_path: Path) -> None:
    painter, scribe = Painter(), Painter(" Trace the line. ", " ", Failure("busy"))
    store = FolderStore(tmp_path)
    calls = WithWriter(CachedCalls(painter, store, 8), CachedCalls(scribe, store, 8))
    settings = {
        "writer": "scribe",
        "ask": "For {question}:",
        "examples": [{"question": "How many?", "prompt": "Sharpen them."}],
        "sees": True,
        "seed": 0,
        "sampler": {},
    }
    thoughts = written.imagine(QUESTIONS, {SOURCE.digest: SOURCE}, settings, calls)
    found = {t.question: (t.status, t.reason, t.prompt, t.writer) for t in thoughts}
    assert found == {
        "a": ("ok", "", "Trace the line.", "scribe"),
        "b": ("failed", "the model wrote no prompt", "", ""),
        "c": ("failed", "busy", "", ""),
    }
    assert scribe.shown[0].turns == (
        Turn("user", ("For How many?:",)),
        Turn("assistant", ("Sharpen them.",)),
        Turn("user", (SOURCE, "For a?:")),
    )
    assert painter.shown == []
    assert [request.prompt for request in painter.drawn] == ["Trace the line."]


@pytest.fixture
def helped(workspace: Workspace) -> Workspace:
    """A family whose prompts the model `scribe` writes."""
    workspace.use_tsv(tsv_rows(3))
    workspace.raw["presets"]["models"]["scribe"] = {"adapter": "null"}
    workspace.raw["presets"]["families"]["helped"] = {"edit": "written", "writer": "scribe"}
    workspace.raw["families"] = ["direct", "duplicate", "helped"]
    return workspace


def test_replies_lie_under_the_name_of_who_gave_them(helped: Workspace, tmp_path: Path) -> None:
    config = helped.write()
    pictures: dict[str, Picture] = {SOURCE.digest: SOURCE}
    calls = CachedCalls(tiny.load({}), FolderStore(tmp_path / "calls"), 8)
    thoughts = imagine(config, Cell("mine", "tiny", "helped"), QUESTIONS, pictures, calls)
    assert {thought.prompt for thought in thoughts} <= set(null.SAID)
    assert calls.tally["answer"].made == 3
    again = CachedCalls(null.load({}), FolderStore(tmp_path / "calls"), 8)
    other = imagine(config, Cell("mine", "scribe", "helped"), QUESTIONS, pictures, again)
    assert again.tally["answer"].reused == 3, "the same writer is asked once, whoever draws"
    assert [t.prompt for t in other] == [t.prompt for t in thoughts]


def test_cells_depend_on_their_writer(helped: Workspace) -> None:
    helped.write()
    told = yaml.safe_load(Path("data/mine/cells/helped/dvc.yaml").read_text())["vars"][0]["writer"]
    assert (told["presets"], told["name"]) == ("params.yaml", "scribe")
    assert told["model"] == "g2u/models/null"
    assert "writer" not in Path("data/mine/cells/direct/dvc.yaml").read_text()


def test_a_writer_must_exist_and_answer(helped: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    config = params.load(helped.folder / "params.yaml")
    with pytest.raises(ParamsError, match="no 'nobody'"):
        writer(config, "nobody")
    monkeypatch.setattr("g2u.models.null.CAPABILITIES", frozenset({"edit"}))
    config = helped.write()
    with pytest.raises(ModelError, match="cannot answer"):
        writer(config, "scribe")
