"""Tables of the study of causes as Markdown: what the embedded model's drawings do, benchmark by
benchmark. Numbers are those of causes.csv (g2u/report/causes.py), in percent.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from g2u.report.causes import ALONE, SHOWN, TWICE
from g2u.report.markdown import markdown_table

Row = Mapping[str, Any]
HEADS = (
    "benchmark (own thought)", "the picture; it twice; own drawing", "another's, the same answer",
    "another's, another answer", "of these, say the other answer", "the drawing alone",
    "its words for it", "what it is",
)  # fmt: skip


def channel_table(causes: pl.DataFrame) -> str:
    """A row per benchmark: own drawings, those of others, and the share of answers that follow
    theirs, with its 95 % interval.
    """
    rows: list[Sequence[str]] = [HEADS]
    for title, lines in _benchmarks(causes):
        found = {(line["shown"], line["over"]): line for line in lines}
        own = found[SHOWN["own"], ALONE], found[SHOWN["own"], TWICE]
        bases = [line["right"] - line["difference"] for line in own]
        first = {shown: line for (shown, _), line in reversed(found.items())}
        told = [first.get(SHOWN[name]) for name in ("same", "other", "follows", "only")]
        words = first.get(SHOWN["described"])
        follows = told[2]
        rows.append([
            title, "; ".join(f"{100 * each:.1f}" for each in (*bases, own[0]["right"])),
            _right(told[0]), _right(told[1]),
            f"{_right(follows)} [{100 * follows['low']:.1f}, {100 * follows['high']:.1f}]"
            if follows else "-",
            _right(told[3]), _right(words), str(own[0]["word"]),
        ])  # fmt: skip
    return markdown_table(rows)


def doses_table(causes: pl.DataFrame) -> str:
    """A row per benchmark: right answers by dose, from none of the ink to all of it."""
    doses = causes.filter(pl.col("over").fill_null("") == "").with_columns(
        pl.col("shown").str.extract(r"^(\w+)").alias("how"),
        pl.col("shown").str.extract(r"(\d+) %").cast(pl.Int64).alias("amount"),
    )
    names = doses["how"].unique(maintain_order=True).to_list()
    amounts = ", ".join(f"{each}" for each in sorted(set(doses["amount"])))
    said = {"reverted": "ink taken back", "recoloured": "ink in other colours"}
    rows = [["benchmark (own thought)", *(f"{said.get(n, n)}: {amounts} %" for n in names)]]
    for title, lines in _benchmarks(doses):
        curves = [
            "; ".join(
                f"{100 * line['right']:.1f}"
                for line in sorted(lines, key=lambda line: line["amount"])
                if line["how"] == name
            )
            for name in names
        ]
        rows.append([title, *(curve or "-" for curve in curves)])
    return markdown_table(rows)


def _benchmarks(causes: pl.DataFrame) -> Iterator[tuple[str, list[Row]]]:
    for (benchmark, family), lines in causes.group_by("benchmark", "family", maintain_order=True):
        yield f"{benchmark} ({family})", list(lines.iter_rows(named=True))


def _right(line: Row | None) -> str:
    return "-" if line is None else f"{100 * line['right']:.1f}"
