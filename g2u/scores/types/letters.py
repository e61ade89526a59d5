"""letters: what is written somewhere: all its letters and figures, in order, and no others.

Case, spaces and punctuation do not count (signs are written in capitals); O and 0 stay distinct, as
do letters of other scripts that look alike.
"""

import re
import unicodedata

from g2u.records import Question
from g2u.scores import responses

LONGEST = 2000
"""Characters of a reading; of a longer text only what it states near its end is read."""
QUOTED = re.compile(
    r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|\"([^\"]+)\"|(?<!\w)['‘]([^'‘’]+)['’](?!\w)"
)
LEAD = re.compile(
    r"""(?:(?:i\ (?:think|believe|guess)|perhaps|maybe|probably|possibly|(?:most\ )?likely)
      \ (?:that\ )?)?
    (?:(?:it|this|that|(?:(?:the|this)\ )?(?:\w+\ ){0,3}?
        (?:sign|text|image|picture|photo|words?|writing|lettering|inscription|plate|board|line|label|
        caption))
      (?:\ (?:on|in|of)\ (?:the|this|it)(?:\ \w+)?)?
      \ (?:clearly\ |probably\ |likely\ |seems\ to\ |appears\ to\ |may\ |might\ |could\ )?
      (?:says?|reads?|shows?|displays?|states?|spells?|is|are|be)
      | (?:(?:the|my)\ )?(?:sign|text|ocr|reading|result|transcription|caption|label|output|
        inscription|words?)
        (?:\ (?:text|result|says|reads|is|on\ the\ sign))?(?=\s*:)
      | it['’]s | i\ (?:can\ )?(?:see|read) | i(?:\ would|['’]d)\ say | (?:it\ )?looks\ like
      | probably | maybe | possibly | perhaps | (?:most\ )?likely)
    \s*(?::\s*|\s)(?:the\ (?:text|words?)\s+)?""",
    re.IGNORECASE | re.VERBOSE,
)
LINE = re.compile(r"^\s*(?:(?:line|row)\s*\d+\s*[:.)]|[-*•])\s*", re.IGNORECASE | re.MULTILINE)
AROUND = re.compile(
    r"""\b(?:or|says?|said|reads?|reading|written|shown|sign|text|letters|image|picture|background|
    seems|appears|looks|could|might|maybe|perhaps|probably|possibly|likely|think|believe|guess|
    it's|because|followed)\b
    | \([a-z][^()]*\) | ^(?:Sure|Certainly|Of\ course|Okay|Ok|Hmm|Well|Yes|Here)[\s!:,.]
    | ^(?:I['’]|I\ [a-z]|My\ [a-z]|Based\ on|Looking)""",
    re.VERBOSE,
)
"""What tells a sentence about a sign from what the sign says: words in small letters, mostly."""
BETWEEN = re.compile(
    r"\b(?:is|it|that|this|the|an?|which|with|what|in|on|but|not|may|number|word|below|above)\b"
)
"""The same beside words in capitals."""
SENTENCE = 3
"""Words in small letters that make a text with words in capitals a sentence about it."""
DENIED = re.compile(r"\b(?:not|no|never|isn't|doesn't|don't|rather than|instead of)\b", re.I)
NOTHING = re.compile(
    r"^\W*(?:(?:there\s+is\s+|i\s+see\s+)?no\s+(?:\w+\s+)?(?:text|words?|writing|letters)\b.*"
    r"|nothing|blank|none|n/?a|illegible|unreadable|unclear|not\s+(?:legible|readable).*)\W*$",
    re.IGNORECASE | re.DOTALL,
)


def parse(response: str, question: Question) -> str | None:
    """The reading, in capitals, one space between words.

    A text alone is a reading; of a sentence, what it quotes (once, and not denied), or what follows
    "the answer is" or "the sign says". None where a sentence has no such place, or two of them, and
    where it says that there is nothing to read.
    """
    del question
    text = responses.concluded(response).strip()
    is_long, near = len(text) > LONGEST, text[-LONGEST:]
    quotes = [] if is_long else [next(filter(None, found)) for found in QUOTED.findall(text)]
    quotes = [quote for quote in quotes if folded(quote)]
    if quotes:
        return _form(quotes[0]) if _is_one(quotes) and _is_frame(QUOTED.sub(" ", text)) else None
    said = [
        (each, _form(LINE.sub("", each.text)))
        for each in responses.statements(near)
        if not each.is_denied and _reads(each.text)
    ]
    if said:
        return responses.settled(said)
    if is_long or NOTHING.match(text) or responses.refuses(text):
        return None
    lead = LEAD.match(text)
    bare = LINE.sub("", text[lead.end() :] if lead else text)
    lines = [line for line in bare.splitlines() if folded(line)]
    if len(lines) > 1 and _is_one(lines):
        bare = lines[0]
    return _form(bare) if _reads(bare) else None


def score(prediction: str, answer: str) -> float:
    """1 for the same letters and figures."""
    return float(folded(prediction) == folded(answer))


def folded(text: str) -> str:
    """Letters and figures alone, without case; full-width forms are plain ones."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _form(text: str) -> str:
    return " ".join(text.upper().split()).strip(" .,;:!?\"'“”‘’«»")


def _is_one(texts: list[str]) -> bool:
    return len({folded(text) for text in texts}) == 1


def _is_frame(rest: str) -> bool:
    """Whether what stands around a quote neither denies it nor holds more of the sign."""
    return not DENIED.search(rest) and not re.search(r"\d|\b[A-Z]{2,}\b", rest)


def _reads(text: str) -> bool:
    """Whether a text may be what is written, not a sentence about it."""
    words = text.split()
    if not folded(text) or len(words) < 3:
        return bool(folded(text))
    is_mixed = any(re.match(r"\W*[A-Z]{2,}\b", word) for word in words)
    small = sum(word[0].islower() for word in words)
    is_told = is_mixed and (small >= SENTENCE or BETWEEN.search(text))
    return not AROUND.search(text) and not is_told
