"""What licences say about sharing: of benchmarks, whose pictures are edited, and of traces."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from g2u.errors import DataError
from g2u.params.params import Params
from g2u.tables.places import Cell

FORBIDS = re.compile(
    r"(?:^|[^A-Z])ND(?:[^A-Z]|$)|NO[- ]?DERIV|ALL[- ]RIGHTS[- ]RESERVED|PROPRIETARY|CONFIDENTIAL"
    r"|NO[- ](?:RE)?(?:DISTRIBUTION|SHARING)|NOT[- ]FOR[- ](?:RE)?(?:DISTRIBUTION|SHARING)"
)
"""Licences under which what is made of a work may not be given away: CC BY-ND and the like."""


def require_sharable(config: Params, cells: Iterable[Cell]) -> None:
    """Raise DataError where a licence of what cells are made of forbids sharing it."""
    presets = config.presets
    for cell in cells:
        drawn = traces_of(presets.models[cell.model].model_dump(mode="json"))
        stated = {
            f"benchmarks.{cell.benchmark}": presets.benchmarks[cell.benchmark].licence,
            f"models.{cell.model}": drawn["licence"] if drawn else "",
        }
        for name, licence in stated.items():
            if FORBIDS.search(licence.upper()):
                raise DataError(
                    f"params.yaml: presets.{name}: licence {licence[:80]!r} forbids sharing what "
                    "is made of it; name other cells"
                )


def traces_of(preset: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings of the published traces that a model's drawings are; None where it draws."""
    half = preset["settings"].get("editor") if preset["adapter"] == "pair" else preset
    found: Mapping[str, Any] | None = half["settings"] if half["adapter"] == "traces" else None
    return found
