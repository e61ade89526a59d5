"""What the report says of rewards follows their intervals."""

from dataclasses import asdict

from g2u.report.rewards import does_it_know, rewards_table
from g2u.scores.rewards import Telling
from g2u.scores.statistics import Interval


def measured(within: Interval | None, fidelity: Interval | None) -> dict[str, object]:
    return asdict(Telling(Interval(0.8, 0.7, 0.9), within, None, fidelity, 40, 10))


def test_rewards_that_rise_fall_or_tell_nothing_are_counted() -> None:
    found = does_it_know(
        {
            ("threads", "tiny", "detail"): {
                "likelihood": measured(Interval(0.6, 0.55, 0.65), Interval(-0.2, -0.3, -0.1)),
                "contrast": measured(Interval(0.52, 0.45, 0.6), None),
            },
            ("threads", "tiny", "direct"): {},
        }
    )
    assert found.answer == (
        "Among the draws of one question 1 of 2 rewards rise with right answers and 0 fall, 0 of 1 "
        "rewards rise with fidelity and 1 fall; over all questions 2 of 2 rewards rise with right "
        "answers and 0 fall."
    )
    assert found.lines[1] == (
        "threads, tiny, detail, contrast: right above wrong draws of one question, AUC 0.52 [0.45, "
        "0.60]; of all questions, AUC 0.80 [0.70, 0.90]"
    )


def test_without_rewards_it_says_so() -> None:
    assert "understand.rewards" in does_it_know({("b", "m", "f"): {}}).unasked


def test_the_table_holds_every_measure_with_its_interval() -> None:
    cells = {
        ("threads", "tiny", "detail"): {"verdict": measured(Interval(0.6, 0.55, 0.65), None)},
        ("threads", "tiny", "direct"): {},
    }
    (row,) = rewards_table(cells).to_dicts()
    assert [row[name] for name in ("benchmark", "model", "family", "reward")] == [
        "threads",
        "tiny",
        "detail",
        "verdict",
    ]
    assert (row["right_within_mean"], row["right_within_low"]) == (0.6, 0.55)
    assert (row["right_mean"], row["right_high"]) == (0.8, 0.9)
    assert row["faithful_within_mean"] is None
