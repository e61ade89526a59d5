"""Of a text that its model did not end, only what it plainly says is read."""

import pytest

from g2u.arms import DIRECT
from g2u.records import Question, Target
from g2u.scores.cut import plainly
from g2u.scores.metrics import arm_metrics, score_answers
from g2u.tables.schemas import Answer

PICK = Question("q", "Which?", ("red", "blue", "green"), format="choice", pictures=("p",))
RIGHT = Target("q", "B", "choice")
SILENT = [
    "Let me look at each option. Option B: the line leaves the",
    "The answer is not B",
    "The answer is B",
    "If the wire is cut, the answer is B. Otherwise",
    "It could be that the answer is B. But",
    "B. blue\nC. green\n",
    "B because the line goes",
    "First, (B) looks right, as the",
    "<think>The answer is B. So",
    "<think>Let me see.</think>Looking at the picture, B",
    "The answer is B. Wait, let me check the",
    "\\boxed{B} Hmm, the other",
    "\\boxed{B",
    "<answer>B",
    "so it is B or",
    "",
]
PLAIN = [
    "B",
    " (B) ",
    "B.",
    "B\n\nThe line leaves the upper",
    "The answer is B. The line",
    "The final answer is: (B)\nIt",
    "**Answer:** B\n\n**Why:** the li",
    "\\boxed{B}. The reas",
    "<answer>B</answer> I cho",
    "<think>A or B?</think>The answer is B. Th",
    "Perhaps A. No. The answer is B. Beca",
]


def scored(response: str, ended: str) -> tuple[str, float | None]:
    answer = Answer("q", DIRECT, "", "ok", response=response, ended=ended)  # type: ignore[arg-type]
    (score,) = score_answers([PICK], [RIGHT], [answer])
    return score.status, score.score


@pytest.mark.parametrize("response", SILENT)
def test_no_letter_is_read_from_running_text(response: str) -> None:
    assert scored(response, "length") == ("truncated", 0.0)
    assert scored(response, "filter") == ("filtered", 0.0)


@pytest.mark.parametrize("response", PLAIN)
def test_what_is_plainly_said_is_read(response: str) -> None:
    assert scored(response, "length") == ("ok", 1.0)


def test_a_number_that_may_go_on_is_not_read() -> None:
    number = Question("q", "How many?", pictures=("p",))
    for response, status in (("4", "truncated"), ("4\nThere", "ok"), ("The answer is 4. As", "ok")):
        answer = Answer("q", DIRECT, "", "ok", response=response, ended="length")
        (score,) = score_answers([number], [Target("q", "4", "number")], [answer])
        assert score.status == status, response


def test_ends_are_counted_in_each_arm_whether_they_could_be_read_or_not() -> None:
    said = [("B", "length"), ("Option B: the", "length"), ("", "filter"), ("B", "stop"), ("B", "")]
    questions = [Question(str(n), "?", ("x", "y"), format="choice") for n in range(6)]
    answers = [
        Answer(str(n), DIRECT, "", "ok", response=text, ended=ended)  # type: ignore[arg-type]
        for n, (text, ended) in enumerate(said)
    ]
    answers.append(Answer("5", DIRECT, "", "failed", "gone"))
    gold = [Target(str(n), "B", "choice") for n in range(6)]
    found = arm_metrics(score_answers(questions, gold, answers), 0.95)
    counts = {name: found[name] for name in ("truncated", "filtered", "end_not_told", "failed")}
    assert counts == {"truncated": 2, "filtered": 1, "end_not_told": 1, "failed": 1}
    assert found["accuracy"] == 3 / 5


def test_a_text_of_ten_million_characters_is_read_at_once() -> None:
    long = "the answer is not so plain " * 400_000
    assert plainly(long) == ""
    assert plainly(f"{long}\nThe answer is B.\n" + "x" * 100).endswith("answer is B")
