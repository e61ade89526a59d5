"""Literals in text: as JSON and Python read them where both are sound, and nothing ever raises."""

import ast
import json
import random
from typing import Any

import pytest

from g2u.literals import DEEPEST, literals_in, read_literal

LETTERS = "[]{}()'\",:1.e-+ \\ntrue\n"
WORDS = ("a", "it's", 'say "x"', "\\frac", "é🙂", "[1, {", "", "two\nlines", "a\\", "\t")


def made(draw: random.Random, depth: int) -> Any:
    """Any value, up to `depth` levels."""
    kind = draw.randrange(8 if depth else 6)
    if kind == 6:
        return [made(draw, depth - 1) for _ in range(draw.randrange(4))]
    if kind == 7:
        return {draw.choice(WORDS): made(draw, depth - 1) for _ in range(draw.randrange(4))}
    number = draw.randint(-(10**30), 10**30)
    return (None, True, number, draw.choice(WORDS), draw.uniform(-9, 9), number / 7)[kind]


def test_what_json_and_python_write_is_read_back() -> None:
    draw = random.Random(0)
    for _ in range(500):
        value = made(draw, 4)
        for written in (repr(value), json.dumps(value), json.dumps(value, indent=1)):
            assert read_literal(written) == value
            if isinstance(value, (list, dict)):
                assert literals_in(f"so it is {written}, see?") == [value]


def test_what_is_read_is_what_python_reads_and_nothing_raises() -> None:
    draw, read = random.Random(0), 0
    for _ in range(20_000):
        text = "".join(draw.choices(LETTERS, k=draw.randrange(10)))
        found = read_literal(text)
        literals_in(text)
        try:
            other = json.loads(text)
        except ValueError:
            try:
                other = ast.literal_eval(text.strip())
            except (ValueError, SyntaxError, TypeError):
                continue
        if found is not None:
            read += 1
            assert json.dumps(found) == json.dumps(other)
    assert read > 150


@pytest.mark.parametrize(
    "text",
    [
        "{{1,2},{3}}", "{[1,2]}", "{[1]: 2}", "{1, 2}", "{{}}", "{1: 2, '1': 3}",
        '{"a": 1, "a": 2}',
        "9" * 5000, "[" * 100_000, "-" * 100_000 + "1", "(" * 5000 + ")" * 5000, "1e999", "[NaN]",
        "[Infinity]", "[nan, inf]", "1j", "1+2j", "b'x'", "'a' 'b'", "['a' 'b']", "[1 2]", "[,]",
        "{,}", "{'a'}", "{'a':}", "{:1}", "[1,,2]", "'a", '"a\'', "[1", "1]", "__import__('os')",
        "[x]", "007", "0x10", "1_000", "'''a'''", r"'\ud800'", "f'{1}'", "", " ", "\x00", "[1}",
        "(,)", "[1] 2",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    assert read_literal(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("('A', 'B')", ["A", "B"]), ("(1)", 1), ("(1,)", [1]), ("()", []), ("[1, 2,]", [1, 2]),
        ("{'a': None,}", {"a": None}), ("{1: 'x'}", {"1": "x"}), (r'"\sqrt{2}"', r"\sqrt{2}"),
        (r'"a\/b"', "a/b"), (r"'\/'", r"\/"), (r'"\ud83d\ude42"', "🙂"), ("[-1, +2, .5, 5.]",
        [-1, 2, 0.5, 5.0]), ("[true, False]", [True, False]), ("'a\nb'", "a\nb"),
        ("[" * DEEPEST + "]" * DEEPEST, json.loads("[" * DEEPEST + "]" * DEEPEST)),
    ],
)  # fmt: skip
def test_read(text: str, value: Any) -> None:
    assert read_literal(text) == value


def test_whole_parts_of_what_cannot_be_read_are_found() -> None:
    text = 'x {"a": {"b": 1}, oops} [1, [2], and [3] [[4] {"c": [5]'
    assert literals_in(text) == [{"b": 1}, [2], [3], [4], [5]]
    assert literals_in("['it [1]") == [[1]]
