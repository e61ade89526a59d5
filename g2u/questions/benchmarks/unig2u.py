"""UniG2U-Bench: every sub-task of its parquet files, for both of its protocols.

Source: arXiv 2603.03241; lmms-eval 0.7.3, lmms_eval/tasks/unig2u (columns, pictures and their
order, answers, measures); data repository kkv233/unig2u_dataset. Direct is the direct arm;
generate-then-answer is a family that draws by the benchmark's own instruction (`edit: asked`),
which may solve the task: a treatment of its own. All wordings here are this project's.
Deviations, each because the original is at fault or needs a judge: all pictures of an item are
shown; responses that name two options or labels have not answered; numbers and normal forms of free
answers are compared by rule, a judge decides the rest; no number of steps is taken from the
solution.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

from g2u.errors import DataError, in_one_line
from g2u.questions.files.ahead import ahead
from g2u.questions.files.cells import pictures_in
from g2u.questions.files.marks import Marked, Placed
from g2u.questions.files.options import Kind, letter_of, options_in, options_of
from g2u.questions.files.rows import Row, rows_of
from g2u.questions.files.texts import one_text, text_of
from g2u.records import AnswerFormat, Question, Sample, Target
from g2u.settings import OneOf, Positive, Section

SCORERS = (
    "boxed", "choice", "displacement", "equivalent", "json_object", "label", "relaxed", "route",
    "times",
)  # fmt: skip

LETTER = "Answer with the letter of one option."
MOVES = (
    'End with the moves as a JSON list of lower-case words, such as ["right", "down"], between '
    "<ANSWER_JSON> and </ANSWER_JSON>."
)
SHAPES = {
    "icon": "Animal, Face_Emoji, Music, Sport, Stationery, Vehicle",
    "logo": "Adidas, Amazon, Apple, Audi, BMW, Mercedes Benz, Facebook, Google, Instagram, "
    "Mcdonalds, Nasa, Nike, Olympics, Playstation, Puma, Reebok, Spotify, Starbucks, Tesla, "
    "Telegram, Ubuntu",
    "in": "Airplane, Bicycle, Bird, Bottle, Car, Cat, Dog, Dolphin, Fork, Guitar, Mug, Panda, "
    "Paper_clip, Sailboat, Scooter, Teapot",
}
SCENES = (
    "Ocean, Origami, Forest, Cloud, Sand_dune, Medieval_Village, City, Underwater_ruins, Museum, "
    "Bazaar_market, Time_square"
)
DIFFICULTIES = ("easy", "medium", "hard")
OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row asks."""

    text: str
    answer: str
    choices: tuple[str, ...] = ()
    id: str = ""
    """Empty = the row's number."""


@dataclass(frozen=True, slots=True)
class Task:
    """A sub-task: where its pictures are, what it asks, how it is answered and drawn."""

    regime: str
    pictures: tuple[str, ...]
    """Columns, in the order in which pictures are shown."""
    ask: Callable[[Row], Asked | None]
    """None: the row belongs to another sub-task of the same file."""
    format: AnswerFormat
    scorer: str
    drawing: str
    """Instruction of generate-then-answer's first stage; {question} stands for the question."""


class Settings(Section):
    """What params.yaml may say of it."""

    file: str
    """One of the benchmark's parquet files, or a folder of them."""
    task: Annotated[str, OneOf(lambda: TASKS)]
    """A sub-task that the file holds."""
    items: Positive | None = None
    """How many rows of the sub-task are read, 1 and more; null = all."""


def read(settings: Settings) -> Iterator[Sample]:
    """The rows of a sub-task, in order; the first `items` of them if given.

    Raises:
        DataError: names file, row and column of what is wrong.
    """
    name = settings.task
    task, path = TASKS[name], Path(settings.file)

    def sample(numbered: tuple[int, Row]) -> Sample | None:
        number, row = numbered
        where = f"{path}: row {number}"
        try:
            asked = task.ask(row)
            if asked is None:
                return None
            options = options_of(asked.choices, "options") if task.scorer == "choice" else {}
            cells = [(column, row[column]) for column in task.pictures]
        except DataError as error:
            raise DataError(f"{where}, {error}") from None
        except KeyError as error:
            found = ", ".join(row)
            raise DataError(f"{where}: no column {error} for task {name}; found {found}") from None
        except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
            said = in_one_line(str(error), 200)
            raise DataError(f"{where}: not a row of task {name}: {said}") from None
        pictures = tuple(
            picture
            for column, cell in cells
            for picture in pictures_in(cell, f"{where}, column {column}")
        )
        if not asked.text.strip() or not asked.answer.strip():
            raise DataError(f"{where}: no question or no answer for task {name}")
        drawing = task.drawing.replace("{question}", asked.text)
        texts = Marked().question(Placed(asked.text, options, "", drawing), len(pictures), where)
        question = Question(
            id=asked.id or str(number),
            text=texts.text,
            choices=tuple(texts.options.values()) or asked.choices,
            letters=tuple(options),
            format=task.format if asked.choices or task.format != "choice" else "open",
            pictures=tuple(picture.digest for picture in pictures),
            category=str(row.get("category") or row.get("type") or ""),
            labels=(("regime", task.regime), ("task", name)),
            drawing=texts.drawing,
            is_placed=texts.is_placed,
        )
        answer = asked.answer
        if task.scorer == "choice":
            answer = letter_of(answer, options, where, "letter")
        return Sample(question, Target(question.id, answer, task.scorer), pictures, place=where)

    found = (sample for sample in ahead(sample, rows_of(path)) if sample is not None)
    yield from islice(found, settings.items)


def _text(row: Row, column: str) -> str:
    return text_of(row[column], f"column {column}").strip()


def _question(row: Row, column: str) -> str:
    return one_text(_text(row, column), f"column {column}")


def _plain(column: str, answer: str, request: str = "", id: str = "") -> Callable[[Row], Asked]:
    def ask(row: Row) -> Asked:
        text = _question(row, column)
        name = _text(row, id) if id else ""
        return Asked(f"{text}\n{request}".strip(), _text(row, answer), id=name)

    return ask


def _in_text(column: str, id: str = "") -> Callable[[Row], Asked]:
    """A question that holds its own options A to D; only their letters are known."""

    def ask(row: Row) -> Asked:
        text = f"{_question(row, column)}\n{LETTER}"
        answer = _text(row, "answer").strip("().").upper()
        return Asked(text, answer, ("A", "B", "C", "D"), _text(row, id) if id else "")

    return ask


def _visual_puzzle(row: Row) -> Asked:
    options = options_in(row["options"], "column options")
    choices = tuple(options.values()) or tuple(f"option {c} shown" for c in "ABCD")
    return Asked(
        _question(row, "question"), _text(row, "answer").upper(), choices, _text(row, "id")
    )


def _babyvision(kind: str) -> Callable[[Row], Asked | None]:
    def ask(row: Row) -> Asked | None:
        if kind not in _text(row, "type").lower():
            return None
        text, name = _question(row, "question"), _text(row, "taskId")
        request = r"Put the final answer in \boxed{}."
        if _text(row, "ansType") == "choice":
            options = options_in(row["options"], "column options")
            listed = "\n".join(f"({letter}) {option}" for letter, option in options.items())
            said = text_of(row["choiceAns"], "column choiceAns")
            written: Kind = "index" if said[:1].isdecimal() else "letter"
            answer = letter_of(said, options, "column choiceAns", written)
            return Asked(f"{text}\n{listed}\n{request}", answer, id=name)
        return Asked(f"{text}\n{request}", _text(row, "blankAns"), id=name)

    return ask


def _illusion(kind: str, part: str) -> Callable[[Row], Asked]:
    """Shape or scene of a picture whose name is <shape>-<scene>-<difficulty>-...png."""
    classes = tuple(name.strip() for name in f"{SHAPES[kind]}, {SCENES}".split(","))
    what = {"icon": "icon", "logo": "logo", "in": "shape"}[kind]
    text = {
        "shape": f"Parts of the background of this picture form a hidden {what}. Which {what}?",
        "scene": f"Parts of the background of this picture form a hidden {what}. "
        "Which scene is the background?",
    }[part]

    def ask(row: Row) -> Asked:
        name = _text(row, "image_name")
        parts = [p for p in re.sub(r"\.\w+$", "", Path(name).name).split("-") if p]
        place = next((i for i, p in enumerate(parts) if p.lower() in DIFFICULTIES), 0)
        if place < 2:
            raise ValueError(f"image_name {name[:80]!r}; expected <shape>-<scene>-<difficulty>-...")
        shape = "-".join(p for p in parts[: place - 1] if not p.isdigit())
        return Asked(text, shape if part == "shape" else parts[place - 1], classes, name)

    return ask


def _moves(column: str, text: str, *, swapped: bool = False) -> Callable[[Row], Asked]:
    def ask(row: Row) -> Asked:
        found = row[column]
        steps = [
            str(move).lower() for move in (json.loads(found) if isinstance(found, str) else found)
        ]
        if swapped:
            steps = [OPPOSITE.get(move, move) for move in steps]
        return Asked(f"{text} {MOVES}", json.dumps(steps))

    return ask


def _jigsaw(row: Row) -> Asked:
    text = (
        "The first picture is a 2 x 2 grid whose bottom-right cell is hidden; the second is "
        "candidate 0 for that cell, the third candidate 1. Which one completes the picture? "
        'End with {"choice": 0} or {"choice": 1}.'
    )
    return Asked(text, json.dumps({"choice": int(row["label"])}))


def _collision(row: Row) -> Asked:
    text = (
        "The first picture shows what a person, a car and a goal look like. The second is an "
        "example: there the car moves left by 1.0 cell a second and is 2 cells from the goal, so "
        "it needs 2.0 seconds; the person moves up by 0.5 and is 1 cell away, so it needs 2.0. "
        f"In the third picture the car moves {row['car_dir']} by {row['car_speed']} cells a second "
        f"and the person {row['person_dir']} by {row['person_speed']}. How many seconds does each "
        'need to the goal? End with two lines, such as "Car: 2.0" and "Person: 2.0".'
    )
    answer = f"Car: {float(row['gt_car'])} Person: {float(row['gt_person'])}"
    return Asked(text, answer, id=_text(row, "test_id"))


def _map(row: Row) -> Asked:
    text = (
        "On a street map, S in blue is the start and G in red is the goal. In the first picture, "
        "an example, the goal is reached by going north by 1 crossroad and east by 4; numbers in "
        "the names of streets do not count. Find a way on the map in the second picture. End with "
        'one move a line, as "North: 1" and "East: 4".'
    )
    north, east = int(row["gt_north_south"]), int(row["gt_east_west"])
    return Asked(text, f"north {north} east {east}", id=_text(row, "test_id"))


PROOF = "Solve it step by step and end with the answer in \\boxed{}."
AUXILIARY = (
    "Redraw this diagram unchanged and add, in another colour, the auxiliary lines and points that "
    "help to solve: {question}"
)


def _puzzle(drawing: str) -> Task:
    return Task("puzzles", ("image",), _visual_puzzle, "choice", "choice", drawing)


def _mmsi(drawing: str) -> Task:
    return Task("spatial", ("images",), _in_text("question", "id"), "open", "choice", drawing)


def _realunify(drawing: str) -> Task:
    ask = _in_text("evaluation_prompt")
    return Task("perception", ("image",), ask, "open", "choice", drawing)


def _illusions() -> dict[str, Task]:
    drawings = {
        "shape": "Draw only the outline of the figure that is hidden in this picture.",
        "scene": "Redraw this picture so that its surroundings stand out.",
    }
    return {
        f"illusion_{kind}_{part}": Task(
            "perception", ("image",), _illusion(kind, part), "label", "label", drawings[part]
        )
        for kind in SHAPES
        for part in drawings
    }


MAZE = (
    "Black cells are walls, white cells are free. Lead the blue dot to the green frame, one cell a "
    "move, up, down, left or right."
)
SLIDING = (
    "In this 3 x 3 sliding puzzle the red cell is the gap. Each move slides a neighbouring tile "
    "into it and is named by the way the tile goes: up, down, left or right. Solve the puzzle."
)
TASKS: dict[str, Task] = {
    "chartqa100": Task(
        "chart",
        ("image",),
        _plain("question", "answer"),
        "short",
        "relaxed",
        "Redraw this chart with every value written beside its mark.",
    ),
    "geometry3k": Task(
        "geometry", ("images",), _plain("problem", "answer", PROOF), "open", "equivalent", AUXILIARY
    ),
    "auxsolidmath": Task(
        "geometry",
        ("original_image",),
        _plain("question", "answer", PROOF),
        "open",
        "equivalent",
        AUXILIARY,
    ),
    "babyvision_fine_grained": Task(
        "perception",
        ("image",),
        _babyvision("fine-grained"),
        "open",
        "boxed",
        "Mark the small differences and the details that matter in this picture.",
    ),
    "babyvision_tracking": Task(
        "perception",
        ("image",),
        _babyvision("tracking"),
        "open",
        "boxed",
        "Trace every line of this picture in a colour of its own, from end to end.",
    ),
    **_illusions(),
    "mmsi_attribute_appr": _mmsi(
        "Mark and name colour, shape, texture and number of what is there."
    ),
    "mmsi_attribute_meas": _mmsi("Draw the sizes and distances of what is there, with numbers."),
    "mmsi_motion_cam": _mmsi("Draw arrows that show how the camera moved between the pictures."),
    "mmsi_motion_obj": _mmsi("Draw arrows that show how the things moved between the pictures."),
    "mmsi_msr": _mmsi("Draw from above where everything is, and what changes between pictures."),
    "phyx_mechanics": Task(
        "physics",
        ("image",),
        _plain("question", "answer", PROOF, "index"),
        "open",
        "equivalent",
        "Draw all forces on the bodies of this problem as arrows: {question}",
    ),
    "phyx_optics": Task(
        "physics",
        ("image",),
        _plain("question", "answer", PROOF, "index"),
        "open",
        "equivalent",
        "Draw the paths of the light rays of this problem: {question}",
    ),
    "realunify_mental_tracking": _realunify("Change the picture as this question says: {question}"),
    "realunify_mental_reconstruction": _realunify(
        "The patches of this picture are shuffled. Put them back in order and change nothing else."
    ),
    "realunify_attentional_focusing": _realunify("Mark the regions that matter for: {question}"),
    "uni_mmmu_jigsaw": Task(
        "puzzles",
        ("ref_image", "cand0_image", "cand1_image"),
        _jigsaw,
        "open",
        "json_object",
        "Complete the grid with this piece in its bottom-right cell.",
    ),
    "uni_mmmu_maze": Task(
        "puzzles",
        ("initial_image",),
        _moves("steps", MAZE),
        "open",
        "route",
        "Draw the way from the blue dot to the green frame into this maze.",
    ),
    "uni_mmmu_sliding": Task(
        "puzzles",
        ("initial_image",),
        _moves("steps_words", SLIDING, swapped=True),
        "open",
        "route",
        "Draw this sliding puzzle after its next move.",
    ),
    "visualpuzzles_algorithmic": _puzzle("Draw the steps of the calculation for: {question}"),
    "visualpuzzles_analogical": _puzzle("Draw what changes between the pairs of this puzzle."),
    "visualpuzzles_deductive": _puzzle("Draw the given facts of this puzzle as a diagram."),
    "visualpuzzles_inductive": _puzzle("Draw the next element of this pattern."),
    "visualpuzzles_spatial": _puzzle("Draw the figure of this puzzle folded, turned or unfolded."),
    "vsp_collision": Task(
        "real-world",
        ("icon_image", "example_image", "test_image"),
        _collision,
        "open",
        "times",
        "Draw the number of cells from the car and from the person to the goal into this map.",
    ),
    "vsp_google_map": Task(
        "real-world",
        ("example_image", "test_image"),
        _map,
        "open",
        "displacement",
        "Draw a way from S to G into this map, with the number of crossroads of each stretch.",
    ),
}
"""Regimes are inferred from the paper's item counts; its public code does not name them."""


def tasks() -> Sequence[str]:
    """Names of all sub-tasks."""
    return tuple(TASKS)
