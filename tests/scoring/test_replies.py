"""Replies as models write them: read rightly or not at all, never wrong by their form."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u import plugins
from g2u.records import Question

FILES = ("phrases", "later_phrases", "replies")
ENTRIES = [
    entry
    for name in FILES
    for entry in yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text("utf-8"))
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["response"][:40])
def test_a_reply_is_worth_what_its_label_says(entry: dict[str, Any]) -> None:
    scorer = plugins.scorer(entry["scorer"])
    is_choice = entry["scorer"] == "choice"
    choices = tuple(entry.get("choices", ("cat", "dog", "bird", "fox") if is_choice else ()))
    question = Question("q", "Which?", choices, (), "choice" if is_choice else "short")
    prediction = scorer.parse(entry["response"], question)
    value = None if prediction is None else scorer.score(prediction, entry["gold"])
    assert value in entry["want"], prediction


def test_labels_hold_right_wrong_and_unread() -> None:
    assert sum(1 in entry["want"] for entry in ENTRIES) > 60
    assert sum(entry["want"] == [1] for entry in ENTRIES) > 40
    assert sum(1 not in entry["want"] for entry in ENTRIES) > 20
