"""BAGEL's study behind the emulator, with the embedded model as the one that is served."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from g2u.tables.places import REPORT
from tests.campaigns.lies import bagel
from tests.cli.test_believed import NO_EFFECT, judgements
from tests.conftest import Workspace
from tests.models.emulator.client import Emulated, emulated

OWN = "context"
ITEMS = 24
FIRST = "drops every picture but the first"


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        yield found


@pytest.fixture
def study(workspace: Workspace, server: Emulated, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """`tracks`, where continuing the tracks helps; direct, duplicate, context, shuffled."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/v1")
    workspace.init_dvc()
    preset = bagel(["edit", "answer", "sample", "score"])
    # the embedded model knows no marks of BAGEL's, no guidance, and one size
    preset["settings"] |= {"edit_template": "{prompt}", "size": None, "in_flight": 8}
    preset |= {"sampler": {"num_inference_steps": 4}, "choices": "likelihood"}
    raw = workspace.raw
    raw["models"], raw["presets"]["models"]["bagel"] = ["bagel"], preset
    raw["benchmarks"], raw["families"] = ["tracks"], ["direct", "duplicate", OWN]
    raw["presets"]["benchmarks"]["tracks"]["items"] = ITEMS
    raw["understand"] |= {
        "controls": [{"feedback": "concat", "pairing": "shuffled"}], "controlled": [OWN],
    }  # fmt: skip
    workspace.write()
    return workspace


def own_thought(study: Workspace, **section: Any) -> dict[str, Any]:
    """Its row of the gains, after a run with these settings of section run."""
    study.raw["run"] = {"workers": 2, **section}
    study.write()
    ran = study.run("g2u.cli.main", "run")
    gains = pl.read_csv(REPORT / "gains.csv")
    shown = gains.select("arm", "accuracy", "gain", "gain_low", "gain_high", "verdict", "unchecked")
    print(ran.stdout, shown.write_csv(), sep="\n")
    return gains.row(by_predicate=pl.col("arm") == OWN, named=True)


@pytest.mark.slow
def test_where_the_model_sees_its_thought_the_thought_is_found_to_help(
    study: Workspace, server: Emulated
) -> None:
    server.become(mind="tiny")
    assert own_thought(study)["verdict"] == "thought-mediated"


@pytest.mark.slow
def test_where_the_second_picture_is_dropped_nothing_is_concluded(
    study: Workspace, server: Emulated
) -> None:
    server.become(mind="tiny", lie=FIRST)
    study.raw["presets"]["benchmarks"]["tracks"]["items"] = 10
    study.write()
    refused = study.run("g2u.cli.main", "run", check=False)
    assert "a thought beside the original is seen: NO" in refused.stderr
    found = own_thought(study, unchecked=True)
    assert found["verdict"] == "unchecked"
    assert found["unchecked"].startswith("a thought beside the original is seen: NO")
    page = (REPORT / "index.html").read_text()
    assert judgements(page).count("unchecked") >= 1
    assert not NO_EFFECT.search(judgements(page))
