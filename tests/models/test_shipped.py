"""Outcomes that come with g2u are what the checks come to."""

import json
from typing import Any

from g2u.conformance import kept
from tests.models.shipped import found

RENEW = "python -m tests.models.shipped"


def without_dates(outcomes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {key: {**outcome, "date": ""} for key, outcome in outcomes.items()}


def test_what_is_shipped_is_what_the_checks_of_now_come_to() -> None:
    told = json.loads(kept.SHIPPED.read_text())
    assert without_dates(told) == without_dates(found()), RENEW
