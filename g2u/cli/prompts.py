"""The prompts that thoughts were drawn by: who wrote them, how often, and whether they leak."""

import json

import polars as pl

from g2u.errors import DataError
from g2u.params.params import Params
from g2u.tables.places import Cell

COLUMNS = ("benchmark", "family", "model", "writer", "style", "prompt", "base")


def prompts(config: Params) -> pl.DataFrame:
    """One row per prompt of a cell, with the number of distinct thoughts drawn by it, and the
    questions of the cell whose prompts hold an option or the answer.

    Raises:
        DataError: a cell has not been made yet.
    """
    found = []
    for benchmark in config.benchmarks:
        for model, family in config.cells_of(benchmark):
            cell = Cell(benchmark, model, family)
            if not cell.metrics.exists():
                raise DataError(f"{cell.metrics}: missing; run g2u run")
            table = pl.scan_parquet(cell.thoughts / "part-?????.parquet").select(COLUMNS)
            counted = table.filter(pl.col("prompt") != "").group_by(COLUMNS).len("thoughts")
            flags = json.loads(cell.metrics.read_text())["prompts"]
            found.append(
                counted.collect().with_columns(
                    pl.lit(flags["with_option"]).alias("with option"),
                    pl.lit(flags["with_answer"]).alias("with answer"),
                )
            )
    return pl.concat(found).sort(
        "benchmark", "model", "family", "thoughts", descending=[False] * 3 + [True]
    )


def listed(rows: pl.DataFrame, limit: int) -> str:
    """The rows as text, at most `limit` prompts of a cell."""
    lines = []
    for (benchmark, model, family), cell in rows.group_by(
        "benchmark", "model", "family", maintain_order=True
    ):
        flags = cell.row(0, named=True)
        lines.append(
            f"{benchmark} {model} {family}: {len(cell)} prompts; they hold an option in "
            f"{flags['with option']} questions, the answer in {flags['with answer']}"
        )
        for row in cell.head(limit).iter_rows(named=True):
            style = f", {row['style']}" if row["style"] else ""
            base = f"  (from: {row['base']})" if row["base"] not in ("", row["prompt"]) else ""
            lines.append(f"  {row['thoughts']:>6} x {row['writer']}{style}: {row['prompt']}{base}")
    return "\n".join(lines)
