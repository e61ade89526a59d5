"""understand: one wording and budget for every arm; what has no sound thought is not asked."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from g2u.cache.calls import CachedCalls
from g2u.cache.folder import FolderStore
from g2u.errors import ModelError
from g2u.params import load
from g2u.pictures import picture_of
from g2u.protocols import Reply
from g2u.records import AnswerRequest, Failure, Picture, Question, ScoreRequest, Thought
from g2u.tables import Answer
from g2u.workspace import Cell
from stages.understand import Material, answer, arms
from tests.cache.test_calls import Echo
from tests.conftest import ROOT, png

LOADED = load(ROOT / "params.yaml")
CONTROLLED = LOADED.understand.model_copy(update={"controlled": ["structure"]})
CONFIG = LOADED.model_copy(update={"understand": CONTROLLED})
SHOWN = picture_of(png(1))
DRAWN = picture_of(png(2))
CHOICE = Question("c", "Which?", choices=("red", "blue"), format="choice", pictures=(SHOWN.digest,))
SHORT = Question("s", "What is it?", pictures=(SHOWN.digest,))
TEXT = Question("t", "What is two plus two?")


class Listener(Echo):
    """Remembers its requests; prefers the option "blue"; fails where the test says so."""

    def __init__(self, failing: str = "") -> None:
        super().__init__()
        self.requests: list[AnswerRequest | ScoreRequest] = []
        self._failing = failing

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.requests += requests
        return [Failure("busy") if self._failing == "answer" else "four" for _ in requests]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        self.requests += requests
        if self._failing == "score":
            return [Failure("busy") for _ in requests]
        return [(-0.1,) * 4 if r.continuation == "blue" else (-0.3,) for r in requests]


def ask(
    family: str, questions: list[Question], thoughts: list[Thought], model: Listener, folder: Path
) -> list[Answer]:
    cell = Cell("b", "tiny", family)
    calls = CachedCalls(model, FolderStore(folder), batch=4)
    material = Material(questions, {SHOWN.digest: SHOWN}, thoughts)
    return [a for mode in arms(CONFIG, family) for a in answer(CONFIG, cell, mode, material, calls)]


def thought(question: Question, picture: Picture | None = DRAWN, status: str = "ok") -> Thought:
    return Thought(question.id, 0, status, "torn" if status != "ok" else "", picture=picture)  # type: ignore[arg-type]


def test_the_likeliest_option_per_token_is_the_answer(tmp_path: Path) -> None:
    found = ask("direct", [CHOICE], [], Listener(), tmp_path)
    assert [a.arm for a in found] == ["none", "blind"]
    assert found[0].response == "B"
    assert found[0].option_scores == pytest.approx((-0.3, -0.1))


def test_every_arm_asks_with_the_same_words_and_the_same_budget(tmp_path: Path) -> None:
    models = {family: Listener() for family in ("direct", "structure")}
    thoughts = {"direct": [], "structure": [thought(CHOICE), thought(SHORT)]}
    for family, model in models.items():
        ask(family, [CHOICE, SHORT], thoughts[family], model, tmp_path / family)

    def words(model: Listener) -> set[tuple[str, int]]:
        return {
            (str(request.turns[-1].parts[-1]), getattr(request, "max_tokens", 0))
            for request in model.requests
        }

    assert words(models["direct"]) == words(models["structure"])
    shown = {request.turns[0].parts[:-1] for request in models["structure"].requests}
    assert shown == {(SHOWN, DRAWN), (DRAWN,)}


@pytest.mark.parametrize("status", ["failed", "not_applicable"])
def test_a_thought_that_is_not_sound_is_never_fed_on(tmp_path: Path, status: str) -> None:
    model = Listener()
    found = ask("structure", [SHORT], [thought(SHORT, DRAWN, status)], model, tmp_path)
    assert [(a.arm, a.status, a.reason, a.thoughts, a.response) for a in found] == [
        ("concat", status, "torn", 0, ""),
        ("concat_shuffled", "not_applicable", "no other question has as many pictures", 0, ""),
        ("only", status, "torn", 0, ""),
    ]
    assert model.requests == []


def test_a_question_without_a_picture_has_no_own_thought_arm(tmp_path: Path) -> None:
    model = Listener()
    found = ask("structure", [TEXT], [], model, tmp_path)
    assert [a.status for a in found] == ["not_applicable"] * 3
    assert model.requests == []
    assert [a.status for a in ask("direct", [TEXT], [], model, tmp_path)] == ["ok", "ok"]


@pytest.mark.parametrize(("kind", "question"), [("answer", SHORT), ("score", CHOICE)])
def test_a_call_that_fails_is_a_failed_answer(
    tmp_path: Path, kind: str, question: Question
) -> None:
    found = ask("direct", [question], [], Listener(kind), tmp_path)
    assert {(a.status, a.reason, a.response) for a in found} == {("failed", "busy", "")}


def test_a_model_that_cannot_score_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g2u.models.tiny.CAPABILITIES", frozenset({"answer"}))
    with pytest.raises(ModelError, match="adapter tiny cannot score"):
        ask("direct", [CHOICE], [], Listener(), tmp_path)
