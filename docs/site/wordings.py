"""The page of docs/reference on wordings: what we ask of each benchmark, and what others ask.

What is asked is made by the code that asks; elsewhere.yaml says what a wording does not.
"""

from pathlib import Path
from typing import Any

from docs.site.docstrings import ROOT, parsed, plain, table
from g2u.files import from_yaml
from g2u.params import reading
from g2u.params.sections import BenchmarkPreset, Understand
from g2u.questions.worded import FORMATS, HOUSE, Wording, worded, wordings
from g2u.questions.wording import asked
from g2u.records import Prompt, Question

FACTS: dict[str, Any] = from_yaml(
    Path(__file__).with_name("elsewhere.yaml").read_text(encoding="utf-8")
)
TEXT = "Is the left one larger?"
PLACED = "Is <image 1> larger than <image 2>?"
OPTIONS = ("it is", "it is not")
TWO = ("blink",)
"""Benchmarks of several pictures without marks."""
MARKED = ("mmmu", "mmmu_pro")
HINTED = ("mmbench",)
TOKENS = int(Understand().max_tokens)


def wordings_page() -> str:
    """Every benchmark that has wordings of others, beside ours."""
    presets = reading.load(ROOT / "params.yaml").presets.benchmarks
    parts = [
        "# Wordings: what is asked, here and elsewhere",
        "A benchmark is asked in g2u's words, or in those of others: `wording: lmms_eval` in its "
        "preset, or `mmstar@lmms_eval` among `benchmarks`, which stands beside `mmstar` in one "
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
    rows = [("own", "", f"{TOKENS:,}", *_ours(preset, forms), "")]
    parts: list[str] = []
    for word, wording in found.items():
        said = {form: _message(name, form, wording) for form in _forms(wording)}
        same = all(text == own[form] for form, text in said.items())
        rows.append((word, "equal" if same else "different", *_told(name, word)))
        if not same:
            parts += [f"`{name}@{word}`, after {wording.source}:", *map(_block, said.values())]
    head = ("wording", "text and pictures", "tokens", "how a reply is read", "figure", "why it differs")
    return [f"## {name}", table(rows, head), "`own`:", *map(_block, own.values()), *parts]


def _told(name: str, word: str) -> tuple[str, str, str, str]:
    """What is known of a wording beside its text."""
    wide = FACTS["wide"][word.removesuffix("_cot")]
    told = {**wide, **FACTS[name][word]}
    tokens = "equal" if told["tokens"] == TOKENS else f"{told['tokens']:,}"
    return tokens, plain(told["read"]), plain(told["figure"]), plain(told["why"])


def _ours(preset: BenchmarkPreset, forms: list[str]) -> tuple[str, str]:
    """How ours reads a reply, and its figure: the names of its scorers and of its metric."""
    scorers = [preset.settings().get("scorer") or form for form in forms]
    if preset.source == "tsv" and preset.settings().get("scorer"):
        scorers = [preset.settings()["scorer"]]
    if "mathvista" in preset.metric:
        scorers = ["choice", "number", "list", "short"]
    read = "; ".join(_first_line("g2u/scores/types", each) for each in dict.fromkeys(scorers))
    return read, _first_line("g2u/scores/official", preset.metric)


def _first_line(folder: str, name: str) -> str:
    """The first line of a plug-in's docstring, which begins with its name."""
    text = parsed(ROOT / folder / name).body[0].value.value  # type: ignore[attr-defined]
    return plain(str(text).strip().split("\n\n")[0].replace("\n", " ").rstrip("."))


def _forms(wording: Wording) -> list[str]:
    return [form for form in FORMATS if getattr(wording, form) is not None]


def _message(name: str, form: Any, wording: Wording | None) -> Prompt:
    """What is asked of the made-up question in a format."""
    has_options = form in ("choice", "multi_choice")
    pictures = ("1", "2") if name in (*TWO, *MARKED) else ("1",)
    question = Question(
        "1", PLACED if name in MARKED else TEXT, OPTIONS if has_options else (), (), form, pictures,
        "It rained." if name in HINTED else "", "L1_single", is_placed=name in MARKED,
    )  # fmt: skip
    return asked(worded(question, wording))


def _block(prompt: Prompt) -> str:
    """A message as it is sent, with names for its pictures."""
    count = 2 if "<image 2>" in prompt.text or "<image> larger than <image>" in prompt.text else 1
    shown = [[f"<picture {n}>"] for n in range(1, count + 1)]
    return "```text\n" + "".join(str(part) for part in prompt.around(shown)) + "\n```"
