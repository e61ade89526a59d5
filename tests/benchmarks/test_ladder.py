"""The ladder: its truth, its oracle and its held-out structures."""

import numpy as np
import pytest

from g2u.benchmarks import ladder
from g2u.errors import ParamsError
from g2u.pictures import pixels_of
from g2u.records import Sample
from g2u.training.curriculum import ladder_item


def walk(levels: ladder.Levels, start: int) -> int:
    """Follow one line, the slow way."""
    column = start
    for level in levels:
        if column in level:
            column += 1
        elif column - 1 in level:
            column -= 1
    return column


def some(items: int = 40, rungs: int = 10) -> list[Sample]:
    return list(ladder.read({"items": items, "rungs": rungs, "seed": 3}))


def test_ends_agree_with_walking_down_each_line() -> None:
    rng = np.random.default_rng(0)
    for rungs in (2, 5, 10, 14):
        levels = ladder.draw_levels(rng, rungs, held_out=False)
        assert ladder.ends(levels) == tuple(walk(levels, start) for start in range(4))


def test_the_answer_can_be_read_off_the_oracle_by_colour() -> None:
    """Below the last rung, the asked line's colour stands in the column of the answer."""
    for sample in some():
        pixels = np.asarray(pixels_of(sample.oracles[0])).astype(int)
        start = ladder.START_NAMES.index(sample.question.text.split()[3])
        colour = ladder.STRAND_COLOURS[start].astype(int)
        columns = np.flatnonzero((np.abs(pixels[46] - colour).sum(-1)) == 0)
        assert len(columns) == 4
        left = np.flatnonzero((pixels[46] != ladder.BACKGROUND).any(-1))[0]
        found = round(float(columns.mean() - left - 1.5) / ladder.SPACING)
        assert "ABCD"[found] == sample.target.answer


def test_no_training_ladder_has_a_test_structure() -> None:
    rng = np.random.default_rng(1)
    tests = {
        ladder.canonical(ladder.draw_levels(rng, int(rng.integers(2, 13)), held_out=True))
        for _ in range(1500)
    }
    trained = {
        ladder.canonical(ladder.draw_levels(rng, int(rng.integers(2, 13)), held_out=False))
        for _ in range(6000)
    }
    assert len(tests) > 500
    assert tests.isdisjoint(trained)


def test_training_items_are_drawn_from_the_structures_open_to_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[bool] = []
    real = ladder.draw_levels

    def watched(*args: object, held_out: bool, **kwargs: object) -> ladder.Levels:
        drawn.append(held_out)
        return real(*args, held_out=held_out, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ladder, "draw_levels", watched)
    ladder_item(np.random.default_rng(0), (2, 12))
    assert drawn == [False]


def test_the_canonical_form_forgets_what_cannot_matter() -> None:
    assert ladder.canonical(((0,), (2,), (1,))) == ladder.canonical(((0, 2), (), (1,)))
    assert ladder.canonical(((0,), (1,))) != ladder.canonical(((1,), (0,)))


def test_same_seed_same_pixels_and_another_seed_others() -> None:
    assert [s.pictures[0].digest for s in some()] == [s.pictures[0].digest for s in some()]
    other = ladder.read({"items": 40, "rungs": 10, "seed": 4})
    mine = {s.pictures[0].digest for s in some()}
    assert mine.isdisjoint(s.pictures[0].digest for s in other)


def test_the_thought_without_the_question_does_not_hold_the_answer() -> None:
    """Of all questions one could ask about a picture, each answer is right for exactly one."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        levels = ladder.draw_levels(rng, 10, held_out=True)
        assert sorted(ladder.ends(levels)) == [0, 1, 2, 3]


@pytest.mark.parametrize("rungs", [1, 15])
def test_rungs_that_do_not_fit_are_refused(rungs: int) -> None:
    with pytest.raises(ParamsError, match="expected 2 to 14"):
        some(4, rungs)
