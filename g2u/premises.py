"""Premises: what has to be true of a model for an arm to mean anything, and what its checks found.

A model that draws and one that answers are checked apart, as a pair may be made of two.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, Self

Outcome = Literal["holds", "fails", "unproven", "not applicable"]
Premise = Literal[
    "identity", "picture", "beside", "many", "order", "detail", "words", "whole", "prompt",
    "greedy", "sample", "score", "embed", "source", "instruction", "seed", "guidance", "several",
    "size", "lossless", "company", "weights", "alone",
]  # fmt: skip
"""What a check is evidence for."""
Role = Literal["draws", "answers"]
"""What a model does that is checked."""
Need = tuple[Role, Premise]
"""A premise of an arm."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """What hangs on a premise."""

    what: str
    """The premise in words."""
    otherwise: str
    """What follows where it is not proven."""
    is_vital: bool = False
    """Whether an arm that has it means nothing without a proof. The others undo an arm where they
    are disproved alone: not every model is able to show them.
    """


MEANS: Mapping[Premise, Hangs] = {
    "words": Hangs("answers are words", "no arm means anything", is_vital=True),
    "picture": Hangs("a picture is seen", "no arm with a picture means anything", is_vital=True),
    "beside": Hangs(
        "a thought beside the original is seen",
        "concat and look arms mean nothing; collage, replace or only do",
        is_vital=True,
    ),
    "many": Hangs(
        "each of four pictures is seen",
        "questions about several pictures mean nothing",
        is_vital=True,
    ),
    "order": Hangs(
        "pictures keep their order", "questions about the first or the second picture mean nothing"
    ),
    "detail": Hangs(
        "pictures are seen as large as they are", "details that a thought adds may not be seen"
    ),
    "prompt": Hangs("prompts arrive as they are", "questions may not be those of the benchmark"),
    "whole": Hangs(
        "replies end where the model ends them or max_tokens says",
        "what is cut without a word may count as wrong; talkative arms lose more",
    ),
    "greedy": Hangs(
        "equal questions get equal answers",
        "direct and duplicate may differ by chance; gains need more questions",
    ),
    "sample": Hangs(
        "samples follow their seeds",
        "votes over samples may be one answer, or another in each run",
        is_vital=True,
    ),
    "score": Hangs(
        "log-probabilities are the answers'", "choices: likelihood means nothing", is_vital=True
    ),
    "source": Hangs(
        "an edit is drawn from its picture",
        "thoughts may not be about their questions",
        is_vital=True,
    ),
    "instruction": Hangs(
        "the prompt decides", "detail, context and structure may be one family", is_vital=True
    ),
    "seed": Hangs(
        "the seed decides", "draws may be one drawing, or another in each run", is_vital=True
    ),
    "guidance": Hangs(
        "guidance and steps count", "thoughts may be drawn otherwise than the paper says"
    ),
    "several": Hangs("an edit sees several pictures", "give it one picture at a time"),
    "size": Hangs(
        "edits have the size that is asked for", "arms may differ in their pictures' sizes too"
    ),
    "lossless": Hangs("edits come whole", "what is lost in the file may count as the model's"),
    "company": Hangs("replies are their own requests'", "in_flight: 1, or nothing means anything"),
    "weights": Hangs(
        "the weights stay the same", "replies from before and after may not belong together"
    ),
}
"""In the order in which they are told."""
WORDS: Mapping[str, str] = {
    "holds": "proven", "fails": "NO", "unproven": "unproven", "not applicable": "refused",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks of a model in one role came to, as it is kept."""

    role: Role
    date: str
    """The day on which it was asked (UTC), such as 2026-11-29."""
    suite: str
    """Version of the checks."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """The worst outcome of each premise that a check was about."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Of each that does not hold, the check that says so."""

    def encoded(self) -> bytes:
        """As the call cache keeps it."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def of(cls, kept: bytes) -> Self:
        """What was kept. Raises ValueError where it is something else."""
        try:
            return cls(**json.loads(kept))
        except TypeError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A premise of an arm that is not proven."""

    role: Role
    premise: Premise
    is_disproved: bool
    """Whether the model was seen not to hold it, or refuses what the arm asks for."""
    word: str
    """NO, refused, unproven or never checked."""
    note: str
    """The check that says so."""

    def __str__(self) -> str:
        found = f"{MEANS[self.premise].what}: {self.word}"
        return f"{found} ({self.note})" if self.note else found


def doubts(needs: Iterable[Need], found: Mapping[Role, Checked | None]) -> list[Doubt]:
    """Those of an arm's premises that do not hold, what is disproved first.

    Args:
        needs: the arm's premises.
        found: by role what the model's checks came to; None = it was never checked.
    """
    wanted, told = set(needs), list[Doubt]()
    for role in ("draws", "answers"):
        checked = found.get(role)
        for premise, hangs in MEANS.items():
            if (role, premise) not in wanted:
                continue
            if checked is None:
                told += [Doubt(role, premise, False, "never checked", "")] * hangs.is_vital
                continue
            outcome = checked.outcomes.get(premise)
            is_disproved = outcome == "fails" or (outcome == "not applicable" and hangs.is_vital)
            if is_disproved or (hangs.is_vital and outcome != "holds"):
                word, note = WORDS[outcome or "unproven"], checked.notes.get(premise, "")
                told.append(Doubt(role, premise, is_disproved, word, note))
    return sorted(told, key=lambda doubt: not doubt.is_disproved)


def why(found: Iterable[Doubt]) -> str:
    """Why an arm is unchecked, in a line; empty where nothing is in doubt."""
    told = [str(doubt) for doubt in found]
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return f"{told[0]}{more}" if told else ""
