"""Signs: the same pixels everywhere, test apart from development, drawn and photographed well."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from g2u.errors import ParamsError
from g2u.pictures.decoding import pixels_of
from g2u.questions.benchmarks import signs
from g2u.questions.benchmarks.signs import CONTRAST, FACES, SCALE, WORDS, Settings, Split
from g2u.questions.signs import lettering, photograph
from g2u.questions.signs.dice import Dice
from g2u.records import Picture, Sample
from g2u.settings import checked

SPLITS: tuple[Split, ...] = ("development", "test")
PIXELS = "e7982a6ea1dee3c1716f3053b8b4843a35427653f3c5c4e6972ddfd0a318f15d"
"""SHA-256 of the digests of all pictures in `test_pixels_are_the_same_on_every_machine`."""


def some(items: int, height: int = 12, seed: int = 0, split: Split = "test") -> list[Sample]:
    return list(signs.read(Settings(items=items, height=height, seed=seed, split=split)))


def size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height


def test_pixels_are_the_same_on_every_machine() -> None:
    found = hashlib.sha256()
    for split in SPLITS:
        for height in (14, 18, 24):
            for sample in some(4, height, 1, split):
                for picture in (*sample.pictures, *sample.oracles, *sample.adversaries):
                    found.update(picture.digest.encode())
    assert found.hexdigest() == PIXELS


def test_words_and_fonts_of_the_test_are_not_those_of_development() -> None:
    assert not set(WORDS["test"]) & set(WORDS["development"])
    assert not set(FACES["test"]) & set(FACES["development"])
    assert {*FACES["test"], *FACES["development"]} == lettering.FACES.keys()
    assert min(map(len, FACES.values())) == 8
    shown = {
        split: {signs.design(number, split, seed) for number in range(300) for seed in (0, 1)}
        for split in SPLITS
    }
    for split, other in (SPLITS, SPLITS[::-1]):
        assert {sign.text.split()[0] for sign in shown[split]} == set(WORDS[split])
        assert {sign.face for sign in shown[split]} == set(FACES[split])
        assert not {sign.other.split()[0] for sign in shown[split]} & set(WORDS[other])


@pytest.mark.parametrize("split", SPLITS)
def test_every_word_comes_once_before_one_comes_again(split: Split) -> None:
    known = len(WORDS[split])
    texts = [signs.design(number, split, 5).text.split()[0] for number in range(2 * known)]
    assert sorted(texts[:known]) == sorted(texts[known:]) == sorted(WORDS[split])
    assert texts[:known] != texts[known:]


def test_an_adversary_is_as_long_and_agrees_in_no_figure() -> None:
    for number in range(300):
        sign = signs.design(number, "test", 0)
        (word, figures), (other, others) = sign.text.split(), sign.other.split()
        assert word != other
        assert (len(word), len(figures)) == (len(other), len(others))
        assert all(one != two for one, two in zip(figures, others, strict=True))
        assert "0" not in others[:1]


def test_seeds_take_turns() -> None:
    three = list(signs.read(Settings(items=7, height=12, seed=4, seeds=3)))
    apart = [some(3, seed=seed) for seed in (4, 5, 6)]
    expected = [apart[turn % 3][turn // 3] for turn in range(7)]
    assert three == expected
    assert {sample.question.category for sample in three} == {f"12 px, seed {n}" for n in (4, 5, 6)}


def test_a_sign_is_the_same_at_every_height_and_another_with_another_seed() -> None:
    small, large, other = some(8, 10), some(8, 20), some(8, 10, 1)
    assert [s.target.answer for s in small] == [s.target.answer for s in large]
    assert [s.target.answer for s in small] != [s.target.answer for s in other]
    for one, two in zip(small, large, strict=True):
        assert (one.pictures[0].height, two.pictures[0].height) == (10, 20)
        shape = one.pictures[0].width / 10
        assert two.pictures[0].width / 20 == pytest.approx(shape, rel=0.04)


def test_oracle_and_adversary_are_the_photograph_four_times_as_large() -> None:
    for sample in some(30):
        (source,), (oracle,), (adversary,) = sample.pictures, sample.oracles, sample.adversaries
        assert size(oracle) == size(adversary) == (SCALE * source.width, SCALE * source.height)
        assert oracle.digest != adversary.digest


def test_letters_stand_out_within_limits_and_whole_within_the_picture() -> None:
    weights = np.array([299, 587, 114])
    for split in SPLITS:
        for sample in some(20, 10, 2, split):
            pixels = np.asarray(pixels_of(sample.oracles[0])).astype(int)
            ground = pixels[0, 0]
            rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
            assert (rim == ground).all()
            gap = np.abs((pixels - ground) @ weights).max() // 1000
            assert CONTRAST[0] - 1 <= gap <= CONTRAST[1] + 1


def test_a_stream_begins_at_once() -> None:
    settings = Settings(items=10**12, height=14, seed=0)
    assert next(signs.read(settings)).question.text == signs.QUESTION


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"items": 5, "seed": 0}, "height is missing; expected an integer of at least 8"),
        ({"items": 5, "seed": 0, "height": 7}, "height: 7; expected an integer of at least 8"),
        ({"items": 5, "seed": 0, "height": 14.5}, "height: 14.5; expected an integer"),
        ({"items": 5, "seed": -1, "height": 14}, "seed: -1; expected an integer of at least 0"),
        (
            {"items": 5, "seed": 0, "height": 14, "split": "dev"},
            "expected one of development, test",
        ),
        ({"items": 5, "seed": 0, "heigth": 14}, "did you mean 'height'"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        checked(Settings, settings)


@pytest.mark.parametrize("name", lettering.FACES)
def test_a_face_has_all_letters_and_a_licence_that_lets_it_be_changed(name: str) -> None:
    module = lettering.FACES[name]
    assert set(module.GLYPHS) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
    assert "Copyright" in str(module.__doc__)
    licences = ("SPDX-License-Identifier: OFL-1.1\n", "SPDX-License-Identifier: Apache-2.0\n")
    assert any(licence in str(module.__doc__) for licence in licences)
    assert "eserved" not in str(module.__doc__)


def winding(shape: lettering.Outline, x: int, y: int) -> int:
    """How often contours run round a point, edge by edge."""
    turns = 0
    for contour in shape:
        points = contour.tolist()
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            if y0 <= y < y1 and (y - y0) * (x1 - x0) <= (x - x0) * (y1 - y0):
                turns += 1
            if y1 <= y < y0 and (y - y0) * (x1 - x0) >= (x - x0) * (y1 - y0):
                turns -= 1
    return turns


@pytest.mark.parametrize(("text", "face"), [("8A", "roboto_slab"), ("R0", "oswald")])
def test_pixels_hold_the_samples_that_lie_within_the_outline(text: str, face: str) -> None:
    shape = [contour * 350 // 1000 + [37, 53] for contour in lettering.outline(text, face)]
    found = lettering.covered(shape, 7, 10)
    for row, column in np.ndindex(7, 10):
        inside = sum(
            winding(shape, 64 * column + 16 * i + 8, 64 * row + 16 * j + 8) != 0
            for i, j in np.ndindex(4, 4)
        )
        assert found[row, column] == inside
    assert found.max() > 12


def test_what_lies_beyond_the_sheet_is_cut_off() -> None:
    box = np.array([[-500, -500], [5000, -500], [5000, 5000], [-500, 5000]])
    assert (lettering.covered([box], 4, 6) == 16).all()
    assert not lettering.covered([box + 6000], 4, 6).any()


@pytest.mark.parametrize("quality", [35, 50, 75])
def test_jpeg_is_what_a_jpeg_library_makes_of_it(quality: int) -> None:
    """Greys within two levels, save blocks with a coefficient half way between two levels; colours,
    which libraries smooth when they enlarge them, nearer than the original.
    """
    picture = np.asarray(pixels_of(some(1, 8)[0].oracles[0]))
    for pixels in (picture[..., :1].repeat(3, 2), picture):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        wanted = np.asarray(Image.open(buffer).convert("RGB")).astype(int)
        gap = np.abs(photograph.jpeg(pixels.astype(np.int64), quality) - wanted)
        is_grey = (pixels[..., 0] == pixels[..., 1]).all()
        assert not is_grey or (gap <= 2).mean() > 0.96
        assert np.abs(pixels - wanted).mean() > (4 if is_grey else 1.5) * gap.mean()


def test_dice_are_fair_and_told_by_their_key() -> None:
    counts = np.bincount([Dice(3, number).below(6) for number in range(1200)], minlength=6)
    assert counts.sum() == 1200
    assert counts.min() > 140
    assert Dice(1, 2).shuffled(range(9)) == Dice(1, 2).shuffled(range(9))
    assert sorted(Dice(1, 2).shuffled(range(9))) == list(range(9))
    assert {Dice(7).bytes_of(3, 5).shape, Dice(7).bytes_of(0, 5).shape} == {(3, 5), (0, 5)}
