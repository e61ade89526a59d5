"""What a study may be asked of a model, by what its checks have shown."""

from collections.abc import Iterable, Sequence

from g2u.conformance.checks import Check
from g2u.premises import MEANS, WORDS, Checked, Outcome, Premise, Role

WORST: Sequence[Outcome] = ("fails", "unproven", "not applicable", "holds")
DRAWING = ("edits", "in company: an edit")
"""Beginnings of the names of checks of what a model draws."""
ANSWERING = ("answers", "scores", "embeddings", "in company: an answer")


def of_role(checks: Iterable[Check], role: Role) -> list[Check]:
    """Those of a role, and those of the model as a whole."""
    other = ANSWERING if role == "draws" else DRAWING
    return [check for check in checks if not check.name.startswith(other)]


def worst(checks: Iterable[Check]) -> dict[Premise, Check]:
    """Of each premise the check of the worst outcome; without those that no check was about."""
    found: dict[Premise, Check] = {}
    for check in sorted(checks, key=lambda check: WORST.index(check.outcome)):
        if check.premise is not None and check.premise in MEANS:
            found.setdefault(check.premise, check)
    return {premise: found[premise] for premise in MEANS if premise in found}


def summed(checks: Iterable[Check], role: Role, date: str, suite: str) -> Checked:
    """What they came to in a role, as it is kept."""
    found = worst(of_role(checks, role))
    return Checked(
        role,
        date,
        suite,
        {premise: check.outcome for premise, check in found.items()},
        {premise: check.name for premise, check in found.items() if check.outcome != "holds"},
    )


def meaning(checks: Sequence[Check]) -> str:
    """What was proven, what not, and what follows, as lines of text."""
    found = worst(checks)
    proven = [MEANS[premise].what for premise, check in found.items() if check.outcome == "holds"]
    lines = [f"proven: {'; '.join(proven) or 'nothing'}"]
    for premise, check in found.items():
        if check.outcome != "holds":
            hangs = MEANS[premise]
            lines.append(f"{hangs.what}: {WORDS[check.outcome]} -> {hangs.otherwise}")
    return "\n".join(lines)
