"""Gold answers, kept apart from the questions; prepare writes them, judge and score read them.

No module that generate or understand reaches may import this one (tests/stages/test_pipeline.py).
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from g2u.records import Target
from g2u.tables.parquet import iterate_rows, write_rows

TARGETS = pa.schema([("id", pa.string()), ("answer", pa.string()), ("scorer", pa.string())])


def write_targets(path: Path, targets: Sequence[Target]) -> None:
    """Write the targets table."""
    write_rows(path, TARGETS, [{n: getattr(t, n) for n in TARGETS.names} for t in targets])


def read_targets(path: Path) -> list[Target]:
    """Targets in the order of the questions."""
    return [Target(**row) for row in iterate_rows(path, TARGETS)]
