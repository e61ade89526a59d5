"""How near a drawn thought comes to the oracle: pixels, perception, and what is drawn.

PSNR says little about whether a thought can be read, so the ink is measured as well (g2u.ink).
PSNR and SSIM (Wang et al. 2004, doi 10.1109/TIP.2003.819861) are scikit-image's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from g2u.ink import INK_STEP, Pixels, ink, ink_f1

PSNR_CAP = 99.0
"""dB; for identical pictures, whose PSNR has no bound."""
PALETTE = 2048
"""Colours that a drawing of few colours may have; a photograph has more."""
HELD = 2**20
"""Distances between colours that are held at once."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Of one thought against its oracle."""

    psnr: float
    """dB, at most 99."""
    ssim: float
    """-1..1."""
    ink_f1: float
    """0..1: F1 of the ink, counted where colours agree."""
    path_agreement: float
    """0..1: share of the oracle's ink whose nearest oracle colour is the oracle's own; where oracle
    and source have more than PALETTE colours there, whose colour agrees (within INK_STEP).
    """


def fidelity(thought: Pixels, oracle: Pixels, source: Pixels) -> Fidelity:
    """Compare pictures of one size.

    Raises:
        ValueError: the sizes differ, or a side is under 7 pixels (SSIM's window).
    """
    if not thought.shape == oracle.shape == source.shape:
        raise ValueError(f"sizes differ: {thought.shape}, {oracle.shape}, {source.shape}")
    psnr, ssim = likeness(thought, oracle, "psnr"), likeness(thought, oracle, "ssim")
    true = ink(oracle, source)
    f1 = ink_f1(thought, oracle, source)
    return Fidelity(psnr, ssim, f1, _path_agreement(thought, oracle, source, true))


def likeness(thought: Pixels, reference: Pixels, by: str) -> float:
    """How like a reference of its size a thought is, by "psnr" (dB, at most 99) or "ssim" (-1..1).

    Raises:
        ValueError: the sizes differ, or a side is under 7 pixels (SSIM's window).
    """
    if by == "ssim":
        return float(structural_similarity(reference, thought, channel_axis=2))  # type: ignore[no-untyped-call]
    if np.array_equal(thought, reference):
        return PSNR_CAP
    return min(PSNR_CAP, float(peak_signal_noise_ratio(reference, thought)))  # type: ignore[no-untyped-call]


def _path_agreement(
    thought: Pixels, oracle: Pixels, source: Pixels, true: NDArray[np.bool_]
) -> float:
    """1 where the oracle adds nothing: there is no path to miss."""
    if not true.any():
        return 1.0
    wanted = oracle[true].astype(np.int64)
    palette = _colours(np.concatenate([wanted, source[true]]))
    if len(palette) > PALETTE:
        return float((np.abs(thought[true] - wanted).max(-1) <= INK_STEP).mean())
    drawn = thought[true].astype(np.int64)
    nearest = [
        np.abs(part[:, None] - palette[None]).sum(-1).argmin(1)
        for part in np.array_split(drawn, -(-len(drawn) * len(palette) // HELD))
    ]
    return float((palette[np.concatenate(nearest)] == wanted).all(-1).mean())


def _colours(pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distinct rows of [n, 3] in order, 0..255: np.unique(axis=0), as one number a pixel."""
    red, green, blue = pixels.T
    found = np.unique(red << 16 | green << 8 | blue)
    return np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
