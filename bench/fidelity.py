"""Which measure of fidelity keeps the order in which a person could read pictures of signs.

What should come before what was written before any measure was looked at. Run: python -m
bench.fidelity [SIGNS]
"""

import io
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy.ndimage import (
    correlate1d,
    gaussian_filter,
    grey_dilation,
    grey_erosion,
    uniform_filter,
)

from g2u.pictures.decoding import pixels_of
from g2u.pictures.ink import Pixels
from g2u.questions.benchmarks import signs
from g2u.records import Sample
from g2u.report.markdown import markdown_table
from g2u.scores.fidelity import correlation, likeness
from g2u.scores.statistics import Floats

Kinds = dict[str, Pixels]
Order = list[tuple[str, str]]
EASY = ("jpeg", "slight blur", "grain", "less light")
HARD = ("photograph", "strong blur", "half")
WRONG = ("another word", "another sign", "mirrored")
NOTHING = ("blank", "mean", "noise", "soft noise")
FIRST: Order = [
    *(("oracle", kind) for kind in (*EASY, *HARD, *WRONG, *NOTHING)),
    *((one, other) for one in EASY for other in (*HARD, *WRONG, *NOTHING)),
    *((one, other) for one in HARD for other in (*WRONG, *NOTHING)),
    ("photograph", "strong blur"),
    *(("another word", kind) for kind in NOTHING[:3]),
]
FURTHER: Order = [
    *(("oracle", kind) for kind in (
        "a pixel aside", "half another word", "bolder", "thinner", "salt", "posterised",
        "half as large", "uneven light", "zoomed", "turned", "very strong blur", "another word",
        "grey",
    )),
    ("a pixel aside", "a stroke aside"), ("half as large", "very strong blur"),
    ("a pixel aside", "very strong blur"), ("half another word", "another word"),
    ("salt", "half another word"), ("salt", "very strong blur"),
    ("posterised", "half another word"), ("uneven light", "another word"),
    ("bolder", "another word"), ("thinner", "another word"),
    ("half as large", "half another word"), ("very strong blur", "grey"),
    ("a stroke aside", "grey"), ("another word", "grey"), ("turned", "grey"), ("zoomed", "grey"),
    ("uneven light", "half another word"),
]  # fmt: skip


def blurred(picture: Pixels, deviation: float) -> Pixels:
    """By a Gauss, in pixels."""
    soft = gaussian_filter(picture.astype(float), (deviation, deviation, 0), mode="nearest")
    return np.rint(soft).astype(np.uint8)


def sized(picture: Pixels, width: int, height: int) -> Pixels:
    """Bicubic."""
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def seen(sample: Sample) -> tuple[Pixels, Pixels, Pixels]:
    """Photograph, oracle, adversary."""
    one, two, three = (
        np.asarray(pixels_of(each[0]))
        for each in (sample.pictures, sample.oracles, sample.adversaries)
    )
    return one, two, three


def first(sample: Sample, other: Sample, rng: np.random.Generator) -> Kinds:
    """The kinds of FIRST."""
    source, oracle, adversary = seen(sample)
    height, width = oracle.shape[:2]
    flat = np.median(oracle.reshape(-1, 3), 0)
    half = oracle.copy()
    half[:, width // 2 :] = flat
    file = io.BytesIO()
    Image.fromarray(oracle).save(file, "JPEG", quality=30)
    grain = np.clip(oracle + rng.normal(0, 10, oracle.shape), 0, 255).astype(np.uint8)
    noise, more = (rng.integers(0, 256, oracle.shape).astype(np.uint8) for _ in range(2))
    return {
        "oracle": oracle,
        "jpeg": np.asarray(Image.open(file).convert("RGB")),
        "slight blur": blurred(oracle, 0.02 * height),
        "grain": grain,
        "less light": (0.8 * oracle + 15).astype(np.uint8),
        "photograph": sized(source, width, height),
        "strong blur": blurred(oracle, 0.1 * height),
        "half": half,
        "another word": adversary,
        "another sign": sized(seen(other)[1], width, height),
        "mirrored": oracle[:, ::-1].copy(),
        "blank": np.broadcast_to(flat.astype(np.uint8), oracle.shape).copy(),
        "mean": np.broadcast_to(oracle.mean((0, 1)).astype(np.uint8), oracle.shape).copy(),
        "noise": noise,
        "soft noise": blurred(more, 0.02 * height),
    }


def further(sample: Sample, other: Sample, rng: np.random.Generator) -> Kinds:
    """The kinds of FURTHER."""
    del other
    _, oracle, adversary = seen(sample)
    height, width = oracle.shape[:2]
    half, salt = oracle.copy(), oracle.copy()
    half[:, width // 2 :] = adversary[:, width // 2 :]
    grains = rng.random((height, width))
    salt[grains < 0.03], salt[grains > 0.97] = 0, 255
    large = sized(oracle, int(width * 1.06), int(height * 1.06))
    down, right = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    ground = tuple(int(value) for value in np.median(oracle.reshape(-1, 3), 0))
    turned = Image.fromarray(oracle).rotate(1, Image.Resampling.BICUBIC, fillcolor=ground)
    light = np.linspace(0.7, 1.3, width)[None, :, None]
    return {
        "oracle": oracle,
        "a pixel aside": np.roll(oracle, 1, axis=1),
        "a stroke aside": np.roll(oracle, max(2, int(0.1 * height)), axis=1),
        "half another word": half,
        "bolder": grey_dilation(oracle, size=(3, 3, 1)),
        "thinner": grey_erosion(oracle, size=(3, 3, 1)),
        "salt": salt,
        "posterised": (oracle // 64 * 64 + 32).astype(np.uint8),
        "half as large": sized(sized(oracle, width // 2, height // 2), width, height),
        "uneven light": np.clip(oracle * light, 0, 255).astype(np.uint8),
        "zoomed": large[down : down + height, right : right + width],
        "turned": np.asarray(turned),
        "very strong blur": blurred(oracle, 0.3 * height),
        "another word": adversary,
        "grey": np.full_like(oracle, 128),
    }


def luminance(picture: Pixels) -> Floats:
    """0..255."""
    return np.asarray(Image.fromarray(picture).convert("L"), np.float64)


def halved(picture: Floats) -> Floats:
    """Every second pixel of the means of four."""
    found: Floats = uniform_filter(picture, 2, mode="nearest")[::2, ::2]
    return found


def steepness(picture: Floats) -> Floats:
    """Gradient magnitude by Prewitt's filter, /3."""
    step, mean = np.array([1.0, 0.0, -1.0]), np.ones(3) / 3
    across, down = (
        correlate1d(
            correlate1d(picture, step, axis, mode="nearest"), mean, 1 - axis, mode="nearest"
        )
        for axis in (1, 0)
    )
    return np.hypot(across, down)


def even_gradients(thought: Pixels, oracle: Pixels) -> float:
    """1 - GMSD: Xue et al. 2014, arXiv 1308.3052."""
    one, other = (steepness(halved(luminance(each))) for each in (thought, oracle))
    return 1 - float(((2 * one * other + 170) / (one**2 + other**2 + 170)).std())


def multi_scale(thought: Pixels, oracle: Pixels) -> float:
    """MS-SSIM: Wang et al. 2003; as many scales as have 7 pixels, the weights made to sum to 1."""
    one, other = luminance(thought), luminance(oracle)
    light, change = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found: list[tuple[float, float, float]] = []
    for weight in (0.0448, 0.2856, 0.3001, 0.2363, 0.1333):
        if min(one.shape) < 7:
            break
        m, n, mm, nn, mn = (
            gaussian_filter(each, 1.5, truncate=3.5)
            for each in (one, other, one * one, other * other, one * other)
        )
        alike = (2 * (mn - m * n) + change) / (mm - m * m + nn - n * n + change)
        bright = (2 * m * n + light) / (m * m + n * n + light)
        found.append((weight, max(alike.mean(), 0.0), max((bright * alike).mean(), 0.0)))
        one, other = halved(one), halved(other)
    total, value = sum(weight for weight, _, _ in found), 1.0
    for place, (weight, alike, whole) in enumerate(found, start=1):
        value *= (whole if place == len(found) else alike) ** (weight / total)
    return value


MEASURES: dict[str, Callable[[Pixels, Pixels], float]] = {
    "correlation": correlation,
    "multi-scale SSIM": multi_scale,
    "PSNR": lambda thought, oracle: likeness(thought, oracle, "psnr"),
    "1 - GMSD": even_gradients,
    "SSIM": lambda thought, oracle: likeness(thought, oracle, "ssim"),
}
SHOWN = ("blank", "another word", "strong blur", "less light")


def main() -> None:
    """Print pairs out of order by measure, means at 18 px, and CPU ms at 18 px."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    lost = {name: [0, 0] for name in MEASURES}
    means: dict[str, dict[str, list[float]]] = {name: {} for name in MEASURES}
    spent, pairs, pictures = dict.fromkeys(MEASURES, 0.0), [0, 0], 0
    for part, (make, order, seed, heights) in enumerate(
        ((first, FIRST, 900, (8, 14, 18, 40)), (further, FURTHER, 901, (14, 18, 40)))
    ):
        for height in heights:
            settings = signs.Settings(items=count, height=height, seed=seed, split="development")
            found, rng = list(signs.read(settings)), np.random.default_rng(part)
            for sample, other in zip(found, [*found[1:], found[0]], strict=True):
                kinds = make(sample, other, rng)
                pairs[part] += len(order)
                pictures += len(kinds) if height == 18 else 0
                for name, measure in MEASURES.items():
                    start = time.process_time()
                    values = {k: measure(each, kinds["oracle"]) for k, each in kinds.items()}
                    lost[name][part] += sum(values[a] <= values[b] + 1e-9 for a, b in order)
                    if height == 18:
                        spent[name] += time.process_time() - start
                        for kind in SHOWN if part == 0 else ():
                            means[name].setdefault(kind, []).append(values[kind])
    rows = [["measure", f"first {pairs[0]}", f"further {pairs[1]}", *SHOWN, "CPU ms at 18 px"]]
    rows += [
        [name, *map(str, lost[name]), *(f"{np.mean(means[name][kind]):.2f}" for kind in SHOWN),
         f"{1000 * spent[name] / pictures:.2f}"]
        for name in MEASURES
    ]  # fmt: skip
    print(markdown_table(rows))


if __name__ == "__main__":
    main()
