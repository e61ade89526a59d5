"""yes_no: yes or no, in a dozen languages.

The plain case is VLMEvalKit's rule (vlmeval/dataset/utils/yorn.py, YOrN_Extraction): exactly one of
the words occurs. Beyond it, what the response says the answer is, and the word that it opens with.
"""

import re

from g2u.records import Question
from g2u.scores import responses

YES = (
    "yes|yeah|yep|true|correct|right|是的?|[对對]|はい|예|네|sí|oui|ja|да|sim|sì|نعم|evet|tak|हाँ|हां"
)
NO = (
    "no|nope|false|incorrect|wrong|否|不是|不对|没有|不(?=[，,。]|$)|いいえ|아니요|아니오|non|nein|нет|não|لا|"
    "hayır|nie|nee|नहीं"
)
STRONG = {"yes": "yes|yeah|yep|是的?|はい|예|sí|oui|ja|да|sim", "no": NO}
LEAD = re.compile(rf"^\W*+(?:(?P<yes>{YES})|(?P<no>{NO}))(?:\W|$|，)", re.IGNORECASE)
OPENING = re.compile(
    rf"^\W*+(?:(?P<no>{NO})|(?P<yes>{YES}))(?=\s*+(?:[,.!;:，。]|$))", re.IGNORECASE
)
WORD = re.compile(r"[^\W_]+")
BOTH = re.compile(r"\byes\s*(?:and|or|/)\s*no\b|\bno\s*(?:and|or|/)\s*yes\b", re.IGNORECASE)
CONCLUDED = re.compile(
    r"(?:\b(?:so|therefore|thus|hence|actually|wait|then|rather|correction|conclusion|answer|"
    r"(?:answer|conclusion)\s+(?:to\s+[\w\s]{1,40}?)?is)\b[\s,:]*+|[.!?]\s++)"
    r"(?:actually\b[\s,:]*+)?(yes|no)(?=\s*+(?:[,.!;:]|$))",
    re.IGNORECASE,
)
"""A word that the response comes to after the one that it opens with."""
AT_LAST = re.compile(
    r"\b(?:so|therefore|thus|hence|conclusion)\b[\s,:]*(yes|no)\W*$", re.IGNORECASE
)
TAIL = 200
"""Letters at the end in which a conclusion stands."""
LETTER = {"y": "yes", "n": "no"}
DENIED = re.compile(r"\b(?:not|isn't)\s+(yes|no|true|false)\b", re.IGNORECASE)
STATED = re.compile(
    r"\b(?:it|that|this|statement)\s+is\s+(true|false|correct|incorrect)\b", re.IGNORECASE
)
AS_WORD = {"true": "yes", "correct": "yes", "false": "no", "incorrect": "no"}


def parse(response: str, question: Question) -> str | None:
    """Yes or no, or None where the response says neither or both."""
    del question
    text = responses.concluded(response).strip()
    if not text or BOTH.search(text):
        return None
    bare = text.strip(" .!\"'()").lower()
    if bare in LETTER:
        return LETTER[bare]
    said = [
        (statement, word)
        for statement in responses.statements(text)
        if (word := _of_statement(statement)) is not None
    ]
    if said:
        return responses.settled(said)
    words = [word.lower() for word in WORD.findall(text)]
    found = {"yes", "no"} & set(words)
    opening = OPENING.match(text)
    if opening:
        first = "yes" if opening["yes"] else "no"
        again = OPENING.match(re.sub(r"^\W*(?:wait|hmm|sorry)\b", "", text[opening.end() :]))
        both = again is not None and ("yes" if again["yes"] else "no") != first
        later = {word.lower() for word in CONCLUDED.findall(text, opening.end())}
        return None if both or later - {first} else first
    if responses.refuses(text):
        return None
    if at_last := AT_LAST.search(text[-TAIL:]):
        return at_last[1].lower()
    denied = {AS_WORD.get(word.lower(), word.lower()) for word in DENIED.findall(text)}
    if len(found) == 1 and not found & denied:
        return found.pop()
    stated = {AS_WORD[word.lower()] for word in STATED.findall(text)}
    if len(stated) == 1:
        return stated.pop()
    lead = LEAD.match(text)
    return ("yes" if lead["yes"] else "no") if lead and not found else None


def _of_statement(statement: responses.Statement) -> str | None:
    text = statement.text
    if statement.is_denied:
        parts = re.split(r"\bbut\b", text, maxsplit=1, flags=re.IGNORECASE)
        if len(parts) < 2:
            return None
        text = parts[1]
    lead = LEAD.match(text)
    return ("yes" if lead["yes"] else "no") if lead else None


def score(prediction: str, answer: str) -> float:
    """1 for the same word; targets may say true or false as well."""
    wanted = answer.strip().lower()
    return float(prediction == AS_WORD.get(wanted, wanted))
