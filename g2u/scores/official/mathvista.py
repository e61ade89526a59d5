"""mathvista: accuracy, overall and by task and skill.

Rule: MathVista (arXiv 2310.02255); VLMEvalKit, vlmeval/dataset/utils/mathvista.py (MathVista_acc):
an item counts once for each of its skills. The preset has to keep the columns: labels: [task,
skills].
"""

from collections.abc import Mapping, Sequence

from g2u.errors import DataError
from g2u.literals import read_literal
from g2u.records import Question, Target
from g2u.scores.items import Item, Units, each, grouped

SCALE = 100.0


def check(questions: Sequence[Question], gold: Sequence[Target]) -> None:
    """Every question has its task and its skills.

    Raises:
        DataError: one lacks them, or its skills are a list that cannot be read.
    """
    del gold
    for question in questions:
        if not question.label("task") or not _skills(question):
            raise DataError(
                f"metric mathvista: question {question.id!r}: task {question.label('task')!r}, "
                f"skills {question.label('skills')[:60]!r}; expected both, skills as a name or a "
                "list of names: labels: [task, skills] in the preset keeps these columns, or name "
                "another metric"
            )


def units(items: Sequence[Item]) -> Units:
    """Accuracy in per cent."""
    found = grouped(items, ("task",), lambda part: {"accuracy": each(part)})
    skills = dict.fromkeys(skill for item in items for skill in _skills(item.question))
    for skill in skills:
        part = [item for item in items if skill in _skills(item.question)]
        found[f"accuracy, skill {skill}"] = each(part)
    return found


def _skills(question: Question) -> list[str]:
    """The skills that the cell spells as a list, or its text as one; none where it is neither."""
    text = question.label("skills").strip()
    if not text.startswith(("[", "(", "{")):
        return [text] if text else []
    found = read_literal(text)
    if not isinstance(found, list) or not all(isinstance(skill, str) for skill in found):
        return []
    return list(dict.fromkeys(found))


def totals(values: Mapping[str, float]) -> dict[str, float]:
    """None."""
    del values
    return {}
