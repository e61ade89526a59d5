"""Prompts by another model: what it is shown, whose reply is whose, what the cells depend on."""

from pathlib import Path

import pytest
import yaml

from g2u import params
from g2u.cache.calls import CachedCalls
from g2u.cache.folder import FolderStore
from g2u.cli.sync import sync
from g2u.edits import written
from g2u.errors import ModelError, ParamsError
from g2u.models import null, tiny
from g2u.pictures import picture_of
from g2u.recipes import recipes
from g2u.records import Failure, Picture, Question, Turn
from g2u.workspace import Cell
from g2u.writing import WithWriter, writer
from stages.generate import imagine
from tests.conftest import Workspace, imagined, png, tsv_rows
from tests.edits.test_rounds import Painter

SOURCE = picture_of(png(7))
QUESTIONS = [Question(n, f"{n}?", ("yes", "no"), pictures=(SOURCE.digest,)) for n in "abc"]


def test_the_writer_sees_examples_and_the_question_without_options(tmp_path: Path) -> None:
    painter, scribe = Painter(), Painter(" Trace the line. ", " ", Failure("busy"))
    store = FolderStore(tmp_path)
    calls = WithWriter(CachedCalls(painter, store, 8), CachedCalls(scribe, store, 8))
    thoughts = imagined(
        written,
        (QUESTIONS, {SOURCE.digest: SOURCE}),
        calls,
        writer="scribe",
        ask="For {question}:",
        examples=[{"question": "How many?", "prompt": "Sharpen them."}],
        sees=True,
    )
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
    calls = CachedCalls(tiny.load(tiny.Settings()), FolderStore(tmp_path / "calls"), 8)
    thoughts = imagine(config, Cell("mine", "tiny", "helped"), QUESTIONS, pictures, calls)
    assert {thought.prompt for thought in thoughts} <= set(null.SAID)
    assert calls.tally["answer"].made == 3
    again = CachedCalls(null.load(null.Settings()), FolderStore(tmp_path / "calls"), 8)
    other = imagine(config, Cell("mine", "scribe", "helped"), QUESTIONS, pictures, again)
    assert again.tally["answer"].reused == 3, "the same writer is asked once, whoever draws"
    assert [t.prompt for t in other] == [t.prompt for t in thoughts]


def test_cells_depend_on_their_writer(helped: Workspace) -> None:
    folder = helped.folder / "scribe"
    folder.mkdir()
    helped.raw["presets"]["models"]["scribe"] = {
        "adapter": "tiny",
        "settings": {"weights": "scribe"},
    }
    (helped.folder / "params.yaml").write_text(yaml.safe_dump(helped.raw))
    config = params.load(helped.folder / "params.yaml")
    told = recipes(config)
    recipe = told[Path("data/recipes/generate/tiny/helped.json")]
    assert recipe.params["presets.models.scribe"] == config.presets.models["scribe"]
    assert "g2u/models/tiny" in recipe.code
    plain = told[Path("data/recipes/generate/tiny/direct.json")]
    assert "presets.models.scribe" not in plain.params
    sync(config)
    files = {
        family: yaml.safe_load(Path(f"data/mine/cells/{family}/dvc.yaml").read_text())
        for family in ("helped", "direct")
    }
    deps = {family: file["stages"]["generate"]["do"]["deps"] for family, file in files.items()}
    assert "scribe" in deps["helped"]
    assert "scribe" not in deps["direct"]


def test_a_writer_must_exist_and_answer(helped: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    config = params.load(helped.folder / "params.yaml")
    with pytest.raises(ParamsError, match="no 'nobody'"):
        writer(config, "nobody")
    monkeypatch.setattr("g2u.models.null.CAPABILITIES", frozenset({"edit"}))
    config = helped.write()
    with pytest.raises(ModelError, match="cannot answer"):
        writer(config, "scribe")
