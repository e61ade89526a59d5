"""What a cell's model calls cost, as a small JSON beside its table."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from g2u.cache.calls import Tally


def write_costs(path: Path, tally: Mapping[str, Tally]) -> str:
    """Write calls and model seconds per kind; return "N calls made, M reused" for the stage's line.

    Seconds are those measured when each call was first made, so reuse does not change the file.
    """
    made = sum(kind.made for kind in tally.values())
    reused = sum(kind.reused for kind in tally.values())
    costs = {
        name: {"calls": kind.calls, "seconds": round(kind.seconds, 3)}
        for name, kind in sorted(tally.items())
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(costs, indent=2) + "\n")
    os.replace(fresh, path)
    return f"{made} calls made, {reused} reused"


def read_seconds(path: Path) -> float:
    """Model seconds of a costs file."""
    costs = json.loads(path.read_text())
    return float(sum(kind["seconds"] for kind in costs.values()))
