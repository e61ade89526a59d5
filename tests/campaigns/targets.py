"""Gold answers in many forms: each is reached by the replies that mean it, or refused in one line.

What must hold of each form: where prepare takes it, every natural reply scores 1 (or is left to the
judge, of scorers that have one); where it does not, it says so in one DataError with the row. A
form that is taken and never reached would score every right reply 0, and nothing would say so.
"""

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from g2u import plugins
from g2u.errors import DataError
from g2u.params import reading as params
from g2u.params.sections import BenchmarkPreset
from g2u.records import Sample
from g2u.scores.gold import JUDGED
from g2u.scores.marking import worth
from g2u.scores.samples import samples
from tests.conftest import ROOT, png, write_tsv

PICTURE = base64.b64encode(png(1)).decode()
CLASSES = ["Sand dune", "sea shore", "forest"]
OPTIONS = ["on the shelf", "in the drawer", "under the mat"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A gold answer, as it is written plainly, and replies that give it."""

    scorer: str
    gold: str
    replies: tuple[str, ...]
    format: str = "open"


MEANINGS = (
    Meaning("yes_no", "yes", ("yes", "Yes.", "Yes, it is."), "yes_no"),
    Meaning("yes_no", "no", ("no", "No."), "yes_no"),
    Meaning("short", "red umbrella", ("red umbrella", "Red umbrella.", "a red umbrella"), "short"),
    Meaning("short", "42", ("42", "42."), "short"),
    Meaning("relaxed", "43.5", ("43.5", "43.5."), "short"),
    Meaning("relaxed", "Norway", ("Norway", "norway."), "short"),
    Meaning("number", "7", ("7", "There are 7.", "seven")),
    Meaning("number", "3.5 m", ("3.5 m", "The answer is 3.5 meters.")),
    Meaning("boxed", "x+1", (r"\boxed{x+1}", r"So it is $\boxed{x + 1}$.")),
    Meaning("equivalent", "12", (r"\boxed{12}", "The answer is 12.")),
    Meaning("graded", "a red kite", ("a red kite", "a kite that is red")),
    Meaning("label", "Sand dune", ("Sand dune", "sand dune.", "It is a sand dune."), "label"),
    Meaning("list", '["red", "blue"]', ('["red", "blue"]', "red, blue")),
    Meaning("route", '["up", "left"]', ('["up", "left"]', "up, left")),
    Meaning("json_object", '{"choice": 1}', ('{"choice": 1}', 'I say {"choice": 1}.')),
    Meaning("times", "Car: 2.0 Person: 9.0", ("Car: 2.0\nPerson: 9.0", "Person: 9 Car: 2")),
    Meaning("displacement", "north 1 east 4", ("North: 1\nEast: 4", "North: 1, East: 4")),
    Meaning("choice", "B", ("B", "(B)", "in the drawer", "The answer is B."), "choice"),
)


def literal(gold: str) -> Any:
    """The value that a gold answer's JSON is, or its text."""
    try:
        return json.loads(gold)
    except ValueError:
        return gold


def numeral(gold: str) -> Any:
    """Yes and no as people count them."""
    return {"yes": 1, "no": 0, "B": 1}.get(gold, gold)


FORMS: dict[str, Callable[[str], Any]] = {
    "plain": str,
    "spaces": lambda g: f"  {g} \n",
    "capitals": str.upper,
    "small": str.lower,
    "title": str.title,
    "full stop": lambda g: f"{g}.",
    "semicolon": lambda g: f"{g};",
    "quoted": lambda g: f'"{g}"',
    "single quotes": lambda g: f"'{g}'",
    "parentheses": lambda g: f"({g})",
    "emphasis": lambda g: f"**{g}**",
    "dollars": lambda g: f"${g}$",
    "latex text": lambda g: rf"\text{{{g}}}",
    "boxed": lambda g: rf"\boxed{{{g}}}",
    "tagged": lambda g: f"<answer>{g}</answer>",
    "said": lambda g: f"The answer is {g}",
    "colon": lambda g: f"Answer: {g}",
    "sentence": lambda g: f"It is {g} because of the picture.",
    "reasoned": lambda g: f"<think>hm</think>{g}",
    "twice": lambda g: f"{g} {g}",
    "with unit": lambda g: f"{g} cm",
    "lines": lambda g: "\n".join(g.split()),
    "separated": lambda g: g.replace(" ", "; ") if " " in g else f"{g}; {g}",
    "colons": lambda g: ": ".join(g.split()),
    "full width": lambda g: g.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}),
    "zero width": lambda g: f"\ufeff{g}\u200b",
    "html": lambda g: f"<b>{g}</b>",
    "entity": lambda g: f"{g}&nbsp;",
    "list of one, spelt": lambda g: str([g]),
    "list of one, JSON": lambda g: json.dumps([g]),
    "list of two, spelt": lambda g: str([g, f"{g} too"]),
    "numpy": lambda g: f"['{g}' 'else']",
    "array": lambda g: f"array(['{g}'], dtype=object)",
    "tuple": lambda g: f"('{g}', 'else')",
    "set": lambda g: f"{{'{g}', 'else'}}",
    "object, spelt": lambda g: json.dumps({"answer": g}),
    "bytes, spelt": lambda g: str(g.encode()),
    "alternatives": lambda g: f"{g}<OR>{g} too",
    "pipes": lambda g: f"{g} || {g} too",
    "numeral": numeral,
    "numeral, spelt": lambda g: str(numeral(g)),
    "float": lambda g: float(numeral(g)) if isinstance(numeral(g), int) else g,
    "truth": lambda g: {"yes": True, "no": False}.get(g, g),
    "Chinese": lambda g: {"yes": "是", "no": "否", "7": "七"}.get(g, g),
    "German": lambda g: {"yes": "ja", "no": "nein", "7": "sieben"}.get(g, g),
    "value": literal,
    "list": lambda g: [g],
    "list of two": lambda g: [g, f"{g} too"],
    "same twice": lambda g: [g, g],
    "list of numbers": lambda g: [1, 2],
    "nested": lambda g: [[g]],
    "object": lambda g: {"answer": g},
    "votes": lambda g: [{"answer": g, "confidence": 1.0}],
    "null": lambda g: None,
    "empty": lambda g: "",
    "nan": lambda g: float("nan"),
    "empty list": lambda g: [],
    "deep": lambda g: "[" * 9999 + g,
    "question": lambda g: f"{g}?",
    "none": lambda g: "None",
    "unknown": lambda g: "unknown",
    "rubric": lambda g: f"{g} (accept anything near)",
}
"""Name -> the cell that a gold answer is written as."""
ANOTHER = {
    "list of numbers", "with unit", "none", "unknown", "rubric", "sentence", "twice", "question",
}  # fmt: skip
"""Forms that say something else: the reply that gives the cell's own text has to be right."""
OF_SCORER = {
    "json_object": {"capitals", "title", "object", "object, spelt"},
    **{key: {"separated", "colons"} for key in ("short", "relaxed", "boxed", "graded", "list")},
}
"""The same, of one scorer."""


@dataclass(slots=True)
class Outcome:
    """What a campaign came to."""

    forms: int = 0
    taken: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    """Taken and not reached, or refused otherwise than in one line."""


def campaign(folder: Path, every: int = 1) -> Outcome:
    """Every form of every meaning, as a typed cell and as text; with `every`, each n-th of them."""
    outcome = Outcome()
    config = params.load(ROOT / "params.yaml")
    for number, (meaning, name, kind) in enumerate(_cases()):
        if number % every:
            continue
        outcome.forms += 1
        cell = FORMS[name](meaning.gold)
        what = f"{meaning.scorer} {meaning.gold!r} as {name} in a {kind}"
        preset = BenchmarkPreset(**_preset(folder, kind, meaning, cell))
        presets = config.presets.model_copy(update={"benchmarks": {"own": preset}})
        try:
            (found,) = samples(config.model_copy(update={"presets": presets}), "own")
        except DataError as error:
            outcome.refused += 1
            line = str(error)
            if "row" not in line or "\n" in line or len(line) > 700:
                outcome.faults.append(f"{what}: refused with {line[:300]!r}")
            continue
        outcome.taken += 1
        is_another = name in ANOTHER or name in OF_SCORER.get(meaning.scorer, ())
        own = json.dumps(cell) if isinstance(cell, dict) else str(cell).strip()
        said = found.target.accepted or (own,) if is_another else meaning.replies
        missed = [reply for reply in said if not is_reached(found, reply)]
        if missed:
            outcome.faults.append(
                f"{what}: kept as {found.target.answer!r}, missed by {missed[0]!r}"
            )
    return outcome


def _cases() -> Iterator[tuple[Meaning, str, str]]:
    return itertools.product(MEANINGS, FORMS, ("table", "tsv"))


def is_reached(sample: Sample, reply: str) -> bool:
    """Whether the reply scores 1, or is left to a judge."""
    scorer = plugins.scorer(sample.target.scorer)
    prediction = scorer.parse(_natural(sample, reply), sample.question)
    value = None if prediction is None else worth(scorer, prediction, sample.target.answers)
    return value == 1.0 or (
        value is None and prediction is not None and sample.target.scorer in JUDGED
    )


def _natural(sample: Sample, reply: str) -> str:
    is_boxed = sample.target.scorer == "boxed" and "boxed" not in reply
    return rf"\boxed{{{reply}}}" if is_boxed else reply


def _preset(folder: Path, kind: str, meaning: Meaning, cell: Any) -> dict[str, Any]:
    """A benchmark of one row with this cell as its gold answer."""
    preset = {"source": kind, "format": meaning.format, "scorer": meaning.scorer}
    if kind == "tsv":
        path = folder / "own.tsv"
        options = dict(zip("ABC", OPTIONS, strict=True)) if meaning.scorer == "choice" else {}
        text = "" if cell is None else str(cell)
        row = {"index": "1", "image": PICTURE, "question": "Which?", **options, "answer": text}
        write_tsv(path, [row])
        if meaning.scorer == "choice":
            return {"source": "tsv", "file": str(path)}
        return {**preset, "file": str(path)}
    path = folder / "own.json"
    path.write_text(json.dumps([{"q": "Which?", "p": PICTURE, "o": OPTIONS, "a": cell}]))
    columns = {"question": "q", "pictures": "p", "answer": "a"}
    if meaning.scorer == "choice":
        columns["choices"] = "o"
    if meaning.scorer == "label":
        preset["choices"] = CLASSES  # type: ignore[assignment]
    return {**preset, "file": str(path), "columns": columns}
