"""Rewards: GvU's formulas by hand, failures left out, nothing asked that was not wanted."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from g2u.answers.answering import Asking
from g2u.answers.rewards import named, rewards
from g2u.calls import flow
from g2u.calls.folder import FolderStore
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of
from g2u.protocols import Reply
from g2u.questions.wording import NAMING, REFLECT, STOP
from g2u.records import EmbedRequest, Failure, Picture, ScoreRequest, Thought
from g2u.tables.places import Cell
from g2u.tables.schemas import Reward
from tests.cache.test_calls import Echo
from tests.conftest import ROOT, brokered, png

SOURCE, DRAWN, OTHER = (picture_of(png(seed)) for seed in range(3))
THOUGHT = Thought("q", 0, "ok", picture=DRAWN, source=SOURCE.digest, prompt="Enhance.", call="c")
LOGS = {
    (DRAWN,): (-0.1, -0.3),
    (OTHER,): (-1.0, -3.0),
    (SOURCE, DRAWN): (-0.2, -0.2),
    (SOURCE, OTHER): (-2.0, -2.0),
    (SOURCE,): (-0.5, -1.1),
}
VECTORS = {SOURCE: (3.0, 4.0), DRAWN: (4.0, 3.0)}


class Reader(Echo):
    """Scores and embeds as the tables say; what is not in them fails."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[ScoreRequest] = []

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        self.requests += requests
        return [
            LOGS.get(
                tuple(part for part in r.turns[0].parts if isinstance(part, Picture)),
                Failure("busy"),
            )
            for r in requests
        ]

    def embed(self, requests: Sequence[EmbedRequest]) -> list[Reply[tuple[float, ...]]]:
        return [VECTORS.get(request.picture, Failure("busy")) for request in requests]


def configured(*names: str) -> Params:
    config = load(ROOT / "params.yaml")
    return config.model_copy(
        update={"understand": config.understand.model_copy(update={"rewards": list(names)})}
    )


def rewarded(
    folder: Path, thoughts: list[Thought], *names: str
) -> tuple[dict[tuple[str, int, str], float], Reader]:
    model = Reader()
    found = told(model, folder, thoughts, *names)
    return {(r.question, r.draw, r.name): r.value for r in found}, model


def told(model: Reader, folder: Path, thoughts: list[Thought], *names: str) -> list[Reward]:
    calls = brokered(model, FolderStore(folder), 4)
    last = max(thought.round for thought in thoughts)
    wanted = named(Asking.of(configured(*names), Cell("b", "tiny", "structure")))
    return flow.run(rewards(wanted, thoughts, {SOURCE.digest: SOURCE}, calls, last))


def test_likelihood_is_the_geometric_mean_of_token_probabilities(tmp_path: Path) -> None:
    found, model = rewarded(tmp_path, [THOUGHT], "likelihood")
    by_hand = math.sqrt(math.exp(-0.1) * math.exp(-0.3))
    assert found == {("q", 0, "likelihood"): pytest.approx(by_hand)}
    assert [(r.turns[0].parts, r.continuation) for r in model.requests] == [
        ((DRAWN, NAMING), "Enhance.")
    ]


def test_contrast_is_the_mean_difference_that_the_drawing_makes(tmp_path: Path) -> None:
    draws = [THOUGHT, replace(THOUGHT, picture=OTHER, draw=1)]
    found, model = rewarded(tmp_path, draws, "contrast", "likelihood")
    assert found[("q", 0, "contrast")] == pytest.approx(((-0.2 + 0.5) + (-0.2 + 1.1)) / 2)
    assert found[("q", 1, "contrast")] == pytest.approx(((-2 + 0.5) + (-2 + 1.1)) / 2)
    assert found[("q", 1, "likelihood")] == pytest.approx(math.exp(-2.0))
    assert len(model.requests) == 5, "the source alone is asked once"


def test_every_round_is_rewarded_for_what_the_first_was_to_show(tmp_path: Path) -> None:
    """The last round as the others; T is the prompt of the first round, not the instruction."""
    first = replace(THOUGHT, base="Enhance.")
    second = replace(first, picture=OTHER, prompt="redraw the top.", round=1)
    model = Reader()
    found = told(model, tmp_path, [first, second], "likelihood", "verdict")
    values = {(r.name, r.round): r.value for r in found}
    assert values == {
        ("likelihood", 0): pytest.approx(math.exp(-0.2)),
        ("likelihood", None): pytest.approx(math.exp(-2.0)),
        ("verdict", 0): pytest.approx(math.exp(-0.4)),
        ("verdict", None): pytest.approx(math.exp(-4.0)),
    }
    asked = {(r.turns[0].parts[-1], r.continuation) for r in model.requests}
    assert asked == {(NAMING, "Enhance."), (REFLECT.format(prompt="Enhance."), STOP)}


def test_a_question_with_several_pictures_gets_the_mean(tmp_path: Path) -> None:
    both = [THOUGHT, replace(THOUGHT, position=1, picture=OTHER)]
    found, _ = rewarded(tmp_path, both, "likelihood")
    assert found == {("q", 0, "likelihood"): pytest.approx((math.exp(-0.2) + math.exp(-2.0)) / 2)}


def test_embedding_is_the_cosine_of_the_models_own_vectors(tmp_path: Path) -> None:
    draws = [THOUGHT, replace(THOUGHT, picture=OTHER, draw=1), replace(THOUGHT, source="x", draw=2)]
    found, _ = rewarded(tmp_path, draws, "embedding")
    assert found == {("q", 0, "embedding"): pytest.approx(24 / 25)}


def test_what_no_model_drew_or_what_failed_has_no_reward(tmp_path: Path) -> None:
    given = replace(THOUGHT, call="")
    torn = replace(THOUGHT, status="failed")
    unknown = replace(THOUGHT, picture=picture_of(png(9)), draw=2)
    found, model = rewarded(tmp_path, [given, torn, unknown], "likelihood")
    assert found == {}
    assert len(model.requests) == 1
    assert rewarded(tmp_path / "none", [THOUGHT])[0] == {}
