"""What a benchmark comes to with a model, a small file each: what `dvc metrics show` prints."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from g2u.files import write_whole
from g2u.params.params import PLAIN

FOLDER = "headline"
"""Below the report's folder: <benchmark>-<model>.json."""
Headline = dict[str, float | str]


def headlines(rows: Sequence[Mapping[str, Any]]) -> dict[str, Headline]:
    """By <benchmark>-<model>: accuracy of direct, and the gain of the best own thought (picked
    after the fact) with its interval, in percent; its arm and verdict, and why it
    is unchecked.

    Args:
        rows: the table of `summary`; own thoughts alone have a verdict.
    """
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(f"{row['benchmark']}-{row['model']}", []).append(row)
    return {name: _headline(part) for name, part in parts.items()}


def _headline(part: Sequence[Mapping[str, Any]]) -> Headline:
    """Of rows of one benchmark and model."""
    told: Headline = {}
    scored = [row for row in part if row["accuracy"] is not None]
    for row in scored:
        if row["family"] == PLAIN and row["is_main"]:
            told["direct"] = _percent(row["accuracy"])
    own = [row for row in scored if row["verdict"]]
    if own:
        best = max(own, key=lambda row: float(row["accuracy"]))
        told |= {
            "thought": best["arm"],
            "gain": _percent(best["gain"]),
            "low": _percent(best["gain_low"]),
            "high": _percent(best["gain_high"]),
            "verdict": best["verdict"],
        }
        if best["unchecked"]:
            told["why"] = best["unchecked"]
    return told


def _percent(fraction: float) -> float:
    return round(100 * fraction, 1)


def write_headlines(report: Path, found: Mapping[str, Headline]) -> None:
    """Write the files into the report's folder, and remove those of cells that are gone."""
    folder = report / FOLDER
    for name, told in found.items():
        write_whole(folder / f"{name}.json", json.dumps(told, indent=1) + "\n")
    for path in folder.glob("*.json"):
        if path.stem not in found:
            path.unlink()


def read_headlines(report: Path) -> dict[str, Headline]:
    """What is there, by <benchmark>-<model>, sorted."""
    paths = sorted((report / FOLDER).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
