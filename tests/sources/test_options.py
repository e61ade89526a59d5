"""Options from cells: read rightly, with their letters, or refused in one line."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from g2u.errors import DataError
from g2u.questions.files.options import letter_of, lettered, options_in, options_of

READ: list[tuple[Any, dict[str, str]]] = [
    (["near", "far"], {"A": "near", "B": "far"}),
    (("near", "far"), {"A": "near", "B": "far"}),
    ("['near', 'far']", {"A": "near", "B": "far"}),
    ('["near", "far"]', {"A": "near", "B": "far"}),
    ("('near', \"it's far\")", {"A": "near", "B": "it's far"}),
    ("[1, 2.5]", {"A": "1", "B": "2.5"}),
    ([1, 2.5, Decimal("3.50")], {"A": "1", "B": "2.5", "C": "3.50"}),
    ([True, "1", 1.0], {"A": "True", "B": "1", "C": "1.0"}),
    ("[true, false]", {"A": "True", "B": "False"}),
    (["near", None, "far"], {"A": "near", "C": "far"}),
    (["near", "", "far"], {"A": "near", "C": "far"}),
    (["near", float("nan"), "far", None], {"A": "near", "C": "far"}),
    ("['near', None, 'far']", {"A": "near", "C": "far"}),
    ('["near", null, "far"]', {"A": "near", "C": "far"}),
    ({"A": "near", "C": "far"}, {"A": "near", "C": "far"}),
    ({"a": "near", "b": "far", "c": None}, {"A": "near", "B": "far"}),
    ("{'A': 'near', 'B': 'far'}", {"A": "near", "B": "far"}),
    (["A. near", "B. far"], {"A": "near", "B": "far"}),
    (["(a) near", "(b) far"], {"A": "near", "B": "far"}),
    (["A: near", None, "C: far"], {"A": "near", "C": "far"}),
    (["A. Lincoln", "G. Washington"], {"A": "A. Lincoln", "B": "G. Washington"}),
    (["None", "NA"], {"A": "None", "B": "NA"}),
    (["near", "near"], {"A": "near", "B": "near"}),
    (None, {}), ("", {}), ("  ", {}), ("[]", {}), ([], {}), ({}, {}), (float("nan"), {}),
    ([None, None], {}), (["x"] * 26, dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "x")),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "options"), READ)
def test_a_cell_of_a_known_form_gives_each_option_its_letter(
    cell: Any, options: dict[str, str]
) -> None:
    assert options_in(cell, "here") == options


REFUSED: list[tuple[Any, str]] = [
    ("['near' 'far']", "spells no list"),
    ("['near'\n 'far']", "spells no list"),
    ("['near' 'far', 'up']", "spells no list"),
    ("array(['near', 'far'], dtype=object)", "spells no list"),
    ("[1 2 3]", "spells no list"),
    ("[near, far]", "spells no list"),
    ("near\nfar", "spells no list"),
    ("near; far", "spells no list"),
    ("A. near B. far", "spells no list"),
    ("{'near', 'far'}", "spells no list"),
    ("[b'near', b'far']", "spells no list"),
    ("7", "spells no list"),
    ("'near'", "spells no list"),
    ("('near')", "spells no list"),
    ("[" * 100_000, "spells no list"),
    ("9" * 100_000, "spells no list"),
    ("--" * 50_000 + "1", "spells no list"),
    (7, "is no list"),
    (True, "is no list"),
    (b"['near', 'far']", "is no list"),
    ({"near", "far"}, "is no list"),
    (np.array(["near", "far"], object), "is no list"),
    ([["near"], ["far"]], "is of type list"),
    ([{"A": "near"}, {"B": "far"}], "is of type dict"),
    ([b"near", b"far"], "is of type bytes"),
    ([np.array(["near"]), "far"], "is of type ndarray"),
    ([float("inf"), 1.0], "is of type float"),
    ({"A": ["near"], "B": "far"}, "is of type list"),
    ({"text": ["near", "far"], "label": ["A", "B"]}, "names are not letters"),
    ({"near": True, "far": False}, "names are not letters"),
    ({"A": "near", "a": "far"}, "names are not letters"),
    ({0: "near", 1: "far"}, "names are not letters"),
    (["near", "  "], "option B: only spaces"),
    (["near"], "one option, 'near'"),
    (["near", None], "one option, 'near'"),
    (["B. near", "A. far"], "carry the letters B, A; expected A, B"),
    (["x"] * 27, "27 options; expected at most 26"),
    (["x"] * 10_000, "10000 options"),
]


@pytest.mark.parametrize(("cell", "said"), REFUSED)
def test_a_cell_of_another_form_is_refused_in_one_line(cell: Any, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        options_in(cell, "a.jsonl: row 3")
    line = str(error.value)
    assert line.startswith("a.jsonl: row 3")
    assert "\n" not in line
    assert len(line) < 300


def test_columns_of_options_keep_their_letters_over_holes() -> None:
    assert options_of(["near", "", "far", None], "here") == {"A": "near", "C": "far"}
    assert lettered({"B": "near", "E": "far"}, "here") == {"B": "near", "E": "far"}


OPTIONS = {"A": "near", "C": "far", "D": "B"}


@pytest.mark.parametrize(
    ("answer", "kind", "letter"),
    [
        ("C", None, "C"), ("c", None, "C"), ("(c)", None, "C"), ("C.", None, "C"),
        ("far", None, "C"), ("C. far", None, "C"), ("(C) far", "letter", "C"), ("B", None, "D"),
        ("B", "text", "D"), ("2", "index", "C"), ("2.0", "index", "C"), ("0", "index", "A"),
        ("A", "letter", "A"), (" near ", "text", "A"),
    ],
)  # fmt: skip
def test_the_gold_letter_is_told_from_a_letter_a_text_or_an_index(
    answer: str, kind: Any, letter: str
) -> None:
    assert letter_of(answer, OPTIONS, "here", kind) == letter


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("E", None), ("B", "letter"), ("far", "letter"), ("C", "text"),
        ("1", "index"), ("9", "index"), ("-1", "index"), ("1.5", "index"), ("²", "index"),
        ("nan", "index"), ("C", "index"),
        ("Far", None), ("A. far", None), ("", None), ("9" * 5000, "index"),
    ],
)  # fmt: skip
def test_a_gold_answer_that_is_no_option_is_refused(answer: str, kind: Any) -> None:
    with pytest.raises(DataError, match=r"here: .* is no .* of 3 options \(A, C, D\)"):
        letter_of(answer, OPTIONS, "here", kind)


def test_a_gold_answer_that_is_two_options_is_refused_unless_the_preset_says_which() -> None:
    swapped = {"A": "B", "B": "A", "C": "c"}
    for kind in (None, "text"):
        with pytest.raises(DataError, match="a letter and the text of option B"):
            letter_of("A", swapped, "here", kind)  # type: ignore[arg-type]
    assert letter_of("A", swapped, "here", "letter") == "A"
    assert letter_of("c", swapped, "here") == "C"
