"""What our wordings ask beside what lmms-eval and VLMEvalKit ask, over fuzzed questions.

Each message is compared whole: texts and pictures in their order. A document has the form that
their dataset has; where options stand inside its question, that form is ours to know (a comment of
the wording says so). VLMEvalKit's neighbouring texts count as one, and white space alone as none.
Run: python -m bench.prompts PYTHON [FOLDER]    (of an environment with lmms-eval 0.7.3; of
VLMEvalKit's source)
"""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.official_asking import OF_KIT, TASKS
from g2u.questions.files.marks import Marked, Placed
from g2u.questions.worded import Wording, worded, wordings
from g2u.questions.wording import asked
from g2u.records import AnswerFormat, Picture, Question

COUNT = 500
ASKING = Path(__file__).with_name("official_asking.py")
TEXTS = [
    "Which of them is left?", "Is the bag open", "what does IT say?", "Compare.\nWhich fits {x}?",
    'How many "red" dots are there?', "Nach links? Ja.", "1 < 2, but why?",
]  # fmt: skip
OPTIONS = ["open", "closed", "a red bus", "3.5 m", "none", "left of it", "B", "Paris, France"]
FORMATS: dict[str, AnswerFormat] = {
    **dict.fromkeys(("mme", "hallusion", "pope"), "yes_no"),
    **dict.fromkeys(("chartqa", "textvqa", "docvqa", "vqav2", "spatial457"), "short"),
    **dict.fromkeys(("mmvet", "mathvista", "refspatial"), "open"),
}
"""How answers are asked for; all others are choices."""
LEVELS = ("L1_single", "L4_pose", "L5_6d_spatial", "L9_other")
MARKED = ("mmmu", "mmmu_pro")
Row = dict[str, Any]


def row_of(rng: random.Random, benchmark: str) -> Row:
    """A question as a table has it."""
    form = FORMATS.get(benchmark, "choice")
    count = rng.randint(2, 4) if form == "choice" else 0
    options = dict(zip("ABCD", rng.sample(OPTIONS, count), strict=False))
    text, pictures = rng.choice(TEXTS), 1
    if benchmark in ("mme", "pope"):
        text += " Please answer yes or no."
    if benchmark == "refspatial":
        text += " Your answer is a list of tuples."
    if benchmark == "blink":
        pictures = rng.randint(1, 4)
    if benchmark in MARKED:
        pictures = rng.randint(1, 3)
        places = "".join(f"<image {n}>" for n in range(1, pictures + 1))
        text = rng.choice([f"{places} {text}", f"{text} {places}", f"Of {places}, {text}"])
        if benchmark == "mmmu" and rng.random() < 0.2:
            options = {}
    hint = "It is a dog." if benchmark == "mmbench" and rng.random() < 0.5 else ""
    category = rng.choice(LEVELS) if benchmark == "spatial457" else "c"
    return {"question": text, "options": options, "hint": hint, "pictures": pictures,
            "category": category}  # fmt: skip


def ours(row: Row, benchmark: str, wording: Wording) -> list[str | int]:
    """The message that our wording makes of a row."""
    placed = Placed(row["question"], row["options"], row["hint"])
    texts = Marked().question(placed, row["pictures"], "bench")
    form = FORMATS.get(benchmark, "choice" if row["options"] else "short")
    digests = tuple(str(n) for n in range(1, row["pictures"] + 1))
    question = Question(
        "1", texts.text, tuple(texts.options.values()), tuple(texts.options), form, digests,
        texts.hint, row["category"], is_placed=texts.is_placed,
    )  # fmt: skip
    prompt = asked(worded(question, wording, texts.of(question)))
    parts = prompt.around([[Picture(digest, b"", 1, 1)] for digest in digests])
    return [int(part.digest) if isinstance(part, Picture) else part for part in parts]


def told(message: list[str | int]) -> list[str | int]:
    """A message without texts of white space alone."""
    return [part for part in message if isinstance(part, int) or part.strip()]


def compare(whose: str, names: list[str], command: list[str]) -> None:
    """Print how many messages are equal, and the first that is not."""
    rng = random.Random(0)
    presets = {name: name.partition("/")[0] for name in names}
    rows = {name: [row_of(rng, preset) for _ in range(COUNT)] for name, preset in presets.items()}
    done = subprocess.run(command, input=json.dumps(rows), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    theirs = json.loads(done.stdout)
    for name, preset in presets.items():
        word = name.partition("/")[2] or whose
        wording = wordings(preset, Path())[word]
        pairs = [
            (told(ours(row, preset, wording)), told(message))
            for row, message in zip(rows[name], theirs[name], strict=True)
        ]
        odd = [pair for pair in pairs if pair[0] != pair[1]]
        print(f"| {preset} | {word} | {COUNT} | {COUNT - len(odd)} |")
        if odd:
            print(f"  ours: {odd[0][0]!r}\n  theirs: {odd[0][1]!r}")


def main() -> None:
    """Compare with each."""
    print("| benchmark | wording | questions | messages equal |\n|---|---|---|---|")
    compare("lmms_eval", list(TASKS), [sys.argv[1], str(ASKING), "lmms_eval"])
    if len(sys.argv) > 2:
        names = [*OF_KIT, "mmmu_pro/vlmevalkit_cot", "mmmu_pro_vision/vlmevalkit_cot"]
        compare("vlmevalkit", names, [sys.argv[1], str(ASKING), "vlmevalkit", sys.argv[2]])


if __name__ == "__main__":
    main()
