"""Datasets of thoughts: stored bytes over PNG bytes, memory of an export, speed of verification.

Simulated photographs, one thought each.
Run: python -m bench.sharing [THOUGHTS [SIDE]]    # 5000 of 224 px
"""

import io
import sys
import time

import numpy as np
from PIL import Image

from bench.common import machine, timed, workspace
from g2u.digests import call_key
from g2u.pictures.decoding import picture_of
from g2u.records import EditRequest, Thought
from g2u.sharing.manifest import verify
from g2u.tables import schemas as tables
from tests.conftest import tsv_rows


def photograph(rng: np.random.Generator, side: int) -> bytes:
    """A square PNG, smooth with grain."""
    coarse = Image.fromarray(rng.integers(0, 255, (14, 14, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, 6, (side, side, 1)).astype(np.int16)
    buffer = io.BytesIO()
    Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def called(seed: int) -> str:
    """The name of a call that drew from text alone."""
    return call_key("f" * 64, EditRequest(("Enhance.",), seed, (("steps", 8),)))


def main() -> None:
    """Print the ratio, megabytes and megabytes a second."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    side = int(sys.argv[2]) if len(sys.argv) > 2 else 224
    print(machine())
    rng = np.random.default_rng(0)
    with workspace() as made:
        made.use_tsv(tsv_rows(2))
        made.write()
        thoughts = [
            Thought(f"q{n}", 0, "ok", picture=picture_of(photograph(rng, side)), source=f"{n:064x}",
                    prompt="Enhance.", writer="fixed", seed=n, call=called(n))
            for n in range(count)
        ]  # fmt: skip
        encoded = sum(len(t.picture.encoded) for t in thoughts if t.picture)
        place = made.folder / "data" / "mine" / "detail" / "tiny" / "thoughts"
        recipe = tables.Recipe("mine", "detail", "tiny", "f" * 64, '{"steps":8}')
        tables.write_thoughts(place, thoughts, recipe)
        run = timed(made.folder, "-m", "g2u.cli.main", "export", "out", "mine/tiny/detail")
        out = made.folder / "out"
        stored = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        begun = time.perf_counter()
        verify(out)
        seconds = time.perf_counter() - begun
        print(
            f"{count} thoughts of {side} px, {encoded / 1e6:.0f} MB of PNG: stored "
            f"{stored / encoded:.4f} x; export {run.wall:.1f} s, peak {run.peak:.0f} MB; "
            f"verified at {stored / 1e6 / seconds:.0f} MB/s"
        )


if __name__ == "__main__":
    main()
