"""What a response concludes, before any answer type looks at it; and whether it declines to answer.

Rules only, in a fixed order, nothing guessed and nothing random: reasoning between tags is dropped
(reasoning that never ended concludes nothing), then the innermost wrapping that models put around
an answer is opened: <answer> tags, code fences, JSON with an "answer", boxes, emphasis.
"""

import ast
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

REASONING = r"think|thinking|thought|reasoning|reflection|scratchpad|analysis"
CLOSED = re.compile(rf"<({REASONING})>.*?</\1>", re.DOTALL | re.IGNORECASE)
ENDED = re.compile(rf"^.*</(?:{REASONING})>", re.DOTALL | re.IGNORECASE)
OPENED = re.compile(rf"<(?:{REASONING})>", re.IGNORECASE)
TAGGED = re.compile(r"<((?:final[_ ])?answer(?:[_ ]json)?)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
FENCED = re.compile(r"```[a-z]*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
WORDS = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathsf|operatorname)\s*\{([^{}]*)\}")
MATH = re.compile(r"\\[()\[\]]|(?<!\\)\$")
EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
HEADING = re.compile(r"^\s*#+\s*", re.MULTILINE)
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
TERMINATORS = {ord("。"): ". ", ord("、"): ", ", ord("，"): ", ", ord("；"): "; "}

ANSWER = (
    r"answer|ans|option|choice|letter|solution|result|"
    r"ответ|antwort|respuesta|réponse|risposta|resposta|الإجابة"
)
EAST_ASIAN = r"答案|答え|選択肢|选项|選項|选|正解|정답|답"
IS = (
    r"\s*(?:\([^()]*\)\s*)?(?:[:=：]|-(?=\s)|is\s*:|(?:is|are|was|would\s+be|should\s+be|must\s+be|has\s+to\s+be|"
    r"be|lautet|ist|est|es|è|é|هي|是|为|は|가)(?![\w]))\s*:?\s*|\s*[是为は은는]\s*"
)
STATEMENT = re.compile(
    rf"(?P<final>final\s+)?(?:(?<![^\W_])(?:{ANSWER})(?:\s+correcta|\s+correct)?|(?:{EAST_ASIAN}))"
    rf"(?:{IS})|(?:选择?|選擇?|选项|選項|選択肢)\s*(?=[(A-Z])"
    r"|\b(?:it|this|that)\s+(?:must|has\s+to|should|can\s+only)\s+be\s+",
    re.IGNORECASE,
)
DENIAL = re.compile(r"\s*(?:not\b|n't\b|isn't\b)", re.IGNORECASE)
CORRECTION = re.compile(
    r"\b(?:actually|wait|hmm|no(?=,)|sorry|correction|rather|instead|on second thou?ght|but)\b",
    re.IGNORECASE,
)
ATTEMPTS = 50
"""Boxes, and openings of lists and objects that lead to none, after which no more are looked at."""
CONDITION = re.compile(r"\b(?:if|unless|were\s+it)\b", re.IGNORECASE)
END = re.compile(r"(?<=\S)(?:[.!?;](?=\s|$)|\n)")

REFUSALS = re.compile(
    r"""
    \b(?:can\s?not|can't|could\s?n[o']t|unable\s+to|not\s+able\s+to|impossible\s+to|hard\s+to)\s+
      (?:\w+\s+){0,2}?(?:tell|say|see|view|determine|identify|answer|help|assist|find|count|
      solve|know|be\s+(?:determined|answered|identified|seen|found)|provide|infer|confirm|make|read|process)\b
    | \b(?:do\s+not|don't|does\s+not|doesn't)
      \s+(?:know|see\s+any|have\s+enough|provide|contain\s+enough)
    | \b(?:not|in)\s?(?:sufficient|enough)\s+(?:information|detail|context|data)
    | \bnot\s+possible\s+to\b | \bno\s+way\s+to\s+(?:tell|know|say)\b
    | \btoo\s+\w+\s+to\s+(?:tell|say|see|read|count|identify|determine|make\s+out)\b
    | \bnot\s+clear\s+enough\b | \bno\s+idea\b | \bi(?:'m|\s+am)?\s+(?:not\s+sure|unsure)\b
    | ^\W*(?:unsure|unknown|undetermined|indeterminate)\W*$
    | \bas\s+an\s+ai\b | \bsorry\b.*\bcan(?:no|')t\b
    | 无法|不知道|不能确定|不确定|看不清 | わかりません|分かりません|判断できません
    | 알\s*수\s*없|모르 | \bno\s+lo\s+s[eé]\b | \bno\s+puedo\b | \bje\s+ne\s+(?:sais|peux)\b
    | \bich\s+(?:wei(?:ß|ss)|kann)\b.*\bnicht\b | \bnon\s+(?:lo\s+)?so\b | \bnão\s+sei\b
    | не\s+(?:знаю|могу)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


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


def concluded(response: str) -> str:
    """The response without reasoning and wrapping; empty where it never came to its answer.

    Full-width letters become plain ones, emphasis and headings are dropped, the last box or answer
    tag stands for the whole.
    """
    text = unicodedata.normalize("NFC", response.translate(FULL_WIDTH).translate(TERMINATORS))
    text = ENDED.sub("", CLOSED.sub("", text))
    if OPENED.search(text):
        return ""
    tagged = TAGGED.findall(text)
    text = tagged[-1][1] if tagged else text
    named = json_answer(text)
    if named is not None:
        text = named
    found = boxes(text)
    if found:
        text = found[-1]
    text = FENCED.sub(lambda match: match[1], text)
    return plain(text).strip()


def plain(text: str) -> str:
    """The text without LaTeX's words, dollar signs, emphasis and headings."""
    text = HEADING.sub("", MATH.sub("", WORDS.sub(lambda match: match[1], text)))
    while (opened := EMPHASIS.sub(lambda match: match[2], text)) != text:
        text = opened
    return text


def boxes(text: str) -> list[str]:
    r"""Contents of every \boxed{...}, braces balanced; without empty and unclosed ones."""
    found = []
    for match in list(BOX.finditer(text))[-ATTEMPTS:]:
        depth, place = 1, match.end()
        while place < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            place += 1
        inner = text[match.end() : place - 1].strip()
        if not depth and inner:
            found.append(inner)
    return found


def objects(text: str) -> list[Any]:
    """Every JSON object or list in the text, outermost ones only, in order; Python's literals and
    trailing commas pass too.
    """
    found: list[Any] = []
    place = attempts = 0
    while place < len(text) and attempts < ATTEMPTS:
        if text[place] in "{[":
            attempts += 1
            end = _closing(text, place)
            value = _literal(text[place:end]) if end else None
            if value is not None:
                found.append(value)
                place, attempts = end, 0
                continue
        place += 1
    return found


def _closing(text: str, start: int) -> int:
    """One past the bracket that closes the one at `start`; 0 where none does."""
    pairs, stack, quote, escaped = {"{": "}", "[": "]"}, [], "", False
    for place in range(start, len(text)):
        letter = text[place]
        if quote:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == quote:
                quote = ""
        elif letter == '"' or (letter == "'" and not text[place - 1].isalnum()):
            quote = letter
        elif letter in pairs:
            stack.append(pairs[letter])
        elif stack and letter == stack[-1]:
            stack.pop()
            if not stack:
                return place + 1
    return 0


def _literal(text: str) -> dict[str, Any] | list[Any] | None:
    for attempt in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        try:
            value = json.loads(attempt)
        except (ValueError, RecursionError):
            try:
                value = ast.literal_eval(attempt)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
        if isinstance(value, (dict, list)):
            return value
    return None


def json_answer(text: str) -> str | None:
    """The value of "answer" in the only JSON object of the text."""
    found = [value for value in objects(text) if isinstance(value, dict)]
    if len(found) != 1:
        return None
    named = {str(key).lower().replace(" ", "_"): value for key, value in found[0].items()}
    for key in ("final_answer", "answer"):
        if key in named:
            value = named[key]
            return value if isinstance(value, str) else json.dumps(value)
    return None


def statements(text: str) -> list[Statement]:
    """What the text says the answer is, in order."""
    found = []
    matches = list(STATEMENT.finditer(text))
    for match, previous in zip(matches, [None, *matches], strict=False):
        before = text[previous.end() if previous else 0 : match.start()]
        if CONDITION.search(re.split(r"[.!?;\n]", before)[-1]):
            continue
        rest = text[match.end() :]
        denial = DENIAL.match(rest)
        if denial:
            rest = rest[denial.end() :]
        end = END.search(rest)
        found.append(
            Statement(
                rest[: end.start()] if end else rest,
                rest,
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
    readings = list(dict.fromkeys(reading for _, reading in chosen))
    if len(readings) == 1:
        return readings[0]
    if readings and CORRECTION.search(chosen[-1][0].before):
        return chosen[-1][1]
    return None


def refuses(response: str) -> bool:
    """Whether the response says that it does not know, cannot tell or will not answer."""
    return REFUSALS.search(ENDED.sub("", CLOSED.sub("", response)).replace("’", "'")) is not None
