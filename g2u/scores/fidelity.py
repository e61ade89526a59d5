"""How near a drawn thought comes to the oracle: pixels, perception, and what is drawn.

PSNR says little about whether a thought can be read, so what is drawn is measured as well. Where
oracles have their pictures' sizes, they are drawings upon them, and the ink is compared
(g2u.pictures.ink). Where one has another size, pictures are photographs of them, no pixel of which
is a pixel of the oracle; compared is the correlation of luminance. PSNR and SSIM (Wang et al. 2004,
doi 10.1109/TIP.2003.819861) are scikit-image's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from g2u.pictures.ink import INK_STEP, Pixels, ink, ink_f1

PSNR_CAP = 99.0
"""dB; for identical pictures, whose PSNR has no bound."""
WINDOW = 7
"""Pixels of SSIM's window; a smaller side is continued by its edge."""
ASPECT = 0.05
"""Share by which the two scales of a thought to its oracle may differ."""
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
    ink_f1: float | None = None
    """0..1: F1 of the ink, counted where colours agree; None of photographs."""
    path_agreement: float | None = None
    """0..1: share of the oracle's ink whose nearest oracle colour is the oracle's own; where oracle
    and source have more than PALETTE colours there, whose colour agrees (within INK_STEP); None of
    photographs.
    """
    correlation: float | None = None
    """0..1: of photographs, `correlation`."""

    @property
    def value(self) -> float:
        """0..1: how much of what the oracle shows is there; what gains are held against."""
        found = self.correlation if self.path_agreement is None else self.path_agreement
        assert found is not None
        return found


def fidelity(thought: Pixels, oracle: Pixels, source: Pixels | None) -> Fidelity | None:
    """Compare a thought with its oracle; it is scaled to the oracle's size (bicubic). `source`: the
    picture that the oracle is drawn upon; None = it is a photograph of the oracle.

    None where its sides are not the oracle's at one scale (ASPECT), so that no place in it is known
    to be a place of the oracle.
    """
    (height, width), (tall, long) = oracle.shape[:2], thought.shape[:2]
    if abs(tall * width - long * height) > ASPECT * long * height:
        return None
    if thought.shape != oracle.shape:
        scaled = Image.fromarray(thought).resize((width, height), Image.Resampling.BICUBIC)
        thought = np.asarray(scaled)
    psnr, ssim = likeness(thought, oracle, "psnr"), likeness(thought, oracle, "ssim")
    if source is None or source.shape != oracle.shape:
        return Fidelity(psnr, ssim, correlation=correlation(thought, oracle))
    f1, true = ink_f1(thought, oracle, source), ink(oracle, source)
    return Fidelity(psnr, ssim, f1, _path_agreement(thought, oracle, source, true))


def likeness(thought: Pixels, reference: Pixels, by: str) -> float:
    """How like a reference of its size a thought is, by "psnr" (dB, at most 99) or "ssim" (-1..1).

    Raises:
        ValueError: the sizes differ.
    """
    if by == "ssim":
        one, other = (_at_least(WINDOW, picture) for picture in (reference, thought))
        found = structural_similarity(one, other, win_size=WINDOW, channel_axis=2)  # type: ignore[no-untyped-call]
        return float(found)
    if np.array_equal(thought, reference):
        return PSNR_CAP
    return min(PSNR_CAP, float(peak_signal_noise_ratio(reference, thought)))  # type: ignore[no-untyped-call]


def _at_least(side: int, picture: Pixels) -> Pixels:
    """The picture, a side that is shorter continued by its edge."""
    short = [(0, max(0, side - length)) for length in picture.shape[:2]]
    return np.pad(picture, (*short, (0, 0)), mode="edge")


def correlation(thought: Pixels, oracle: Pixels) -> float:
    """Pearson's of the luminance of two pictures of one size, 0..1; 0 for a negative one, too.

    Light and contrast, which photographs change and readers do not mind, do not count, nor does
    flat ground. It is SSIM's structure term (eq. 10) with the picture as its window, without the
    constant that calls a blank one alike. 1 where both are flat, 0 where one is.
    """
    one, other = (
        np.asarray(Image.fromarray(each).convert("L"), np.float64) for each in (thought, oracle)
    )
    one, other = one - one.mean(), other - other.mean()
    if not one.any() or not other.any():
        return float(one.any() == other.any())
    found = (one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum())
    return float(np.clip(found, 0.0, 1.0))


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
