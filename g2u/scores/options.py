"""Options in a response: which of their texts it affirms, clause by clause."""

import re
from collections.abc import Mapping

from g2u.scores import responses

CLAUSE = re.compile(
    r"(?<![.;!?\n])[.;!?\n]++(?=\s|$)|[.;!?\n](?=\n)|(?=\b(?:but|so|therefore|thus|hence|which\s+leaves|leaving|it\s+is|it's|they\s+are)\b)"
    r"|(?=,\s*not\b)|(?=\b(?:rather\s+than|instead\s+of)\b)|:(?=\s++[(\[]?[A-Z][)\]]?[\s.!]*$)",
    re.IGNORECASE,
)
DENIED = re.compile(
    r"\b(?:not|isn't|aren't|wasn't|neither|nor|no(?!\s+doubt)|incorrect|wrong|false|rule\s+out|ruled\s+out|"
    r"eliminate[sd]?|exclude[sd]?|cannot\s+be|can't\s+be|rather\s+than|instead\s+of|at\s+first|initially|"
    r"thought|none\s+of\s+[A-Z])\b",
    re.IGNORECASE,
)


TAG_QUESTION = re.compile(
    r",\s*(?:isn|aren|wasn|doesn|don|can|won)'t\s+(?:it|they|he|she|that|we)\b", re.IGNORECASE
)


def normal(text: str) -> str:
    """Lower case, one space between words, without article, quotes and end punctuation."""
    plain = responses.plain(responses.composed(text)).strip().strip(".!\"'")
    return " ".join(
        re.sub(r"^(?:a|an|the)\s+(?=\S)", "", plain, flags=re.IGNORECASE).lower().split()
    )


def clauses(text: str) -> list[str]:
    """Parts of a text that affirm or deny on their own."""
    plain = TAG_QUESTION.sub("", text.replace("’", "'"))
    return [clause for clause in CLAUSE.split(plain) if clause and clause.strip()]


def affirmed(text: str, options: Mapping[str, str]) -> str | None:
    """The only option whose text some clause holds and none denies."""
    said: set[str] = set()
    denied: set[str] = set()
    lead = re.match(r"^\W*+(yes|no)\b(?=\s*+[,.!;]\s)", text, re.IGNORECASE)
    if lead:
        named = [letter for letter, option in options.items() if option == lead[1].lower()]
        if named:
            return named[0]
    for clause in clauses(text):
        found = set(mentioned(clause, options))
        plain = re.sub(r"\b(?:cannot|can't|can not)\s+be\b", "", clause, flags=re.IGNORECASE)
        own = any(DENIED.search(options[letter]) for letter in found)
        (denied if DENIED.search(plain) and not own else said).update(found)
    kept = said - denied
    return kept.pop() if len(kept) == 1 else None


def mentioned(text: str, options: Mapping[str, str]) -> list[str]:
    """Letters of the options whose text occurs as whole words, longer texts first: "dark red" is
    not "red".
    """
    rest, found = " ".join(responses.plain(text).lower().split()), []
    for letter, option in sorted(options.items(), key=lambda pair: -len(pair[1])):
        if not option:
            continue
        pattern = rf"(?<![\w./]){re.escape(option)}(?![\w/]|\.\d)"
        if re.search(pattern, rest):
            found.append(letter)
            rest = re.sub(pattern, " ", rest)
    return found
