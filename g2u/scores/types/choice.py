"""choice: one option letter.

Read in this order, and the first that says anything decides: the letter alone; "the answer is X";
a leading "X." or "(X)"; letters that are affirmed and not denied; an option's text, affirmed and
not denied. Where two are affirmed, none is taken.
"""

import re

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.options import DENIED, affirmed, clauses, mentioned, normal

ALONE = re.compile(r"^[\s(\[{\"'<]*([A-Za-z])[\s)\]}\"'>.:,;!]*$")
LEAD = re.compile(
    r"^[\s(\[{\"']*+(?:option|choice|letter)?\s*+[(\[{\"']*+"
    r"([A-Za-z])(?:[)\]}\"'.:,;!]|(?=[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])|\s*$|\s+-\s|\s*[(\n]|,?\s+(?:since|because|as|for|is|was|but)\b)",
    re.IGNORECASE,
)
MARK = re.compile(r"(?<![^\W_])[(\[]?([A-Z])(?:[).:\]](?!\w)|\s-\s)")
NAMED = re.compile(
    r"\b(?:option|choice|letter|choose|chose|pick|select|go\s+with|going\s+with|say|is|be|believe|think)\s*+:?\s*+"
    r"[(\[\"']*+([A-Za-z])(?![\w'])(?!\s+[a-z])",
    re.IGNORECASE,
)
NAMED_ABROAD = re.compile(
    r"\b(?:antwort|option|respuesta|opción|réponse|risposta|opzione|resposta|opção|letra|lettera|"
    r"lettre|ответ|вариант)\s+([A-Z])(?![\w'])",
    re.IGNORECASE,
)
FORMULA = re.compile(r"[\\=^_{}]|\w\s+\w")
"""What a box holds that names no option: a formula, or words."""
CONCLUDING = re.compile(r"^\W*+(?:so|therefore|thus|hence)\b[\s,:]*", re.IGNORECASE)
CAPITAL = re.compile(r"(?<![^\W_])(?<!['/])([A-Z])(?![\w'/])")
WORD_FOLLOWS = re.compile(r"\s++\S")
GOES_ON = re.compile(r"\s++[a-z]")
FOLLOWS = re.compile(r"\s++(?:is|was|are|looks|and|or|but|because|since|as|in|no|yes)\b")
DENIES = re.compile(
    r"[)\]\"']*\s+(?:is|are|was|were|does|do|did|can|could)(?:\s+(?:clearly|obviously|simply))?(?:\s+not\b|n['’]t\b)",
    re.IGNORECASE,
)
"""After a letter that is ruled out: A is not visible."""
LEAVES = re.compile(r"\W*+(?:which\s+leaves|leaving)", re.IGNORECASE)
LEANING = re.compile(
    r"\b(?:lean(?:ing)?|inclined|favou?r|prefer|go(?:ing)?\s+with|settle|opt|best\s+guess)\b",
    re.IGNORECASE,
)
ONCE = re.compile(r"\b(?:was|were|had|first|initially|tempted|not|n't)\b", re.IGNORECASE)
WORD_OF_ONE = {"a", "i"}


def parse(response: str, question: Question) -> str | None:
    """The option letter that the response names, or None if it names none or several.

    An option's text just as it stands is that option, whatever else it could be read as. A box that
    holds neither a letter nor an option's text, nor a number, is no answer; then what the response
    says outside of it is read.
    """
    letters = question.option_letters()
    options = dict(zip(letters, (normal(choice) for choice in question.choices), strict=True))
    given = zip(letters, question.choices, strict=True)
    spelt = [letter for letter, choice in given if choice.strip() == response.strip()]
    alone = ALONE.match(response)
    if len(spelt) == 1 and not (alone and alone[1].upper() in letters):
        return spelt[0]
    text = responses.concluded(response)
    found = _read(text, options) if text else None
    if found is None and FORMULA.search(text):
        around = responses.concluded(response, opens_boxes=False)
        if around != text:
            return _stated(around, options)
    return found


def score(prediction: str, answer: str) -> float:
    """1 for the right letter."""
    return float(prediction == answer)


def _read(text: str, options: dict[str, str]) -> str | None:
    alone = ALONE.match(text)
    if alone and alone[1].upper() in options:
        return alone[1].upper()
    whole = [letter for letter, option in options.items() if option == normal(text)]
    if len(whole) == 1:
        return whole[0]
    said = _stated(text, options)
    if said is not None:
        return said or None
    if _is_list_of_options(text, options):
        return None
    head = _head(text, options)
    if head is not None:
        return head or None
    return _affirmed_letter(_without_texts(text, options), options) or affirmed(text, options)


def _stated(text: str, options: dict[str, str]) -> str | None:
    """The letter that the text says is the answer; "" where it says several; None where none."""
    found = responses.statements(text)
    said = [(s, led) for s in found if not s.is_denied and (led := _led(s.rest, s.text, options))]
    said += [(s, led) for s in found if s.is_denied and (led := _after_denial(s, options))]
    return (responses.settled(said) or "") if said else None


def _without_texts(text: str, options: dict[str, str]) -> str:
    """The text without options that hold a letter of their own, such as "Point B"."""
    for option in sorted(options.values(), key=len, reverse=True):
        named = {word.upper() for word in option.split() if len(word) == 1}
        if named & set(options) and len(option.split()) > 1:
            words = r"\s+".join(map(re.escape, option.split()))
            text = re.sub(rf"(?<!\w){words}(?!\w)", " … ", text, flags=re.IGNORECASE)
    return text


def _led(rest: str, sentence: str, options: dict[str, str]) -> str | None:
    """The letter at the head of what a statement says, or the one option it spells."""
    head = LEAD.match(rest) or LEAD.match(sentence)
    if head and head[1].upper() in options:
        after = rest[head.end(1) :]
        if DENIES.match(after):
            return None
        other = mentioned(sentence[head.end(1) :], options) if head.end(1) < len(sentence) else []
        contradicts = len(other) == 1 and other[0] != head[1].upper() and _is_gloss(after)
        several = re.match(r"\W*(?:,|and|or|/)\s*[(\[]?[A-Z]\b(?!\s+[a-z])", after)
        return None if contradicts or several else head[1].upper()
    spelt = affirmed(sentence, options)
    if spelt:
        return spelt
    bare = re.match(r"^[\s(\[\"']*([A-Z])(?![A-Za-z0-9])(?!\s+[a-z])", rest)
    return bare[1] if bare and bare[1] in options else None


def _is_gloss(after: str) -> bool:
    """Whether the words after a letter spell its option: "B. dog", "B (dog)"."""
    return re.match(r"^[)\]}\"']*\s*[.:(\-]", after) is not None


def _after_denial(statement: responses.Statement, options: dict[str, str]) -> str | None:
    """What stands after "but": of "not A but B", B."""
    parts = re.split(r"\bbut\b", statement.text, maxsplit=1, flags=re.IGNORECASE)
    return _led(parts[1], parts[1], options) if len(parts) == 2 else None


def _is_list_of_options(text: str, options: dict[str, str]) -> bool:
    """Whether the options are merely said again."""
    marked = [m for m in MARK.finditer(text) if m[1] in options]
    if len({match[1] for match in marked}) < 2:
        return False
    ends = [match.start() for match in marked[1:]] + [len(text)]
    parts = [text[m.end() : end] for m, end in zip(marked, ends, strict=True)]
    same = sum(
        normal(part.strip(" ,;\n")).removesuffix(" and").rstrip(" ,") == options[match[1]]
        for match, part in zip(marked, parts, strict=True)
    )
    return same == len(marked)


def _head(text: str, options: dict[str, str]) -> str | None:
    """The letter that the response opens with; "" where it opens with several or contradicts
    itself; None where it opens with none.
    """
    head = LEAD.match(text)
    if not head or head[1].upper() not in options:
        return None
    letter, after = head[1].upper(), text[head.end(1) :]
    if letter.lower() in WORD_OF_ONE and head[1].islower() and not re.match(r"[).:]", after):
        return None
    if re.match(r"\W*\s*(?:and|or|,|/)\s*[(\[]?[A-Z]\b(?!\s+[a-z])", after):
        return None
    parts = clauses(text)
    if parts and DENIED.search(parts[0]):
        return None
    marked = {match[1] for match in MARK.finditer(text)} & set(options)
    if marked - {letter} and not ALONE.match(text.lstrip().split("\n", 1)[0]):
        return None
    first = re.split(r"[\n.!?;]", after.lstrip(" ).:]-("), maxsplit=1)[0]
    named = [other for other, option in options.items() if option == normal(first.strip(" )"))]
    return "" if named and letter not in named else letter


def _affirmed_letter(text: str, options: dict[str, str]) -> str | None:
    """The only letter that some clause names and none denies; after "lean towards" and its like,
    the letter of the last clause that names one.
    """
    said, denied, concluding, leaning = set[str](), set[str](), set[str](), set[str]()
    for clause in clauses(text):
        found = _letters(clause, options)
        if found:
            leans = LEANING.search(clause) and not ONCE.search(clause)
            leaning = found if leans else set()
        if DENIED.search(clause):
            denied |= found
        else:
            said |= found
            if CONCLUDING.match(clause) or LEAVES.match(clause):
                concluding |= found
    for kept in (concluding - denied, said - denied, leaning - denied):
        if len(kept) == 1:
            return kept.pop()
    return None


def _letters(clause: str, options: dict[str, str]) -> set[str]:
    """Letters that stand for options: capitals on their own that are no words, or after words such
    as option.
    """
    found = {
        match[1].upper()
        for match in NAMED.finditer(clause)
        if match[1] not in WORD_OF_ONE or not WORD_FOLLOWS.match(clause, match.end())
    }
    found |= {match[1] for match in NAMED_ABROAD.finditer(clause) if match[1].isupper()}
    for match in CAPITAL.finditer(clause):
        is_word = match[1].lower() in WORD_OF_ONE and GOES_ON.match(clause, match.end())
        follows = FOLLOWS.match(clause, match.end())
        if not is_word or follows:
            found.add(match[1])
    return found & set(options)
