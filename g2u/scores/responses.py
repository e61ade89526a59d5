"""What a response concludes, before any answer type looks at it; and whether it declines to answer.

Rules only, in a fixed order, nothing guessed and nothing random: reasoning between tags is dropped
(reasoning that never ended concludes nothing), then the innermost wrapping that models put around
an answer is opened: <answer> tags, code fences, JSON with an "answer", boxes, emphasis.
"""

import itertools
import json
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import Any

from g2u.literals import literals_in
from g2u.questions.files.texts import DIRECTIONS

LONGEST = 200_000
"""Letters of a conclusion; no more are read: who says more has not concluded."""
SENTENCE, REST = 2_000, 20_000
"""Letters that are looked at of what a statement says: of its sentence, and of all that follows."""
MOST = 200
"""Statements of what the answer is; who says more often what it is has not said it."""

_THINKING = (
    r"(?:[a-z]{1,12}[:_])?(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis)"
    r"|seed:cot_budget_reflect"
)
_NAME = r"(?:\s[^<>]{0,80})?"
REASONING = re.compile(
    rf"""
    (?P<end></(?:{_THINKING})\s*> | \[/think(?:ing)?\] | ◁/think▷ | <unused95>
      | <\|(?:end_of_thought|end_thinking|end_think|/think)\|>
      | <\|channel\|>\s*final\b[^<]{{0,40}}(?:<\|constrain\|>[^<]{{0,40}})?<\|message\|>)
    | (?P<begin><(?:{_THINKING}){_NAME}> | \[think(?:ing)?\] | ◁think▷ | <unused94>
      | <\|(?:begin_of_thought|start_thinking|begin_think|think)\|>
      | <\|channel\|>)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Where reasoning begins and ends: tags of the DeepSeek kind, Seed's, Mistral's, Kimi's, Cohere's,
Gemma's, and the channels of gpt-oss, of which only the final one is said.
"""
BARE_CHANNEL = re.compile(r"\s*+analysis(?=[A-Z\"'])")
"""A reply of gpt-oss whose special tokens were left out."""
SPECIAL = re.compile(r"<\|(?!begin_of_box|end_of_box)[^|<>\s]{1,40}\|>|</?s>|<(?:eos|end_of_turn)>")
TAG = re.compile(
    r"<(?P<end>/)?(?P<name>(?:final[_ ])?answer(?:[_ ]json)?|conclusion)>"
    r"|<\|(?:(?P<box>begin)|end)_of_box\|>",
    re.IGNORECASE,
)
FENCED = re.compile(r"```[a-z]*+\n?(.*?)```", re.DOTALL | re.IGNORECASE)
BRACE = re.compile(r"(?P<box>\\(?:boxed|fbox)\s*+\{)|\\[{}]|[{}]")
EMPTY = re.compile(r"\s*+\}")
BOX = re.compile(r"\\(?:boxed|fbox)\s*+\{")
EITHER = re.compile(r"[\s$.,;]*+\b(?:or|oder|ou|o)\b[\s$]*+", re.IGNORECASE)
"""Between boxes of which one may be meant."""
PARTS = re.compile(
    r"[\s$.,;]*+(?:(?:and|und|et|y|&)(?!\w))?[\s$,;]*+"
    r"(?:\(?[a-z0-9]{1,2}[).:]|part\s+\w{1,3}\s*[:.)]?|[a-z]\w?\s*=)?[\s$]*+",
    re.IGNORECASE,
)
"""What stands between the boxes of one answer in several parts, such as ", and (b)"."""
LABELLED = re.compile(r"(?:^|[\s.;*])\(?(?:part\s+)?([a-h1-9])[).:](?=\s)", re.IGNORECASE)
WORDS = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathsf|operatorname)\s*+\{([^{}]*+)\}")
MATH = re.compile(r"\\[()\[\]]|(?<!\\)\$")
EMPHASIS = re.compile(r"\*\*|__|\*|`")
HEADING = re.compile(r"^[ \t]*+(?:#++|>(?=[ \t]))[ \t]*+", re.MULTILINE)
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
TERMINATORS = {ord("。"): ". ", ord("、"): ", ", ord("，"): ", ", ord("；"): "; "}

ANSWER = (
    r"answer|ans|option|choice|letter|solution|result|"
    r"ответ|antwort|respuesta|réponse|risposta|resposta|الإجابة"
)
EAST_ASIAN = r"答案|答え|選択肢|选项|選項|选|正解|정답|답"
IS = (
    r"\s*+(?:\([^()]*+\)\s*+)?(?:[:=：]|-(?=\s)|is\s*:|(?:is|are|was|would\s+be|should\s+be|must\s+be|has\s+to\s+be|"
    r"be|lautet|ist|est|es|è|é|هي|是|为|は|가)(?![\w]))\s*+:?\s*+|\s*+[是为は은는]\s*+"
)
STATEMENT = re.compile(
    rf"(?P<final>final\s+)?(?:(?<![^\W_])(?:{ANSWER})(?:\s+correcta|\s+correct)?|(?:{EAST_ASIAN}))"
    rf"(?:{IS})|(?:选择?|選擇?|选项|選項|選択肢)\s*+(?=[(A-Z])"
    r"|\b(?:it|this|that)\s+(?:must|has\s+to|should|can\s+only)\s+be\s+",
    re.IGNORECASE,
)
DENIAL = re.compile(r"\s*+(?:not\b|n't\b|isn't\b)", re.IGNORECASE)
CORRECTION = re.compile(
    r"\b(?:actually|wait|hmm|no(?=,)|sorry|correction|rather|instead|on second thou?ght|but)\b",
    re.IGNORECASE,
)
CONDITION = re.compile(r"\b(?:if|unless|were\s+it)\b", re.IGNORECASE)
RECANTED = re.compile(
    r"^[^.:\n?…]{1,60}(?:\.\.\.|…|\?)\s+(?:no,|no\s+wait\b|wait\b)[^:\n.]{0,80}:\s+(?=[^\n:]{1,80}$)",
    re.IGNORECASE,
)
"""Of a line, what is taken back before it comes to its answer: "6 ... no, one more: 7"."""
DOUBT = re.compile(
    r"\b(?:could|might|may)\s+(?:also|equally|just\s+as\s+well|as\s+well)\b"
    r"|\b(?:or|and)\s+(?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
"""After a statement: it may be something else as well."""
END = re.compile(r"(?<=\S)(?:[.!?;](?=\s|$)|\n)")

REFUSALS = re.compile(
    r"""
    \b(?:can\s?not|can't|could\s?n[o']t|unable\s+to|not\s+able\s+to|impossible\s+to|hard\s+to)\s+
      (?:\w+\s+){0,2}?(?:tell|say|see|view|determine|identify|answer|help|assist|find|count|
      solve|know|compute|calculate|estimate|locate|measure|recogni[sz]e|verify|decide|describe|be\s+(?:determined|answered|identified|seen|found|counted|read|told|located|verified|measured|
        recogni[sz]ed|computed|calculated|estimated|inferred|made\s+out|known|distinguished)|provide|infer|confirm|make|read|process|give|point|offer)\b
    | \b(?:do\s+not|don't|does\s+not|doesn't)
      \s+(?:know|see\s+any|have\s+enough|provide|contain\s+enough)
    | \b(?:not|in)\s?(?:sufficient|enough)\s+(?:information|detail|context|data)
    | (?:\bnot|n't)\s+possible\s+to\b | \bno\s+way\s+to\s+(?:tell|know|say)\b
    | \btoo\s+\w+\s+to\s+(?:tell|say|see|read|count|identify|determine|make\s+out)\b
    | \bnot\s+clear\s+enough\b | \bno\s+idea\b | \bi(?:'m|\s+am)?\s+(?:not\s+sure|unsure)\b
    | ^\W*+(?:unsure|unknown|undetermined|indeterminate)\W*+$
    | \bas\s+an\s+ai\b | \bsorry\b.{0,200}?\bcan(?:no|')t\b
    | 无法|不知道|不能确定|不确定|看不清 | わかりません|分かりません|判断できません
    | 알\s*수\s*없|모르 | \bno\s+lo\s+s[eé]\b | \bno\s+puedo\b | \bje\s+ne\s+(?:sais|peux)\b
    | \b(?:ich\s+(?:wei(?:ß|ss)|kann)|(?:kann|weiß)\s+ich|lässt\s+sich)\b.{0,200}?\bnicht\b
    | \bno\s+(?:se\s+puede|es\s+posible)\b | \bimpossible\s+(?:de\s|d')
    | \bnão\s+(?:consigo|é\s+possível)\b | \bnon\s+(?:riesco|posso|è\s+possibile)\b | невозможно
    | \bnon\s+(?:lo\s+)?so\b | \bnão\s+sei\b
    | не\s+(?:знаю|могу)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


BESIDE = frozenset(
    ("analysis", "caption", "comment", "error", "explanation", "message", "rationale", "reason",
     "reasoning", "thinking", "thought", "thoughts"),
)  # fmt: skip
"""Keys whose texts stand beside an answer."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What follows words such as "the answer is"."""

    text: str
    """To the end of its sentence or line."""
    rest: str
    """To the end of the response."""
    is_final: bool
    """Whether it was called the final one."""
    is_denied: bool
    """Whether it says what the answer is not; `text` is then what follows the denial."""
    before: str
    """What lies between the statement before it and this one."""


def concluded(response: str, *, opens_boxes: bool = True) -> str:
    """The response without reasoning and wrapping; empty where it never came to its answer.

    Full-width letters become plain ones, emphasis and headings are dropped, the last box or answer
    tag stands for the whole (boxes of one answer in parts: all of them, with commas between).

    Args:
        response: any text.
        opens_boxes: whether a box stands for the whole; else its words stay in their place.
    """
    text = said(response)
    if len(text) > LONGEST:
        return ""
    named = json_answer(text)
    if named is not None:
        text = named
    found = boxed(text)
    if found and opens_boxes:
        text = found
    text = FENCED.sub(lambda match: match[1], text)
    return RECANTED.sub("", plain(text).strip(), count=1)


def said(response: str) -> str:
    """The response in plain letters without reasoning, special tokens, and what is outside of its
    last answer tag; empty where its reasoning has no end.
    """
    text = without_reasoning(composed(response))
    text = composed(text.translate(FULL_WIDTH).translate(TERMINATORS))
    return SPECIAL.sub(" ", _tagged(text))


def composed(text: str) -> str:
    """The text in Unicode's normal form C, without half surrogates and piles of marks."""
    if text.isascii():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", unpiled(DIRECTIONS.sub("", text)))


def unpiled(text: str) -> str:
    """The text without all but thirty of letters in a row that combine with the one before."""
    return text if text.isascii() else _piled().sub(r"\1", text)


@cache
def _piled() -> re.Pattern[str]:
    """Over thirty letters in a row that combine with the one before: sorting them, as a normal form
    does, takes quadratic time.
    """
    marks = "".join(chr(n) for n in range(0x300, 0x1E950) if unicodedata.combining(chr(n)))
    return re.compile(rf"([{marks}]{{30}})[{marks}]++")


def without_reasoning(text: str) -> str:
    """The text without what stands between marks of reasoning, or before a mark that ends one that
    was not begun; empty where one is begun and not ended.
    """
    bare = BARE_CHANNEL.match(text)
    if bare:
        return text.rpartition("assistantfinal")[2] if "assistantfinal" in text else ""
    kept: list[str] = []
    place, is_thinking = 0, False
    for mark in REASONING.finditer(text):
        if mark["end"]:
            if not is_thinking:
                kept.clear()
            place, is_thinking = mark.end(), False
        elif not is_thinking:
            kept.append(text[place : mark.start()])
            is_thinking = True
    return "" if is_thinking else "".join([*kept, text[place:]])


def _tagged(text: str) -> str:
    """What the last answer tag holds, to the end where it is not closed; without one, the text."""
    opened: dict[str, int] = {}
    last = ""
    found: str | None = None
    for tag in TAG.finditer(text):
        name = (tag["name"] or "box").lower()
        if tag["box"] or (tag["name"] and not tag["end"]):
            opened[name], last = tag.end(), name
        elif name in opened:
            found = text[opened.pop(name) : tag.start()]
    if last in opened and (rest := text[opened[last] :]).strip():
        return rest
    return text if found is None else found


def plain(text: str) -> str:
    """The text without LaTeX's words, dollar signs, emphasis and headings."""
    for _ in range(3):
        text = WORDS.sub(r"\1", text) if "\\" in text else text
    return _without_emphasis(HEADING.sub("", MATH.sub("", text)))


def _without_emphasis(text: str) -> str:
    """Without pairs of **, __, * and ` that hold words; 2*3*4 has none."""
    dropped: list[tuple[int, int]] = []
    opened: dict[str, tuple[int, int]] = {}
    for mark in EMPHASIS.finditer(text):
        name, (begin, end) = mark[0], mark.span()
        before, after = text[begin - 1 : begin], text[end : end + 1]
        is_tight = name in ("*", "__")
        may_close = not before.isspace() and not (is_tight and after.isalnum())
        if name in opened and may_close and begin > opened[name][1]:
            dropped += [opened.pop(name), (begin, end)]
        elif after and not after.isspace() and not (is_tight and before.isalnum()):
            opened.setdefault(name, (begin, end))
    if not dropped:
        return text
    dropped.sort()
    ends = [0, *(end for _, end in dropped)]
    begins = [*(begin for begin, _ in dropped), len(text)]
    return "".join(text[end:begin] for end, begin in zip(ends, begins, strict=True))


def boxed(text: str) -> str:
    r"""What the last \boxed{...} holds, braces balanced, empty and unclosed ones left out; of an
    answer in parts, what their boxes hold, with commas between; empty where one box or another is
    meant.
    """
    if not BOX.search(text):
        return ""
    spans: list[tuple[int, int, int]] = []
    stack: list[int] = []
    for brace in BRACE.finditer(text):
        if brace["box"]:
            stack.append(brace.start())
        elif brace[0] == "{":
            stack.append(-1)
        elif brace[0] == "}" and stack and (start := stack.pop()) >= 0:
            opened = BOX.match(text, start)
            if opened and not EMPTY.match(text, opened.end()):
                spans.append((start, opened.end(), brace.start()))
    spans.sort()
    if any(EITHER.fullmatch(text[a[2] + 1 : b[0]]) for a, b in itertools.pairwise(spans[-MOST:])):
        return ""
    found: list[str] = []
    next_begin = len(text)
    for start, inside, end in reversed(spans):
        if found and (end >= next_begin or not _are_parts(text[end + 1 : next_begin])):
            break
        next_begin = start
        inner = text[inside:end].strip()
        if inner not in found:
            found.insert(0, inner)
        if len(found) > MOST:
            break
    return ", ".join(found)


def _are_parts(between: str) -> bool:
    """Whether what stands between two boxes makes them parts of one answer."""
    if len(between) > SENTENCE:
        return False
    return bool(PARTS.fullmatch(between) or LABELLED.search(between))


def objects(text: str) -> list[Any]:
    """Every list and object in the text, outermost ones only, in order (g2u/literals.py)."""
    return literals_in(text)


def json_answer(text: str) -> str | None:
    """The value of "answer" in the only object of the text; of an object with one text and nothing
    else that text.
    """
    if "{" not in text:
        return None
    found = [value for value in objects(text) if isinstance(value, dict)]
    if len(found) != 1:
        return None
    named = {key.lower().replace(" ", "_"): value for key, value in found[0].items()}
    for key in ("final_answer", "answer"):
        if key in named:
            value = named[key]
            return _latex(value) if isinstance(value, str) else json.dumps(value)
    if len(named) == 1 and not named.keys() & BESIDE:
        (value,) = named.values()
        return _latex(value) if isinstance(value, str) else None
    return None


def _latex(value: str) -> str:
    r"""With \f and \b for the control characters that JSON makes of \frac and \boxed."""
    return value.replace("\f", "\\f").replace("\b", "\\b")


def statements(text: str) -> list[Statement]:
    """What the text says the answer is, in order; none where it says so too often."""
    matches = list(itertools.islice(STATEMENT.finditer(text), MOST + 1))
    if len(matches) > MOST:
        return []
    found = []
    ends = [end.start() for end in END.finditer(text)] if matches else []
    for match, previous in zip(matches, [None, *matches], strict=False):
        before = text[previous.end() if previous else 0 : match.start()]
        if CONDITION.search(re.split(r"[.!?;\n]", before[-SENTENCE:])[-1]):
            continue
        place = match.end()
        denial = DENIAL.match(text, place)
        if denial:
            place = denial.end()
        next_end = bisect_left(ends, place + 1)
        end = ends[next_end] if next_end < len(ends) else len(text)
        found.append(
            Statement(
                text[place : min(end, place + SENTENCE)],
                text[place : place + REST],
                match["final"] is not None,
                denial is not None,
                before,
            )
        )
    return found


def settled(found: list[tuple[Statement, str]]) -> str | None:
    """The one reading of statements that were read: final ones count before others, a corrected
    one gives way to what corrects it; None where they disagree.
    """
    final = [pair for pair in found if pair[0].is_final]
    chosen = final or found
    if DOUBT.search(chosen[-1][0].rest):
        return None
    readings = list(dict.fromkeys(reading for _, reading in chosen))
    if len(readings) == 1:
        return readings[0]
    if readings and CORRECTION.search(chosen[-1][0].before):
        return chosen[-1][1]
    return None


def refuses(response: str) -> bool:
    """Whether the response says that it does not know, cannot tell or will not answer."""
    text = without_reasoning(response)
    return len(text) <= LONGEST and REFUSALS.search(text.replace("’", "'")) is not None
