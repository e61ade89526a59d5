"""What a study may be asked of a model, by what its checks have shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from g2u.conformance.checks import Check, Outcome, Premise


@dataclass(frozen=True, slots=True)
class Hangs:
    """What hangs on a premise."""

    what: str
    """The premise in words."""
    otherwise: str
    """What follows where it is not proven."""
    feedbacks: tuple[str, ...] = ()
    """Modules of g2u/answers/feedback that mean nothing without it."""


BESIDE = ("concat", "concat_g2u", "concat_unig2u", "look")
MEANS: Mapping[Premise, Hangs] = {
    "words": Hangs("answers are words", "no arm means anything"),
    "picture": Hangs(
        "a picture is seen",
        "no arm with a picture means anything",
        (*BESIDE, "none", "replace", "only", "collage"),
    ),
    "beside": Hangs(
        "a thought beside the original is seen",
        "concat and look arms mean nothing; collage, replace or only do",
        BESIDE,
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
        "samples follow their seeds", "votes over samples may be one answer, or another in each run"
    ),
    "score": Hangs("log-probabilities are the answers'", "choices: likelihood means nothing"),
    "source": Hangs(
        "an edit is drawn from its picture", "thoughts may not be about their questions"
    ),
    "instruction": Hangs("the prompt decides", "detail, context and structure may be one family"),
    "seed": Hangs("the seed decides", "draws may be one drawing, or another in each run"),
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
WORST: Sequence[Outcome] = ("fails", "unproven", "not applicable", "holds")


def outcomes(checks: Sequence[Check]) -> dict[Premise, Outcome]:
    """The worst outcome of each premise's checks; without those that no check was about."""
    found: dict[Premise, Outcome] = {}
    for premise in MEANS:
        own = {check.outcome for check in checks if check.premise == premise}
        worst = next((outcome for outcome in WORST if outcome in own), None)
        if worst:
            found[premise] = worst
    return found


def unfounded(checks: Sequence[Check]) -> dict[str, str]:
    """Feedback modes that mean nothing with this model, each with why."""
    found: dict[str, str] = {}
    for premise, outcome in outcomes(checks).items():
        hangs = MEANS[premise]
        if outcome != "holds":
            found |= {name: f"{hangs.what}: {_word(outcome)}" for name in hangs.feedbacks}
    return found


def meaning(checks: Sequence[Check]) -> str:
    """What was proven, what not, and what follows, as lines of text."""
    found = outcomes(checks)
    proven = [MEANS[premise].what for premise, outcome in found.items() if outcome == "holds"]
    lines = [f"proven: {'; '.join(proven) or 'nothing'}"]
    for premise, outcome in found.items():
        if outcome != "holds":
            hangs = MEANS[premise]
            lines.append(f"{hangs.what}: {_word(outcome)} -> {hangs.otherwise}")
    return "\n".join(lines)


def _word(outcome: Outcome) -> str:
    return {"fails": "NO", "not applicable": "refused"}.get(outcome, outcome)
