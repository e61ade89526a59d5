"""Published scorers beside ours, over fuzzed predictions whose meaning is known by construction.

For each measure: 2,500 predictions in many wordings. Where the published scorer gives what the
prediction means, ours has to give the same; where it does not, the wording is listed. Where we have
the published rule as a scorer of its own, it has to agree with theirs in every prediction. Then the
published figures, from predictions in a wording that both read.
Run: python -m bench.official PYTHON [FOLDER [FOLDER]]    (of an environment with lmms-eval 0.7.3;
of VLMEvalKit's source; of the sources of MMMU and MIRA under these names)
"""

import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.official_case import Case, Rng, Task, worded
from bench.official_choices import CHOICES, KIT_ALONE, OWN, WORDS, choice_case
from bench.official_sets import SETS
from g2u.arms import DIRECT
from g2u.questions.benchmarks.unig2u import SCENES, SHAPES
from g2u.records import Question, Target
from g2u.scores.metrics import score_answers
from g2u.scores.statistics import Resampling
from g2u.scores.units import Figures
from g2u.tables.schemas import Answer, Score

COUNT = 2500
PEER = Path(__file__).with_name("official_peer.py")
KIT = Path(__file__).with_name("official_kit.py")
PUBLISHED = Path(__file__).with_name("official_own.py")
MATHVISTA = (("task", "figure"), ("skills", "algebraic"))
"""Groups that its metric is made of."""
MOVES = ["up", "down", "left", "right"]


def circular_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A rotation: four rows share a base."""
    index = number // 4 + (number % 4) * 10**6
    made = choice_case(rng, index, is_plain)
    if is_plain and rng.random() < 0.6:
        made = Case(made.doc, made.question, made.target, made.target.answer, 1.0, made.kind)
    return made


YES_NO = [
    ("word", "{Word}"), ("word.", "{Word}."), ("small", "{word}"),
    ("sentence", "{Word}, that is what the picture shows."),
    ("statement", "The answer is {word}."), ("bold", "**{Word}**"),
    ("reasons first", "There is a dog. The answer is {word}."),
    ("both words", "{Word}. Otherwise it would be {opposite}."),
]  # fmt: skip
NEITHER = [
    ("declined", "I cannot tell."),
    ("both", "Yes and no."),
    ("nothing", "A dog."),
    ("empty", ""),
]


def yes_no_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A yes/no question of MME's, HallusionBench's and POPE's forms at once."""
    gold, said = rng.choice(["yes", "no"]), rng.choice(["yes", "no"])
    is_empty = not is_plain and rng.random() < 0.2
    name, pattern = worded(rng, NEITHER if is_empty else YES_NO, is_plain)
    response = pattern.format(
        word=said, Word=said.capitalize(), opposite="no" if said == "yes" else "yes"
    )
    category = ["existence", "count", "OCR", "code_reasoning"][number // 2 % 4]
    picture = f"p{number // 2}"
    parts = [number // 8, number // 4 % 2, number % 4]
    index = f"VD_s_x_{parts[0]}_{parts[1]}_{parts[2]}_{number}"
    question = Question(
        index, "?", (), (), "yes_no", (picture,), category=category,
        labels=(("category", category), ("image_path", picture)),
    )  # fmt: skip
    doc = {
        "question_id": picture, "category": category, "answer": gold, "subcategory": "s",
        "set_id": parts[0], "figure_id": parts[1], "gt_answer": str(int(gold == "yes")),
    }  # fmt: skip
    doc_question = {**doc, "question_id_hb": parts[2]}
    worth = float(said == gold and not is_empty)
    return Case(doc_question, question, Target(index, gold, "yes_no"), response, worth, name)


def hallusion_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """The same with HallusionBench's meaning of question_id."""
    made = yes_no_case(rng, number, is_plain)
    doc = {**made.doc, "question_id": made.doc["question_id_hb"], "category": "VD"}
    question = Question(made.question.id, "?", (), (), "yes_no", made.question.pictures)
    return Case(doc, question, made.target, made.said, made.worth, made.kind)


NUMBERS = [
    ("number", "{said}"), ("number.", "{said}."), ("statement", "The answer is {said}."),
    ("bold", "**{said}**"), ("sentence", "It is {said}"), ("spaces", " {said} "),
]  # fmt: skip


def chartqa_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A number within or beyond 5 %, a percentage or a word."""
    kind = rng.choice(["number", "number", "percent", "word"])
    if kind == "word":
        gold, said = rng.choice(["Blue", "Norway", "2019"]), rng.choice(["Blue", "Norway", "2019"])
        is_right = gold == said
    else:
        value = round(rng.uniform(1, 500), 2)
        factor = rng.choice([1.0, 1.04, 0.96, 1.07, 0.9, 2.0])
        sign = "%" if kind == "percent" else ""
        gold, said = f"{value}{sign}", f"{round(value * factor, 4)}{sign}"
        is_right = abs(factor - 1) <= 0.05
    name, pattern = worded(rng, NUMBERS, is_plain)
    question = Question(str(number), "How much?")
    target = Target(str(number), gold, "relaxed")
    return Case(
        {"answer": gold}, question, target, pattern.format(said=said), float(is_right), name
    )


def mathvista_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """An integer, a float or a choice; lmms-eval is given the answer it extracts from."""
    kind = rng.choice(["integer", "float", "choice"])
    doc = {"question_type": "free_form", "answer_type": kind, "choices": [], "precision": 1}
    name, pattern = worded(rng, NUMBERS, is_plain)
    if kind == "choice":
        options = rng.sample(WORDS, 4)
        gold, said = rng.randrange(4), rng.randrange(4)
        doc |= {"question_type": "multi_choice", "answer_type": "text", "choices": options}
        doc["answer"] = options[gold]
        name, pattern = worded(
            rng, [("(letter)", "({letter})"), ("letter", "{letter}"), ("text", "{text}")], is_plain
        )
        response = pattern.format(letter="ABCD"[said], text=options[said])
        question = Question(
            str(number), "?", tuple(options), tuple("ABCD"), "open", labels=MATHVISTA
        )
        target = Target(str(number), "ABCD"[gold], "choice")
        return Case(doc, question, target, response, float(gold == said), name)
    value, wrong = (rng.randrange(100), rng.randrange(100, 200))
    gold_text = str(value) if kind == "integer" else f"{value}.5"
    is_right = rng.random() < 0.5
    text = gold_text if is_right else str(wrong)
    doc["answer"] = gold_text
    question = Question(str(number), "?", format="open", labels=MATHVISTA)
    target = Target(str(number), gold_text, "number")
    return Case(doc, question, target, pattern.format(said=text), float(is_right), name)


def mmvet_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A grade that a judge has given: only the aggregation is compared."""
    del is_plain
    capability = rng.choice(["rec", "ocr", "ocr,math", "rec,gen,know"])
    grade = rng.randrange(11) / 10
    question = Question(str(number), "?", category=capability, labels=(("category", capability),))
    target = Target(str(number), "x", "graded")
    return Case({"capability": capability}, question, target, grade, grade, "grade")  # type: ignore[arg-type]


def route_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Moves, right up to some place."""
    gold = [rng.choice(MOVES) for _ in range(rng.randint(2, 9))]
    said = gold[: rng.randint(1, len(gold))] if rng.random() < 0.4 else list(gold)
    said = [rng.choice(MOVES) if rng.random() < 0.15 else move for move in said]
    wordings = [
        ("tagged", "<ANSWER_JSON>{json}</ANSWER_JSON>"), ("list", "{json}"),
        ("after a plan", "First up, then on.\n<ANSWER_JSON>{json}</ANSWER_JSON>"),
        ("words", "{words}"), ("letters", "{letters}"),
    ]  # fmt: skip
    name, pattern = worded(rng, wordings, is_plain)
    response = pattern.format(
        json=json.dumps(said), words=", ".join(said), letters="".join(m[0].upper() for m in said)
    )
    worth = sum(a == b for a, b in zip(said, gold, strict=False)) / len(gold)
    question = Question(str(number), "?", format="open")
    target = Target(str(number), json.dumps(gold), "route")
    return Case({"steps": json.dumps(gold)}, question, target, response, worth, name)


def jigsaw_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A choice of 0 or 1 as JSON."""
    gold, said = rng.randrange(2), rng.randrange(2)
    wordings = [
        ("tagged", '<FINAL_ANSWER_JSON>{{"choice": {said}, "why": "seam"}}</FINAL_ANSWER_JSON>'),
        ("object", '{{"choice": {said}}}'), ("fenced", '```json\n{{"choice": {said}}}\n```'),
        ("after words", 'The seams fit. {{"choice": {said}, "rationale": "a {{b}}"}}'),
        ("as text", '{{"choice": "{said}"}}'),
    ]  # fmt: skip
    name, pattern = worded(rng, wordings, is_plain)
    question = Question(str(number), "?", format="open")
    target = Target(str(number), json.dumps({"choice": gold}), "json_object")
    return Case(
        {"label": gold}, question, target, pattern.format(said=said), float(gold == said), name
    )


def collision_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Two times, each right within 1."""
    gold = (round(rng.uniform(0, 9), 1), round(rng.uniform(0, 9), 1))
    shift = (rng.choice([0, 0.5, -0.5, 1.5, 3]), rng.choice([0, 0.5, 1.5, 3]))
    car, person = round(gold[0] + shift[0], 1), round(gold[1] + shift[1], 1)
    wordings = [
        ("two lines", "Car: {car}\nPerson: {person}"), ("small", "car: {car}, person: {person}"),
        ("after a plan", "Each divides by its speed.\nCar: {car}\nPerson: {person}"),
        ("bold", "**Car:** {car}\n**Person:** {person}"),
    ]  # fmt: skip
    name, pattern = worded(rng, wordings, is_plain)
    worth = sum(abs(s) <= 1.0 for s in shift) / 2
    if car < 0 or person < 0:
        return collision_case(rng, number, is_plain)
    question = Question(str(number), "?", format="open")
    target = Target(str(number), f"Car: {gold[0]} Person: {gold[1]}", "times")
    doc = {"gt_car": gold[0], "gt_person": gold[1]}
    return Case(doc, question, target, pattern.format(car=car, person=person), worth, name)


def map_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Two legs of a way."""
    north, east = rng.randint(-4, 4), rng.randint(-4, 4)
    gold = (north, east) if rng.random() < 0.5 else (north + 1, east)
    legs = [
        ("South" if north < 0 else "North", abs(north)),
        ("West" if east < 0 else "East", abs(east)),
    ]
    wordings = [
        ("lines", "<Output>\n1. {a}: {m}\n2. {b}: {n}"), ("bare lines", "{a}: {m}\n{b}: {n}"),
        ("after a plan", "The goal is there.\n<Output>\n1. {a}: {m}\n2. {b}: {n}"),
        ("one line", "{a}: {m}, {b}: {n}"), ("words", "Go {a} 0 and {a} {m}, then {b} {n}"),
    ]  # fmt: skip
    name, pattern = worded(rng, wordings, is_plain)
    response = pattern.format(a=legs[0][0], m=legs[0][1], b=legs[1][0], n=legs[1][1])
    question = Question(str(number), "?", format="open")
    target = Target(str(number), f"north {gold[0]} east {gold[1]}", "displacement")
    doc = {"gt_north_south": gold[0], "gt_east_west": gold[1]}
    return Case(doc, question, target, response, float(gold == (north, east)), name)


def illusion_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A class out of many."""
    classes = [name.strip() for name in f"{SHAPES['icon']}, {SCENES}".split(",")]
    gold, said = rng.choice(classes), rng.choice(classes)
    said = gold if rng.random() < 0.5 else said
    wordings = [
        ("class", "{said}"), ("small", "{small}"), ("sentence", "It is a {spaced}."),
        ("statement", "The answer is {said}."), ("denied", "It is not a {other} but a {spaced}."),
    ]  # fmt: skip
    name, pattern = worded(rng, wordings, is_plain)
    other = rng.choice([c for c in classes if c != said])
    response = pattern.format(
        said=said, small=said.lower(), spaced=said.replace("_", " ").lower(),
        other=other.replace("_", " ").lower(),
    )  # fmt: skip
    question = Question(str(number), "?", tuple(classes), format="label")
    target = Target(str(number), gold, "label")
    return Case({"answer": gold}, question, target, response, float(gold == said), name)


TASKS = {
    "mmbench": Task(
        circular_case,
        "circular",
        {
            "circular": "circular",
            **{f"circular, category c{n}": f"circular, category c{n}" for n in range(5)},
        },
    ),
    "mme": Task(yes_no_case, "mme", {"perception": "perception", "cognition": "cognition"}),
    "hallusion": Task(hallusion_case, "hallusion", {n: n for n in ("aAcc", "fAcc", "qAcc")}),
    "pope": Task(yes_no_case, "pope", {n: n for n in ("accuracy", "precision", "recall", "F1")}),
    "chartqa": Task(chartqa_case, "categories", {"accuracy": "accuracy"}),
    "mathvista": Task(mathvista_case, "mathvista", {"accuracy": "accuracy"}),
    "mmvet": Task(mmvet_case, "mmvet", {"score": "score"}),
    "route": Task(route_case, "unig2u", {"score": "score", "exact": "exact"}),
    "jigsaw": Task(jigsaw_case, "unig2u", {"score": "score"}),
    "collision": Task(collision_case, "unig2u", {"score": "score"}),
    "map": Task(map_case, "unig2u", {"score": "score"}),
    "visualpuzzles": Task(choice_case, "unig2u", {"score": "score"}),
    "realunify": Task(choice_case, "unig2u", {"score": "score"}),
    "mmsi": Task(choice_case, "unig2u", {"score": "score"}),
    "illusion": Task(illusion_case, "unig2u", {"score": "score"}),
    **SETS,
    **CHOICES,
}
KIT_TASKS = {
    **SETS,
    **{name: replace(TASKS[name], figures={}) for name in ("mmbench", "mme", "chartqa")},
    "hallusion": TASKS["hallusion"],
    "pope": TASKS["pope"],
    **CHOICES,
    **KIT_ALONE,
}
"""Measures that VLMEvalKit has without a model that judges; of the first three not the figures."""


def cases(task: Task, *, is_plain: bool) -> list[Case]:
    """The predictions of a measure."""
    rng = random.Random(0)
    return [task.make(rng, number, is_plain) for number in range(COUNT)]


def asked(command: Sequence[str], tasks: Mapping[str, list[Case]]) -> dict[str, Any]:
    """What another harness makes of them."""
    rows = {name: [{"doc": c.doc, "said": c.said} for c in found] for name, found in tasks.items()}
    done = subprocess.run(
        command, input=json.dumps(rows), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ours(found: Sequence[Case]) -> list[Score]:
    """Our scores of the predictions; a grade is taken as it is."""
    if found[0].kind == "grade":
        return [Score(c.question.id, DIRECT, "judged", "", c.worth, c.question.id) for c in found]
    questions, gold = [c.question for c in found], [c.target for c in found]
    answers = [Answer(c.question.id, DIRECT, "", "ok", response=c.said) for c in found]
    return score_answers(questions, gold, answers)


def figures(task: Task, found: Sequence[Case], scores: Sequence[Score]) -> dict[str, float]:
    """Our published figures."""
    questions, gold = [c.question for c in found], [c.target for c in found]
    made = Figures(task.metric, questions, gold, Resampling(0.95, 100, 0))
    told = made.of_units(made.units(scores) or {}, None)
    return {name: figure["value"] for name, figure in told.items() if "value" in figure}


def by_rule(task: Task, found: Sequence[Case]) -> list[float]:
    """What the published rule, a scorer of ours, makes of the whole responses."""
    plain = [replace(case, target=replace(case.target, scorer=task.rule)) for case in found]
    return [score.score or 0.0 for score in ours(plain)]


def compare(harness: str, command: Sequence[str], tasks: Mapping[str, Task]) -> int:
    """Print the tables of one harness; returns in how many places ours differs."""
    fuzzed = {name: cases(task, is_plain=False) for name, task in tasks.items()}
    plain = {name: cases(task, is_plain=True) for name, task in tasks.items()}
    theirs, their_plain = asked(command, fuzzed), asked(command, plain)
    bad = 0
    print(
        f"| measure | predictions | {harness} right | ours right | ours differs where it is right "
        "| the published rule differs |\n|---|---|---|---|---|---|"
    )
    wrong: dict[str, Counter[str]] = defaultdict(Counter)
    for name, found in fuzzed.items():
        right = own = differ = 0
        for case, value, score in zip(found, theirs[name]["items"], ours(found), strict=True):
            is_right = abs(value - case.worth) < 1e-9
            agrees = score.score is not None and abs(score.score - case.worth) < 1e-9
            right, own = right + is_right, own + agrees
            if is_right and not agrees:
                differ += 1
                print(f"  differs: {name}, {case.kind}: {case.said!r}", file=sys.stderr)
            if not is_right:
                wrong[name][case.kind] += 1
        by = "-"
        if tasks[name].rule:
            pairs = zip(found, by_rule(tasks[name], found), theirs[name]["items"], strict=True)
            off = [case for case, one, other in pairs if abs(one - other) > 1e-9]
            by = str(len(off))
            for kind, count in Counter(case.kind for case in off).most_common():
                example = next(case.said for case in off if case.kind == kind)
                print(f"  rule differs: {name}, {kind} {count}: {example!r}", file=sys.stderr)
        bad += differ
        shares = f"{right / len(found):.1%} | {own / len(found):.1%}"
        print(f"| {name} | {len(found)} | {shares} | {differ} | {by} |")
    print(f"\nWordings that {harness} misreads, with how often:")
    for name, kinds in wrong.items():
        print(f"- {name}: " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    print(f"\n| figure | {harness} | ours |\n|---|---|---|")
    for name, task in tasks.items():
        made = figures(task, plain[name], ours(plain[name]))
        for their_name, our_name in task.figures.items():
            value = their_plain[name]["figures"][their_name]
            bad += abs(value - made[our_name]) > 1e-6
            print(f"| {name}: {our_name} | {value:.6f} | {made[our_name]:.6f} |")
    return bad


def main() -> None:
    """Print the tables; exit code 1 where ours differs from a scorer that is right."""
    if len(sys.argv) < 2 or not Path(sys.argv[1]).exists():
        sys.exit(
            "usage: python -m bench.official PYTHON [FOLDER [FOLDER]]    (with lmms-eval 0.7.3 "
            "installed; VLMEvalKit's source; a folder of the sources MMMU and MIRA)"
        )
    bad = compare("lmms-eval", [sys.argv[1], str(PEER)], TASKS)
    if len(sys.argv) > 2:
        bad += compare("VLMEvalKit", [sys.argv[1], str(KIT), sys.argv[2]], KIT_TASKS)
    if len(sys.argv) > 3:
        bad += compare("its own", [sys.argv[1], str(PUBLISHED), sys.argv[3]], OWN)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
