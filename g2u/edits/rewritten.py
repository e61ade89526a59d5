"""rewritten: the model rewrites a base prompt for each question, then draws by what it wrote.

SEER's endogenous reprompting (arXiv 2601.20305): it sees the picture, the question without options,
and the base prompt. An empty reply is a failure; both prompts are kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import draw_as_written
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Picture, Question, Thought, Turn

NEEDS = frozenset({"answer", "edit"})
READS = "pictures"
SETTINGS = frozenset({"prompt", "ask", "draws"})
ASK = (
    'To answer "{question}", this picture will first be edited. Rewrite the request so that the '
    'edit helps: "{prompt}"'
)
MAX_TOKENS = 64


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One rewritten prompt per question, then its edits."""
    base, ask = str(settings["prompt"]), str(settings.get("ask", ASK))
    requests = []
    for question in questions:
        shown = (pictures[digest] for digest in question.pictures)
        turn = Turn("user", (*shown, ask.format(question=question.text, prompt=base)))
        requests.append(AnswerRequest((turn,), MAX_TOKENS))
    replies = calls.answer(requests)
    return draw_as_written(questions, replies, ("self", base), pictures, settings, calls)
