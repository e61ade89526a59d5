"""Rows of a table as prepare takes them in."""

import json
from pathlib import Path
from typing import Any

from g2u.params import reading as params
from g2u.params.sections import BenchmarkPreset
from g2u.records import Sample
from g2u.scores.samples import samples
from tests.conftest import ROOT, png


def prepared(folder: Path, rows: list[dict[str, Any]], **preset: Any) -> list[Sample]:
    """The samples of a table of rows with columns a (answer) and o (options); each row's picture,
    `image`, is p.png of 24 x 24 pixels unless the row names another.
    """
    (folder / "p.png").write_bytes(png(1))
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps({"q": "?", "image": "p.png", **row}) for row in rows))
    columns = {"question": "q", "pictures": "image", "answer": "a"}
    if "o" in rows[0]:
        columns["choices"] = "o"
    said = {"source": "table", "file": str(path), "image_root": str(folder), "columns": columns}
    config = params.load(ROOT / "params.yaml")
    made = BenchmarkPreset(**{**said, **preset})
    presets = config.presets.model_copy(update={"benchmarks": {"own": made}})
    return list(samples(config.model_copy(update={"presets": presets}), "own"))
