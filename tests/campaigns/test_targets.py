"""Gold answers in many forms: reached, or refused in one line; never silently out of reach."""

from pathlib import Path

import pytest

from g2u.scoring import gold
from tests.campaigns import targets


def test_a_part_of_the_forms_is_reached_or_refused(tmp_path: Path) -> None:
    found = targets.campaign(tmp_path, every=23)
    assert found.faults == []
    assert found.forms == found.taken + found.refused >= 90
    assert min(found.taken, found.refused) > found.forms / 5


def test_the_campaign_sees_a_target_that_no_reply_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.prepare.meet", lambda question, target: gold.Met(target))
    assert targets.campaign(tmp_path, every=23).faults
