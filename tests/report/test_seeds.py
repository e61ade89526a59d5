"""Tables of the study: which number stands where."""

from scipy.stats import t

from g2u.report.seeds import (
    control,
    controls_table,
    expected_table,
    predicted,
    seeds_table,
    serial_line,
    serial_table,
    trainings_table,
)
from g2u.report.summary import hardest

BASELINE = "tiny_direct_only"


def arms(own: float, helped: str = "structure") -> dict[str, dict[str, float]]:
    """Numbers of a model that answers 50, 55 or 60 % without its own thought."""
    found = {name: {"accuracy": 0.4} for name in ("detail", "context", "structure", "blind")}
    gained = {"gain": own - 0.5, "content": own - 0.55, "over_baseline": own - 0.6}
    lows = {f"{name}_low": value - 0.1 for name, value in gained.items()}
    highs = {f"{name}_high": value + 0.1 for name, value in gained.items()}
    return {
        **found,
        "direct": {"accuracy": 0.5},
        "duplicate": {"accuracy": 0.55},
        BASELINE: {"accuracy": 0.6},
        helped: {"accuracy": own, **gained, **lows, **highs},
        f"{helped}, shuffled": {"accuracy": 0.3},
        f"{helped}, only": {"accuracy": 0.7},
        "oracle": {"accuracy": 0.99},
    }


def test_an_own_thought_is_held_against_the_best_of_its_baselines_in_every_seed() -> None:
    results = {"ladder": {"tiny": arms(0.9), "tiny_seed_1": arms(0.8)}}
    assert hardest(results["ladder"]["tiny"]["structure"]) == "over_baseline"
    row = seeds_table(results, {"ladder": "structure"}, BASELINE).splitlines()[2]
    assert row == (
        "| ladder (structure) | 50.0 | 55.0 | 60.0 | 90.0 / 80.0 | +30.0 [+20.0, +40.0] "
        "| +20.0 [+10.0, +30.0] | 99.0 |"
    )


def test_where_no_family_helps_the_best_is_shown_and_called_so() -> None:
    found = arms(0.9, "context")
    table = seeds_table({"palette": {"tiny": found}}, {"palette": ""}, BASELINE)
    assert "| palette (context, the best of seed 0) |" in table


def test_every_control_is_an_arm_of_the_study_or_a_dash() -> None:
    found = {**arms(0.9), "detail": {"accuracy": 0.45}}
    wrong = control("wrong", found, "structure", BASELINE)
    assert wrong == {"accuracy": 0.45}
    head, _, row = controls_table(
        {"ladder": {"tiny": found}}, {"ladder": "structure"}, "tiny", BASELINE
    ).splitlines()
    shown = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert (shown["shuffled"], shown["only"], shown["own"]) == ("30.0", "70.0", "90.0")
    assert (shown["direct-only"], shown["blind"], shown["noise"]) == ("60.0", "40.0", "-")


def test_a_further_training_is_expected_where_a_t_interval_of_the_seeds_has_it() -> None:
    seeds = {f"seed {number}": arms(own) for number, own in enumerate((0.8, 0.9, 0.85))}
    row = expected_table({"ladder": seeds}, {"ladder": "structure"}).splitlines()[2]
    reach = t.ppf(0.975, 2) * 0.05 * (4 / 3) ** 0.5
    assert f"| {85 - 100 * reach:.1f} to 100.0 |" in row
    assert row.startswith("| ladder (structure) | 50.0 to 50.0 |")


def test_a_further_training_stands_before_its_interval_and_outside_is_said() -> None:
    seeds = {f"seed {number}": arms(own) for number, own in enumerate((0.8, 0.9, 0.85))}
    further = {"ladder": {"tiny_retrained": arms(0.5)}}
    row = expected_table({"ladder": seeds}, {"ladder": "structure"}, further).splitlines()[2]
    low, high = predicted([0.8, 0.9, 0.85]) or (0.0, 0.0)
    assert f"| 50.0 **outside** {100 * low:.1f} to {100 * high:.1f} |" in row
    assert row.startswith("| ladder (structure) | 50.0 in 50.0 to 50.0 | 55.0 in 55.0 to 55.0 |")


def test_gains_over_trainings_stand_without_and_with_the_further_one() -> None:
    seeds = {f"seed {number}": arms(own) for number, own in enumerate((0.8, 0.9, 0.85))}
    further = {"ladder": {"tiny_retrained": arms(0.95)}}
    head, _, row = trainings_table({"ladder": seeds}, {"ladder": "structure"}, further).splitlines()
    assert head == "| benchmark (own thought) | gain in each | of 3 trainings | of 4 trainings |"
    reach = 100 * ((t.ppf(0.975, 2) * 0.05) ** 2 / 3 + 0.1**2) ** 0.5
    assert row.startswith(
        f"| ladder (structure) | +25.0 / +35.0 / +30.0 / +40.0 "
        f"| +30.0 [{30 - reach:+.1f}, {30 + reach:+.1f}] | +32.5 ["
    )
    alone = trainings_table({"ladder": seeds}, {"ladder": "structure"}).splitlines()[2]
    assert alone == row.replace(" / +40.0", "").partition(" | +32.5")[0] + " |"


def test_serial_compute_stands_beside_the_own_thoughts_of_both_trainings() -> None:
    held = arms(0.9)
    found = {**held, "tiny_serial": {"accuracy": 0.77}}
    both = {"tiny": found, "tiny_serial": arms(0.8)}
    results, helps = {"ladder": both}, {"ladder": "structure"}
    row = serial_table(results, helps, "tiny_serial").splitlines()[2]
    assert row == (
        "| ladder (structure) | 50.0 | 77.0 | 90.0 | +30.0 [+20.0, +40.0] | 80.0 | "
        "+30.0 [+20.0, +40.0] |"
    )
    assert serial_line(results, helps).endswith(": ladder +30.0.\n")


def test_one_training_predicts_nothing() -> None:
    assert predicted([0.8]) is None
    table = expected_table({"ladder": {"tiny": arms(0.8)}}, {"ladder": "structure"})
    assert table.splitlines()[2] == "| ladder (structure) | - | - | - | - |"
