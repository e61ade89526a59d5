"""The small forms of the attacks on the call cache; make campaigns runs them at full size."""

import pytest

from tests.campaigns import segments


@pytest.mark.parametrize("is_sealed", [False, True])
def test_no_flipped_byte_and_no_cut_makes_a_reply_wrong(is_sealed: bool) -> None:
    for found in (
        segments.flips(13, (0xFF,), sealed=is_sealed),
        segments.cuts(13, sealed=is_sealed),
    ):
        assert found.tried > 90
        assert (found.lost, found.wrong) == (0, 0)


def test_a_full_disk_loses_nothing_that_was_put() -> None:
    found = segments.full_disk(397)
    assert (found.lost, found.wrong) == (0, 0)


def test_a_killed_writer_loses_nothing_that_was_put() -> None:
    found = segments.kills(2, seed=0)
    assert (found.lost, found.wrong) == (0, 0)


@pytest.mark.parametrize("takes", [False, True])
def test_processes_that_write_and_merge_at_once_lose_nothing(takes: bool) -> None:
    found = segments.together(4, 5, takes=takes)
    assert (found.lost, found.wrong) == (0, 0)
