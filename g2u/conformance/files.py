"""What an edit lost in its file: it came as a JPEG, or its pixels were one on their way.

A JPEG keeps each block of 8 x 8 pixels as multiples of fixed steps, one per spatial frequency
(ITU-T T.81, A.3.3 and A.3.4). Whoever decodes it and sends a PNG sends those multiples still.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from g2u.conformance.subject import levels
from g2u.records import Picture

COARSE = 4.7
"""Mean step of a JPEG's brightness beyond which it is of low quality: 92 of 100 has 4.6."""
BRIGHTNESS = (0.299, 0.587, 0.114)
STEPS = np.arange(10, 61)
"""Steps that are looked for; quality 60 of 100 has 10 and more."""
FEWEST, SEVERAL, EACH = 80, 3, 4
"""Blocks that say anything, different multiples among them, blocks of each."""
ON = 0.97
"""Share of blocks within a sixth of a step of a multiple; by chance a third."""
_BASIS = np.cos((2 * np.arange(8)[None] + 1) * np.arange(8)[:, None] * np.pi / 16) * np.where(
    np.arange(8)[:, None] == 0, np.sqrt(1 / 8), 0.5
)


def lossy(made: object) -> str:
    """What a picture's file lost; empty where nothing shows."""
    if not isinstance(made, Picture):
        return ""
    opened = Image.open(io.BytesIO(made.encoded))
    if opened.format == "JPEG":
        step = float(np.mean(opened.quantization[0]))  # type: ignore[attr-defined]
        return f"a JPEG of low quality, of a mean step of {step:.0f}" if step > COARSE else ""
    if opened.format != "PNG":
        return ""
    found = [step for values in _frequencies(levels(made)) if (step := _step(values))]
    if len(found) < 2:
        return ""
    return f"its pixels were a JPEG of low quality before, of steps of {min(found)} to {max(found)}"


def _frequencies(pixels: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The size of each low frequency in each block of 8 x 8 pixels, none for a small picture."""
    bright = pixels @ BRIGHTNESS
    height, width = (side // 8 for side in bright.shape)
    blocks = bright[: 8 * height, : 8 * width].reshape(height, 8, width, 8).swapaxes(1, 2)
    found = np.abs(_BASIS @ blocks.reshape(-1, 8, 8) @ _BASIS.T)
    return [found[:, u, v] for u in range(6) for v in range(6) if 1 <= u + v <= 5]


def _step(values: NDArray[np.float64]) -> int:
    """The step whose multiples they are; 0 where there is none."""
    for step in STEPS[::-1]:
        near = values[values > step / 2]
        multiples = np.round(near / step)
        _, counts = np.unique(multiples, return_counts=True)
        if len(near) < FEWEST or (counts >= EACH).sum() < SEVERAL:
            continue
        if (np.abs(near / step - multiples) < 1 / 6).mean() >= ON:
            return int(step)
    return 0
