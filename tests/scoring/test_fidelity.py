"""Fidelity: what is drawn counts, not how grey the sheet is."""

import numpy as np
import pytest

from g2u.benchmarks import ladder
from g2u.ink import Pixels
from g2u.puzzles.puzzle import COLOURS
from g2u.scoring.fidelity import fidelity


@pytest.fixture(scope="module")
def drawn() -> tuple[Pixels, Pixels]:
    """A ladder and its oracle."""
    puzzle = ladder.make(np.random.default_rng(0), 8, "test")
    assert puzzle.thought is not None
    return puzzle.source, puzzle.thought


def test_the_oracle_is_faithful_and_the_source_draws_nothing(drawn: tuple[Pixels, Pixels]) -> None:
    source, oracle = drawn
    best, none = fidelity(oracle, oracle, source), fidelity(source, oracle, source)
    assert (best.psnr, best.ssim, best.ink_f1, best.path_agreement) == (99.0, 1.0, 1.0, 1.0)
    assert none.ink_f1 == 0.0
    assert none.path_agreement < 0.1
    assert none.psnr < 20


def test_noise_lowers_psnr_and_leaves_the_path(drawn: tuple[Pixels, Pixels]) -> None:
    """A grainy thought that can be read is told from a clean one that cannot."""
    source, oracle = drawn
    grain = np.random.default_rng(1).normal(0, 30, oracle.shape)
    grainy = np.clip(oracle + grain, 0, 255).astype(np.uint8)
    wrong = oracle.copy()
    for one, other in ((0, 1), (1, 0), (2, 3), (3, 2)):
        wrong[(oracle == COLOURS[one]).all(-1)] = COLOURS[other]
    readable, misleading = fidelity(grainy, oracle, source), fidelity(wrong, oracle, source)
    assert readable.path_agreement > 0.9
    assert misleading.path_agreement == 0.0
    assert misleading.ink_f1 == 0.0
    assert misleading.ssim > 0.6


def test_half_of_the_paths_is_half_the_ink(drawn: tuple[Pixels, Pixels]) -> None:
    source, oracle = drawn
    half = oracle.copy()
    half[24:] = source[24:]
    found = fidelity(half, oracle, source)
    ink = (np.abs(oracle.astype(int) - source).max(-1) > 64).sum(1)
    kept = ink[:24].sum() / ink.sum()
    assert found.ink_f1 == pytest.approx(2 * kept / (1 + kept))
    assert found.path_agreement == pytest.approx(kept, abs=0.02)


def test_where_the_oracle_adds_nothing_drawing_nothing_is_right(
    drawn: tuple[Pixels, Pixels],
) -> None:
    source, oracle = drawn
    assert fidelity(source, source, source).ink_f1 == 1.0
    assert fidelity(oracle, source, source).ink_f1 == 0.0


def test_other_sizes_are_refused(drawn: tuple[Pixels, Pixels]) -> None:
    source, oracle = drawn
    with pytest.raises(ValueError, match="sizes differ"):
        fidelity(oracle[:24], oracle, source)


def test_drawings_of_hundreds_of_colours_are_compared_by_the_nearest_one() -> None:
    """As one table of all distances would, which these are too many for."""
    draw = np.random.default_rng(3)
    source = np.full((80, 80, 3), 250, np.uint8)
    palette = draw.integers(0, 160, (700, 3), np.uint8)
    oracle = palette[draw.integers(0, 700, (80, 80))]
    thought = np.clip(oracle + draw.normal(0, 4, oracle.shape), 0, 255).astype(np.uint8)
    known = np.concatenate([np.unique(oracle.reshape(-1, 3), axis=0), source[0, :1]]).astype(int)
    nearest = np.stack(
        [
            known[np.abs(known - colour).sum(-1).argmin()]
            for colour in thought.reshape(-1, 3).astype(int)
        ]
    )
    expected = (nearest == oracle.reshape(-1, 3)).all(-1).mean()
    assert fidelity(thought, oracle, source).path_agreement == pytest.approx(expected, abs=0.002)
    assert 0.2 < expected < 0.95
