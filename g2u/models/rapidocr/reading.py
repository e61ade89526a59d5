"""Finding and reading lines of text: rapidocr's steps around its networks, without its object.

`RapidOCR.__call__` keeps the flags of a call for the next, reads lines in batches, where a line's
padding depends on its neighbours, and scales slender pictures up without limit. So its steps are
called here one by one, with nothing kept between calls and one line at a time. On pictures at most
8 times as long as wide the replies are those of
`RapidOCR(params={"Rec.rec_batch_num": 1})(picture, use_det, use_cls, use_rec)`.

Pixels are uint8 [height, width, 3] in BGR; corners are float32 [n, 4, 2], x and y in pixels, from
the upper left one clockwise; frames are float32 [T, K], probabilities.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess, DetPreProcess
from rapidocr.utils.process_img import apply_vertical_padding, get_rotate_crop_image

from g2u.models.rapidocr import ctc
from g2u.models.rapidocr.options import Settings

MOST_SIDE, LEAST_HEIGHT = 2000, 30
"""A longer side is scaled down; up to this height a picture is laid on black (config.yaml: Global).
"""
MULTIPLE = 32
"""Of pixels, what scaled sides are rounded to."""
LONGEST = 4096
"""Of a side that was scaled up, in pixels; rapidocr has no limit."""
WIDE = 8
"""Pictures more than this times as wide as high are laid on black (Global: width_height_ratio)."""
HEIGHT = 48
"""Of a line as the recogniser sees it, in pixels."""
LINE, WIDEST, ORIENTED = 320, 6144, 192
"""Least and greatest width of a line for the recogniser, width for the classifier of direction."""
UPSIDE_DOWN = 0.9
"""Above this probability a line is turned round (config.yaml: Cls.cls_thresh)."""
DETECTION = {
    "thresh": 0.3,
    "max_candidates": 1000,
    "unclip_ratio": 1.6,
    "use_dilation": True,
    "score_mode": "fast",
}
"""config.yaml: Det."""
Pixels = NDArray[np.uint8]
Corners = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it was read."""

    text: str
    confidence: float
    """Mean probability of its letters, 0..1; 0 where none was read."""
    frames: ctc.Frames


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture as text is looked for on it."""

    pixels: Pixels
    margin: int
    """Rows of black above and below the picture."""
    height: int
    """Of the picture itself, in its own pixels."""
    width: int


class Networks:
    """Detector, classifier of direction and recogniser.

    Args:
        files: detector, recogniser and classifier.
        settings: see there.
    """

    def __init__(self, files: Sequence[Path], settings: Settings) -> None:
        self._finder, self._reader, self._turner = (
            _session(path, settings.threads) for path in files
        )
        self._settings = settings
        told = self._reader.get_modelmeta().custom_metadata_map["character"]
        self.alphabet = ["", *told.splitlines(), " "]
        """The letter of each number; that of the blank is empty."""

    def found(self, picture: Pixels, places: Pixels | None = None) -> list[Line]:
        """The lines of a picture in reading order.

        Args:
            picture: what is read.
            places: what text is looked for on, the whole of it being the whole of the picture;
                None = the picture itself.
        """
        sheet = _sheet(picture, self._settings.min_side_len)
        where = sheet if places is None else _sheet(places, self._settings.min_side_len)
        corners = _moved(self._corners(where), where, sheet, self._settings.margin)
        crops = [_cropped(sheet.pixels, each) for each in corners if min(_sides(each)) >= 1]
        return [self._read(self._upright(crop)) for crop in crops]

    def whole(self, picture: Pixels) -> Line:
        """The picture as one line."""
        return self._read(_bounded(picture, self._settings.min_side_len))

    def _corners(self, sheet: Sheet) -> Corners:
        """Where text is found, in reading order."""
        size = sheet.pixels.shape[:2]
        slender = max(size) / min(size)
        limit = self._settings.limit_side_len
        if self._settings.limit_type == "min" and slender > WIDE:
            limit = max(
                MULTIPLE, int(limit * math.sqrt(WIDE / slender))
            )  # no more pixels than WIDE has
        scaled = DetPreProcess(limit, self._settings.limit_type)(sheet.pixels)
        if scaled is None:  # a side would have no pixel
            return np.zeros((0, 4, 2), np.float32)
        select = DBPostProcess(box_thresh=self._settings.box_thresh, **DETECTION)
        corners, _ = select(_output(self._finder, scaled), size)
        return in_reading_order(np.asarray(corners, np.float32).reshape(-1, 4, 2))

    def _upright(self, line: Pixels) -> Pixels:
        if not self._settings.use_cls:
            return line
        (shares,) = _output(self._turner, _normed(line, ORIENTED))
        return line[::-1, ::-1] if shares[1] > max(shares[0], UPSIDE_DOWN) else line

    def _read(self, line: Pixels) -> Line:
        height, width = line.shape[:2]
        room = min(int(HEIGHT * max(LINE / HEIGHT, width / height)), WIDEST)
        (frames,) = _output(self._reader, _normed(line, room))
        letters, probabilities = ctc.likeliest(frames)
        mean = sum(probabilities) / len(probabilities) if probabilities else 0.0
        return Line("".join(self.alphabet[each] for each in letters), mean, frames)


def in_reading_order(corners: Corners) -> Corners:
    """Row by row from the top, in a row from the left. A place is of a row if its middle lies above
    the lower edge of the row's highest place; rapidocr's rows are 10 pixels apart, so that its
    order depends on the size of a picture.
    """
    left, top, bottom = corners[:, :, 0].min(1), corners[:, :, 1].min(1), corners[:, :, 1].max(1)
    order: list[int] = []
    waiting = sorted(range(len(corners)), key=lambda place: (top[place], left[place]))
    while waiting:
        edge = bottom[waiting[0]]
        row = [place for place in waiting if (top[place] + bottom[place]) / 2 < edge]
        order += sorted(row, key=lambda place: left[place])
        waiting = [place for place in waiting if place not in row]
    return corners[order]


def _session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # as rapidocr has it
    # what a large picture took is given back; else every process keeps 600 MB, to be 5 % faster;
    # without its plan of memory a call would cost half as much again
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _output(session: Any, given: NDArray[np.float32]) -> Any:
    return session.run(None, {session.get_inputs()[0].name: given})[0]


def _sheet(picture: Pixels, least: int) -> Sheet:
    pixels, record = apply_vertical_padding(_bounded(picture, least), {}, WIDE, LEAST_HEIGHT)
    return Sheet(pixels, record["padding_1"]["top"], *picture.shape[:2])


def _bounded(picture: Pixels, least: int) -> Pixels:
    height, width = picture.shape[:2]
    size = bounded_size(height, width, least)
    return picture if size == (height, width) else cv2.resize(picture, size[::-1])


def bounded_size(height: int, width: int, least: int) -> tuple[int, int]:
    """Height and width within rapidocr's bounds: no side above `MOST_SIDE`, none below `least`;
    where both cannot be, a slender picture is squeezed.
    """
    size = (height, width)
    if max(size) > MOST_SIDE:
        size = _scaled(size, MOST_SIDE / max(size))
    if min(size) < least:
        size = _scaled(size, least / min(size))
    return size


def _scaled(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """In whole steps, at least one and up to `LONGEST`."""
    steps = [round(int(side * ratio) / MULTIPLE) * MULTIPLE for side in size]
    height, width = (min(max(MULTIPLE, step), LONGEST) for step in steps)
    return height, width


def _moved(corners: Corners, where: Sheet, sheet: Sheet, margin: float) -> Corners:
    """From one sheet to the same places of another's picture, to a thousandth of a pixel.

    Edges are sharp on a larger picture, and on a smaller one spread over pixels: from a picture
    that is s times as large, places are widened by `margin` (1 - 1 / s) pixels to each side.
    """
    if where is sheet:
        return corners
    spans = [
        (each.pixels.shape[1], each.pixels.shape[0] - 2 * each.margin) for each in (where, sheet)
    ]
    there, here = np.array(spans, np.float64)
    own = np.array([sheet.width, sheet.height], np.float64)
    widened = margin * np.maximum(0, 1 - own / [where.width, where.height]) * here / own
    found = (corners - [0, where.margin]) * here / there
    outward = np.sign(found - found.mean(axis=1, keepdims=True))
    moved: Corners = (found + outward * widened + [0, sheet.margin]).round(3).astype(np.float32)
    return moved


def _sides(corners: Corners) -> tuple[float, float]:
    """Width and height between corners, in pixels."""
    upper, right = corners[1] - corners[0], corners[2] - corners[1]
    lower, left = corners[3] - corners[2], corners[0] - corners[3]
    lengths = [float(np.hypot(*side)) for side in (upper, lower, left, right)]
    return max(lengths[:2]), max(lengths[2:])


def _cropped(sheet: Pixels, corners: Corners) -> Pixels:
    """What lies between four corners, as a line from left to right."""
    cropped: Pixels = get_rotate_crop_image(sheet, corners.copy())
    return cropped


def _normed(line: Pixels, width: int) -> NDArray[np.float32]:
    """A line as a network sees it, [1, 3, 48, width], -1..1, grey (0) beyond its end."""
    room = min(math.ceil(HEIGHT * (line.shape[1] / line.shape[0])), width)
    scaled = cv2.resize(line, (room, HEIGHT)).astype(np.float32).transpose(2, 0, 1) / 255
    normed = np.zeros((1, 3, HEIGHT, width), np.float32)
    normed[0, :, :, :room] = (scaled - 0.5) / 0.5
    return normed
