"""understand: one wording and budget for every arm; what has no sound thought is not asked."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from g2u.answers.answering import Answering, Asking, Shown, arms
from g2u.arms import BLINDED, DIRECT, Arm, paired
from g2u.calls.asking import BrokeredCalls
from g2u.calls.folder import FolderStore
from g2u.errors import ModelError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.params.sections import Control
from g2u.pictures.decoding import picture_of
from g2u.protocols import Reply
from g2u.questions.wording import REASON, question_prompt
from g2u.records import AnswerRequest, Failure, Picture, Question, ScoreRequest, Thought
from g2u.tables.places import Cell
from g2u.tables.schemas import Answer
from tests.cache.test_calls import Echo
from tests.conftest import ROOT, asked_at_once, brokered, png

LOADED = load(ROOT / "params.yaml")
CONTROLS = [Control(feedback="concat", pairing="shuffled"), Control(feedback="only")]
CONTROLLED = LOADED.understand.model_copy(
    update={"controlled": ["structure"], "controls": CONTROLS}
)
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
    calls = brokered(model, FolderStore(folder), 4)
    return [
        found
        for arm in arms(Asking.of(CONFIG, Cell("b", "tiny", family)), thoughts)
        for found in answers(CONFIG, family, arm, questions, calls, thoughts)
    ]


def answers(
    config: Params,
    family: str,
    arm: Arm,
    questions: Sequence[Question],
    calls: BrokeredCalls,
    thoughts: Sequence[Thought] = (),
) -> list[Answer]:
    """Of an arm, asked of all questions at once."""
    answering = Answering(Asking.of(config, Cell("b", "tiny", family)))
    fed = paired(arm, questions, thoughts)
    pictures = {SHOWN.digest: SHOWN}
    return asked_at_once(
        lambda q: answering.answer(arm, Shown(q, pictures, fed[q.id]), calls), questions
    )


def thought(question: Question, picture: Picture | None = DRAWN, status: str = "ok") -> Thought:
    return Thought(question.id, 0, status, "torn" if status != "ok" else "", picture=picture)  # type: ignore[arg-type]


def test_the_likeliest_option_per_token_is_the_answer(tmp_path: Path) -> None:
    found = ask("direct", [CHOICE], [], Listener(), tmp_path)
    assert [a.arm.name for a in found] == ["none", "blind"]
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
    assert [(a.arm.name, a.status, a.reason, a.thoughts, a.response) for a in found] == [
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
    monkeypatch.setattr("g2u_tiny.model.CAPABILITIES", frozenset({"answer"}))
    with pytest.raises(ModelError, match="adapter tiny cannot score"):
        ask("direct", [CHOICE], [], Listener(), tmp_path)


def test_sampled_options_follow_their_scores_and_cost_no_call_of_their_own(tmp_path: Path) -> None:
    asked = [replace(CHOICE, id=str(n), text=f"Which of {n}?") for n in range(40)]
    section = LOADED.understand.model_copy(update={"samples": 25})
    config = LOADED.model_copy(update={"understand": section})
    model = Listener()
    calls = brokered(model, FolderStore(tmp_path), 4)
    found = {
        arm: answers(config, "direct", arm, asked, calls)
        for arm in arms(Asking.of(config, Cell("b", "tiny", "direct")), [])
    }
    assert list(found) == [DIRECT, BLINDED, *map(DIRECT.sampled, range(25))]
    assert {a.response for a in found[DIRECT]} == {"B"}
    drawn = [a.response for arm, row in found.items() if arm.sample is not None for a in row]
    share = math.exp(-0.1) / (math.exp(-0.1) + math.exp(-0.3))
    error = (share * (1 - share) / len(drawn)) ** 0.5
    assert abs(drawn.count("B") / len(drawn) - share) < 4 * error
    assert calls.tally()["score"].made == 2 * 2 * len(asked), "none and blind, two options"


def test_sampled_texts_are_asked_at_temperature_one_each_with_its_seed(tmp_path: Path) -> None:
    model = Listener()
    calls = brokered(model, FolderStore(tmp_path), 4)
    for number in range(3):
        answers(CONFIG, "direct", DIRECT.sampled(number), [SHORT], calls)
    asked = [r for r in model.requests if isinstance(r, AnswerRequest)]
    assert {r.temperature for r in asked} == {1.0}
    assert len({r.seed for r in asked}) == 3
    assert len({r.turns for r in asked}) == 1


def test_a_model_that_cannot_sample_has_no_sampled_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("g2u_tiny.model.CAPABILITIES", frozenset({"answer", "score"}))
    calls = brokered(Listener(), FolderStore(tmp_path), 4)
    found = answers(CONFIG, "direct", DIRECT.sampled(0), [SHORT, CHOICE], calls)
    assert [(a.status, a.reason) for a in found] == [
        ("not_applicable", "tiny cannot sample"),
        ("ok", ""),
    ]


def test_a_feedback_mode_that_needs_more_than_the_model_can_is_not_asked(tmp_path: Path) -> None:
    model = Listener()
    calls = brokered(model, FolderStore(tmp_path), 4)
    (found,) = answers(CONFIG, "structure", Arm("look"), [SHORT], calls, [thought(SHORT)])
    reason = "tiny cannot detect, which look needs"
    assert (found.status, found.reason, found.response) == ("not_applicable", reason, "")
    assert not model.requests


def test_a_model_that_reasons_is_asked_again_with_its_own_words(tmp_path: Path) -> None:
    section = LOADED.understand.model_copy(update={"reasoning_tokens": 7})
    config = LOADED.model_copy(update={"understand": section})
    model = Listener()
    calls = brokered(model, FolderStore(tmp_path), 4)
    arm = arms(Asking.of(config, Cell("b", "tiny", "direct")), [])[-1]
    found = answers(config, "direct", arm, [SHORT], calls)
    assert (arm.name, found[0].response) == ("reasoned", "four")
    thinking, answering = model.requests
    assert isinstance(thinking, AnswerRequest)
    assert isinstance(answering, AnswerRequest)
    assert (thinking.max_tokens, answering.max_tokens) == (7, config.understand.max_tokens)
    prompt = question_prompt(SHORT)
    assert [(turn.role, turn.parts) for turn in answering.turns] == [
        ("user", (SHOWN, prompt, REASON)),
        ("assistant", ("four",)),
        ("user", (prompt,)),
    ]
    assert answering.turns[:1] == thinking.turns


def test_every_draw_is_an_arm(tmp_path: Path) -> None:
    other = picture_of(png(3))
    thoughts = [thought(SHORT), replace(thought(SHORT, other), draw=1)]
    model = Listener()
    found = ask("detail", [SHORT], thoughts, model, tmp_path)
    assert [a.arm.name for a in found] == ["concat", "concat_draw_1"]
    assert [a.arm.is_main for a in found] == [True, False]
    assert [r.turns[0].parts[:2] for r in model.requests] == [(SHOWN, DRAWN), (SHOWN, other)]
