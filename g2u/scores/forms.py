"""Normal forms in which answers are compared: of a phrase, and of a mathematical expression."""

import re

from g2u.scores import responses

PREFIX = re.compile(
    r"^(?:it\s+is|it's|this\s+is|that\s+is|(?:it|the\s+\w+)\s+(?:says|reads))\s*:?\s+(?=\S)",
    re.IGNORECASE,
)
PICTOGRAPHS = "".join(map(chr, (*range(0x2600, 0x27C0), *range(0x1F000, 0x1FB00), 0x2B50, 0x2B55)))
AROUND = f" \t\n\r.!。\"'“”‘’{{}}\ufe0f\u200d\u20e3{PICTOGRAPHS}"
"""What is dropped at both ends."""
DASH = re.compile("[‐‑‒–—―−]")
SPACED = re.compile(r"(?<=\d)\s*-\s*(?=\d)")
ARTICLE = re.compile(r"^(?:a|an|the)\s+", re.IGNORECASE)


def phrase(text: str) -> str:
    """Lower case, one space between words, one kind of dash, no article, no end punctuation, no
    quotes, no pictographs at the ends; empty where no letter or figure is left.
    """
    plain = SPACED.sub("-", DASH.sub("-", responses.composed(responses.plain(text))))
    plain = " ".join(plain.strip(AROUND).split()).lower()
    bare = ARTICLE.sub("", plain)
    return bare.strip() if re.search(r"\w", bare) else ""


def answered_phrase(response: str) -> str | None:
    """The phrase that a response answers with; None if there is none, if it declines, or if it is
    longer than an answer of a sentence or two.
    """
    text = responses.concluded(response)
    said = [
        (statement, form)
        for statement in responses.statements(text)
        if not statement.is_denied and (form := phrase(statement.text))
    ]
    if said:
        return responses.settled(said)
    if len(text) > responses.SENTENCE or responses.refuses(text):
        return None
    return phrase(PREFIX.sub("", text.strip())) or None


def expression(text: str) -> str:
    r"""Lower case, without spaces, words, dollar signs and sizes; \frac12 as \frac{1}{2}."""
    form = responses.plain(text).strip().rstrip(".")
    form = re.sub(r"\\(?:left|right|displaystyle|,|;|!|\s)", "", form)
    form = form.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\pi", "π")
    form = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", form)
    form = re.sub(r"\\sqrt\s*(\d)", r"\\sqrt{\1}", form)
    form = re.sub(r"([\^_])\{\s*(\w)\s*\}", r"\1\2", form)
    form = re.sub(r"\s+", "", form).lower()
    return form[1:-1] if re.fullmatch(r"\([a-z]\)", form) else form
