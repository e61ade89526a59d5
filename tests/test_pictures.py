"""Pictures: what is kept of one that was drawn."""

import numpy as np
import pytest
from PIL import Image

from g2u.pictures import decoding
from g2u.pictures.decoding import PIXELS, picture_of_pixels, pixels_of


@pytest.mark.parametrize("as_image", [True, False])
def test_what_was_drawn_is_shown_without_decoding_it_and_stays_as_it_was(
    as_image: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(0).integers(0, 255, (8, 6, 3), np.uint8)
    before = drawn.copy()
    given = Image.fromarray(drawn, "RGB") if as_image else drawn
    picture = picture_of_pixels(given)
    if as_image:
        given.paste((0, 0, 0), (0, 0, 6, 8))
    else:
        drawn[:] = 0
    with monkeypatch.context() as patch:
        patch.delattr(decoding, "_decode")
        pixels_of(picture).paste((0, 0, 0), (0, 0, 6, 8))
        kept = np.asarray(pixels_of(picture))
    PIXELS.clear()
    assert np.array_equal(kept, before)
    assert np.array_equal(np.asarray(pixels_of(picture)), before)
