"""Gold answers in many forms: reached, or refused in one line; never silently out of reach."""

from pathlib import Path

import pytest

from g2u.records import Question, Sample, Target
from tests.campaigns import targets


def test_a_part_of_the_forms_is_reached_or_refused(tmp_path: Path) -> None:
    found = targets.campaign(tmp_path, every=23)
    assert found.faults == []
    assert found.forms == found.taken + found.refused >= 90
    assert min(found.taken, found.refused) > found.forms / 5


@pytest.mark.parametrize(("answer", "is_reached"), [("yes", True), ("1", False), ("no", False)])
def test_the_campaign_sees_a_target_that_its_reply_does_not_reach(
    answer: str, is_reached: bool
) -> None:
    sample = Sample(Question("1", "?", format="yes_no"), Target("1", answer, "yes_no"), ())
    assert targets.is_reached(sample, "Yes.") is is_reached
