"""pairs: MMVP: a pair of questions counts only where both are answered rightly.

Rule: MMVP (arXiv 2401.06209, section 3.1; lmms-eval, tasks/mmvp/utils.py): two rows one after the
other are a pair. Here they are the questions with an equal label `pair`, or else ids 1 and 2, 3 and
4 ... (0 and 1, 2 and 3 ... where there is an id 0).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.items import Item, Units, all_right, each

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every pair has its two questions.

    Raises:
        DataError: no label `pair` and an id that is no number, or a pair of another size.
    """
    del gold
    for question in questions:
        is_number = question.id.isascii() and question.id.isdecimal()
        if not question.label("pair") and not is_number:
            raise DataError(
                f"metric pairs: question {question.id!r} has no label pair, and its id is no "
                "number; expected labels: [pair] in the preset, or ids 1, 2 ..."
            )
    pair = _pair_of(questions)
    for name, count in Counter(map(pair, questions)).items():
        if count != 2:
            raise DataError(
                f"metric pairs: pair {name!r} has {count} questions; expected 2 (where, slice and "
                "sample of the preset may part them)"
            )


def units(items: Sequence[Item]) -> Units:
    """Pair accuracy and plain accuracy in per cent."""
    pair = _pair_of([item.question for item in items])
    return {"pairs": all_right(items, lambda item: pair(item.question)), "accuracy": each(items)}


def _pair_of(questions: Sequence[Question]) -> Callable[[Question], str]:
    """How a question's pair is called."""
    first = 0 if any(question.id == "0" for question in questions) else 1

    def named(question: Question) -> str:
        return question.label("pair") or str((int(question.id) - first) // 2)

    return named


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
