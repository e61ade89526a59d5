"""What stands beside a verdict, in words: only what holds after the correction."""

from typing import Any

import pytest

from g2u.report.beside import BOTH_WAYS, TESTS, columns, words

FOUND: dict[str, dict[str, Any]] = {
    "moves": {"difference": 0.2, "low": 0.1, "high": 0.3, "p": 0.001, "items": 100},
    "channel": {"difference": 0.4, "low": 0.3, "high": 0.5, "p": 0.001, "items": 90},
    "position": {"letter": "A", "own": 0.8, "direct": 0.3, "right": 0.25, "p": 0.001},
    "kinds": {
        "label": "category", "kind": "counting of very many small things", "p": 0.001, "tested": 3,
        "here": [4, 0, 36], "elsewhere": [2, 14, 84],
    },
}  # fmt: skip
SAID = {
    "moves": f"{BOTH_WAYS}: 6 up, 14 down of 120",
    "channel": "an answer channel: with another picture's drawing that one's answer is given in 40 "
    "points more of the questions than any other's",
    "position": "answers A in 80 %, direct in 30, where 25 are right",
    "kinds": "depends on category: 4 up, 0 down of 36 where it is “counting of very many sm…”, "
    "2 up, 14 down of 84 elsewhere",
}


def row(holm: float, verdict: str = "no effect shown") -> dict[str, Any]:
    counts = {"gained": 6, "lost": 14, "items": 120, "verdict": verdict}
    return {**columns(FOUND), **{f"{name}_holm": holm for name in TESTS}, **counts}


@pytest.mark.parametrize("name", TESTS)
def test_what_is_shown_is_said(name: str) -> None:
    assert words(row(0.01), {name: FOUND[name]}, 0.05) == SAID[name]
    assert words(row(0.06), {name: FOUND[name]}, 0.05) == ""


def test_a_gain_that_is_shown_moves_answers_one_way() -> None:
    assert BOTH_WAYS not in words(row(0.01, "thought-mediated"), FOUND, 0.05)
    assert words(row(0.01), FOUND, 0.05) == "; ".join(SAID.values())
    assert words(row(0.01), {}, 0.05) == "", "nothing could be asked"
