"""The small form of the campaign: each lie once, each honest server once."""

from collections.abc import Iterator

import pytest

from g2u.answers.needs import needs
from g2u.conformance.meaning import summed
from g2u.conformance.subject import BUDGET
from g2u.params.params import Params
from g2u.premises import Need, Role, doubts
from tests.campaigns.lies import (
    ABLE,
    ENOUGH,
    HONEST,
    LOAD,
    SCORED,
    Found,
    Outcome,
    bagel,
    checked,
    is_named,
    is_sound,
)
from tests.models.emulator.client import Emulated, emulated
from tests.models.emulator.lies import LIES


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        yield found


OF_SEVERAL = ("drops every picture but the first of an edit", "sorts pictures")
"""Seen in edits of several pictures alone, which no family here asks for."""


def disproved(found: Found) -> set[Need]:
    """Premises that do not hold, of a study with thoughts beside the original, several draws, votes
    and options that are chosen by likelihood.
    """
    raw = {
        "models": ["bagel"], "benchmarks": ["ladder"], "families": ["direct", "several"],
        "presets": {
            "models": {"bagel": {**bagel(SCORED), "choices": "likelihood"}},
            "families": {"several": {"edit": "prompt", "prompt": "Enhance.", "draws": 2}},
        },
        "understand": {"samples": 2},
    }  # fmt: skip
    roles: tuple[Role, ...] = ("draws", "answers")
    checked = {role: summed(found.checks, role, "", "") for role in roles}
    wanted = needs(Params.model_validate(raw), "bagel", "several")
    return {(d.role, d.premise) for d in doubts(wanted, checked) if d.is_disproved}


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_named(lie: str, server: Emulated) -> None:
    parts = {name.partition(":")[0] for name in LIES[lie].named}
    able = ENOUGH.get(parts.pop(), ABLE) if len(parts) == 1 else ABLE
    crowd = bool(LIES[lie].crowd)
    found = checked(server, {"lie": lie}, in_company=crowd, capabilities=able, seed=1)
    assert is_named(lie, found), found.failing()
    assert bool(disproved(found)) == (lie not in OF_SEVERAL)
    assert found.requests <= BUDGET


WOVEN = ("interleave", "answer", "sample")
"""Declared of a model that draws in no other way than between its words."""
OF_EDITS = [
    lie for lie, told in LIES.items()
    if ("edits" in told.named[0] and lie not in OF_SEVERAL) or told.crowd
]  # fmt: skip


@pytest.mark.parametrize("lie", OF_EDITS)
def test_each_lie_about_drawings_is_named_of_a_model_that_interleaves(
    lie: str, server: Emulated
) -> None:
    guise = {"lie": lie, "routing": "interleaving"}
    crowd = bool(LIES[lie].crowd)
    found = checked(server, guise, in_company=crowd, capabilities=WOVEN, seed=1)
    assert is_named(lie, found), found.failing()
    assert found.requests <= BUDGET


def test_an_honest_model_that_interleaves_is_not_accused(server: Emulated) -> None:
    found = checked(server, {"routing": "interleaving"}, seed=2, capabilities=WOVEN)
    assert found.failing() == []
    assert "edits: the picture decides" in {c.name for c in found.checks if c.outcome == "holds"}
    assert found.requests <= BUDGET
    assert found.crowd <= LOAD


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_server_is_accused(name: str, server: Emulated) -> None:
    guise, able = HONEST[name]
    found = checked(server, guise, seed=2, capabilities=able)
    assert found.failing() == []
    assert disproved(found) == set()
    assert found.requests <= BUDGET
    assert found.crowd <= LOAD
    if "mind" not in guise:
        assert {c.outcome for c in found.checks} == {"holds", "not applicable"}


def test_a_lie_that_is_missed_and_an_honest_server_accused_are_not_sound() -> None:
    sound = Outcome({"a": 20}, {"b": 0}, {"b": 0}, BUDGET, LOAD)
    assert is_sound(sound, 20)
    wrong = {"detected": {"a": 19}, "alarms": {"b": 1}, "requests": BUDGET + 1, "crowd": LOAD + 1}
    for field, value in wrong.items():
        kept = getattr(sound, field)
        setattr(sound, field, value)
        assert not is_sound(sound, 20)
        setattr(sound, field, kept)
