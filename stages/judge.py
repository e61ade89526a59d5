"""judge: verdicts on answers that rules cannot decide. No judge is configured: an empty table.

Input columns: g2u.tables.ANSWERS, g2u.targets.TARGETS.
Output columns: g2u.tables.JUDGEMENTS.
Run: python -m stages.judge --benchmark ladder --model tiny --family structure
"""

import sys

from g2u import parquet, tables, targets
from g2u.errors import run_main
from g2u.workspace import BenchmarkFolder, parse_cell


def main() -> None:
    """Write the cell's judgements."""
    cell = parse_cell(__doc__)
    answers = tables.read_answers(cell.answers)
    gold = targets.read_targets(BenchmarkFolder(cell.benchmark).targets)
    tables.assert_same_ids(str(cell), (a.id for a in answers), (t.id for t in gold))
    parquet.write_rows(cell.judgements, tables.JUDGEMENTS, [])
    print(f"judge {cell}: {len(gold)} items, 0 calls made, 0 reused, 0 failed", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
