"""The small form of the campaign: each lie once, each honest server once."""

from collections.abc import Iterator

import pytest

from g2u.conformance.subject import BUDGET
from tests.campaigns.lies import ABLE, ENOUGH, HONEST, LOAD, Outcome, checked, is_named, is_sound
from tests.models.emulator.client import Emulated, emulated
from tests.models.emulator.lies import LIES


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        yield found


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_named(lie: str, server: Emulated) -> None:
    parts = {name.partition(":")[0] for name in LIES[lie].named}
    able = ENOUGH.get(parts.pop(), ABLE) if len(parts) == 1 else ABLE
    crowd = bool(LIES[lie].crowd)
    found = checked(server, {"lie": lie}, in_company=crowd, capabilities=able, seed=1)
    assert is_named(lie, found), found.failing()
    assert found.requests <= BUDGET


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_server_is_accused(name: str, server: Emulated) -> None:
    guise, able = HONEST[name]
    found = checked(server, guise, seed=2, capabilities=able)
    assert found.failing() == []
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
