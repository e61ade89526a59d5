"""What a cell's model calls cost, as a small JSON beside its table."""

import json
from collections.abc import Mapping
from pathlib import Path

from g2u.cache.calls import Tally
from g2u.files import write_whole


def write_costs(path: Path, tallies: Mapping[str, Mapping[str, Tally]]) -> str:
    """Write calls and model seconds; return "N calls made, M reused" for the stage's line.

    Seconds are those measured when each call was first made, so reuse does not change the file.

    Args:
        path: the file.
        tallies: per arm (or "thoughts"), the calls of each kind.
    """
    kinds = [tally for arm in tallies.values() for tally in arm.values()]
    made, reused = sum(t.made for t in kinds), sum(t.reused for t in kinds)
    costs = {
        arm: {
            kind: {"calls": tally.calls, "seconds": round(tally.seconds, 3)}
            for kind, tally in sorted(by_kind.items())
        }
        for arm, by_kind in tallies.items()
    }
    write_whole(path, json.dumps(costs, indent=2) + "\n")
    return f"{made} calls made, {reused} reused"


def read_seconds(path: Path) -> dict[str, float]:
    """Model seconds per arm (or of the "thoughts") of a costs file."""
    costs = json.loads(path.read_text())
    return {
        arm: float(sum(kind["seconds"] for kind in by_kind.values()))
        for arm, by_kind in costs.items()
    }


def mean_seconds(path: Path) -> dict[str, float]:
    """Model seconds per call of each kind in a costs file; empty where there is none."""
    try:
        costs = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    kinds = [(kind, told) for by_kind in costs.values() for kind, told in by_kind.items()]
    calls: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for kind, told in kinds:
        calls[kind] = calls.get(kind, 0) + told["calls"]
        seconds[kind] = seconds.get(kind, 0.0) + told["seconds"]
    return {kind: seconds[kind] / count for kind, count in calls.items() if count}
