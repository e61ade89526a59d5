"""Agreement of judges: published alphas, an independent count of them, and what one judge alone
would make of a cell.
"""

from itertools import permutations
from random import Random

import pytest

from g2u.arms import Arm
from g2u.params.sections import Judge
from g2u.scores.agreement import Level, agreement, agreements, alone, decisions
from g2u.scores.panel import judgement, settled
from g2u.scores.statistics import Resampling
from g2u.tables.schemas import Score, Vote

HOW = Resampling(0.95, 500, 0)
OWN = Arm("concat", is_main=True)
KRIPPENDORFF = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1],
    [None, None, 3, None],
]  # fmt: skip
"""Four coders, twelve units, some unsaid: "Computing Krippendorff's Alpha-Reliability", part C."""


def units(table: list[list[int | None]]) -> list[list[float]]:
    return [[float(value) for value in row if value is not None] for row in table]


def by_pairs(said: list[list[float]], level: Level) -> float:
    """Alpha by listing every ordered pair of values, within units and over all of them."""

    def differ(one: float, other: float) -> float:
        return float(one != other) if level == "nominal" else (one - other) ** 2

    kept = [row for row in said if len(row) > 1]
    total = [value for row in kept for value in row]
    observed = sum(
        differ(*pair) / (len(row) - 1) for row in kept for pair in permutations(row, 2)
    ) / len(total)
    expected = sum(differ(*pair) for pair in permutations(total, 2))
    return 1 - observed / (expected / (len(total) * (len(total) - 1)))


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("interval", 0.849)])
def test_alpha_is_the_published_one_with_values_missing(level: Level, published: float) -> None:
    found = agreement(units(KRIPPENDORFF), [str(n) for n in range(12)], level, HOW)
    assert found is not None
    assert found.alpha == pytest.approx(published, abs=5e-4)
    assert found.units == 11, "a unit with one value tells nothing"


def test_alpha_of_two_coders_of_yes_and_no_is_the_published_one() -> None:
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    said = [[float(a), float(b)] for a, b in zip(first, second, strict=True)]
    found = agreement(said, [str(n) for n in range(10)], "nominal", HOW)
    assert found is not None
    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert found.same == 0.6


@pytest.mark.parametrize("level", ["nominal", "interval"])
def test_alpha_is_what_counting_every_pair_gives(level: Level) -> None:
    random = Random(3)
    for _ in range(40):
        said = [
            [random.choice((0.0, 0.25, 0.5, 1.0)) for _ in range(random.randint(1, 5))]
            for _ in range(random.randint(3, 15))
        ]
        if len({v for row in said if len(row) > 1 for v in row}) < 2:
            continue
        found = agreement(said, [str(n) for n in range(len(said))], level, HOW)
        assert found is not None
        assert found.alpha == pytest.approx(by_pairs(said, level), abs=1e-9)


def test_where_all_say_the_same_there_is_no_alpha_and_no_pair_no_agreement() -> None:
    found = agreement([[1.0, 1.0], [1.0, 1.0]], ["a", "b"], "nominal", HOW)
    assert found is not None
    assert (found.alpha, found.low, found.same) == (None, None, 1.0)
    assert agreement([[1.0], []], ["a", "b"], "nominal", HOW) is None


def test_the_interval_holds_what_was_found_and_widens_where_units_share_pictures() -> None:
    random = Random(5)
    said = []
    for _ in range(40):
        agrees = random.random() < 0.7
        for _ in range(5):
            one = float(random.random() < 0.5)
            said.append([one, one if agrees else 1.0 - one])
    apart = agreement(said, [str(n) for n in range(200)], "nominal", HOW)
    shared = agreement(said, [str(n // 5) for n in range(200)], "nominal", HOW)
    assert apart is not None
    assert shared is not None
    assert apart.alpha == shared.alpha
    ends = [shared.low, apart.low, apart.alpha, apart.high, shared.high]
    known = [end for end in ends if end is not None]
    assert known == sorted(set(known))
    assert len(known) == len(ends)


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("answers", [1.0], 1.0), ("answers", [1.0, 0.0], None), ("answers", [1.0, 1.0, 0.0], 1.0),
        ("answers", [1.0, None], None), ("answers", [1.0, 1.0, None], 1.0),
        ("answers", [1.0, 0.0, None], None), ("answers", [None, None, None], None),
        ("answers", [0.0, 0.0, 1.0, 1.0], None), ("agreement", [0.0, 0.0], 0.0),
        ("grades", [0.2, 0.8], 0.5), ("grades", [0.2, None], None),
        ("grades", [0.2, 0.4, None], 0.3),
        ("rubric", [1.0, 0.5], 0.75), ("viescore", [None], None),
    ],
)  # fmt: skip
def test_verdicts_go_by_majority_grades_by_their_mean_and_a_tie_decides_nothing(
    name: str, said: list[float | None], expected: float | None
) -> None:
    found = settled(name, said)
    assert found == (None if expected is None else pytest.approx(expected))


def vote(id: str, judge: str, number: int, score: float | None, name: str = "answers") -> Vote:
    return Vote(id, "concat", name, judge, number, score, "?")


def test_a_panel_joins_its_judges_and_not_their_votes() -> None:
    """Judge one says RIGHT three times, the two others WRONG twice each: WRONG, two judges to
    one."""
    said = [vote("q", "one", n, 1.0) for n in range(3)]
    said += [vote("q", name, n, float(n == 2)) for name in ("two", "three") for n in range(3)]
    found = judgement(said)
    assert found.score == 0.0
    assert found.reason == "one: 1, 1, 1; two: 0, 0, 1; three: 0, 0, 1"


def test_under_one_judge_alone_its_word_counts_and_what_it_leaves_is_undecided() -> None:
    scores = [
        Score("a", OWN, "judged", "", 1.0, "p"),
        Score("b", OWN, "unparsed", "", 0.0, "q"),
        Score("c", OWN, "ok", "x", 1.0, "r"),
        Score("d", OWN, "judged", "", 1.0, "s"),
    ]
    said = [vote("a", "one", 0, 0.0), vote("b", "one", 0, 1.0), vote("d", "one", 0, None)]
    said += [vote("c", "one", 0, 0.0, "agreement")]
    found = alone(scores, said, "one")
    assert [(score.status, score.score) for score in found] == [
        ("judged", 0.0), ("judged", 1.0), ("ok", 1.0), ("undecided", 0.0),
    ]  # fmt: skip


def test_judges_are_compared_by_what_each_settled_on_and_each_with_itself() -> None:
    said = []
    for number in range(8):
        fair = float(number % 2)
        said += [vote(str(number), "fair", n, fair) for n in range(3)]
        said += [vote(str(number), "odd", n, 1.0 - fair if n else fair) for n in range(3)]
    section = Judge(model=["fair", "odd"], votes=3)
    found = agreements(said, {str(n): f"picture {n}" for n in range(8)}, section, HOW)["answers"]
    assert found["level"] == "nominal"
    assert found["between"]["alpha"] < -0.8, "two of three votes of the other say the opposite"
    assert found["within"]["fair"]["alpha"] == 1.0
    assert found["within"]["odd"]["alpha"] < 0.0
    assert decisions(said)["fair"] == {"items": 8, "decided": 8, "mean": 0.5}
