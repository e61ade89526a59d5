"""Pictures reach a server where the question says that they stand, proven by their pixels."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from g2u import plugins
from g2u.answers.answering import Answering, Asking, Shown
from g2u.arms import BLINDED, DIRECT, Arm
from g2u.pictures.decoding import picture_of
from g2u.protocols import Reply
from g2u.questions.files.marks import Marked, Placed
from g2u.records import AnswerRequest, Question, Thought
from g2u.tables.schemas import Answer
from tests.conftest import png, typed
from tests.models.servers import Heard, heard, listening

NUMBERS = range(1, 5)
PICTURES = {picture.digest: picture for picture in (picture_of(png(n)) for n in NUMBERS)}
DIGESTS = tuple(PICTURES)
DRAWN = [picture_of(png(10 + n)) for n in NUMBERS]
NAMES = {p.digest: f"<{n}>" for n, p in zip(NUMBERS, PICTURES.values(), strict=True)}
NAMES |= {p.digest: f"<drawn {n}>" for n, p in zip(NUMBERS, DRAWN, strict=True)}
TEXTS = Marked().question(
    Placed("Does [IMG] fit into [IMG]?", {"A": "[IMG]", "B": "[IMG], turned"}), 4, "here"
)
QUESTION = Question(
    "q", TEXTS.text, tuple(TEXTS.options.values()), (), "choice", DIGESTS, is_placed=True
)
FIRST = "Question: Does {0} fit into {1}?\nOptions:\nA. {2}\nB. {3}, turned\n"
LAST = "Please select the correct answer from the options above."
ALL = FIRST + LAST


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(Heard) as found:
        yield found


@pytest.fixture(autouse=True)
def _served(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACES_BASE_URL", address)


class Asked:
    """Calls of a served model."""

    def __init__(self, **settings: Any) -> None:
        told = {"model": "m", "revision": "1", "environment": "PLACES", **settings}
        self._model = plugins.model("openai", typed("openai", told))

    async def answer(self, request: AnswerRequest) -> Reply[str]:
        (reply,) = await asyncio.to_thread(self._model.answer, [request])
        return reply

    def close(self) -> None:
        self._model.close()


def asked(arm: Arm, *, abilities: frozenset[str] = frozenset({"answer", "places"}), **settings: Any
          ) -> tuple[Answer, list[str]]:  # fmt: skip
    """The answer of an arm to the question, and the messages that were sent."""
    how = Asking(
        model="m", abilities=abilities, scores_options=False, is_plain=arm in (DIRECT, BLINDED),
        feedback=arm.feedback, max_tokens=8, seed=0,
    )  # fmt: skip
    drawn = zip(DIGESTS, DRAWN, strict=True)
    thoughts = [
        Thought("q", place, "ok", source=source, picture=replace(picture, trace=("so",)))
        for place, (source, picture) in enumerate(drawn)
    ]
    calls: Any = Asked(**settings)
    answering = Answering(how).answer(arm, Shown(QUESTION, PICTURES, thoughts), calls)
    answer = asyncio.run(answering)
    calls.close()
    return answer, heard(NAMES)


def shown() -> Iterator[Any]:
    own = [f"<{n}>" for n in NUMBERS]
    drawn = [f"<drawn {n}>" for n in NUMBERS]
    both = [a + b for a, b in zip(own, drawn, strict=True)]
    yield pytest.param(DIRECT, own, id="direct")
    yield pytest.param(Arm("concat"), both, id="concat")
    yield pytest.param(Arm("replace"), drawn, id="replace")
    yield pytest.param(Arm("only"), drawn, id="only")
    yield pytest.param(Arm("words"), [each + "so" for each in own], id="words")
    yield pytest.param(
        Arm("concat_words"), [a + "so" + b for a, b in zip(own, drawn, strict=True)], id="both"
    )


@pytest.mark.parametrize(("arm", "parts"), shown())
def test_a_server_gets_every_picture_and_thought_in_its_place(arm: Arm, parts: list[str]) -> None:
    answer, said = asked(arm)
    assert said == [ALL.format(*parts)]
    assert answer.status == "ok"
    assert answer.pictures + answer.thoughts == ALL.format(*parts).count("<")


def test_without_its_pictures_a_question_keeps_its_marks() -> None:
    _, said = asked(BLINDED)
    assert said == [ALL.format("<image 1>", "<image 2>", "<image 3>", "<image 4>")]


def test_a_raw_prompt_has_marks_where_pictures_stand() -> None:
    _, said = asked(DIRECT, ask_template="USER {pictures}{prompt} END", picture_mark="<pad>")
    sent = "".join(f"<{n}>" for n in NUMBERS)
    assert said == [sent + f"USER {ALL.format(*['<pad>'] * 4)} END"]


def test_who_takes_pictures_first_alone_is_not_asked() -> None:
    answer, said = asked(DIRECT, abilities=frozenset({"answer"}))
    assert (answer.status, said) == ("not_applicable", [])
    assert "takes pictures before the text alone" in answer.reason
    answer, said = asked(BLINDED, abilities=frozenset({"answer"}))
    assert answer.status == "ok"


@pytest.mark.parametrize(
    ("settings", "keeps"),
    [
        ({}, True),
        ({"pictures": "one"}, False),
        ({"ask_template": "{pictures}{prompt}"}, False),
        ({"ask_template": "{pictures}{prompt}", "picture_mark": "<pad>"}, True),
        ({"capabilities": ["edit"]}, False),
    ],
)
def test_a_preset_says_whether_places_are_kept(settings: dict[str, Any], keeps: bool) -> None:
    made = typed("openai", {"model": "m", **settings})
    assert ("places" in plugins.capabilities("openai", made)) == keeps
