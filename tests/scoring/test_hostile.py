"""Hostile responses, labelled by hand before the parsers: at least 99 % are read as labelled."""

from collections import Counter

import pytest

from bench.extraction import cases
from g2u import plugins
from g2u.records import Question

KNOWN = sorted({case.scorer for case in cases()})


def test_at_least_99_per_cent_of_every_part_are_read_as_labelled() -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for case in cases():
        total[case.part] += 1
        right[case.part] += case.read() == case.label
    assert min(total["open"], total["held"]) >= 150
    assert all(right[part] >= 0.99 * total[part] for part in total), (right, total)


def test_labels_hold_every_answer_type_and_both_kinds_of_none() -> None:
    labels = Counter(case.label for case in cases())
    assert labels["unparsed"] >= 50
    assert labels["abstained"] >= 30
    assert len(KNOWN) >= 8


@pytest.mark.parametrize("name", plugins.known("scorer"))
def test_parsing_is_deterministic_ends_and_never_raises(name: str) -> None:
    scorer = plugins.scorer(name)
    question = Question("q", "Which?", choices=("cat", "dog"), format="choice")
    texts = [case.response for case in cases()]
    texts += ["[" * 5000, "{" * 5000, "(" * 5000, "answer " * 3000, "not " * 5000, "9" * 5000]
    texts += ["A, " * 3000, "\\boxed{" * 2000, "1,000" * 2000, "<think>" * 2000, "is: " * 3000]
    texts += ["\x00", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace")]
    for text in texts:
        first = scorer.parse(text, question)
        assert first == scorer.parse(text, question)
        assert first is None or isinstance(first, str)
