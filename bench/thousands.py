"""A cell of 100,000 thoughts: what `dvc status` costs with them, and the memory of stage score.

Small simulated pictures and a model that costs nothing; the stages are run one by one.
Run: python -m bench.thousands [THOUGHTS]
"""

import sys

from bench.common import machine, rows, timed, use_counted, workspace
from tests.campaigns.crashes import forget

SIZE = 16


def main() -> None:
    """Print seconds and megabytes."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(machine())
    with workspace() as made:
        seconds = {}
        for count in (10, items):
            forget(made.folder)
            made.use_tsv(rows(count, SIZE))
            made.raw["score"]["resamples"] = 4000
            use_counted(made, ["direct", "duplicate", "detail"])
            run = timed(made.folder, "-m", "g2u.cli.main", "run")
            used = f"{run.wall:.0f} s, CPU {run.cpu:.0f} s, peak {run.peak:.0f} MB"
            print(f"{count} thoughts, g2u run: {used}")
            seconds[count] = min(timed(made.folder, "-m", "dvc", "status").wall for _ in range(3))
        cell = ("--benchmark", "mine", "--model", "tiny", "--family", "detail")
        for stage in ("generate", "understand", "score"):
            run = timed(made.folder, "-m", f"stages.{stage}", *cell)
            print(f"stage {stage}, calls cached: {run.wall:.1f} s, peak {run.peak:.0f} MB")
        bare = timed(
            made.folder, "-c", "import polars, pyarrow.parquet, scipy.special, g2u.params.reading"
        )
        print(f"imports alone: peak {bare.peak:.0f} MB")
    few, many = seconds.values()
    print(f"dvc status: {few:.2f} s with 10 thoughts, {many:.2f} s with {items}")


if __name__ == "__main__":
    main()
