"""Draws, votes, rewards and derived arms through the real pipeline, at a small size."""

import json

import pytest

from tests.conftest import Workspace


@pytest.mark.slow
def test_every_kind_of_arm_is_scored_and_reported(workspace: Workspace) -> None:
    raw = workspace.raw
    raw["benchmarks"] = ["ladder", "digits"]
    raw["presets"]["benchmarks"]["digits"]["items"] = 4
    workspace.use_null(choices="likelihood", batch=64)
    raw["presets"]["families"]["structure"]["draws"] = 3
    raw["families"] = ["direct", "duplicate", "structure", "adversarial", "filter_detail"]
    raw["families"] += ["roundtrip", "imagined", "reflected", "rewritten"]
    raw["understand"] |= {
        "controlled": ["structure"],
        "controls": [
            {"feedback": "concat", "pairing": "shuffled"},
            *({"feedback": name} for name in ("only", "replace", "collage", "concat_g2u")),
        ],
        "samples": 3,
        "reasoning_tokens": 8,
        "rewards": ["likelihood", "contrast"],
    }
    raw["judge"] = {"model": "tiny", "tasks": ["answers", "viescore", "ra", "al"]}
    raw["score"]["derived"] = [
        {"rule": "gate", "above": 10.0},
        {"rule": "gate", "by": "contrast", "above": 0.0},
        {"rule": "separate"},
        {"rule": "vote", "of": 3},
        *(
            {"rule": "select", "by": by, "of": 3}
            for by in ("likelihood", "contrast", "confidence", "random", "oracle")
        ),
    ]
    workspace.init_dvc()
    workspace.write()
    workspace.run("g2u.cli.main", "run")

    def metrics(benchmark: str, family: str) -> dict[str, dict[str, object]]:
        path = workspace.folder / "data" / benchmark / family / "tiny" / "metrics.json"
        found: dict[str, dict[str, object]] = json.loads(path.read_text())
        return found

    plain = ["none", "blind", "sample_0", "sample_1", "sample_2", "reasoned", "vote_3"]
    assert list(metrics("ladder", "direct")["arms"]) == plain
    assert list(metrics("digits", "direct")["arms"]) == plain
    structure = metrics("ladder", "structure")
    assert list(structure["arms"]) == [
        "concat", "concat_draw_1", "concat_draw_2", "concat_shuffled", "only", "replace",
        "collage", "concat_g2u", "gate_psnr_10", "gate_contrast_0", "separate", "vote_3",
        "select_likelihood_3", "select_contrast_3", "select_confidence_3", "select_random_3",
        "select_oracle_3",
    ]  # fmt: skip
    for arm in structure["arms"].values():
        assert isinstance(arm, dict)
        assert arm["items"] == 6, "nothing failed"
    assert set(structure["rewards"]) == {"likelihood", "contrast"}
    judged = structure["judged"]
    assert set(judged) == {"viescore", "ra", "al"}, "every answer was parsed"
    assert judged["al"] == {"items": 0, "unread": 6}, "tiny is no judge, and nothing is guessed"
    gains = structure["gains"]["concat"]
    assert isinstance(gains, dict)
    assert set(gains) == {"direct", "duplicate", "direct_vote_3", "shuffled"}
    assert metrics("digits", "structure")["arms"]["separate"]["items"] == 0  # type: ignore[index]
    assert metrics("ladder", "imagined")["arms"]["concat"]["items"] == 0  # type: ignore[index]
    assert list(metrics("digits", "adversarial")["arms"]) == ["concat"]
    said = workspace.run("g2u.cli.main", "prompts").stdout
    assert "ladder tiny structure: 1 prompts; they hold an option in 0 questions" in said
    assert "fixed: Draw the structure of this picture" in said
    assert "template: A picture that helps" not in said, "tiny draws nothing from text alone"
    report = json.loads((workspace.folder / "data/report/gains.json").read_text())
    assert report["ladder"]["tiny"]["structure, select_oracle_3"]["accuracy"] >= max(
        report["ladder"]["tiny"][arm]["accuracy"]
        for arm in ("structure", "structure, draw_1", "structure, draw_2")
    )
