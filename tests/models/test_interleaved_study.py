"""A study of a model that interleaves, behind a server: what is drawn, said, shown and kept."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from g2u.study import Study
from tests.conftest import Workspace
from tests.models.emulator.app import MODEL
from tests.models.emulator.client import Emulated, emulated
from tests.models.emulator.mind import CLOSING, STEPS

ITEMS = 4
SETTINGS = {
    "model": MODEL,
    "revision": "1",
    "capabilities": ["edit", "interleave", "answer"],
    "edit_through": "chat",
}
FAMILIES: dict[str, Any] = {
    "direct": {"edit": "direct"},
    "duplicate": {"edit": "duplicate", "times": 2},
    "native": {"edit": "native", "template": "Think: {question}"},
    "planned": {"edit": "interleaved", "prompt": "Draw: {plan}", "steps": 2, "stops": False},
}


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        found.become(routing="interleaving", mind="choice")
        yield found


@pytest.mark.slow
def test_a_study_of_a_model_that_interleaves(
    server: Emulated, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/v1")
    raw = workspace.raw
    raw["models"], raw["benchmarks"], raw["families"] = ["woven"], ["ladder"], [*FAMILIES]
    raw["presets"]["models"] = {"woven": {"adapter": "openai", "settings": SETTINGS}}
    raw["presets"]["benchmarks"]["ladder"]["items"] = ITEMS
    raw["presets"]["families"] = FAMILIES
    modes = [{"feedback": "words"}, {"feedback": "concat_words"}]
    raw["understand"]["controls"] = [*modes, {"feedback": "concat_words", "pairing": "shuffled"}]
    raw["understand"]["controlled"] = ["native", "planned", "duplicate"]
    workspace.write()
    workspace.init_dvc()
    workspace.run("g2u.cli.main", "run")
    study = Study(workspace.folder)
    drawn = study.thoughts(family="native")
    traces = {STEPS[0]: "", STEPS[1]: CLOSING}
    assert Counter(map(tuple, drawn["trace"].to_list())) == dict.fromkeys(traces.items(), ITEMS)
    planned = study.thoughts(family="planned").select("prompt", "trace").rows()
    assert all(prompt == f"Draw: {trace[0]}" for prompt, trace in planned)
    answers = study.answers()
    for family in ("native", "planned"):
        shown = (
            answers.filter(pl.col("family") == family)
            .group_by("arm")
            .agg(
                pl.col("status").unique(), pl.col("thoughts").unique(), pl.col("pictures").unique()
            )
        )
        assert dict(zip(shown["arm"], shown["thoughts"].to_list(), strict=True)) == {
            "concat": [2], "words": [0], "concat_words": [2], "concat_words_shuffled": [2],
        }  # fmt: skip
        assert set(shown["status"].explode()) == {"ok"}
    bare = answers.filter((pl.col("family") == "duplicate") & pl.col("arm").str.contains("words"))
    assert set(bare["status"]) == {"not_applicable"}, "nothing was said with a duplicate"
    sizes = answers.filter(pl.col("arm") == "concat")["seen"].struct.field("pictures").list.len()
    assert set(sizes) == {3}, "the picture and two thoughts, as they were sent"
    before = server.told()["asked"]
    assert before["interleave"] == ITEMS
    workspace.run("g2u.cli.main", "run")
    assert server.told()["asked"] == before, "nothing is asked twice"
