"""What a benchmark comes to with a model, a small file each: what `dvc metrics show` prints."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from g2u.files import write_whole

FOLDER = "headline"
"""Below the report's folder: <benchmark>-<model>.json."""
Headline = dict[str, float | str]


def headlines(
    numbers: Mapping[str, Any], gains: Sequence[Mapping[str, Any]]
) -> dict[str, Headline]:
    """By <benchmark>-<model>: accuracy of direct, and the gain of the best own thought (picked
    after the fact) with its interval, in percent; its arm and verdict.

    Args:
        numbers: benchmark -> model -> arm -> name -> number, accuracies 0..1.
        gains: rows of gains.csv, fractions of 1; those of own thoughts alone have a verdict.
    """
    found = {}
    for benchmark, models in numbers.items():
        for model, arms in models.items():
            told: Headline = {}
            direct = arms.get("direct", {}).get("accuracy")
            if direct is not None:
                told["direct"] = _percent(direct)
            here = (row for row in gains if (row["benchmark"], row["model"]) == (benchmark, model))
            own = [row for row in here if row["verdict"] and row["accuracy"] is not None]
            if own:
                best = max(own, key=lambda row: float(row["accuracy"]))
                told |= {
                    "thought": best["arm"],
                    "gain": _percent(best["gain"]),
                    "low": _percent(best["gain_low"]),
                    "high": _percent(best["gain_high"]),
                    "verdict": best["verdict"],
                }
            found[f"{benchmark}-{model}"] = told
    return found


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
