"""list: several entries in order, as canonical JSON of texts."""

import json
import re
from typing import Any

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.quantities import same

BULLET = re.compile(r"(?:[-*•]|\d++[.)])\s+(?=\S)")
LEAD_IN = re.compile(
    r"^(?:(?:the|these|those|they|it|there|all)\b[^,;\n]*?\b(?:are|is|were)\b\s*:?\s+|only\s+|just\s+"
    r"|[a-z][a-z ]{0,60}:\s+)",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r" ?[,;]\s*+(?:and\s++)?| and\s++|\n++(?:and )?|\s*+(?:→|->|=>)\s*+")
EITHER = re.compile(r"(?:^|[\s,;])or\s", re.IGNORECASE)


def parse(response: str, question: Question) -> str | None:
    """The entries, lower case, or None where there is no list or more than one."""
    del question
    text = responses.concluded(response)
    if not text:
        return None
    said = [
        (statement, entries)
        for statement in responses.statements(text)
        if not statement.is_denied and (entries := _entries(statement.rest)) is not None
    ]
    if said:
        return responses.settled(said)
    return None if responses.refuses(text) else _entries(text)


def score(prediction: str, answer: str) -> float:
    """1 for the same entries in the same order, numbers by value."""
    wanted = _entries(answer)
    one, other = json.loads(prediction), json.loads(wanted) if wanted is not None else [answer]
    equal = len(one) == len(other) and all(
        a == b or same(a, b) is True for a, b in zip(one, other, strict=True)
    )
    return float(equal)


def _entries(text: str) -> str | None:
    found = [value for value in responses.objects(text) if isinstance(value, list)]
    if found:
        return _canonical(found[0]) if len(found) == 1 else None
    if re.fullmatch(r"\{[^{}:\"]*\}", text.strip()):
        text = text.strip()[1:-1]
    if "[" in text or "{" in text:
        return None
    lines = [line.strip() for line in text.splitlines()]
    bullets = [line[mark.end() :] for line in lines if (mark := BULLET.match(line))]
    if bullets:
        return _canonical(bullets)
    plain = "\n".join(" ".join(line.split()) for line in lines if line)
    plain = LEAD_IN.sub("", plain).strip("().!").strip()
    if not plain or EITHER.search(plain):
        return None
    if re.fullmatch(r"[-+]?\d[\d.]*(?:\s+[-+]?\d[\d.]*)+", plain):
        return _canonical(plain.split())
    return _canonical([part for part in SEPARATOR.split(plain) if part.strip()])


def _canonical(entries: list[Any]) -> str:
    texts = [" ".join(str(entry).strip().strip(".\"'").lower().split()) for entry in entries]
    return json.dumps(texts, separators=(",", ":"), ensure_ascii=False)
