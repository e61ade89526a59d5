"""What stands beside a verdict, in words; g2u/scores/beside.py looks for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from g2u.scores.verdict import UNSHOWN

TESTS = ("moves", "channel", "position", "kinds")
"""What is looked for; each is corrected over all own thoughts of the report."""
BOTH_WAYS = "moves answers both ways"
LONGEST = 24
"""Characters of a kind's name."""
Row = Mapping[str, Any]


def columns(found: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """A row's columns of what a cell's metrics hold under `beside`."""
    told = {f"{name}_p": found[name]["p"] for name in TESTS if name in found}
    for name in ("moves", "channel"):
        if name in found:
            told[name] = found[name]["difference"]
            told |= {f"{name}_{key}": found[name][key] for key in ("low", "high")}
    return told


def words(row: Row, found: Mapping[str, Mapping[str, Any]], alpha: float) -> str:
    """All that is shown after the correction, with semicolons between; "" if nothing is.

    Args:
        row: of the table of `summary`, corrected and judged.
        found: what the cell's metrics hold under `beside`.
        alpha: level of the tests.
    """
    return "; ".join(_shown(row, found, alpha))


def _shown(row: Row, found: Mapping[str, Mapping[str, Any]], alpha: float) -> Iterator[str]:
    held = {name for name in TESTS if name in found and row[f"{name}_holm"] <= alpha}
    if "moves" in held and row["moves"] > 0 and row["verdict"] in UNSHOWN:
        yield f"{BOTH_WAYS}: {row['gained']} up, {row['lost']} down of {row['items']}"
    if "channel" in held and row["channel"] > 0:
        yield (
            "an answer channel: with another picture's drawing that one's answer is given in "
            f"{100 * row['channel']:.0f} points more of the questions than any other's"
        )
    if "position" in held:
        told = found["position"]
        yield (
            f"answers {told['letter']} in {100 * told['own']:.0f} %, direct in "
            f"{100 * told['direct']:.0f}, where {100 * told['right']:.0f} are right"
        )
    if "kinds" in held:
        told = found["kinds"]
        here, others = (
            "{} up, {} down of {}".format(*told[name]) for name in ("here", "elsewhere")
        )
        kind = told["kind"] if len(told["kind"]) <= LONGEST else f"{told['kind'][:LONGEST]}…"
        yield f"depends on {told['label']}: {here} where it is “{kind}”, {others} elsewhere"
