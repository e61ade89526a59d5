"""The whole pipeline with models of other adapters: in process, paired, and served."""

import json
import shutil
from pathlib import Path

import pytest

from g2u.tables.places import Cell
from g2u.tables.schemas import read_answers, read_thoughts
from tests.conftest import ROOT, Workspace, tsv_rows
from tests.models.builders import CHATS, EDITORS
from tests.models.servers import started

ROWS = 4
FAMILIES = ["direct", "duplicate", "detail", "imagined"]
STEPS = {"num_inference_steps": 2}


@pytest.fixture
def rows(workspace: Workspace) -> Workspace:
    """Four questions of a TSV and four families, on one worker: each imports what adapters need."""
    workspace.init_dvc()
    workspace.use_tsv(tsv_rows(ROWS))
    workspace.use_null()
    workspace.raw["run"] = {"workers": 1}
    workspace.raw["families"] = FAMILIES
    return workspace


@pytest.fixture
def random(rows: Workspace) -> Workspace:
    """The same, with tiny random models in the workspace."""
    models = rows.folder / "weights"
    for name in ("emu3", "janus", "llava"):
        CHATS[name](models / name)
    EDITORS["pix2pix"][0](models / "pix2pix")
    reader = {"adapter": "hf_chat", "settings": {"path": "weights/llava"}}
    editor = {"adapter": "diffusers", "settings": {"path": "weights/pix2pix"}}
    rows.raw["presets"]["models"] |= {
        "emu": {"adapter": "emu3", "settings": {"path": "weights/emu3"}},
        "janus": {"adapter": "janus", "settings": {"path": "weights/janus"}},
        "both": {
            "adapter": "pair",
            "sampler": STEPS,
            "settings": {"editor": editor, "reader": reader},
        },
        "far": {
            "adapter": "openai",
            "sampler": {"steps": 2},
            "settings": {"model": "tiny", "capabilities": ["edit", "answer"]},
        },
    }
    return rows


def stale(workspace: Workspace) -> set[str]:
    """Stages whose own inputs changed, as `dvc status` has them."""
    return set(json.loads(workspace.run("dvc", "status", "--json").stdout))


def told(model: str, family: str) -> list[str]:
    """Status of every thought."""
    return [thought.status for thought in read_thoughts(Cell("mine", model, family).thoughts)]


@pytest.mark.slow
def test_every_kind_of_adapter_runs_from_rows_to_report(
    random: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    random.raw["models"] = ["emu", "janus", "both", "far"]
    random.raw["run"]["unchecked"] = True  # weights at random look at little
    random.write()
    serve = ("g2u.cli.main", "serve", "tiny", "--port", "0")
    with started(*serve, folder=str(random.folder)) as found:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{found}/v1")
        random.run("g2u.cli.main", "run")
    gains = json.loads(Path("data/report/gains.json").read_text())["mine"]
    assert set(gains) == {"emu", "janus", "both", "far"}
    for model in gains:
        answers = read_answers(Cell("mine", model, "direct").answers)
        assert [answer.status for answer in answers] == ["ok"] * 2 * ROWS, "direct and blind"
    drawn = {"emu": (4, 4), "janus": (0, 4), "both": (4, 0), "far": (4, 0)}
    for model, counts in drawn.items():
        for family, count in zip(("detail", "imagined"), counts, strict=True):
            expected = ["ok"] if count else ["not_applicable"]
            assert told(model, family) == expected * ROWS, (model, family)


@pytest.mark.slow
def test_another_model_is_one_word_and_makes_stale_its_own_cells(rows: Workspace) -> None:
    weights = shutil.copytree(ROOT / "g2u_tiny/model/weights", rows.folder / "weights")
    rows.raw["families"] = ["direct", "duplicate"]
    rows.raw["presets"]["models"] |= {
        "other": {"adapter": "null", "settings": {"size": 16}},
        "copied": {"adapter": "tiny", "settings": {"weights": "weights"}},
    }
    rows.raw["models"] = ["tiny", "other"]
    rows.write()
    rows.run("g2u.cli.main", "run")
    rows.raw["models"] = ["tiny", "copied"]
    rows.write()
    assert {name.split("@")[-1] for name in stale(rows) if "@" in name} == {"copied"}
    rows.run("g2u.cli.main", "run")
    assert stale(rows) == set()
    config = weights / "config.json"
    config.write_text(config.read_text() + "\n")
    assert {name.split("@")[-1] for name in stale(rows)} == {"copied"}
