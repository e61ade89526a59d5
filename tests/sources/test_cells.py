"""Picture cells: every form that benchmarks use, and every fault in one line."""

import base64
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from g2u.errors import DataError
from g2u.pictures.decoding import encode_png, picture_of, picture_of_pixels, pixels_of
from g2u.questions.files.cells import pictures_in
from tests.conftest import png

B64 = base64.b64encode(png(1)).decode()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "cell",
    [
        png(1),
        bytearray(png(1)),
        {"bytes": png(1), "path": "a.png"},
        {"bytes": png(1), "path": None},
        B64,
        f"data:image/png;base64,{B64}",
        "\n".join(B64[start : start + 76] for start in range(0, len(B64), 76)),
        Image.open(io.BytesIO(png(1))),
        "a.png",
        {"bytes": None, "path": "a.png"},
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_every_form_gives_the_same_picture(cell: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    assert pictures_in(cell, "here", tmp_path) == (picture_of(png(1)),)


@pytest.mark.parametrize("cell", [[B64, png(2)], str([B64, base64.b64encode(png(2)).decode()])])
def test_lists_give_every_picture_in_order(cell: Any) -> None:
    assert pictures_in(cell, "here") == (picture_of(png(1)), picture_of(png(2)))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (None, "no picture in it"),
        ("", "no picture in it"),
        ([], "empty list"),
        ("[]", "empty list"),
        ({"bytes": None, "path": None}, "no picture in it"),
        (3, "no picture in it"),
        ("not base64!", "not base64"),
        ("a.png", "name its folder as image_root"),
        (png(1)[:-60], "not a whole picture"),
        (b"", "not a whole picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole picture"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_cell_without_a_picture_is_an_error(cell: Any, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        pictures_in(cell, "file: row 2, column image")
    assert str(error.value).startswith("file: row 2, column image")
    assert "\n" not in str(error.value)


def test_paths_stay_below_their_folder(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside.png").write_bytes(png(1))
    for name in ("../outside.png", str(tmp_path / "outside.png")):
        with pytest.raises(DataError, match="leaves image_root"):
            pictures_in(name, "here", tmp_path / "root")


def colours(seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 255, (12, 20, 3), np.uint8)


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(png(1))
    assert pictures_in("a.jpg", "here", tmp_path) == (picture_of(png(1)),)


def test_of_an_animated_picture_the_first_frame_is_taken() -> None:
    frames = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (10, 200)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.asarray(pixels_of(picture_of(data))).max() == 10


def test_cmyk_16_bit_grey_and_palettes_become_rgb() -> None:
    rgb = Image.fromarray(colours())
    cmyk = picture_of(encoded(rgb.convert("CMYK"), "JPEG"))
    assert np.asarray(pixels_of(cmyk)).shape == (12, 20, 3)
    ramp = np.linspace(0, 65535, 240).reshape(12, 20).astype(np.uint16)
    grey = np.asarray(pixels_of(picture_of(encoded(Image.fromarray(ramp), "PNG"))))
    assert grey.shape == (12, 20, 3)
    assert (grey[..., 0] == (ramp >> 8)).all()
    assert (grey[..., 0] == grey[..., 1]).all()
    palette = picture_of(encoded(rgb.convert("P"), "PNG"))
    assert pixels_of(palette).mode == "RGB"


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = picture_of(encoded(Image.fromarray(colours()), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (12, 20)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    header = bytearray(png(1))
    header[16:24] = (50_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    with pytest.raises(DataError, match=r"exceeds limit|expected at most"):
        picture_of(bytes(header), "here")


@pytest.mark.parametrize(
    "pixels", [np.full((9, 7, 3), 80, np.uint8), pixels_of(picture_of(png(3)))]
)
def test_a_picture_of_pixels_is_the_picture_that_its_file_decodes_to(pixels: Any) -> None:
    made, read = picture_of_pixels(pixels), picture_of(encode_png(pixels))
    fields = ("digest", "encoded", "width", "height", "is_flat")
    assert [getattr(made, f) for f in fields] == [getattr(read, f) for f in fields]
