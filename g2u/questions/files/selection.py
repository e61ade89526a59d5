"""Which items of a source are asked: filtered by group, sliced, sampled by strata."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

from g2u.digests import sha256
from g2u.errors import DataError
from g2u.records import Question, Sample


def matching(samples: Iterator[Sample], where: Mapping[str, Collection[str]]) -> Iterator[Sample]:
    """Items whose groups have one of the wanted values each."""
    for sample in samples:
        if all(group_of(sample.question, name) in values for name, values in where.items()):
            yield sample


def drawn(read: Callable[[], Iterator[Sample]], items: int, by: str, seed: int) -> Iterator[Sample]:
    """`items` of what `read` yields, in its order, each group of `by` with its share (largest
    remainders); which ones is told by a hash of seed and id, so a longer source changes few.

    The source is read twice: nothing but ids is held.

    Raises:
        DataError: a group that no item has.
    """
    strata: dict[str, list[str]] = {}
    for sample in read():
        group = group_of(sample.question, by) if by else ""
        strata.setdefault(group, []).append(sample.question.id)
    if by and set(strata) == {""}:
        raise DataError(f"sample: no item has a group {by!r}; expected category or a label")
    chosen: set[str] = set()
    for group, share in shares({g: len(ids) for g, ids in strata.items()}, items).items():
        chosen |= set(sorted(strata[group], key=lambda name: sha256([str(seed), name]))[:share])
    return (sample for sample in read() if sample.question.id in chosen)


def shares(counts: Mapping[str, int], items: int) -> dict[str, int]:
    """`items` dealt to groups in proportion to their counts; all there are if fewer."""
    total = sum(counts.values())
    if items >= total:
        return dict(counts)
    exact = {group: items * count / total for group, count in counts.items()}
    dealt = Counter({group: math.floor(share) for group, share in exact.items()})
    rest = sorted(exact, key=lambda group: (dealt[group] - exact[group], group))
    dealt.update(rest[: items - sum(dealt.values())])
    return dict(dealt)


def group_of(question: Question, name: str) -> str:
    """The question's category, or its label of that name."""
    return question.label(name) or (question.category if name == "category" else "")
