"""Fuzzed predictions for measures over accepted answers, places and pairs (bench/official.py)."""

import io
import math
from base64 import b64encode
from typing import Any

import numpy as np
from PIL import Image

from bench.official_case import Case, Rng, Task, worded
from g2u.pictures.decoding import encode_png, picture_of
from g2u.questions.files.regions import mask_of, region_of
from g2u.records import Question, Target

SPELT = {
    "red bus": ["red bus", "a red bus", "Red bus", "the red bus"],
    "two": ["2", "two", "Two"],
    "don't walk": ["don't walk", "dont walk", "Don't walk"],
    "1000": ["1,000", "1000"],
    "t-shirt": ["t-shirt", "t shirt", "T-shirt"],
    "left": ["left", "Left"],
    "coca cola": ["coca cola", "Coca Cola"],
}
"""An answer, and spellings of it that VQA's evaluation makes equal."""
SAID = [
    ("bare", "{said}"), ("full stop", "{said}."), ("bold", "**{said}**"),
    ("statement", "The answer is {said}."), ("Answer:", "Answer: {said}"),
    ("boxed", "\\boxed{{\\text{{{said}}}}}"), ("thinking", "<think>{other}?</think>\n{said}"),
    ("JSON", '{{"answer": "{said}"}}'), ("sentence", "It is {said}."),
    ("declined", "I cannot tell what is shown in this picture."), ("empty", ""),
]  # fmt: skip
SILENT = ("declined", "empty")
LINES = [
    "Helen Marsh", "invoice total 1240", "12 March 1994", "University of Leeds", "net weight 250 g",
    "Philip Moore", "page 17",
]  # fmt: skip
SIDE = 20
"""Pixels of the pictures in which points and boxes lie."""
BOXES = [
    ("list", "[{a}, {b}, {c}, {d}]"), ("bbox_2d", '{{"bbox_2d": [{a}, {b}, {c}, {d}]}}'),
    ("tuple", "({a}, {b}, {c}, {d})"), ("sentence", "The box is [{a}, {b}, {c}, {d}]."),
    ("fenced", '```json\n[{{"bbox_2d": [{a}, {b}, {c}, {d}], "label": "car"}}]\n```'),
    ("thinking", "<think>[0, 0, 1, 1]?</think>[{a}, {b}, {c}, {d}]"),
    ("bare", "{a}, {b}, {c}, {d}"),
    ("corners", "<box>({a},{b}),({c},{d})</box>"), ("declined", "I cannot find it."),
]  # fmt: skip
POINTS = [
    ("list of tuples", "[({x}, {y})]"), ("tuple", "({x}, {y})"), ("list", "[[{x}, {y}]]"),
    ("sentence", "It is at ({x}, {y})."), ("point_2d", '{{"point_2d": [{x}, {y}]}}'),
    ("thinking", "<think>(0.5, 0.5)?</think>({x}, {y})"), ("bare", "{x}, {y}"),
    ("words", "x = {x}, y = {y}"), ("declined", "I cannot find it."),
]  # fmt: skip
PAIRED = [
    ("letter", "{letter}"), ("(letter)", "({small})"), ("statement", "The answer is {letter}."),
    ("text", "{text}"), ("letter. text", "{letter}. {text}"), ("bold", "**{letter}**"),
    ("denied first", "It is not {other}. It is {letter}."),
    ("A sentence", "A closer look shows {text}."),
]  # fmt: skip


def people_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Ten people's answers, and one that some of them gave."""
    names = rng.sample(list(SPELT), 4)
    given = rng.choices(names[:3], weights=[6, 3, 1], k=10)
    people = tuple(rng.choice(SPELT[name]) for name in given)
    name, pattern = worded(rng, SAID, is_plain)
    meant = rng.choice(names)
    response = pattern.format(said=rng.choice(SPELT[meant]), other=names[3])
    agreeing = [sum(each == meant for each in given) - (own == meant) for own in given]
    value = 0.0 if name in SILENT else sum(min(1.0, n / 3) for n in agreeing) / 10
    doc = {
        "question_id": number,
        "answers": [{"answer": answer, "answer_id": n} for n, answer in enumerate(people, 1)],
    }
    return _case(number, doc, "vqa_soft", people, response, value, name)


def texts_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Accepted texts, and one of them with some letters wrong."""
    right = rng.sample(LINES, 3)
    accepted, meant = tuple(right[:2]), rng.choice(right)
    wrong = rng.choice([0, 0, 1, 2, len(meant) // 2, len(meant)])
    places = set(rng.sample(range(len(meant)), min(wrong, len(meant))))
    said = "".join("§" if n in places else letter for n, letter in enumerate(meant))
    name, pattern = worded(rng, SAID, is_plain)
    likeness = 1 - len(places) / len(meant) if meant in accepted else 0.0
    value = likeness if likeness >= 0.5 and name not in SILENT else 0.0
    doc = {"answers": list(accepted)}
    response = pattern.format(said=said, other="Robert Klein")
    return _case(number, doc, "anls", accepted, response, value, name)


def contains_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """Accepted texts, one of which a reply may hold."""
    right = rng.sample(LINES, 3)
    accepted, meant = tuple(right[:2]), rng.choice(right)
    name, pattern = worded(rng, SAID, is_plain)
    said = rng.choice([meant, meant.upper(), f"{meant}, in black"])
    response = pattern.format(said=said, other="nothing")
    value = float(meant in accepted and name not in SILENT)
    kind = "Doc-oriented VQA"
    doc = {"answer": list(accepted), "dataset": "docVQA", "question_type": kind, "category": kind}
    return _case(number, doc, "contains", accepted, response, value, name)


def box_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A box of relative numbers, and one beside it."""
    gold, said = _box(rng), _box(rng)
    said = tuple(g if rng.random() < 0.6 else s for g, s in zip(gold, said, strict=True))
    if said[0] >= said[2] or said[1] >= said[3]:
        said = gold
    name, pattern = worded(rng, BOXES, is_plain)
    overlap = _overlap(gold, said)
    if is_plain and overlap == 0.5:  # theirs rounds a half down
        said, overlap = gold, 1.0
    numbers = [f"{value / SIDE:.2f}" for value in said]
    response = pattern.format(**dict(zip("abcd", numbers, strict=True)))
    value = 0.0 if name == "declined" else float(overlap >= 0.5)
    bbox = [edge / SIDE for edge in gold]
    doc = {"question_id": number, "answer": "car", "bbox": bbox, "side": SIDE}
    kept = region_of(list(gold), _picture(), "pixels", "relative", "left_top_right_bottom", "bench")
    return _case(number, doc, "box", (kept,), response, value, name)


def point_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A mask, and a point on it or beside it."""
    left, top, right, bottom = _box(rng)
    light = np.zeros((SIDE, SIDE), np.uint8)
    light[top:bottom, left:right] = 255
    x, y = rng.uniform(0, 0.999), rng.uniform(0, 0.999)
    if rng.random() < 0.5:
        x, y = rng.uniform(left, right) / SIDE, rng.uniform(top, bottom) / SIDE
    x, y = math.floor(x * 1000) / 1000, math.floor(y * 1000) / 1000
    name, pattern = worded(rng, POINTS, is_plain)
    inside = light[math.floor(y * SIDE), math.floor(x * SIDE)] > 0
    value = 0.0 if name == "declined" else float(inside)
    file = io.BytesIO()
    Image.fromarray(light).save(file, "PNG")
    doc = {
        "id": number, "mask": light.tolist(), "prompt": "Point.", "suffix": "",
        "png": b64encode(file.getvalue()).decode(),
    }  # fmt: skip
    mask = picture_of(encode_png(np.repeat(light[:, :, None], 3, axis=2)), "bench")
    kept = mask_of(mask, _picture(), "relative", "bench")
    return _case(number, doc, "point", (kept,), pattern.format(x=x, y=y), value, name)


def pair_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """One of two questions whose answers differ."""
    options = ["open", "closed"]
    gold = "AB"[number % 2]
    said = gold if rng.random() < 0.8 else "AB"[1 - number % 2]
    name, pattern = worded(rng, PAIRED, is_plain)
    text, other = options["AB".index(said)], "AB"["BA".index(said)]
    response = pattern.format(letter=said, small=said.lower(), other=other, text=text)
    question = Question(str(number + 1), "Which?", tuple(options), tuple("AB"), "choice")
    doc = {
        "Index": number + 1, "index": number + 1, "Question": "Which?",
        "Options": "(a) open (b) closed", "Correct Answer": f"({gold.lower()})",
        "answer": gold, "A": "open", "B": "closed",
    }  # fmt: skip
    target = Target(question.id, gold, "choice")
    return Case(doc, question, target, response, float(said == gold), name)


def _case(
    number: int, doc: dict[str, Any], scorer: str, accepted: tuple[str, ...], said: str,
    value: float, kind: str,
) -> Case:  # fmt: skip
    several = accepted if len(accepted) > 1 else ()
    target = Target(str(number), accepted[0], scorer, several)
    return Case(doc, Question(str(number), "Which?"), target, said, value, kind)


def _box(rng: Rng) -> tuple[int, ...]:
    xs, ys = sorted(rng.sample(range(SIDE + 1), 2)), sorted(rng.sample(range(SIDE + 1), 2))
    return xs[0], ys[0], xs[1], ys[1]


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Intersection over union of two boxes of whole cells, by counting them."""
    cells = [
        {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}
        for box in (one, other)
    ]
    return len(cells[0] & cells[1]) / len(cells[0] | cells[1])


def _picture() -> Any:
    return picture_of(encode_png(np.zeros((SIDE, SIDE, 3), np.uint8)), "bench")


SETS = {
    "vqav2": Task(people_case, "categories", {"accuracy": "accuracy"}, "vqa_soft_published"),
    "textvqa": Task(people_case, "categories", {"accuracy": "accuracy"}, "vqa_soft_published"),
    "docvqa": Task(texts_case, "categories", {"accuracy": "accuracy"}, "anls_published"),
    "ocrbench": Task(contains_case, "categories", {"accuracy": "accuracy"}),
    "refcoco": Task(box_case, "grounding", {"ACC@0.5": "accuracy", "IoU": "mean IoU"}),
    "refspatial": Task(point_case, "categories", {"accuracy": "accuracy"}),
    "mmvp": Task(pair_case, "pairs", {"accuracy": "accuracy", "pairs": "pairs"}),
}
"""Measures that lmms-eval and VLMEvalKit both have."""
