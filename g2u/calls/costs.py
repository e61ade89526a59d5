"""What a cell's model calls cost, as a small JSON beside its table; what each arm needs of them."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from g2u.arms import Arm
from g2u.calls.asking import Tally, total
from g2u.files import write_whole

Seconds = dict[str, dict[str, float]]
"""Model seconds by arm, or by round of the thoughts, and kind of call."""


def write_costs(path: Path, tallies: Mapping[str, Mapping[str, Tally]]) -> str:
    """Write calls and model seconds; return "N calls made, M reused" for the stage's line.

    Seconds are those measured when each call was first made, so reuse does not change the file.

    Args:
        path: the file.
        tallies: per arm, or round of the thoughts, the calls of each kind.
    """
    spent = total(tally for arm in tallies.values() for tally in arm.values())
    costs = {
        arm: {
            kind: {"calls": tally.calls, "seconds": round(tally.seconds, 3)}
            for kind, tally in sorted(by_kind.items())
        }
        for arm, by_kind in tallies.items()
    }
    write_whole(path, json.dumps(costs, indent=2) + "\n")
    return f"{spent.made} calls made, {spent.reused} reused"


def read_costs(path: Path) -> Seconds:
    """The seconds of a costs file."""
    return {
        arm: {kind: float(told["seconds"]) for kind, told in by_kind.items()}
        for arm, by_kind in json.loads(path.read_text()).items()
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


def drawing_seconds(drawn: Seconds, arms: Collection[Arm], every: Collection[Arm]) -> float:
    """What the thoughts take that `arms` show, of a cell that has `every` arm.

    A round needs those before it, a draw no other; what all draws rest on is shared among them.
    """
    rounds, draws = [arm.round for arm in arms], {arm.draw for arm in arms}
    until = None if None in rounds else max(number for number in rounds if number is not None) + 1
    needed = [sum(kinds.values()) for kinds in list(drawn.values())[:until]]
    return sum(needed) * len(draws) / len({arm.draw for arm in every})


def reward_seconds(rewarded: Mapping[str, float], by: str, named: Collection[str]) -> float:
    """What one reward of all thoughts takes; nothing if it is none.

    Args:
        rewarded: seconds of all rewards by kind of call.
        by: the reward.
        named: all rewards of the cell. Those that are made of scores share their seconds as they
            share the calls: contrast makes two of a thought, the others one.
    """
    if by == "embedding":
        return rewarded.get("embed", 0.0)
    weights = {name: 2 if name == "contrast" else 1 for name in named if name != "embedding"}
    return rewarded.get("score", 0.0) * weights.get(by, 0) / max(sum(weights.values()), 1)


def share_shown(arms: Collection[Arm], every: Collection[Arm]) -> float:
    """Which part of the thoughts (0..1) `arms` show, of a cell that has `every` arm."""
    shown, there = ({(arm.draw, arm.round) for arm in some} for some in (arms, every))
    return len(shown) / len(there)
