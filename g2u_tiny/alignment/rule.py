"""The rule that stops a hacked reward, over the looks of the watch.

It is fixed before any training: where fidelity lies more than `fall` below its first value while
the reward lies above its own, twice in a row, training stops, and the weights of the last look
without objection are kept.
"""

from typing import Any

PATIENCE = 2
"""Looks in a row that the rule waits."""


def objects(curve: list[dict[str, Any]], fall: float) -> bool:
    """Whether the last look shows a fidelity that fell while the reward rose."""
    first, last = curve[0], curve[-1]
    fell = last["fidelity"] < first["fidelity"] - fall
    return bool(fell and last["reward"] > first["reward"])


def stops(curve: list[dict[str, Any]], fall: float) -> bool:
    """Whether it has objected `PATIENCE` times in a row."""
    looks = range(len(curve) - PATIENCE + 1, len(curve) + 1)
    return len(curve) > PATIENCE and all(objects(curve[:count], fall) for count in looks)
