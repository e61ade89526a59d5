"""Lists, objects and plain values that a text spells, as JSON or as Python's literals; nothing is
evaluated, and no text raises.

One pass over the text, without recursion and without going back, so the time is linear in it.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 64
"""Lists and objects within one another."""
MOST_DIGITS = 300
"""Of an integer; longer ones have no use and no float."""
TOKEN = re.compile(
    r"""\s*+(?:
      (?P<string>"[^"\\\x00-\x08\x0b\x0c\x0e-\x1f]*+(?:\\.[^"\\\x00-\x08\x0b\x0c\x0e-\x1f]*+)*+"
                |'[^'\\\x00-\x08\x0b\x0c\x0e-\x1f]*+(?:\\.[^'\\\x00-\x08\x0b\x0c\x0e-\x1f]*+)*+')
    | (?P<number>[-+]?(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?(?![\w.]))
    | (?P<name>(?:True|False|None|true|false|null)(?!\w))
    | (?P<mark>[\[\](){},:])
    )""",
    re.VERBOSE | re.DOTALL,
)
NAMES = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}
OPENING = re.compile(r"[\[{]")
CLOSES = {"]": "[", ")": "(", "}": "{"}
ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))", re.DOTALL
)
PLAIN_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "\n": "",
}  # fmt: skip
PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
LONE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class _Open:
    """A list or object that has begun."""

    mark: str
    values: list[Any] = field(default_factory=list)
    """Of an object: keys and values in turn."""
    wants_value: bool = True
    """Whether the next token is to be a value (else a comma, colon or the end)."""
    has_comma: bool = False
    """Whether a comma was said: (1) is 1, (1,) a list."""

    def closed(self) -> tuple[bool, Any]:
        """Whether it may end here, and what it is."""
        if self.mark != "{":
            is_bare = self.mark == "(" and not self.has_comma and self.values
            return True, self.values[0] if is_bare else self.values
        if len(self.values) % 2:
            return False, None
        names = self.values[::2]
        if any(isinstance(name, (list, dict)) for name in names):
            return False, None
        texts = [name if isinstance(name, str) else json.dumps(name) for name in names]
        made = dict(zip(texts, self.values[1::2], strict=True))
        return len(made) == len(names), made


def read_literal(text: str) -> Any | None:
    """The value that the whole text spells; None where it spells none (or null).

    Read are null, truth values, numbers, texts, lists (tuples too) and objects, with a comma before
    the end if any; names of objects are made texts, as JSON does. Refused: names twice in an
    object, lists as names, numbers that are not finite or have over 300 digits, texts side by
    side, sets, bytes, complex numbers, comments, half surrogates, and more than 64 levels.
    """
    is_read, value, end = _read(text, 0, [])
    return value if is_read and not text[end:].strip() else None


def literals_in(text: str) -> list[list[Any] | dict[str, Any]]:
    """Every list in [] and object in the text, the outermost that can be read, in order."""
    found: list[Any] = []
    begin = OPENING.search(text)
    while begin:
        inner: list[Any] = []
        is_read, value, end = _read(text, begin.start(), inner)
        found += [value] if is_read else inner
        begin = OPENING.search(text, max(end, begin.end()))
    return found


def _read(text: str, place: int, inner: list[Any]) -> tuple[bool, Any, int]:
    """Whether a value begins at `place`, the value, and where it ended or could not go on.

    Where it could not, `inner` gets the lists and objects in it that were whole.
    """
    stack: list[_Open] = []
    while True:
        match = TOKEN.match(text, place)
        kind = match.lastgroup if match else None
        is_value, value = False, None
        if match is None or kind is None:
            return _stopped(stack, inner, place)
        said = match[kind]
        if kind != "mark":
            is_value, value = _scalar(kind, said)
            if not is_value:
                return _stopped(stack, inner, match.start(kind))
        elif said in "[({":
            if len(stack) == DEEPEST or (stack and not stack[-1].wants_value):
                return _stopped(stack, inner, match.start(kind))
            stack.append(_Open(said))
        elif not stack:
            return False, None, match.start(kind)
        elif said in CLOSES:
            is_value, value = stack[-1].closed()
            if CLOSES[said] != stack[-1].mark or not is_value or _dangles(stack[-1]):
                return _stopped(stack, inner, match.start(kind))
            stack.pop()
        elif not _separated(stack[-1], said):
            return _stopped(stack, inner, match.start(kind))
        place = match.end()
        if is_value:
            if not stack:
                return True, value, place
            if not stack[-1].wants_value:
                return _stopped(stack, inner, match.start(kind))
            stack[-1].values.append(value)
            stack[-1].wants_value = False


def _separated(open: _Open, said: str) -> bool:
    """Whether a comma or colon may stand here; takes note of it."""
    is_name = open.mark == "{" and len(open.values) % 2 == 1
    if open.wants_value or (said == ":") != is_name:
        return False
    open.wants_value = True
    open.has_comma = open.has_comma or said == ","
    return True


def _dangles(open: _Open) -> bool:
    """Whether a colon stands last."""
    return open.mark == "{" and len(open.values) % 2 == 1


def _stopped(stack: list[_Open], inner: list[Any], place: int) -> tuple[bool, Any, int]:
    for open in stack:
        inner += [value for value in open.values if isinstance(value, (list, dict))]
    return False, None, place


def _scalar(kind: str, said: str) -> tuple[bool, Any]:
    """Whether the token is a value, and the value."""
    if kind == "name":
        return True, NAMES[said]
    if kind == "number":
        if said.lstrip("+-").isdecimal():
            return len(said) <= MOST_DIGITS, int(said) if len(said) <= MOST_DIGITS else None
        number = float(said)
        return abs(number) != float("inf"), number
    value = said[1:-1]
    if "\\" in value:
        value = PAIR.sub(_joined, ESCAPE.sub(lambda match: _escaped(match, said[0]), value))
    return LONE.search(value) is None, value


def _escaped(match: re.Match[str], quote: str) -> str:
    code = match[1] or match[2] or match[3]
    if code or match[4]:
        number = int(code, 16) if code else int(match[4], 8)
        return chr(number) if number < 0x110000 else match[0]
    if match[5] == "/" and quote == '"':
        return "/"
    return PLAIN_ESCAPES.get(match[5], match[0])


def _joined(match: re.Match[str]) -> str:
    return match[0].encode("utf-16", "surrogatepass").decode("utf-16")
