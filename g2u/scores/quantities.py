"""Numbers and their units as people write them: 1,234.5 and 1.234,5, fractions, words, LaTeX."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
FOREIGN = {
    "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    "十": 10, "cero": 0, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "huit": 8, "neuf": 9, "dix": 10, "onze": 11,
    "douze": 12, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "zwölf": 12, "quattro": 4, "cinque": 5, "sette": 7, "otto": 8,
    "dieci": 10, "dois": 2, "duas": 2, "três": 3, "quatro": 4, "sete": 7, "oito": 8, "nove": 9,
    "dez": 10,
}  # fmt: skip
SEVEN = re.compile(r"\bsept(?=\s+[a-zà-ÿ])")
"""In French; "Sept 3" is a day."""
COUNTERS = "个個只隻条條本张張名人辆輛棵朵头頭匹块塊颗顆つ개"
"""Words that stand between a number and what is counted."""
SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9}
FRACTIONS = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅕": "1/5", "⅛": "1/8"}
UNITS = {
    "mm": "mm", "millimeter": "mm", "millimetre": "mm",
    "cm": "cm", "centimeter": "cm", "centimetre": "cm",
    "m": "m", "meter": "m", "metre": "m",
    "km": "km", "kilometer": "km", "kilometre": "km",
    "in": "inch", "inch": "inch", "inche": "inch", '"': "inch",
    "ft": "ft", "foot": "ft", "feet": "ft",
    "yd": "yd", "yard": "yd", "mi": "mile", "mile": "mile",
    "g": "g", "gram": "g", "kg": "kg", "kilogram": "kg", "mg": "mg",
    "s": "s", "sec": "s", "second": "s", "min": "min", "minute": "min", "h": "h", "hour": "h",
    "ms": "ms", "millisecond": "ms",
    "l": "l", "liter": "l", "litre": "l", "ml": "ml",
    "%": "%", "percent": "%", "°": "°", "degree": "°", "rad": "rad", "radian": "rad",
}  # fmt: skip
"""What is read -> what it is called; a plural s is dropped first."""
FACTORS = {
    "mm": ("m", "0.001"), "cm": ("m", "0.01"), "m": ("m", "1"), "km": ("m", "1000"),
    "inch": ("m", "0.0254"), "ft": ("m", "0.3048"), "yd": ("m", "0.9144"),
    "mile": ("m", "1609.344"),
    "mg": ("g", "0.001"), "g": ("g", "1"), "kg": ("g", "1000"),
    "ms": ("s", "0.001"), "s": ("s", "1"), "min": ("s", "60"), "h": ("s", "3600"),
    "ml": ("l", "0.001"), "l": ("l", "1"),
}  # fmt: skip
"""Unit -> base unit and the exact factor (NIST SP 811)."""

LONGEST, LARGEST = 300, 290
"""Letters of a number, and its power of ten at most: so that floats hold it."""
DIGITS = (
    r"(?:\d{1,3}(?:[, \u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+"
    r"|\d+,\d{1,2}(?=\s*[a-zA-Z])|\d+(?:\.\d+)?|\.\d+)"
)
POWER = (
    r"(?:\s*+(?:×|x|\*|\\times|\\cdot)\s*+10\s*+\^\s*+(?:\{\s*+)?([-+−]?\d+)(?:\s*\})?"
    r"|[eE]([-+]?\d+))?"
)
BARE_POWER = re.compile(
    r"((?:×|x|\*|\\times|\\cdot)\s*+)?\b10\s*+\^\s*+(?:\{\s*+)?([-+]?\d+)(?:\s*\})?"
)
NUMBER = re.compile(
    rf"(?P<sign>(?<![\w)])[-+−]\s?|\bminus\s+)?(?:(?P<whole>\d++)\s++(?=\d++/\d))?"
    rf"(?P<digits>{DIGITS})(?:/(?P<below>\d+(?:\.\d+)?))?{POWER}"
    rf"(?:\s*+(?P<scale>hundred|thousand|million|billion)\b)?"
)
UNIT = re.compile(
    r"\s*+(?:(?:\\,|\\ |~)\s*+)?(\^?\{?\\circ\}?|°|%|\\%|\"|[a-zA-Z]+)\.?(?![a-zA-Z^²³])",
    re.IGNORECASE,
)
HUNDREDS = re.compile(
    r"\b([1-9]) hundred (?:and )?([1-9]\d?)\b(?! (?:hundred|thousand|million)| ?/|[.,]\d)"
)
THOUSANDS = re.compile(
    r"\b(\d{1,3}) thousand (?:and )?([1-9]\d{0,2})\b(?! (?:hundred|million)| ?/|[.,]\d)"
)
"""Numbers in words that go on after hundred and thousand, once their words are figures."""
INSIDE = re.compile(r"\s++\w")
"""What follows "in" where it is no inch."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written somewhere in a text."""

    value: Decimal
    unit: str
    """Canonical name of a unit that is known; empty where none, or another word, follows."""
    start: int
    end: int
    scale: int = 0
    """Power of ten of a word after it: 6 of 4.2 million, whose value is 4200000."""

    def __str__(self) -> str:
        value = f"{self.value.normalize():f}"
        return f"{value} {self.unit}" if self.unit else value


@lru_cache(maxsize=16)
def prepared(text: str) -> str:
    """The text with fractions, words and LaTeX turned into digits."""
    text = text.replace("−", "-").replace("\\,", " ").replace("\\%", "%")
    text = re.sub(r"\\d?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}", r"\1/\2", text)
    text = re.sub(r"\\d?frac\s*(\d)\s*(\d)", r"\1/\2", text)
    text = re.sub(r"\^\s*+(?:\{\s*+)?\\circ(?:\s*\})?", "°", text)
    text = BARE_POWER.sub(lambda m: m[0] if m[1] else f"1e{m[2]}", text)
    for sign, spelt in FRACTIONS.items():
        text = re.sub(rf"(?<=\d){sign}", f" {spelt}", text).replace(sign, spelt)
    text = re.sub(r"\bhalf\s+an?\s+(?=[a-z])", "1/2 ", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(?:one|a)\s+half\b|\bhalf\b(?!\s+of)", "1/2", text, flags=re.IGNORECASE)
    text = re.sub(rf"\b(?:an?|one)\s+(?={'|'.join(SCALES)}\b)", "1 ", text, flags=re.IGNORECASE)
    text = re.sub(r"\ba\s+dozen\b|\bone\s+dozen\b", "12", text, flags=re.IGNORECASE)
    tens, ones = "|".join(TENS), "|".join(list(WORDS)[1:10])
    text = re.sub(
        rf"\b({tens})(?:[-\s]({ones}))?\b",
        lambda m: str(TENS[m[1].lower()] + (WORDS[m[2].lower()] if m[2] else 0)),
        text,
        flags=re.IGNORECASE,
    )
    text = SEVEN.sub("7", text)
    words = "|".join(sorted([*WORDS, *(w for w in FOREIGN if len(w) > 1)], key=len, reverse=True))
    text = re.sub(
        rf"\b({words})\b", lambda m: str((WORDS | FOREIGN)[m[1].lower()]), text, flags=re.I
    )
    text = re.sub(
        rf"(?<![\u4e00-\u9fff])([零一二三四五六七八九十])(?:(?=[{COUNTERS}])|(?![\u4e00-\u9fff]))",
        lambda m: str(FOREIGN[m[1]]),
        text,
    )
    text = HUNDREDS.sub(lambda m: str(100 * int(m[1]) + int(m[2])), text)
    text = THOUSANDS.sub(lambda m: str(1000 * int(m[1]) + int(m[2])), text)
    return re.sub(r"(?<=\d)\s++and\s++(?:a\s++)?(?=1/2)", " ", text)


def quantities(text: str) -> list[Quantity]:
    """Every number in a prepared text, with the unit after it."""
    found = []
    for match in NUMBER.finditer(text):
        value = _value(match)
        if value is None or _is_part_of_a_word(text, match):
            continue
        unit, end = _unit(text, match.end())
        scale = SCALES.get((match["scale"] or "").lower(), 0)
        found.append(Quantity(value, unit, match.start(), end, scale))
    return found


def same(prediction: str, answer: str) -> bool | None:
    """Whether two written quantities are equal, units converted; None where one is no quantity.

    A unit that only one of them has is no difference.
    """
    one, other = _only(prediction), _only(answer)
    if one is None or other is None:
        return None
    if one.unit == other.unit or not (one.unit and other.unit):
        return one.value == other.value
    converted = in_base(one)
    return converted is not None and converted == in_base(other)


def whole_quantity(text: str) -> Quantity | None:
    """The quantity that a text is, with a sign of currency or of nearness at most; None for one
    that says more.
    """
    plain = prepared(text).strip().strip(".").lstrip("~≈$€£¥").strip()
    found = quantities(plain)
    is_whole = len(found) == 1 and not found[0].start and not plain[found[0].end :].strip(" .")
    return found[0] if is_whole else None


def agree(one: Quantity, other: Quantity, tolerance: float) -> bool:
    """Whether two quantities are equal, or differ by a share of `other` at most.

    A unit, per cent or a word such as million that only one of them has is no difference; nor is
    0.5 to 50 %.
    """
    base, other_base = in_base(one), in_base(other)
    if one.unit and other.unit and one.unit != other.unit:
        if not base or not other_base or base[0] != other_base[0]:
            return False
        return _near(base[1], other_base[1], tolerance)
    pairs = [(one.value, other.value)]
    if bool(one.scale) != bool(other.scale):
        pairs.append((one.value.scaleb(-one.scale), other.value.scaleb(-other.scale)))
    if one.unit == "%" != other.unit:
        pairs.append((one.value / 100, other.value))
    if other.unit == "%" != one.unit:
        pairs.append((one.value, other.value / 100))
    return any(_near(value, wanted, tolerance) for value, wanted in pairs)


def _near(value: Decimal, wanted: Decimal, tolerance: float) -> bool:
    if not wanted or not tolerance:
        return value == wanted
    return abs(float(value) - float(wanted)) / abs(float(wanted)) <= tolerance


def in_base(quantity: Quantity) -> tuple[str, Decimal] | None:
    """The base unit and the value in it; None for units that are not converted."""
    if quantity.unit not in FACTORS:
        return None
    base, factor = FACTORS[quantity.unit]
    return base, quantity.value * Decimal(factor)


def value_of(text: str, unit: str = "") -> float | None:
    """The only number of a text, in `unit` where both are known; None where it holds no or several
    numbers, or a unit of another kind.
    """
    found = _only(text)
    if found is None:
        return None
    if unit and found.unit and found.unit != unit:
        if found.unit not in FACTORS or unit not in FACTORS:
            return None
        (base, factor), (other, other_factor) = FACTORS[found.unit], FACTORS[unit]
        return (
            float(found.value * Decimal(factor) / Decimal(other_factor)) if base == other else None
        )
    return float(found.value)


def _only(text: str) -> Quantity | None:
    found = quantities(prepared(text))
    return found[0] if len(found) == 1 else None


def _value(match: re.Match[str]) -> Decimal | None:
    digits = match["digits"]
    if len(match[0]) > LONGEST:
        return None
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", digits):
        digits = digits.replace(",", ".")
    else:
        digits = re.sub(r"[, \u202f]", "", digits)
    try:
        value = Decimal(digits)
        if match["below"]:
            value /= Decimal(match["below"])
        if match["whole"]:
            value += Decimal(match["whole"])
        power = int((match[5] or match[6] or "0").replace("−", "-"))
    except (InvalidOperation, ZeroDivisionError, ValueError):
        return None
    if abs(power) > LARGEST or abs(value.adjusted() + power) > LARGEST:
        return None
    value = value.scaleb(power + SCALES.get((match["scale"] or "").lower(), 0))
    return -value if (match["sign"] or "").strip().lower() in ("-", "minus") else value


def _is_part_of_a_word(text: str, match: re.Match[str]) -> bool:
    """Figures in names such as x2 or A4 are no numbers."""
    before = text[match.start() - 1 : match.start()]
    return before.isascii() and (before.isalpha() or before == "_")


def _unit(text: str, end: int) -> tuple[str, int]:
    match = UNIT.match(text, end)
    if not match:
        return "", end
    name = match[1].lower().removeprefix("\\") if "%" in match[1] else match[1].lower()
    known = UNITS.get(name) or UNITS.get(name.removesuffix("s"))
    known = known or ("°" if name.strip("^{}") == "\\circ" else "")
    if name == "in" and INSIDE.match(text, match.end()):
        return "", end
    return (known, match.end()) if known else ("", end)
