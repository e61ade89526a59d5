"""Gold answers, kept apart from the questions; prepare writes them, judge and score read them.

No module that generate or understand reaches may import this one (tests/stages/test_pipeline.py).
"""

from g2u.records import Target
from g2u.tables.columns import table_of

TARGETS = table_of(Target)
read_targets, write_targets = TARGETS.read, TARGETS.write
