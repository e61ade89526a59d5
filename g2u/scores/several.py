"""Several option letters in a response: all that it gives as its answer.

Read in this order, and the first that says anything decides: a list in JSON; lines of letters with
their options' texts; letters in a row ("AC", "A, C"); what follows "the answers are"; a verdict on
each letter; letters and texts of options that are affirmed and not denied, part by part. Neither
alternatives ("A or C") nor the options merely said again are an answer.
"""

import re
from collections.abc import Mapping

from g2u.records import Question
from g2u.scores import responses
from g2u.scores.options import DENIED, clauses, mentioned, normal

JOINT = (
    r"(?:\s*+(?:[,;&+、和と]|및|과|와)\s*+(?:(?:and|und|et|y|e|и)\s++)?"
    r"|\s++(?:and|und|et|y|e|и|و|as\s+well\s+as)\s*+|\s++)"
)
LETTER = r"[(\[\"']*+(?:(?:options?|choices?)\s++)?[(\[\"']*+([A-Z])(?![a-zA-Z0-9À-ɏ_'’])[)\]\"']*+"
ROW = re.compile(rf"{LETTER}(?:\.?{JOINT}{LETTER})*+")
TOGETHER = re.compile(r"[(\[\"']*+([A-Z]{1,26})(?![a-zA-Z0-9À-ɏ_'’])[)\]\"'.]*+")
FIRST = re.compile(
    r"[\s:\-–]*+(?:(?:only|just|both|options?|choices?|letters?|all(?:\s+of\s+them)?)\b[\s:]*+)*",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"[\s.!,;:)\]*]*+$|\s*+(?:(?:are|is|were|was|both|apply|sont|sind|son|sono|são|입니다|이다|です|が|は|은|는|이)\b"
    r"|입니다|です|が正)",
    re.IGNORECASE,
)
"""What may follow letters in a row."""
LEAD = re.compile(
    r"(?:(?<![^\W_])(?:answers?|options?|choices?|letters?|solutions?|antwort(?:en)?|respuestas?|"
    r"réponses?|risposte|risposta|respostas?|ответы?|الإجابات|الإجابة)|答案|答え|正解|정답|选|選)"
    r"[^.\n:：!?]{0,40}?(?:(?<!\w)(?:are|is|be|sind|ist|lauten|lautet|son|es|sont|est|sono|è|são|é|هي)(?!\w)"
    r"|[:：]|[是为為は은는]|(?<=[选選])(?=[A-Z(]))\s*+:?\s*+",
    re.IGNORECASE,
)
FINAL = re.compile(r"\bfinal\b", re.IGNORECASE)
ALTERNATIVE = re.compile(
    r"\b(?:or|either|maybe|perhaps|might|could|oder|ou|или)\b|[或还]|または|또는", re.IGNORECASE
)
CAPITAL = re.compile(r"(?<![a-zA-Z0-9À-ɏ])(?<!['’/])([A-Z])(?![a-zA-Z0-9À-ɏ_'’/])")
GOES_ON = re.compile(r"\s++[a-z]")
VERB = re.compile(r"\s++(?:is|are|was|and|or|but|does|do|shows?|can|fits?)\b")
EXCEPT = re.compile(
    r"\b(?:all|everything|each)\s+(?:of\s+them\s+|options\s+|the\s+others\s+)?"
    r"(?:but|except(?:\s+for)?|save)\s+((?:(?!,\s+(?:that|so|i\.e|which|leaving)\b)[^:.;\n]){1,60})",
    re.IGNORECASE,
)
MARKED = re.compile(r"(?<![^\W_])[(\[]?([A-Z])[).:\]]\s")
PART = re.compile(r"[,;:]\s++")
DENIED_ABROAD = re.compile(
    r"\b(?:не|ни|nicht|kein\w*|non|pas|não|ni)\b|[不没沒非]|아니|아닌|ではな|じゃな|ليس",
    re.IGNORECASE,
)
VERDICT = re.compile(
    r"(?<![a-zA-Z0-9À-ɏ])([A-Z])(?![a-zA-Z0-9À-ɏ_'’])[^\nA-Z]{0,80}?"
    r"(?:(?P<yes>\b(?:yes|true|correct|right)\b|[✓✔✅])|(?P<no>\b(?:no|not|false|incorrect|wrong)\b|[✗✘❌]))",
    re.IGNORECASE,
)
LINE = re.compile(r"\s*+(?:[-*•]\s++)?[(\[]?([A-Z])[).:\]]++\s++(\S[^\n]*)")
WORDS_OF_ONE = ("A", "I")


def letters_in(response: str, question: Question) -> str | None:
    """The letters in alphabetical order, such as "AC"; None for none, and for alternatives."""
    options = dict(zip(question.option_letters(), map(normal, question.choices), strict=True))
    text = responses.concluded(response)
    if not text:
        return None
    found: set[str] | None = None
    for read in (_listed, _lines, _row, _stated, _verdicts, _affirmed):
        found = read(text, options)
        if found is not None:
            break
    if found and normal(text) in options.values() and found != _spelt(text, options):
        return None
    return "".join(sorted(found or ())) or None


def _listed(text: str, options: Mapping[str, str]) -> set[str] | None:
    """The options of the only list in the text; nothing where an entry is none; None: no list."""
    lists = [value for value in responses.objects(text) if isinstance(value, list)]
    if len(lists) != 1:
        return None
    found = set()
    for entry in lists[0]:
        bare = str(entry).strip().strip("()[].")
        spelt = {letter for letter, option in options.items() if option == normal(bare)}
        marked = MARKED.match(f"{bare} ")
        letter = marked[1] if marked else bare.upper()
        spelt |= {letter} & set(options)
        if len(spelt) != 1:
            return set()
        found |= spelt
    return found


def _spelt(text: str, options: Mapping[str, str]) -> set[str]:
    """The options whose text it is; of a letter alone that letter."""
    bare = text.strip().strip("()[].").upper()
    if bare in options:
        return {bare}
    return {letter for letter, option in options.items() if option == normal(text)}


def _lines(text: str, options: Mapping[str, str]) -> set[str] | None:
    """The letters of lines that are letters with their options' texts; nothing where they are all
    options again; None: some line is no such one.
    """
    lines = [LINE.fullmatch(line.rstrip()) for line in text.splitlines() if line.strip()]
    if not lines or not all(line and options.get(line[1]) == normal(line[2]) for line in lines):
        return None
    found = {line[1] for line in lines if line}
    return set() if found == set(options) else found


def _row(text: str, options: Mapping[str, str]) -> set[str] | None:
    """The letters that the text is a row of, but for words that name them; None: it is no row."""
    first = FIRST.match(text)
    place = first.end() if first else 0
    together = TOGETHER.match(text, place)
    row = together or ROW.match(text, place)
    if not row or not AFTER.match(text, row.end()):
        row = ROW.match(text, place)
    if not row or not AFTER.match(text, row.end()):
        return None
    letters = re.findall(r"[A-Z]", re.sub(r"[a-z]{2,}|[A-Z][a-z]+", "", row[0]))
    rest = text[row.end() :]
    if len(set(letters)) != len(letters) or not set(letters) <= set(options):
        return None
    if _letters(rest, options) - set(letters) or ALTERNATIVE.search(rest) or DENIED.search(rest):
        return None
    return set(letters)


def _stated(text: str, options: Mapping[str, str]) -> set[str] | None:
    """What the text says the answers are; the last where it is called final or corrects another;
    nothing where it says several things; None where it says none.
    """
    leads = list(LEAD.finditer(text))[: responses.MOST]
    said: list[tuple[frozenset[str], str]] = []
    for number, lead in enumerate(leads):
        end = leads[number + 1].start() if number + 1 < len(leads) else len(text)
        line = text[lead.end() : end].strip().split("\n")[0]
        found = _row(line, options) or _affirmed(line, options)
        if found:
            before = text[leads[number - 1].end() if number else 0 : lead.end()]
            said.append((frozenset(found), before))
    if not said:
        return None
    if len({letters for letters, _ in said}) == 1:
        return set(said[0][0])
    letters, before = said[-1]
    return set(letters) if FINAL.search(before) or responses.CORRECTION.search(before) else set()


def _verdicts(text: str, options: Mapping[str, str]) -> set[str] | None:
    """The letters that are called right where each letter has its verdict; None where not."""
    said = {match[1]: bool(match["yes"]) for match in VERDICT.finditer(text) if match[1].isupper()}
    if len(said) < 2 or not _letters(text, options) <= said.keys():
        return None
    return {letter for letter, is_right in said.items() if is_right} & set(options)


def _affirmed(text: str, options: Mapping[str, str]) -> set[str]:
    """Options that some part of the text names and none denies; nothing where it doubts, or where
    it says all options again.
    """
    if ALTERNATIVE.search(text) or len(text) > responses.SENTENCE:
        return set()
    said, denied = set[str](), set[str]()
    left_out = EXCEPT.search(text)
    if left_out:
        denied = _letters(left_out[1], options) | set(mentioned(left_out[1], options))
        said = set(options) if denied else said
        text = ""
    for clause in clauses(text):
        for part in PART.split(clause):
            found = _letters(part, options) | set(mentioned(part, options))
            is_denied = DENIED.search(part) or DENIED_ABROAD.search(part)
            (denied if is_denied else said).update(found)
    marked = {match[1] for match in MARKED.finditer(f"{text} ")} & set(options)
    is_said_again = len(options) > 1 and marked == set(options)
    return set() if is_said_again else said - denied


def _letters(text: str, options: Mapping[str, str]) -> set[str]:
    """Capitals that stand alone and are no words."""
    return {
        match[1]
        for match in CAPITAL.finditer(text)
        if match[1] in options
        and (
            match[1] not in WORDS_OF_ONE
            or not GOES_ON.match(text, match.end())
            or VERB.match(text, match.end())
        )
    }
