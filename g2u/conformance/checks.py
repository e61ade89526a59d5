"""What a check comes to, and all of them as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from g2u.premises import Outcome, Premise

SIGNS: dict[Outcome, str] = {
    "holds": "ok", "fails": "FAILS", "unproven": "?", "not applicable": "-",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    name: str
    outcome: Outcome
    note: str = ""
    premise: Premise | None = None
    """None = nothing of a study hangs on it alone. One that is not applicable is refused."""


def judged(name: str, noted: str | None, premise: Premise | None = None) -> Check:
    """A check that holds where nothing is noted; None = not applicable, and about nothing."""
    if noted is None:
        return Check(name, "not applicable")
    return Check(name, "fails" if noted else "holds", noted, premise)


def table(checks: Sequence[Check]) -> str:
    """The checks as lines of text."""
    return "\n".join(
        f"{SIGNS[check.outcome]:6}{check.name}" + (f": {check.note}" if check.note else "")
        for check in checks
    )
