"""Several right options: exact and partial credit, gold in every form, options of every kind."""

from pathlib import Path

import pytest

from g2u import plugins
from g2u.errors import DataError
from g2u.questions.wording import question_prompt
from g2u.records import Question, Target
from g2u.scores.gold import meet
from g2u.scores.types import multi_choice, multi_choice_partial
from tests.scoring.intake import prepared

TOOLS = ["a ladder", "a bucket", "a broom", "a hose"]
ASKED = Question("q", "Which?", tuple(TOOLS), format="multi_choice")
PRESET = {"format": "multi_choice"}


@pytest.mark.parametrize(
    ("response", "letters"),
    [
        ("A, C", "AC"), ("ca", None), ("CA", "AC"), ("[\"a ladder\", \"C\"]", "AC"),
        ("All except B and D.", "AC"), ("A and C, not B", "AC"), ("A or C", None),
        ("A. a ladder\nB. a bucket\nC. a broom\nD. a hose", None), ("[\"A\", \"F\"]", None),
        ("A ladder and a broom are there.", "AC"), ("I see a hose.", "D"), ("AA", None),
        ("정답은 A, C입니다.", "AC"), ("选项A和C正确。", "AC"), ("Не A, а C.", "C"),
        ("A: true, B: false, C: true, D: false", "AC"),
        ("A ✅\nB ❌\nC ✅\nD ❌", "AC"), ("A is not in it; C and D are.", "CD"),
        ("The answers are A and B. Wait, B is a lamp. The answers are A and C.", "AC"),
        ("The answers are A and B. The answers are A and C.", None),
        ("Neither A nor B: C and D.", "CD"), ("", None), ("A" * 5000, None), ("A, " * 5000, None),
    ],
)  # fmt: skip
def test_the_letters_that_a_response_gives(response: str, letters: str | None) -> None:
    assert multi_choice.parse(response, ASKED) == letters


@pytest.mark.parametrize(
    ("said", "exact", "partial"),
    [("AC", 1, 1), ("A", 0, 0.5), ("AB", 0, 0), ("ABC", 0, 0), ("C", 0, 0.5), ("D", 0, 0)],
)
def test_partial_credit_is_the_share_of_right_options_and_none_beside_a_wrong_one(
    said: str, exact: float, partial: float
) -> None:
    assert multi_choice.score(said, "AC") == exact
    assert multi_choice_partial.score(said, "AC") == partial


@pytest.mark.parametrize(
    "answer",
    ["AC", "A,C", "C, A", "A and C", '["A", "C"]', ["A", "C"], ["a broom", "a ladder"], "A;C"],
)
def test_gold_is_read_in_every_form_in_which_it_is_written(tmp_path: Path, answer: object) -> None:
    (found,) = prepared(tmp_path, [{"a": answer, "o": TOOLS}], **PRESET)
    assert found.target.answer == "AC"
    assert found.target.scorer == "multi_choice"
    assert "Please select all correct answers" in question_prompt(found.question)


@pytest.mark.parametrize(
    ("row", "preset", "said"),
    [
        ({"a": "AF", "o": TOOLS}, PRESET, "'F' is no letter and no text of 4 options"),
        ({"a": "A, A", "o": TOOLS}, PRESET, "names an option twice"),
        ({"a": "", "o": TOOLS}, PRESET, "empty; expected the right options"),
        ({"a": "AC", "o": TOOLS}, {"format": "choice"}, "format: multi_choice in the preset"),
        ({"a": "A", "o": [str(n) for n in range(27)]}, PRESET, "27 options; expected at most 26"),
        ({"a": "A", "o": ["left", "left", "up"]}, PRESET, "option B, which has its text"),
        ({"a": "A", "o": ["iVBORw0KGgo" + "A" * 80, "x"]}, PRESET, "is a picture; expected a text"),
        ({"a": "A", "o": [{"bytes": "x"}, "x"]}, PRESET, "option A"),
    ],
)
def test_what_cannot_be_read_rightly_is_one_line_with_its_row(
    tmp_path: Path, row: dict[str, object], preset: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError) as raised:
        prepared(tmp_path, [row], **preset)
    assert said in str(raised.value)
    assert "row 1" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "options", [("Point B", "Point A", "Point C"), ("C", "A", "B"), ("A and B", "Only C", "None")]
)
@pytest.mark.parametrize("right", ["A", "AB", "BC", "ABC"])
def test_options_with_letters_in_them_are_reached_by_their_own_letters(
    options: tuple[str, ...], right: str
) -> None:
    asked = Question("q", "?", options, format="multi_choice")
    assert meet(asked, Target("q", right, "multi_choice")).flaw == ""
    scorer = plugins.scorer("multi_choice")
    for response in (right, ", ".join(right), f"The answer is {right}."):
        prediction = scorer.parse(response, asked)
        assert prediction is not None
        assert scorer.score(prediction, right) == 1.0


def test_twins_that_are_both_right_or_both_wrong_are_no_fault() -> None:
    asked = Question("q", "?", ("left", "left", "up"), format="multi_choice")
    assert "has its text" not in meet(asked, Target("q", "C", "multi_choice")).flaw
    assert "has its text" not in meet(asked, Target("q", "AB", "multi_choice")).flaw
