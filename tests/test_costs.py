"""Each arm is charged what it needs: its rounds, its draws, the reward that chose it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from g2u.arms import BLINDED, DIRECT, Arm
from g2u.calls.costs import drawing_seconds, read_costs, reward_seconds, write_costs
from g2u.calls.folder import FolderStore
from g2u.models import null
from g2u.params.params import Params
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, Failure, Question
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.tables.schemas import Score
from g2u.thoughts.edits import rounds, template
from stages.report import cell_result
from tests.conftest import Workspace, brokered, imagined, png

DRAWN: dict[str, dict[str, float]] = {
    "round_0": {"edit": 2.0},
    "round_1": {"answer": 0.5, "edit": 2.0},
    "round_2": {"edit": 1},
}


class Critic(null.Null):
    """Names one edit of its first drawing, then is content."""

    def __init__(self) -> None:
        super().__init__(0)
        self.asked = 0

    def answer(self, requests: Sequence[AnswerRequest]) -> list[str | Failure]:
        self.asked += 1
        said = "Edit: make it red" if self.asked == 1 else "no further edit needed"
        return [said for _ in requests]


def test_what_a_chain_of_rounds_takes_is_told_apart_by_round(tmp_path: Path) -> None:
    picture = picture_of(png(1))
    calls = brokered(Critic(), FolderStore(tmp_path))
    asked = [Question("a", "?", pictures=(picture.digest,))]
    imagined(rounds, (asked, {picture.digest: picture}), calls, prompt="Draw.", rounds=2)
    told = calls.by_round()
    made = {name: {k: t.made for k, t in kinds.items() if t.made} for name, kinds in told.items()}
    assert made == {
        "round_0": {"edit": 1},
        "round_1": {"edit": 1, "answer": 1},
        "round_2": {"answer": 1},
    }
    total = sum(tally.seconds for tally in calls.tally().values())
    path = tmp_path / "costs.json"
    assert write_costs(path, told) == "4 calls made, 0 reused"
    summed = sum(sum(kinds.values()) for kinds in read_costs(path).values())
    assert summed == pytest.approx(total, abs=0.01)


def test_draws_are_one_round(tmp_path: Path) -> None:
    picture = picture_of(png(1))
    calls = brokered(null.load(null.Settings()), FolderStore(tmp_path))
    asked = [Question("a", "?", pictures=(picture.digest,))]
    imagined(template, (asked, {picture.digest: picture}), calls, template="{question}", draws=3)
    assert calls.by_round() == {"thoughts": calls.tally()}
    assert brokered(null.load(null.Settings()), FolderStore(tmp_path)).by_round() == {
        "thoughts": {}
    }


OWN = Arm("concat", is_main=True)
FIRST, SECOND = OWN.drawn(0, 0), OWN.drawn(0, 1)
ROUNDS = [OWN, FIRST, SECOND, OWN.shuffled()]
DRAWS = [*map(OWN.drawn, range(4)), OWN.shuffled()]
NEEDED = [
    ([FIRST], ROUNDS, DRAWN, 2.0),
    ([SECOND], ROUNDS, DRAWN, 4.5),
    ([OWN], ROUNDS, DRAWN, 5.5),
    ([OWN.shuffled()], ROUNDS, DRAWN, 5.5),
    ([FIRST, SECOND, OWN], ROUNDS, DRAWN, 5.5),
    ([OWN], DRAWS, {"thoughts": {"edit": 8.0}}, 2.0),
    ([OWN.drawn(3)], DRAWS, {"thoughts": {"edit": 8.0}}, 2.0),
    ([OWN, OWN.drawn(1)], DRAWS, {"thoughts": {"edit": 8.0}}, 4.0),
    (DRAWS[:4], DRAWS, {"thoughts": {"edit": 8.0}}, 8.0),
    ([DIRECT], [DIRECT, BLINDED, DIRECT.sampled(0)], {"thoughts": {}}, 0.0),
]


@pytest.mark.parametrize(("arms", "every", "drawn", "seconds"), NEEDED)
def test_an_arm_is_charged_the_thoughts_it_shows_and_what_they_rest_on(
    arms: list[Arm], every: list[Arm], drawn: dict[str, dict[str, float]], seconds: float
) -> None:
    assert drawing_seconds(drawn, arms, every) == pytest.approx(seconds)


def test_rewards_of_scores_share_their_seconds_as_they_share_the_calls() -> None:
    rewarded, named = {"score": 6.0, "embed": 1.0}, ["likelihood", "contrast", "embedding"]
    shares = {by: reward_seconds(rewarded, by, named) for by in (*named, "psnr", "oracle")}
    assert shares == {"likelihood": 2, "contrast": 4, "embedding": 1, "psnr": 0, "oracle": 0}


def test_a_cells_arms_are_charged_in_seconds_per_item(workspace: Workspace) -> None:
    workspace.raw["score"]["derived"] = [
        {"rule": "keep", "by": "contrast"}, {"rule": "keep", "by": "random"},
        {"rule": "gate", "arm": "concat"},
    ]  # fmt: skip
    config: Params = workspace.write()
    cell = Cell("ladder", "tiny", "reflected")
    keep = {"arms": ["concat_round_0", "concat_round_1", "concat"], "needs_direct": False}
    gate = {"arms": ["concat"], "needs_direct": True}
    derived = {"keep_contrast": keep, "keep_random": keep, "gate_psnr_25": gate}
    said = {name: {"answer": 1.0} for name in (*(arm.name for arm in ROUNDS), "rewards")}
    said["rewards"] = {"score": 3.0}
    files: tuple[tuple[Path, object], ...] = (
        (cell.metrics, {"derived": derived, "arms": {}, "rewards": {"contrast": {}}}),
        (cell.costs("generate"), _filed(DRAWN)),
        (cell.costs("understand"), _filed(said)),
        (cell.of_family("direct").costs("understand"), _filed({"none": {"answer": 0.5}})),
    )
    for path, told in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told))
    made = [OWN.ruled(each.made()) for each in config.score.derived]
    scores = [Score("q", arm, "ok", "", 1.0, "p") for arm in (*ROUNDS, *made)]
    tables.write_scores(cell.scores, scores)
    recipe = tables.Recipe("ladder", "reflected", "tiny", "", "", "")
    tables.write_thoughts(cell.thoughts, [], recipe)
    for stage in ("generate", "understand"):
        tables.write_calls(cell.calls(stage), [])
        tables.write_calls(cell.of_family("direct").calls(stage), [])
    questions = [Question("q", "?"), Question("r", "?")]
    assert cell_result(config, cell, questions).seconds == {
        "concat": 3.25, "concat_round_0": 1.5, "concat_round_1": 2.75, "concat_shuffled": 3.25,
        "keep_contrast": 5.75, "keep_random": 4.25, "gate_psnr_25": 3.5,
    }  # fmt: skip


def _filed(seconds: dict[str, dict[str, float]]) -> dict[str, dict[str, dict[str, float]]]:
    """As a costs file has them."""
    return {
        arm: {kind: {"calls": 1, "seconds": value} for kind, value in kinds.items()}
        for arm, kinds in seconds.items()
    }
