"""What is drawn in training: pictures and prompts of prepared benchmarks, and paintings from words.

Gold answers are not read. Oracles are read only where they are asked for: by the watch, and by the
supervised reward.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from g2u.errors import DataError, ParamsError
from g2u.params.params import Params
from g2u.pictures.decoding import pixels_of
from g2u.pictures.ink import Pixels
from g2u.questions.wording import filled, question_prompt
from g2u.records import Question
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder
from g2u_tiny import painting
from g2u_tiny.alignment.section import PATH
from g2u_tiny.model.canvas import to_canvas

PAINTING = "painting"
"""The kind of tasks that paint from words."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to draw."""

    kind: str
    """<benchmark> <family>, or "painting"."""
    prompt: str
    source: Pixels
    """[size, size, 3], 0..255; a grey sheet for paintings."""
    question: str = ""
    """The question about the source, as models are asked it."""
    choices: tuple[str, ...] = ()
    oracle: Pixels | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Tasks by kind."""

    kinds: Mapping[str, Sequence[Task]]

    def supervised(self) -> "Pool":
        """The kinds whose oracles are known.

        Raises:
            ParamsError: there are none.
        """
        known = {kind: tasks for kind, tasks in self.kinds.items() if tasks[0].oracle is not None}
        if not known:
            raise ParamsError(
                f"{PATH}: align: no task has an oracle to learn from; expected a family that "
                "its benchmark has an oracle for"
            )
        return Pool(known)

    def drawn(self, rng: np.random.Generator, count: int, paints: int = 0) -> list[Task]:
        """Tasks at random: `paints` paintings, the others of the other kinds in turn."""
        names = [kind for kind in self.kinds if kind != PAINTING]
        first = int(rng.integers(max(1, len(names))))
        kinds = [names[(first + n) % len(names)] for n in range(count - paints)]
        chosen = (self.kinds[kind] for kind in [*kinds, *[PAINTING] * paints])
        return [tasks[int(rng.integers(len(tasks)))] for tasks in chosen]


def pool(
    config: Params,
    benchmarks: Mapping[str, Sequence[str]],
    size: int,
    *,
    paints: bool,
    with_oracles: bool = False,
    most: int | None = None,
) -> Pool:
    """Tasks of each benchmark with each of its families.

    Args:
        config: params.yaml.
        benchmarks: benchmark -> families whose prompts are fixed or templates.
        size: side of the network's canvas.
        paints: whether paintings from words are among them.
        with_oracles: whether tasks hold their oracles, where the benchmark has one for the family.
        most: of each kind.

    Raises:
        DataError: a benchmark is not prepared.
        ParamsError: a family with prompts of another sort.
    """
    kinds: dict[str, Sequence[Task]] = {}
    for benchmark, families in benchmarks.items():
        config.require(benchmark=benchmark)
        folder = BenchmarkFolder(benchmark)
        if not folder.questions.exists():
            raise DataError(
                f"{folder.questions}: missing; run python -m stages.prepare --benchmark {benchmark}"
            )
        oracles = tables.read_oracles(folder.oracles) if with_oracles else {}
        pictures = {
            digest: to_canvas(pixels_of(picture), size)
            for digest, picture in tables.read_pictures(folder.pictures).items()
        }
        questions = tables.read_questions(folder.questions)[:most]
        for family in families:
            prompts = _prompts(config, family, questions)
            is_agnostic = len(set(prompts)) == 1
            kinds[f"{benchmark} {family}"] = [
                Task(
                    f"{benchmark} {family}",
                    prompt,
                    pictures[question.pictures[0]],
                    question_prompt(question),
                    question.choices,
                    to_canvas(pixels_of(oracles[question.pictures[0]]), size)
                    if is_agnostic and question.pictures[0] in oracles
                    else None,
                )
                for question, prompt in zip(questions, prompts, strict=True)
            ]
    if paints:
        kinds[PAINTING] = list(paintings(size))
    return Pool(kinds)


def words_of(task: Task) -> painting.Painted:
    """Colour and shape that a painting's prompt names."""
    colour, shape = task.prompt.rstrip(".").split()[-2:]
    return painting.Painted(colour, shape)


def _prompts(config: Params, family: str, questions: Sequence[Question]) -> list[str]:
    config.require(family=family)
    settings = config.presets.families[family].settings()
    if isinstance(prompt := settings.get("prompt"), str):
        return [prompt] * len(questions)
    if isinstance(template := settings.get("template"), str):
        return [filled(template, question) for question in questions]
    raise ParamsError(
        f"{PATH}: align: family {family!r} has no prompt of its own; expected one with "
        "`prompt` or `template`"
    )


def paintings(size: int) -> Iterator[Task]:
    """Every shape in every colour."""
    for colour in painting.COLOURS:
        for shape in painting.SHAPES:
            prompt = painting.PROMPT.format(colour=colour, shape=shape)
            yield Task(PAINTING, prompt, painting.sheet(size))
