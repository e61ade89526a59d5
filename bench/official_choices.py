"""Fuzzed predictions for measures over options, and over answers in a form that is asked for
(bench/official.py).
"""

from dataclasses import replace

from bench.official_case import Case, Rng, Task, worded
from g2u.records import Question, Target

WORDS = ["cat", "dog", "light blue car", "None", "seven apples", "left of it", "forest", "N/A"]
MORE = ["two rivers", "1989", "a red house", "to the north", "x + 2", "mercury"]
CHOICE = [
    ("letter", "{letter}"), ("letter.", "{letter}."), ("(letter)", "({letter})"),
    ("letter. text", "{letter}. {text}"), ("text", "{text}"), ("sentence", "It is {text}."),
    ("statement", "The answer is {letter}."), ("Answer: letter", "Answer: {letter}"),
    ("bold", "**{letter}**"), ("small letter", "{small}"), ("Option", "Option {letter}"),
    ("statement with text", "The correct answer is ({letter}) {text}."),
    ("According to", "According to the picture, it is {text}."),
    ("reasons first", "The others do not fit. Answer: {letter}"),
    ("excluded first", "{other} is wrong. The answer is {letter}."),
    ("explained after", "{letter}. A closer look shows it, and {other} does not fit."),
    ("boxed", "\\boxed{{{letter}}}"),
]  # fmt: skip
NOTHING = [
    ("declined", "I cannot tell from the picture."), ("two letters", "{letter} or {other}"),
    ("A man", "A man stands there."), ("empty", ""), ("denied", "It is not {letter}."),
    ("options again", "The options are {all}."),
]  # fmt: skip
REQUESTED = [
    ("template", "{{'Reasoning': 'I looked.', 'Answer': '{said}'}}"),
    ("JSON", '{{"Reasoning": "I looked.", "Answer": "{said}"}}'),
    ("fenced", '```json\n{{"Reasoning": "I looked.", "Answer": "{said}"}}\n```'),
    ("bare", "{said}"), ("full stop", "{said}."), ("statement", "The answer is {said}."),
    ("bold", "**{said}**"), ("declined", "I cannot tell what is shown in this picture."),
]  # fmt: skip
TAGGED = [
    ("tagged", "<answer>{said}</answer>"), ("reasons first", "I count. <answer>{said}</answer>"),
    ("on lines", "<answer>\n{said}\n</answer>"), ("bare", "{said}"),
    ("statement", "The answer is {said}."), ("full stop in it", "<answer>{said}.</answer>"),
    ("declined", "I cannot tell what is shown in this picture."), ("empty", ""),
]  # fmt: skip
SHORT = [
    ("bare", "{said}"), ("full stop", "{said}."), ("statement", "The answer is {said}."),
    ("bold", "**{said}**"), ("declined", "I cannot tell from the picture."), ("empty", ""),
]  # fmt: skip
MEASURED = [
    ("requested", "\\scalar{{{said}}} \\distance_unit{{{unit}}}"),
    ("reasons first", "The door is 2 m high.\n\\scalar{{{said}}} \\distance_unit{{{unit}}}"),
    ("bare", "{said} {unit}"), ("statement", "The answer is {said} {unit}."),
    ("bold", "**{said} {unit}**"), ("declined", "I cannot measure it in this picture."),
]  # fmt: skip
UNITS = {"cm": 1.0, "m": 100.0, "meters": 100.0, "feet": 30.48, "inches": 2.54}
"""In centimetres."""
ANSWERS = ["Cruiser", "Road bike", "Yes", "No", "3", "7", "Small", "Purple", "Left"]
PLAIN_ANSWERS = ["Cruiser", "No", "Small", "Purple", "Left"]
"""Of which VLMEvalKit takes none for another: 3 is yes there, and shapes of a class are one."""
SILENT = ("declined", "empty")


def choice_case(rng: Rng, number: int, is_plain: bool, key: str = "index", count: int = 4) -> Case:
    """A question of several options."""
    letters = "ABCDEFGHIJ"[:count]
    options = rng.sample(WORDS + (MORE if count > 4 else []), count)
    gold, said = rng.choice(letters), rng.choice(letters)
    other = rng.choice([c for c in letters if c != said])
    is_empty = not is_plain and rng.random() < 0.2
    name, pattern = worded(rng, NOTHING if is_empty else CHOICE, is_plain)
    text = options[ord(said) - 65]
    everything = " ".join(f"{c}. {o}" for c, o in zip(letters, options, strict=True))
    response = pattern.format(
        letter=said, small=said.lower(), other=other, text=text, all=everything
    )
    category = f"c{number % 5}"
    question = Question(
        str(number), "Which?", tuple(options), tuple(letters), "choice", category=category,
        labels=(("category", category),),
    )  # fmt: skip
    doc = {
        key: number, "question": "Which?", "answer": gold, "category": category,
        "options": options, **dict(zip(letters, options, strict=True)),
    }  # fmt: skip
    worth = float(said == gold and not is_empty)
    return Case(doc, question, Target(str(number), gold, "choice"), response, worth, name)


def ten_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A question of ten options."""
    return choice_case(rng, number, is_plain, count=10)


def mmmu_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A question of four options, or, every fifth, one of a number or a name."""
    if number % 5:
        return choice_case(rng, number, is_plain)
    right, wrong = rng.choice([("Rome", "Paris"), ("4.5", "7"), ("1200", "1300"), ("iron", "lead")])
    return _said(rng, number, is_plain, SHORT, rng.choice([(right, right), (right, wrong)]))


def spatial_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """An answer of Spatial457, within the form that it asks for."""
    answers = PLAIN_ANSWERS if is_plain else ANSWERS
    gold = rng.choice(answers)
    said = gold if rng.random() < 0.5 else rng.choice(answers)
    return _said(rng, number, is_plain, REQUESTED, (gold, said))


def mira_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """An answer within tags."""
    gold, said = rng.choice(["4", "red", "left"]), rng.choice(["4", "red", "left"])
    return _said(rng, number, is_plain, TAGGED, (gold, said))


def distance_case(rng: Rng, number: int, is_plain: bool) -> Case:
    """A length, right within a factor of two, in the unit of the answer or in another."""
    value, unit = round(rng.uniform(0.5, 90), 1), rng.choice(list(UNITS))
    factor = rng.choice([1.0, 1.5, 0.7, 0.4, 2.6, 10.0])
    other = rng.choice(list(UNITS))
    said = round(value * factor * UNITS[unit] / UNITS[other], 3)
    name, pattern = worded(rng, MEASURED, is_plain)
    question = Question(str(number), "How far?", format="open")
    target = Target(str(number), f"{value} {unit} */ 2", "number")
    worth = float(0.5 < factor < 2 and name != "declined")
    doc = {"answer": [value, unit]}
    return Case(doc, question, target, pattern.format(said=said, unit=other), worth, name)


def _said(
    rng: Rng, number: int, is_plain: bool, wordings: list[tuple[str, str]], pair: tuple[str, str]
) -> Case:
    """The second of a pair as the reply where the first is right."""
    gold, said = pair
    name, pattern = worded(rng, wordings, is_plain)
    category = f"c{number % 5}"
    question = Question(str(number), "Which?", category=category)
    doc = {"index": number, "question": "Which?", "answer": gold, "category": category,
           "options": []}  # fmt: skip
    worth = float(gold == said and name not in SILENT)
    target = Target(str(number), gold, "short")
    return Case(doc, question, target, pattern.format(said=said), worth, name)


ACCURACY = {"accuracy": "accuracy"}
LETTERS = Task(choice_case, "categories", ACCURACY)
CHOICES = {
    "mmstar": LETTERS, "blink": LETTERS, "real_world_qa": LETTERS, "ai2d": LETTERS,
    "mmmu": Task(mmmu_case, "categories", ACCURACY),
    "mmmu_pro": Task(ten_case, "categories", ACCURACY),
    "mmmu_pro_vision": Task(ten_case, "categories", ACCURACY),
    "spatial457": Task(spatial_case, "categories", ACCURACY),
}  # fmt: skip
"""Measures of lmms-eval."""
KIT_ALONE = {
    "r_bench": LETTERS,
    "q_spatial": Task(distance_case, "categories", ACCURACY),
}
"""Measures that VLMEvalKit alone has."""
OWN = {
    "mmmu": replace(CHOICES["mmmu"]),
    "mmmu_pro": replace(CHOICES["mmmu_pro"]),
    "mira": Task(mira_case, "categories", ACCURACY),
}
"""Measures whose benchmarks publish a scorer of their own that needs no model."""
