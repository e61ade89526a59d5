"""Prompts by another model: what it is shown, whose reply is whose, what the cells depend on."""

from pathlib import Path

import pytest
import yaml

from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker
from g2u.calls.brokers import Brokers
from g2u.calls.folder import FolderStore
from g2u.errors import ModelError, ParamsError
from g2u.models import null
from g2u.params import reading as params
from g2u.pictures.decoding import picture_of
from g2u.pipeline.recipes import recipes
from g2u.pipeline.sync import sync
from g2u.records import Failure, Picture, Question, Turn
from g2u.tables.places import Cell
from g2u.thoughts.edits import written
from g2u.thoughts.imagining import Drawing, Imagining
from g2u.thoughts.imagining import imagined as imagined_by
from tests.conftest import Workspace, imagined, png, tsv_rows
from tests.edits.test_rounds import Painter

SOURCE = picture_of(png(7))
QUESTIONS = [Question(n, f"{n}?", ("yes", "no"), pictures=(SOURCE.digest,)) for n in "abc"]


def test_the_writer_sees_examples_and_the_question_without_options(tmp_path: Path) -> None:
    painter, scribe = Painter(), Painter(" Trace the line. ", " ", Failure("busy"))
    store = FolderStore(tmp_path)
    calls = BrokeredCalls(Broker(painter, store, 8), Broker(scribe, store, 8))
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
    found = {}
    for model in ("tiny", "scribe"):
        drawing = Drawing.of(config, Cell("mine", model, "helped"))
        with Brokers(config, FolderStore(tmp_path / "calls")) as brokers:
            calls = brokers.calls(model, drawing.writer)
            thoughts = brokers.run(
                imagined_by(Imagining(drawing, QUESTIONS), QUESTIONS, pictures, calls)
            )
        found[model] = thoughts, calls.tally()["answer"]
    (thoughts, asked), (other, again) = found.values()
    assert {thought.prompt for thought in thoughts} <= set(null.SAID)
    assert asked.made == 3
    assert again.reused == 3, "the same writer is asked once, whoever draws"
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
    assert "g2u_tiny/model" in recipe.code
    plain = told[Path("data/recipes/generate/tiny/direct.json")]
    assert "presets.models.scribe" not in plain.params
    sync(config)
    files = {
        family: yaml.safe_load(Path(f"cells/mine/{family}/dvc.yaml").read_text())
        for family in ("helped", "direct")
    }
    deps = {family: file["stages"]["generate"]["do"]["deps"] for family, file in files.items()}
    assert "scribe" in deps["helped"]
    assert "scribe" not in deps["direct"]


def test_a_writer_must_exist_and_answer(
    helped: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = params.load(helped.folder / "params.yaml")
    brokers = Brokers(config, FolderStore(tmp_path))
    with pytest.raises(ParamsError, match="no 'nobody'"):
        brokers.calls("tiny", "nobody")
    monkeypatch.setattr("g2u.models.null.CAPABILITIES", frozenset({"edit"}))
    with pytest.raises(ModelError, match="cannot answer"):
        Brokers(helped.write(), FolderStore(tmp_path)).calls("tiny", "scribe")
