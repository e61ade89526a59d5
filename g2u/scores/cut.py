r"""What a text says plainly although its model did not end it: it was cut off, or filtered.

Running text is never read: "Option B: the line crosses a rung, so it is not" was going to say
something else. What counts is a closed box or answer tag; a finished sentence or line that says
what the answer is; a letter, yes, no or a number alone on the first line; a letter, yes or no that
is the whole text. None of them counts where the text takes it back afterwards.
"""

import re
from collections import deque

from g2u.scores import responses

SAYS = re.compile(r"\b(?:final )?answer\s*(?:is\b\s*:?|:)\s*", re.IGNORECASE)
END = re.compile(r"[.!](?=\s)|\n")
SENTENCE = 300
"""Characters of a sentence that are looked at, before and after its "answer is"."""
CONDITION = re.compile(r"\b(?:if|unless|whether|would|could|might)\b", re.IGNORECASE)
DENIAL = re.compile(r"(?:not|n't|never|neither)\b", re.IGNORECASE)
FIRST_LINE = re.compile(
    r"\s*[(\[\"']*([A-Za-z]|yes|no|-?\d[\d.,]*)[)\]\"']*[.:]?[ \t]*\n", re.IGNORECASE
)
WHOLE = re.compile(r"\s*[(\[\"']*([A-Za-z]|yes|no)[)\]\"']*[.]?\s*", re.IGNORECASE)
TAKEN_BACK = re.compile(
    r"\b(?:wait|hmm+|actually|correction|on second thou?ght|not so fast|"
    r"(?:let\s+me|i(?:'ll|\s+will|\s+should)|let's)\s+(?:re|double|check|look|verify|think)|"
    r"re-?(?:check|consider|examine|think))",
    re.IGNORECASE,
)
MARKS = {ord(mark): None for mark in "*_`#"}


def plainly(response: str) -> str:
    """The part of a text without an end that can be read as if it had one; empty where none can."""
    text = responses.without_reasoning(response)
    kept, rest = _wrapped(text) or _said(text.translate(MARKS))
    return "" if TAKEN_BACK.search(rest) else kept


def _wrapped(text: str) -> tuple[str, str] | None:
    """The last answer tag or box, and what follows it; nothing where it is not closed."""
    tag = next(iter(deque(responses.TAG.finditer(text), maxlen=1)), None)
    if tag is not None:
        is_opened = bool(tag["box"] or (tag["name"] and not tag["end"]))
        held = responses.said(text[: tag.end()])
        return ("", "") if is_opened or held == text[: tag.end()] else (held, text[tag.end() :])
    box = next(iter(deque(responses.BOX.finditer(text), maxlen=1)), None)
    if box is None:
        return None
    held = responses.boxed(text) if responses.boxed(text[box.start() :]) else ""
    return f"\\boxed{{{held}}}" if held else "", text[box.end() :]


def _said(text: str) -> tuple[str, str]:
    """What a text without marks says, as a sentence, and what follows it."""
    whole = WHOLE.fullmatch(text) or FIRST_LINE.match(text)
    if whole:
        return whole[1], text[whole.end() :]
    found = []
    for match in deque(SAYS.finditer(text), maxlen=responses.MOST):
        lead = re.split(r"[.!?\n]", text[max(0, match.start() - SENTENCE) : match.start()])[-1]
        end = END.search(text, match.end(), match.end() + SENTENCE)
        said = text[match.end() : end.start()] if end else ""
        if end and said.strip() and not CONDITION.search(lead) and not DENIAL.match(said):
            found.append((match[0] + said, end.end()))
    if not found:
        return "", ""
    return "\n".join(sentence for sentence, _ in found), text[found[-1][1] :]
