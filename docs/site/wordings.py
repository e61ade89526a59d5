"""The page of docs/reference on wordings: what we ask of each benchmark, and what others ask.

What is asked is made by the code that asks; elsewhere.yaml says what a wording does not.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docs.site.docstrings import ROOT, parsed, plain, table
from g2u.files import from_yaml
from g2u.params import reading
from g2u.params.sections import BenchmarkPreset, Understand
from g2u.questions.worded import FORMATS, HOUSE, Wording, worded, wordings
from g2u.questions.wording import asked
from g2u.records import AnswerFormat, Prompt, Question

FACTS: dict[str, Any] = from_yaml(
    Path(__file__).with_name("elsewhere.yaml").read_text(encoding="utf-8")
)
TEXT = "Is the BUS larger?"
PLACED = "Is <image 1> larger than <image 2>?"
OPTIONS = ("it is", "it is not")
HEAD = (
    "wording", "text and pictures", "tokens", "how a reply is read", "figure", "why it differs",
)  # fmt: skip
TWO = ("blink",)
"""Benchmarks of several pictures without marks."""
MARKED = ("mmmu", "mmmu_pro")
HINTED = ("mmbench",)
SAYS_YES = ("mme", "pope")
"""Those whose questions end in a request."""
TOKENS = int(Understand().max_tokens)


def wordings_page() -> str:
    """Every benchmark that has wordings of others, beside ours."""
    presets = reading.load(ROOT / "params.yaml").presets.benchmarks
    parts = [
        "# Wordings: what is asked, here and elsewhere",
        "A benchmark is asked in g2u's words, or in those of others: `wording: lmms_eval` in its "
        "preset, or `mmstar__lmms_eval` among `benchmarks`, which stands beside `mmstar` in one "
        "study ([how](../benchmarks.md#the-same-number-as-elsewhere)). Each block below is the "
        "message of one made-up question; `<picture 1>` is where the picture stands. "
        "`python -m bench.prompts` sets thousands beside what lmms-eval and VLMEvalKit make, "
        "`python -m bench.official` the scorers.",
        f"Ours: at most {TOKENS:,} tokens (`understand.max_tokens`), greedy. Theirs as they come; "
        "models of their own may change them.",
    ]
    for path in sorted((ROOT / HOUSE).glob("*.yaml")):
        parts += _section(path.stem, presets[path.stem])
    return "\n\n".join(parts)


def _section(name: str, preset: BenchmarkPreset) -> list[str]:
    """A benchmark: the table, then the messages."""
    found = wordings(name, ROOT)
    forms = [form for form in FORMATS if any(getattr(each, form) for each in found.values())]
    own = {form: _message(name, form, None) for form in forms}
    rows = [(_marked("own", preset), "", f"{TOKENS:,}", *_ours(preset, forms), "")]
    parts: list[str] = []
    for word, wording in found.items():
        said = {form: _message(name, form, wording) for form in _forms(wording)}
        same = all(text == own[form] for form, text in said.items())
        rows.append((_marked(word, preset), "equal" if same else "different", *_told(name, word)))
        if not same:
            parts += [f"`{name}__{word}`, after {wording.source}:", *map(_block, said.values())]
    return [f"## {name}", table(rows, HEAD), "`own`:", *map(_block, own.values()), *parts]


def _marked(word: str, preset: BenchmarkPreset) -> str:
    return f"{word} (the preset's)" if word == preset.wording != "own" else word


def _told(name: str, word: str) -> tuple[str, str, str, str]:
    """What is known of a wording beside its text."""
    wide = FACTS["wide"][word.removesuffix("_cot")]
    told = {**wide, **FACTS[name][word]}
    tokens = "equal" if told["tokens"] == TOKENS else f"{told['tokens']:,}"
    return tokens, plain(told["read"]), plain(told["figure"]), plain(told["why"])


def _ours(preset: BenchmarkPreset, forms: Sequence[str]) -> tuple[str, str]:
    """How ours reads a reply, and its figure, in the words of their modules."""
    mathvista = preset.metric == "mathvista"
    scorers = ["choice", "number", "list", "short"] if mathvista else forms
    named = preset.settings().get("scorer")
    found = dict.fromkeys([named] if named else scorers)
    read = "; ".join(_first_line("g2u/scores/types", each) for each in found)
    return read, _first_line("g2u/scores/official", preset.metric)


def _first_line(folder: str, name: str) -> str:
    """The first line of a plug-in's docstring, which begins with its name."""
    text = parsed(ROOT / folder / name).body[0].value.value  # type: ignore[attr-defined]
    return plain(str(text).strip().split("\n\n")[0].replace("\n", " ").rstrip("."))


def _forms(wording: Wording) -> list[AnswerFormat]:
    return [form for form in FORMATS if getattr(wording, form) is not None]


def _message(name: str, form: Any, wording: Wording | None) -> tuple[Prompt, int]:
    """What is asked of the made-up question in a format, and how many pictures it has."""
    has_options = form in ("choice", "multi_choice")
    pictures = ("1", "2") if name in (*TWO, *MARKED) else ("1",)
    question = Question(
        "1", _text(name), OPTIONS if has_options else (), (), form, pictures,
        "It rained." if name in HINTED else "", "L1_single", is_placed=name in MARKED,
    )  # fmt: skip
    return asked(worded(question, wording)), len(pictures)


def _text(name: str) -> str:
    """The made-up question; where it is in the picture, what the preset says instead."""
    if name == "mmmu_pro_vision":
        preset = reading.load(ROOT / "params.yaml").presets.benchmarks[name]
        return str(preset.settings()["columns"]["question"])
    request = " Please answer yes or no." if name in SAYS_YES else ""
    return PLACED if name in MARKED else f"{TEXT}{request}"


def _block(shown: tuple[Prompt, int]) -> str:
    """A message as it is sent, with names for its pictures."""
    prompt, count = shown
    pictures = [[f"<picture {n}>"] for n in range(1, count + 1)]
    return "```text\n" + "".join(map(str, prompt.around(pictures))) + "\n```"
