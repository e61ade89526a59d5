"""Calls through the cache: each made once, failures neither stored nor fatal to their batch."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from g2u.calls.broker import UNMADE
from g2u.calls.folder import FolderStore
from g2u.digests import call_key, call_seed, sha256
from g2u.errors import ModelError
from g2u.pictures.decoding import picture_of, pixels_of
from g2u.protocols import Kind, Reply
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Failure,
    Picture,
    ScoreRequest,
    Text,
    Turn,
    ending,
)
from tests.conftest import asked_at_once, brokered, png


class Echo:
    """A model whose replies are told from its requests, and which counts what it is asked."""

    capabilities = frozenset({"edit", "answer", "score"})

    def __init__(self, identity: str = "echo 1") -> None:
        self._identity = identity
        self.asked = 0

    def identity(self, kind: Kind) -> str:
        return f"{self._identity} {kind}"

    def edit(self, requests: Sequence[EditRequest]) -> list[Reply[Picture]]:
        self.asked += len(requests)
        return [picture_of(png(request.seed % 1000)) for request in requests]

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
        self.asked += len(requests)
        texts = [str(request.turns[0].parts[-1]) for request in requests]
        return [Failure("refused") if text == "bad" else text.upper() for text in texts]

    def score(self, requests: Sequence[ScoreRequest]) -> list[Reply[tuple[float, ...]]]:
        self.asked += len(requests)
        return [(float("nan") if r.continuation == "nan" else -1.0,) for r in requests]

    def close(self) -> None:
        pass


def ask(text: str, max_tokens: int = 4) -> AnswerRequest:
    return AnswerRequest((Turn("user", (text,)),), max_tokens)


def test_equal_requests_are_one_call_within_and_across_runs(tmp_path: Path) -> None:
    model = Echo()
    calls = brokered(model, FolderStore(tmp_path), 2)
    assert asked_at_once(calls.answer, [ask("a"), ask("b"), ask("a")]) == ["A", "B", "A"]
    assert (model.asked, calls.tally()["answer"].made) == (2, 2)
    again = brokered(model, FolderStore(tmp_path), 2)
    assert asked_at_once(again.answer, [ask("b"), ask("c")]) == ["B", "C"]
    assert (again.tally()["answer"].made, again.tally()["answer"].reused) == (1, 1)
    assert model.asked == 3


def test_a_failure_is_reported_retried_and_sinks_no_other(tmp_path: Path) -> None:
    model = Echo()
    calls = brokered(model, FolderStore(tmp_path), 8)
    assert asked_at_once(calls.answer, [ask("a"), ask("bad"), ask("b")]) == [
        "A",
        Failure("refused"),
        "B",
    ]
    assert calls.tally()["answer"].failed == 1
    assert asked_at_once(calls.answer, [ask("bad")]) == [Failure("refused")]
    assert model.asked == 3, "not again in this run"
    again = brokered(model, FolderStore(tmp_path))
    assert asked_at_once(again.answer, [ask("bad"), ask("a")]) == [Failure("refused"), "A"]
    assert model.asked == 4


def test_scores_that_are_not_finite_are_failures(tmp_path: Path) -> None:
    calls = brokered(Echo(), FolderStore(tmp_path), 8)
    turns = (Turn("user", ("q",)),)
    replies = asked_at_once(calls.score, [ScoreRequest(turns, "fine"), ScoreRequest(turns, "nan")])
    assert replies[0] == (-1.0,)
    assert isinstance(replies[1], Failure)


def test_a_damaged_entry_is_asked_again(tmp_path: Path) -> None:
    model = Echo()
    asked_at_once(brokered(model, FolderStore(tmp_path), 8).answer, [ask("whole")])
    (path,) = tmp_path.glob("3/*.zip")
    raw = path.read_bytes()
    assert raw.count(b"WHOLE") == 1
    path.write_bytes(raw.replace(b"WHOLE", b"WHOLF"))
    said = asked_at_once(brokered(model, FolderStore(tmp_path), 8).answer, [ask("whole")])
    assert said == ["WHOLE"]
    assert model.asked == 2


def test_planning_asks_nothing_and_counts_what_is_missing(tmp_path: Path) -> None:
    model = Echo()
    asked_at_once(brokered(model, FolderStore(tmp_path), 8).answer, [ask("a")])
    plan = brokered(model, FolderStore(tmp_path), 8, plans=True)
    assert asked_at_once(plan.answer, [ask("a"), ask("b"), ask("b")]) == ["A", UNMADE, UNMADE]
    assert (plan.tally()["answer"].made, plan.tally()["answer"].reused) == (1, 1)
    assert model.asked == 1


def test_everything_that_makes_a_reply_is_in_its_key() -> None:
    first, second = picture_of(png(1)), picture_of(png(2))
    base = EditRequest((first, second, "draw"), 1, (("steps", 4),))
    others = [
        EditRequest((second, first, "draw"), 1, (("steps", 4),)),
        EditRequest((first, "draw"), 1, (("steps", 4),)),
        EditRequest((first, second, "draw it"), 1, (("steps", 4),)),
        EditRequest((first, second, "draw"), 2, (("steps", 4),)),
        EditRequest((first, second, "draw"), 1, (("steps", 8),)),
        EditRequest((first, "draw", second), 1, (("steps", 4),)),
        EditRequest(("draw", first, second), 1, (("steps", 4),)),
        EditRequest((first, "dr", second, "aw"), 1, (("steps", 4),)),
        EditRequest((first, second, "dr", "aw"), 1, (("steps", 4),)),
    ]
    keys = {call_key("m", request) for request in [base, *others]}
    assert len(keys) == len(others) + 1
    assert call_key("m", base) != call_key("m 2", base)
    assert call_key("m", ask("q", 4)) != call_key("m", ask("q", 5))


def test_pictures_then_a_prompt_keep_the_key_that_they_always_had() -> None:
    picture = picture_of(png(1))
    digest = sha256(
        {
            "model": "m",
            "kind": "edit",
            "pictures": [picture.digest],
            "prompt": "draw",
            "seed": 1,
            "settings": {"steps": 4},
        }
    )
    assert call_key("m", EditRequest((picture, "draw"), 1, (("steps", 4),))) == digest


@pytest.mark.parametrize("text_at", [(0,), (0, 2), (1, 2), ()])
def test_a_model_that_takes_a_prompt_apart_refuses_pictures_among_text(
    text_at: tuple[int, ...],
) -> None:
    picture = picture_of(png(1))
    parts = tuple("draw" if place in text_at else picture for place in range(3))
    with pytest.raises(ModelError, match="among its text"):
        _ = EditRequest(parts, 1).prompt


def test_a_picture_is_known_by_its_pixels_not_by_its_file() -> None:
    original = picture_of(png(5))
    buffer = io.BytesIO()
    pixels_of(original).save(buffer, "BMP")
    assert picture_of(buffer.getvalue()) == original
    assert isinstance(pixels_of(original), Image.Image)


@pytest.mark.parametrize("other", [(1, ["a"], "p", 0), (0, ["b"], "p", 0), (0, ["a"], "q", 0)])
def test_a_seed_depends_on_run_source_prompt_and_draw(
    other: tuple[int, list[str], str, int],
) -> None:
    assert 0 <= call_seed(0, ["a"], "p", 0) < 2**63
    assert call_seed(0, ["a"], "p", 0) != call_seed(*other)
    assert call_seed(0, ["a"], "p", 0) != call_seed(0, ["a"], "p", 1)


class Scripted(Echo):
    """Says what it was given, whatever that is, or raises it."""

    def __init__(self, *said: Any) -> None:
        super().__init__()
        self.said = dict(enumerate(said))

    def answer(self, requests: Sequence[AnswerRequest]) -> list[Any]:
        self.asked += len(requests)
        replies = [self.said[int(str(request.turns[0].parts[0]))] for request in requests]
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies


def test_a_stored_text_still_says_why_it_ended(tmp_path: Path) -> None:
    said = [Text("", "filter"), Text("Option B: the", "length"), Text("B", "stop"), "plain", "\xff"]
    asked = [ask(str(number)) for number in range(5)]
    calls = brokered(Scripted(*said), FolderStore(tmp_path), 9)
    again = brokered(Scripted(), FolderStore(tmp_path), 9)
    for made in (asked_at_once(calls.answer, asked), asked_at_once(again.answer, asked)):
        found = [(str(text), ending(text)) for text in made if isinstance(text, str)]
        assert found == [
            ("", "filter"), ("Option B: the", "length"), ("B", "stop"), ("plain", ""), ("\xff", ""),
        ]  # fmt: skip
    assert again.tally()["answer"].made == 0


def test_whatever_a_request_raises_or_gives_is_its_own_failure(tmp_path: Path) -> None:
    odd = [
        KeyError("text"),
        TypeError("'<' not supported"),
        None,
        {"text": "B"},
        3,
        RecursionError(),
    ]
    model = Scripted("a", *odd, "b")
    calls = brokered(model, FolderStore(tmp_path), 99)
    first, *failures, last = asked_at_once(
        calls.answer, [ask(str(number)) for number in range(len(odd) + 2)]
    )
    assert (first, last) == ("a", "b")
    reasons = [failure.reason for failure in failures if isinstance(failure, Failure)]
    assert [reason.split(":")[0] for reason in reasons] == [
        "KeyError", "TypeError", *["not a reply to this kind of request (answer)"] * 3,
        "RecursionError",
    ]  # fmt: skip
    assert "{'text': 'B'}" in reasons[3]
    assert calls.tally()["answer"].made == 2


def test_replies_that_are_not_one_per_request_stop_the_run(tmp_path: Path) -> None:
    class Short(Echo):
        def answer(self, requests: Sequence[AnswerRequest]) -> list[Reply[str]]:
            return super().answer(requests)[:-1]

    with pytest.raises(ModelError, match="gave 1 replies to 2 requests"):
        asked_at_once(brokered(Short(), FolderStore(tmp_path), 2).answer, [ask("a"), ask("b")])


def test_a_server_that_is_gone_ends_the_run_and_what_came_before_is_kept(tmp_path: Path) -> None:
    gone = Failure("the server cannot be reached", ends_run=True)
    model = Scripted("a", gone, "b", *["c"] * 5)
    asked = [ask(str(number)) for number in range(8)]
    with pytest.raises(ModelError, match="cannot be reached; what came before is kept"):
        asked_at_once(brokered(model, FolderStore(tmp_path), 3).answer, asked)
    assert model.asked == 6, "the batch that waited for the device is made, and no further one"
    again = brokered(Scripted("?", "B", "?", *["c"] * 5), FolderStore(tmp_path), 9)
    assert asked_at_once(again.answer, asked) == ["a", "B", "b", *["c"] * 5]
    assert again.tally()["answer"].made == 3
