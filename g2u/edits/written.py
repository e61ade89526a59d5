"""written: another model writes the edit prompt, shown how by examples; then the model draws.

The few-shot prompt writer of G2U (arXiv 2605.15792): it reads the question without options, and the
picture if `sees` is true. `writer` is a preset of presets.models that answers; its replies lie in
the call cache under its own identity. An empty reply is a failure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from g2u.drawing import draw_as_written
from g2u.protocols import Calls
from g2u.records import AnswerRequest, Picture, Question, Thought, Turn

NEEDS = frozenset({"edit"})
READS = "pictures"
SETTINGS = frozenset({"writer", "ask", "examples", "sees", "draws"})
ASK = (
    "A picture will be edited before this question about it is answered. Write the request for "
    "the edit in one short imperative sentence about what should become visible. Do not answer "
    "the question. Question: {question}"
)
EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "question": "How many birds sit on the wire?",
        "prompt": "Brighten the picture and sharpen every bird on the wire.",
    },
    {
        "question": "Which shop lies across the street?",
        "prompt": "Extend the picture to both sides and continue the street.",
    },
    {
        "question": "Does the ball reach the hole?",
        "prompt": "Draw the path of the ball as a coloured line.",
    },
)
MAX_TOKENS = 64


def imagine(
    questions: Sequence[Question],
    pictures: Mapping[str, Picture],
    settings: Mapping[str, Any],
    calls: Calls,
) -> list[Thought]:
    """One prompt per question by the writer (`calls.answer` asks it), then the model's edits."""
    ask, examples = str(settings.get("ask", ASK)), settings.get("examples", EXAMPLES)
    shown_how: list[Turn] = []
    for example in examples:
        shown_how.append(Turn("user", (ask.format(question=example["question"]),)))
        shown_how.append(Turn("assistant", (str(example["prompt"]),)))
    requests = []
    for question in questions:
        seen = [pictures[digest] for digest in question.pictures] if settings.get("sees") else []
        last = Turn("user", (*seen, ask.format(question=question.text)))
        requests.append(AnswerRequest((*shown_how, last), MAX_TOKENS))
    replies = calls.answer(requests)
    return draw_as_written(
        questions, replies, (str(settings["writer"]), ""), pictures, settings, calls
    )
