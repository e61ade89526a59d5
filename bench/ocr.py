"""What reading signs costs, and what the adapter costs over rapidocr's own object.

Signs of 18 and 48 pixels, each another picture, alternating with `RapidOCR(...)` called with every
flag, one thread each, in CPU seconds; texts have to be equal.
Run: python -m bench.ocr [signs]
"""

import logging
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from g2u.models import rapidocr
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import AnswerRequest, Picture, Turn

LIMITS = (736, 192)
HEIGHTS = (18, 48)


def signs(count: int) -> list[Picture]:
    """A word and a number each."""
    found = []
    for number in range(count):
        image = Image.new("RGB", (330, 80), (235, 225 - number % 40, 180))
        text = f"HARBOUR {100 + number}"
        ImageDraw.Draw(image).text(
            (24, 18), text, font=ImageFont.load_default(40), fill=(30, 20, 90)
        )
        height = HEIGHTS[number % len(HEIGHTS)]
        found.append(picture_of_pixels(image.resize((330 * height // 80, height))))
    return found


def main(count: int) -> None:
    """A line for each way of reading."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    for limit in (*LIMITS, None):
        shown = {} if limit is None else {"limit_side_len": limit}
        mode = "recognise" if limit is None else "read"
        ours = rapidocr.load(
            rapidocr.Settings.model_validate({"mode": mode, "threads": 1, "text_score": 0, **shown})
        )
        theirs = RapidOCR(
            params={
                "Det.limit_side_len": limit or LIMITS[0],
                "Rec.rec_batch_num": 1,
                "Global.text_score": 0.0,
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            }
        )
        compare(f"{mode} {limit or ''}", ours, theirs, signs(count), found=limit is not None)


def compare(
    name: str,
    ours: rapidocr.Reader,
    theirs: Callable[..., object],
    pictures: list[Picture],
    *,
    found: bool,
) -> None:
    """Median CPU seconds of both, and of their difference, picture by picture."""

    def adapter(picture: Picture) -> str:
        (reply,) = ours.answer([AnswerRequest((Turn("user", (picture, "What is it?")),), 99)])
        return "" if reply == rapidocr.NO_TEXT else str(reply)

    def bare(picture: Picture) -> str:
        pixels = np.ascontiguousarray(np.asarray(pixels_of(picture))[:, :, ::-1])
        result = theirs(pixels, use_det=found, use_cls=found, use_rec=True)
        return " ".join(getattr(result, "txts", None) or ())

    spent: list[list[float]] = []
    adapter(pictures[0]), bare(pictures[0])
    for picture in pictures[1:]:
        row, texts = [], []
        for call in (adapter, bare):
            begun = time.process_time()
            texts.append(call(picture))
            row.append(time.process_time() - begun)
        assert texts[0] == texts[1], texts
        spent.append(row)
    mine, other = (median(row[n] for row in spent) for n in (0, 1))
    extra = median(row[0] - row[1] for row in spent)
    print(
        f"{name}: {1000 * mine:.0f} ms of CPU a sign, bare {1000 * other:.0f} ms: "
        f"{1000 * extra:+.1f} ms ({100 * extra / other:+.1f} %), {len(spent)} signs",
        flush=True,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
