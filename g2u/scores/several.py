"""Several option letters in a response: all that it gives as its answer.

Read in this order, and the first that says anything decides: a list in JSON; letters in a row
("AC", "A, C"); what follows "the answers are"; letters and texts of options that are affirmed and
not denied, clause by clause. Alternatives ("A or C") and the options merely said again are none.
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
    r"\ball\s+(?:of\s+them\s+|options\s+|the\s+others\s+)?(?:but|except(?:\s+for)?|save)\s+([^:.;\n]{1,60})",
    re.IGNORECASE,
)
MARKED = re.compile(r"(?<![^\W_])[(\[]?([A-Z])[).:\]]\s")
PART = re.compile(r"[,;]\s++")
WORDS_OF_ONE = ("A", "I")


def letters_in(response: str, question: Question) -> str | None:
    """The letters in alphabetical order, such as "AC"; None for none, and for alternatives."""
    options = dict(zip(question.option_letters(), map(normal, question.choices), strict=True))
    text = responses.concluded(response)
    if not text:
        return None
    found = _listed(text, options)
    if found is None:
        found = _row(text, options)
    if found is None:
        found = _stated(text, options)
    if found is None:
        found = _affirmed(text, options)
    return "".join(sorted(found)) or None


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
            (denied if DENIED.search(part) else said).update(found)
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
