"""Pictures in and out: decoded under limits, known by their pixels, stored as encoded bytes."""

import contextlib
import hashlib
import io
import struct
import threading
import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from g2u.errors import DataError, G2UError
from g2u.pictures.held import FILES, Held
from g2u.records import EditRequest, EmbedRequest, Picture, Request

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 64 * 10**6
PNG = b"\x89PNG\r\n\x1a\n"
STRIP = 256
"""Rows of a picture."""
DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error)
"""What Pillow raises on pictures that are damaged, in their EXIF data too."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
PIXELS = Held(64 * 2**20)
"""Of the pictures used or drawn last: the calls about one question come soon after one another, and
what was drawn is shown.
"""
DECODING, ENCODING = threading.Lock(), threading.Lock()
"""Held so that several who ask for one picture at once have it made once."""


def picture_of(encoded: bytes, where: str = "picture", pixels: int = MAX_PIXELS) -> Picture:
    """Decode `encoded` fully, once, and name it by its pixels.

    Args:
        encoded: a PNG, JPEG, WebP, GIF (first frame) or BMP file.
        where: what to call the picture in an error.
        pixels: the most that it may have.

    Raises:
        DataError: over 64 MiB, over `pixels`, truncated, or not a picture.
    """
    return _named(_decode(encoded, where, pixels), encoded)


def picture_of_pixels(pixels: NDArray[np.uint8] | Image.Image) -> Picture:
    """`picture_of(encode_png(pixels))`, without decoding what was just encoded, now or where it is
    shown next: PNG loses nothing.

    Args:
        pixels: RGB image, or array [height, width, 3] in 0..255.
    """
    if isinstance(pixels, Image.Image):
        own, raw = pixels.copy(), None
    else:
        own, raw = Image.fromarray(pixels, "RGB"), np.ascontiguousarray(pixels).data
    picture = _named(own, encode_png(own), raw)
    PIXELS.put(picture.digest, own, _bytes(own))
    return picture


def pixels_of(picture: Picture) -> Image.Image:
    """The picture as RGB, transparency laid over white, EXIF rotation applied; the caller's own."""
    return _pixels(picture).copy()


def decode_ahead(pictures: Iterable[Picture]) -> None:
    """Decode pictures that `pixels_of` will soon be asked for, as many as half of what is kept."""
    room = PIXELS.most // 2
    for picture in pictures:
        room -= 3 * picture.width * picture.height
        if room < 0:
            break
        with contextlib.suppress(G2UError):  # told where it is asked for
            _pixels(picture)


def png_of(picture: Picture) -> bytes:
    """A PNG of the picture: its own file, if that is one of RGB and nothing else."""

    def made() -> bytes:
        encoded = picture.encoded
        return encoded if _is_plain(encoded) else encode_png(_pixels(picture))

    with ENCODING:
        return FILES.get(("png", picture.digest), made, len)


def has_png(picture: Picture) -> bool:
    """Whether `png_of` takes no time."""
    return ("png", picture.digest) in FILES


def pictures_in(request: Request) -> list[Picture]:
    """The pictures that a request shows, in their order."""
    match request:
        case EditRequest():
            return list(request.pictures)
        case EmbedRequest():
            return [request.picture]
    turns = request.turns
    return [part for turn in turns for part in turn.parts if isinstance(part, Picture)]


def encode_png(pixels: NDArray[np.uint8] | Image.Image) -> bytes:
    """PNG bytes with fixed options and no metadata: same pixels, same bytes.

    Args:
        pixels: RGB image, or array [height, width, 3] in 0..255.
    """
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels, "RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _pixels(picture: Picture) -> Image.Image:
    def made() -> Image.Image:
        return _decode(picture.encoded, picture.digest[:12])

    with DECODING:
        return PIXELS.get(picture.digest, made, _bytes)


def _bytes(image: Image.Image) -> int:
    """Of its pixels."""
    return 3 * image.width * image.height


def _is_plain(encoded: bytes) -> bool:
    """Whether a file is a PNG of 8-bit RGB without anything that changes how it is read."""
    if not encoded.startswith(PNG):
        return False
    opened = Image.open(io.BytesIO(encoded), formats=["PNG"])
    return opened.mode == "RGB" and not opened.info


def _named(pixels: Image.Image, encoded: bytes, raw: memoryview | None = None) -> Picture:
    """`raw`: bytes of RGB, where they are at hand."""
    is_flat = pixels.getcolors(maxcolors=1) is not None
    found = hashlib.sha256(f"RGB {pixels.width} {pixels.height}\n".encode())
    found.update(pixels.tobytes() if raw is None else raw)
    return Picture(found.hexdigest(), encoded, pixels.width, pixels.height, is_flat)


def _decode(encoded: bytes, where: str, pixels: int = MAX_PIXELS) -> Image.Image:
    if len(encoded) > MAX_BYTES:
        raise DataError(f"{where}: {len(encoded)} bytes; expected at most {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(io.BytesIO(encoded), formats=FORMATS)
            most = min(pixels, MAX_PIXELS)
            if opened.width * opened.height > most:
                raise DataError(
                    f"{where}: {opened.width}x{opened.height} pixels; expected at most {most}"
                )
            opened.load()
            ImageOps.exif_transpose(opened, in_place=True)
            return _rgb(opened)
    except UnidentifiedImageError:
        raise DataError(
            f"{where}: not a whole picture; expected one of {', '.join(FORMATS)}"
        ) from None
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise DataError(
            f"{where}: not a whole picture ({error}); expected one of {', '.join(FORMATS)}"
        ) from None


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip at 255
        levels = (np.clip(np.asarray(image), 0, 65535) >> 8).astype(np.uint8)
        return Image.fromarray(levels, "L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    """Strip by strip, so that little is held beside what goes in and what comes out."""
    whole = Image.new("RGB", image.size)
    for top in range(0, image.height, STRIP):
        box = (0, top, image.width, min(top + STRIP, image.height))
        strip = image.crop(box).convert("RGBA")
        white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
        whole.paste(Image.alpha_composite(white, strip).convert("RGB"), box)
    return whole
