"""Published figures of a benchmark, arm beside arm, and what prompts tell, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from g2u.arms import Arm


@dataclass(frozen=True, slots=True)
class Published:
    """A benchmark's own figures: accuracy by category, circular accuracy, MME's sums ..."""

    arms: tuple[str, ...]
    rows: tuple[tuple[str, tuple[dict[str, float], ...]], ...]
    """Per figure its name and, per arm, value, low, high, gain, gain_low, gain_high as far as they
    are known; on the benchmark's own scale.
    """


def published(
    metrics: Mapping[str, Mapping[str, Any]], mains: Mapping[str, Arm]
) -> Published | None:
    """The table over cells; None where the benchmark has no figure beside its accuracy.

    Args:
        metrics: family -> the cell's metrics file.
        mains: family -> its main arm.
    """
    main = {
        family: found["official"].get(mains[family].name, {}) for family, found in metrics.items()
    }
    names = list(dict.fromkeys(name for figures in main.values() for name in figures))
    if len(names) < 2:
        return None
    rows = tuple((name, tuple(main[family].get(name, {}) for family in main)) for name in names)
    return Published(tuple(main), rows)


def leak_lines(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Which families' edit prompts tell the right answer, and in how many questions."""
    return tuple(
        f"Edit prompts, {family}: they tell the right answer in {told['with_answer']} of "
        f"{told['prompted']} questions."
        for family, found in metrics.items()
        if (told := found["prompts"])["with_answer"]
    )
