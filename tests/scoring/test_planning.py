"""What could be seen: against exact tests by simulation, and published arithmetic."""

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from bench.inference import pair
from bench.sequential import USUAL, WORTH, World, courses
from g2u.scores.planning import NONE, Claim, Design, Pilot, design_effect, pooled
from g2u.scores.sequential import Plan
from g2u.scores.statistics import smallest_found


def test_the_published_gain_on_mmstar_lies_below_what_could_be_seen() -> None:
    claim = Claim(Design(1500, 0.1), 0.012, 1)
    assert 100 * claim.design.detectable(0.05) == pytest.approx(2.3, abs=0.05)
    told = claim.lines(0.05)
    assert "could not be seen" in told[0]
    assert "in 80 % is 2.3" in told[0]


@pytest.mark.parametrize(("questions", "discordance"), [(400, 0.15), (400, 0.05)])
def test_a_detectable_gain_is_found_in_80_percent(questions: int, discordance: float) -> None:
    """Of simulated questions with a picture each, by the exact test of the report."""
    gain = Design(questions, discordance).detectable(0.05)
    found = [
        pair(np.random.default_rng([1, n]), discordance, gain, 1).gain.p <= 0.05 for n in range(600)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(("tests", "discordance"), [(1, 0.15), (27, 0.25)])
def test_what_looks_find_and_draw_for_is_as_simulated(tests: int, discordance: float) -> None:
    plan, design = Plan(USUAL, 0.05 / tests, WORTH), Design(400, discordance)
    gain = design.detectable(0.05 / tests, plan)
    for true, found in ((gain, 0.8), (0.0, 0.0)):
        seen = courses(300, World(400, discordance, true, 1), plan, 9)
        assert np.mean([each.decision == "gain" for each in seen]) == pytest.approx(found, abs=0.06)
        drawn = np.mean([each.items for each in seen]) / 400
        assert design.looked_at(true, plan).drawn == pytest.approx(drawn, abs=0.04)


def test_looks_at_answers_that_all_change_upwards_find_them() -> None:
    plan = Plan(USUAL, 0.05, WORTH)
    assert Design(40, 1.0).looked_at(1.0, plan).decided == pytest.approx(1.0)
    assert 0.1 < Design(40, 0.01).detectable(0.05, plan) < 0.4


def test_power_is_the_plain_sum_over_all_outcomes() -> None:
    design, plain = Design(40, 0.3), 0.0
    for ups in range(41):
        for downs in range(41 - ups):
            if ups + downs and binomtest(ups, ups + downs).pvalue <= 0.05:
                plain += multinomial.pmf([ups, downs, 40 - ups - downs], 40, [0.25, 0.05, 0.7])
    assert design.power(0.2, 0.05) == pytest.approx(plain, abs=1e-9)
    assert design.power(-0.2, 0.05) == pytest.approx(plain, abs=1e-9)


def test_it_is_about_what_the_report_calls_detectable_afterwards() -> None:
    design = Design(1500, 0.15)
    gain = design.detectable(0.05 / 27)
    error = np.sqrt((0.15 - gain**2) / 1500)
    assert smallest_found(error, 1 / 1500, 0.05 / 27) == pytest.approx(gain, rel=0.03)


def test_more_tests_more_changes_and_shared_pictures_ask_for_more() -> None:
    plain = Design(400, 0.15)
    assert plain.detectable(0.05 / 36) > plain.detectable(0.05)
    assert Design(400, 0.3).detectable(0.05) > plain.detectable(0.05)
    shared = Design(400, 0.15, design_effect(4, 0.5))
    assert shared.detectable(0.05) == pytest.approx(Design(160, 0.15).detectable(0.05)), (
        "4 questions a picture with correlation 0.5 tell as much as 1.6"
    )


def test_where_hardly_an_answer_changes_all_have_to_change_upwards() -> None:
    found = Design(200, 0.001).detectable(0.05)
    assert Design(200, found).power(found, 0.05) == pytest.approx(0.8, abs=1e-6)
    assert Design(200, 0.9 * found).power(0.9 * found, 0.05) < 0.8


def test_so_many_questions_as_are_said_to_show_a_gain_show_it() -> None:
    design = Design(1500, 0.1)
    needed = design.questions_for(0.012, 0.05)
    assert Design(round(needed), 0.1).power(0.012, 0.05) == pytest.approx(0.8, abs=0.02)


def test_a_pilot_tells_discordance_and_design_effect() -> None:
    gain = pair(np.random.default_rng(0), 0.15, 0.1, 8).gain
    told = Pilot.of(gain.items, gain.gained, gain.lost, gain.error)
    assert told is not None
    assert told.discordance == (gain.gained + gain.lost) / gain.items
    same = Design(gain.items, told.discordance, told.effect)
    error = np.sqrt((same.discordance - gain.difference**2) * same.effect / same.questions)
    assert error == pytest.approx(gain.error)
    assert told.effect > 1.2, "half of the pictures move as one"
    assert Pilot.of(10, 0, 0, 0.0) is None
    assert pooled([Pilot(0.1, 1.0), Pilot(0.3, 2.0)]) == Pilot(0.2, 1.5)


def test_of_so_few_that_nothing_is_shown_a_claim_could_not_be_seen() -> None:
    """Five signs alike have p = 1/16; six are the fewest, however large the gain."""
    for questions in (1, 5):
        told = Claim(Design(questions, 1.0), 1.0, 1).lines(0.05)
        assert "could not be seen: of so few, no gain is shown" in told[0]
        assert told[-1] == "questions that would show it: about 6"
    assert "could be seen" in Claim(Design(6, 1.0), 1.0, 1).lines(0.05)[0]
    looks = Plan((0.5, 1.0), 0.05, 0.1)
    assert Design(5, 0.15).detectable(0.05, looks) == Design(5, 0.15).detectable(0.05) == NONE
