"""Fidelity: what is drawn counts, not how grey the sheet is."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from g2u.pictures.decoding import pixels_of
from g2u.pictures.ink import Pixels
from g2u.questions.benchmarks import ladder, signs
from g2u.questions.puzzles.puzzle import COLOURS
from g2u.scores.fidelity import Fidelity, correlation, fidelity


def compared(thought: Pixels, oracle: Pixels, source: Pixels) -> Fidelity:
    """Of pictures of one size, by their ink."""
    found = fidelity(thought, oracle, source)
    assert found is not None
    assert found.correlation is None
    assert found.value == found.path_agreement
    return found


@pytest.fixture(scope="module")
def drawn() -> tuple[Pixels, Pixels]:
    """A ladder and its oracle."""
    puzzle = ladder.make(np.random.default_rng(0), 8, "test")
    assert puzzle.thought is not None
    return puzzle.source, puzzle.thought


def test_the_oracle_is_faithful_and_the_source_draws_nothing(drawn: tuple[Pixels, Pixels]) -> None:
    source, oracle = drawn
    best, none = compared(oracle, oracle, source), compared(source, oracle, source)
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
    readable, misleading = compared(grainy, oracle, source), compared(wrong, oracle, source)
    assert readable.path_agreement > 0.9
    assert misleading.path_agreement == 0.0
    assert misleading.ink_f1 == 0.0
    assert misleading.ssim > 0.6


def test_half_of_the_paths_is_half_the_ink(drawn: tuple[Pixels, Pixels]) -> None:
    source, oracle = drawn
    half = oracle.copy()
    half[24:] = source[24:]
    found = compared(half, oracle, source)
    ink = (np.abs(oracle.astype(int) - source).max(-1) > 64).sum(1)
    kept = ink[:24].sum() / ink.sum()
    assert found.ink_f1 == pytest.approx(2 * kept / (1 + kept))
    assert found.path_agreement == pytest.approx(kept, abs=0.02)


def test_where_the_oracle_adds_nothing_drawing_nothing_is_right(
    drawn: tuple[Pixels, Pixels],
) -> None:
    source, oracle = drawn
    assert compared(source, source, source).ink_f1 == 1.0
    assert compared(oracle, source, source).ink_f1 == 0.0


def test_a_thought_of_another_size_is_scaled_and_one_of_another_shape_is_not_compared(
    drawn: tuple[Pixels, Pixels],
) -> None:
    """Real-ESRGAN's are four times as large, those of diffusion models 1024 pixels square."""
    source, oracle = drawn
    large = oracle.repeat(4, axis=0).repeat(4, axis=1)
    found = fidelity(large, oracle, source)
    assert found is not None
    assert found.value > 0.95
    assert fidelity(oracle[:24], oracle, source) is None
    assert fidelity(np.pad(oracle, ((0, 0), (0, 1), (0, 0))), oracle, source) is not None


def blurred(picture: Pixels, share: float) -> Pixels:
    """By a Gauss of a standard deviation of `share` of the height."""
    soft = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(share * len(picture)))
    return np.asarray(soft)


@pytest.mark.parametrize("height", [14, 18])
def test_signs_are_told_from_what_only_looks_like_them(height: int) -> None:
    """On average in the order in which a person could read them, which neither PSNR nor SSIM keeps:
    these hold a blank sign to be as good as another word.
    """
    settings = signs.Settings(items=6, height=height, seed=900, split="development")
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {}
    for sample in signs.read(settings):
        source, oracle, other = (
            np.asarray(pixels_of(each))
            for each in (sample.pictures[0], sample.oracles[0], sample.adversaries[0])
        )
        flat = np.median(oracle.reshape(-1, 3), axis=0).astype(np.uint8)
        half = oracle.copy()
        half[:, half.shape[1] // 2 :] = flat
        shown = {
            "grain": np.clip(oracle + rng.normal(0, 10, oracle.shape), 0, 255).astype(np.uint8),
            "dimmed": (0.8 * oracle + 15).astype(np.uint8),
            "soft": blurred(oracle, 0.02),
            "blurred": blurred(oracle, 0.1),
            "half": half,
            "other word": other,
            "turned over": oracle[:, ::-1],
            "blank": np.broadcast_to(flat, oracle.shape),
            "noise": rng.integers(0, 256, oracle.shape).astype(np.uint8),
            "negative": 255 - oracle,
        }
        for name, picture in shown.items():
            value = correlation(np.ascontiguousarray(picture), oracle)
            found.setdefault(name, []).append(value)
        found.setdefault("photograph", []).append(measured(source, oracle, source))
        assert correlation(oracle, oracle) == 1.0
    means = {name: float(np.mean(values)) for name, values in found.items()}
    groups = (
        ("grain", "dimmed", "soft"),
        ("photograph", "blurred", "half"),
        ("other word", "turned over"),
        ("blank", "noise", "negative"),
    )
    for better, worse in pairwise(groups):
        assert min(means[each] for each in better) > max(means[each] for each in worse), means


def measured(thought: Pixels, oracle: Pixels, source: Pixels) -> float:
    found = fidelity(thought, oracle, source)
    assert found is not None
    assert (found.path_agreement, found.ink_f1) == (None, None)
    assert found.value == found.correlation
    return found.value


@pytest.mark.parametrize("side", [1, 2, 3, 6, 8])
def test_tiny_and_flat_pictures_have_a_fidelity(side: int) -> None:
    rng = np.random.default_rng(side)
    source = rng.integers(0, 256, (side, side, 3), np.uint8)
    oracle = source.repeat(4, axis=0).repeat(4, axis=1)
    flat = np.full_like(oracle, 128)
    assert measured(oracle, oracle, source) == 1.0
    assert measured(flat, flat, source) == 1.0
    assert measured(source, flat, source) == (1.0 if side == 1 else 0.0)
    same = fidelity(source, source, source)
    assert same is not None
    assert (same.psnr, same.ssim) == (99.0, pytest.approx(1.0))
    assert fidelity(255 - source, source, source) is not None


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
    assert compared(thought, oracle, source).path_agreement == pytest.approx(expected, abs=0.002)
    assert 0.2 < expected < 0.95
