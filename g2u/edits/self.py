"""self: the model decides what to imagine: asked first which edit would help, then asked for it.

The model sees the picture and the question's text, never its options or its answer. What it says
is matched with the names in `prompts`; "none", or anything else, means that it imagines nothing
and answers from the originals alone. Without a model that answers, the cell is not applicable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from g2u.drawing import Wording, draw, whole, without_thought
from g2u.prompts import PLAN
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Failure, Picture, Question, Thought, Turn

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
SETTINGS = frozenset({"prompts", "plan"})
MAX_TOKENS = 16
NOTHING = "none"


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One decision per question, then one edit per picture by the prompt it names."""
    plan, prompts = str(settings.get("plan", PLAN)), dict(settings["prompts"])
    requests = [
        AnswerRequest(
            (Turn("user", (*(pictures[p] for p in q.pictures), plan.format(question=q.text))),),
            MAX_TOKENS,
        )
        for q in questions
    ]
    chosen: dict[str, str] = {}
    thoughts: dict[str, list[Thought]] = {question.id: [] for question in questions}
    for question, reply in zip(questions, map(whole, calls.answer(requests)), strict=True):
        if isinstance(reply, Failure):
            thoughts[question.id] = without_thought(question, "failed", reply.reason)
        elif reply.strip().lower() in prompts:
            chosen[question.id] = reply.strip().lower()
        else:
            thoughts[question.id] = without_thought(question, "ok", f"said {reply!r}", NOTHING)
    asked = [(q, Wording(str(prompts[chosen[q.id]]), "fixed")) for q in questions if q.id in chosen]
    for thought in draw(asked, pictures, settings, calls):
        thoughts[thought.question].append(replace(thought, choice=chosen[thought.question]))
    return [thought for question in questions for thought in thoughts[question.id]]
