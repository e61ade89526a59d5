"""reading: what imagined detail did for a reader, as tables and one picture, from study `reading`.

Output: tables between their marks in docs/reading.md, docs/reading.png.
Run: python -m flows.reading   (after: python -m flows.study reading)
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image, ImageDraw, ImageFont

from flows.figures import inside, results, with_tables
from flows.study import RESULTS, WORKSPACES, params_of
from g2u.arms import DIRECT, Arm
from g2u.errors import DataError, run_main
from g2u.files import write_whole
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.pictures.decoding import pixels_of
from g2u.report.strip import INK, RIGHT, SOFT, WRONG
from g2u.scores.statistics import Resampling, paired_gain
from g2u.tables import schemas as tables
from g2u.tables.places import REPORT, BenchmarkFolder, Cell
from g2u.tables.schemas import Score

DOCUMENT, PICTURE = Path("docs/reading.md"), Path("docs/reading.png")
TUNED, UNTUNED, LINE, SMALL = (
    "x4plus_ppocr", "x4plus_ppocr_untuned", "x4plus_ppocr_line", "anime_ppocr",
)  # fmt: skip
READERS = {
    TUNED: "tuned reader, x4plus draws",
    SMALL: "tuned reader, animevideov3 draws",
    LINE: "recogniser alone, x4plus draws",
    UNTUNED: "reader as it comes, x4plus draws",
}
INSTEAD, BESIDE, LOOK = Arm("replace", is_main=True), Arm("concat"), Arm("look")
STRANGE = INSTEAD.shuffled()
ARMS = (
    ("direct", DIRECT, "the sign"),
    ("duplicate", INSTEAD, "the sign once more"),
    ("blank", INSTEAD, "a blank picture instead"),
    ("upscale", INSTEAD, "upscaled and sharpened, instead"),
    ("upscale", STRANGE, "another sign's, instead"),
    ("upscale", BESIDE, "upscaled and sharpened, beside it"),
    ("upscale", LOOK, "upscaled and sharpened, to look"),
    ("detail", INSTEAD, "the drawing, instead"),
    ("detail", STRANGE, "another sign's drawing, instead"),
    ("detail", BESIDE, "the drawing, beside it"),
    ("detail", LOOK, "the drawing, to look"),
    ("oracle", INSTEAD, "the clean sign, instead"),
    ("adversarial", INSTEAD, "another word, instead"),
)
"""Family, arm, and what the reader is shown."""
ALONE = ("direct", DIRECT)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two arms on the same signs."""

    name: str
    more: tuple[str, str, Arm]
    """Model, family, arm."""
    less: tuple[str, str, Arm]


def _differences() -> list[Difference]:
    shown = {(family, arm): said for family, arm, said in ARMS}
    thoughts = [place for place in shown if place[0] in ("upscale", "detail")]
    found = []
    for model, said in READERS.items():
        own = [place for place in thoughts if place[1].pairing == "own"]
        found += [
            Difference(f"{said}: {shown[place]} - the sign", (model, *place), (model, *ALONE))
            for place in own
        ]
        found += [
            Difference(f"{said}: {name}", (model, "detail", more), (model, *less))
            for name, more, less in (
                ("drawing - classical, instead", INSTEAD, ("upscale", INSTEAD)),
                ("drawing - classical, beside it", BESIDE, ("upscale", BESIDE)),
                ("drawing - classical, to look", LOOK, ("upscale", LOOK)),
                ("drawing read - drawing looked at", INSTEAD, ("detail", LOOK)),
                ("its drawing - another sign's", INSTEAD, ("detail", STRANGE)),
            )
        ]
    return found + [
        Difference(
            f"reader as it comes: {said} - tuned reader: the sign",
            (UNTUNED, *place),
            (TUNED, *ALONE),
        )
        for place, said in shown.items()
        if place == ALONE or place in thoughts
    ]


def cell(benchmark: str, model: str, family: str) -> Cell:
    """Of the slow reader, on the first signs of a benchmark; their ids are the same."""
    return Cell(f"{benchmark}_first" if model == UNTUNED else benchmark, model, family)


def scores_of(benchmark: str, model: str, family: str, arm: Arm) -> dict[str, Score]:
    """By question; none where the arm was not asked."""
    path = cell(benchmark, model, family).scores
    rows = tables.read_scores(path) if path.exists() else []
    return {row.id: row for row in rows if row.arm == arm and row.score is not None}


def compared(more: Mapping[str, Score], less: Mapping[str, Score], how: Resampling) -> str:
    """The difference in points with its interval; empty where an arm is missing."""
    if not more or not less:
        return ""
    after, before, clusters = zip(
        *((each.score, less[name].score, each.cluster) for name, each in more.items()), strict=True
    )
    gain = paired_gain(after, before, clusters, how)
    low, high = (f"{100 * end:+.1f}" for end in (gain.low, gain.high))
    return f"{100 * gain.difference:+.1f} [{low}, {high}]"


def right(found: Mapping[str, Score]) -> str:
    """Per cent that was read rightly."""
    return f"{100 * sum(each.score or 0 for each in found.values()) / len(found):.1f}"


def characters(benchmark: str, model: str, family: str, arm: Arm) -> str:
    """Character accuracy in per cent, as score left it."""
    told = json.loads(cell(benchmark, model, family).metrics.read_text())["official"]
    return f"{told[arm.name]['character accuracy']['value']:.1f}"


def readings(benchmark: str, verdicts: Mapping[tuple[str, str, str], str], how: Resampling) -> str:
    """One height: what each reader reads of what it is shown, and what the report says of it."""
    lines = [
        "| shown | " + " | ".join(READERS.values()) + " | verdict (tuned, x4plus) |",
        "|---" * (len(READERS) + 2) + "|",
    ]
    for family, arm, shown in ARMS:
        cells = []
        for model in READERS:
            found = scores_of(benchmark, model, family, arm)
            if not found:
                cells.append("-")
                continue
            direct = scores_of(benchmark, model, *ALONE)
            gain = "" if family == "direct" else f", {compared(found, direct, how)}"
            letters = characters(benchmark, model, family, arm)
            cells.append(f"{right(found)} ({letters}){gain}")
        name = arm.called(family, DIRECT if arm == DIRECT else INSTEAD)
        cells.append(verdicts.get((benchmark, TUNED, name)) or "")
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def differences(benchmarks: Sequence[str], how: Resampling) -> str:
    """Every difference at every height, in points with its interval."""
    lines = [
        "| difference | " + " | ".join(benchmarks) + " |",
        "|---" * (len(benchmarks) + 1) + "|",
    ]
    for each in _differences():
        cells = [
            compared(scores_of(name, *each.more), scores_of(name, *each.less), how)
            for name in benchmarks
        ]
        if any(cells):
            lines.append(f"| {each.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def tuning() -> str:
    """The development split: every setting's accuracy at every height, best mean first."""
    told, rows = results("tuning"), []
    models = Params.model_validate(params_of("tuning")).presets.models
    for model, found in next(iter(told.values())).items():
        settings = models[model].settings
        looks = "reader" in settings
        said = _said(settings["reader"]["settings"] if looks else settings)
        for family in ("detail", "upscale") if looks else ("direct",):
            if family in found:
                each = [100 * of_height[model][family]["accuracy"] for of_height in told.values()]
                rows.append((sum(each) / len(each), family, said, each))
    heads = ["shown", "settings", *told, "mean"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for mean, family, said, each in sorted(rows, key=lambda row: (row[1] != "direct", -row[0])):
        figures = " | ".join(f"{one:.1f}" for one in [*each, mean])
        lines.append(f"| {SHOWN[family]} | {said} | {figures} |")
    return "\n".join(lines) + "\n"


SHOWN = {"direct": "the sign", "detail": "the drawing, to look", "upscale": "upscaled, to look"}


def _said(settings: Mapping[str, Any]) -> str:
    told = {name: value for name, value in settings.items() if name != "threads"}
    return ", ".join(f"{name} {value}" for name, value in told.items()) or "as it comes"


KINDS = (
    ("read rightly, its drawing wrongly", True, False),
    ("read wrongly, its drawing rightly", False, True),
    ("both read wrongly", False, False),
)


def picture(benchmarks: Sequence[str]) -> Image.Image:
    """Of each height and kind the first sign: it, the classical picture, the drawing, the clean
    one, and what the tuned reader reads of each. All are as large as the drawing.
    """
    rows = []
    for benchmark in benchmarks:
        direct = scores_of(benchmark, TUNED, *ALONE)
        drawn = scores_of(benchmark, TUNED, "detail", INSTEAD)
        for said, is_read, is_drawn in KINDS:
            fitting = (
                name
                for name, score in direct.items()
                if bool(score.score) == is_read and bool(drawn[name].score) == is_drawn
            )
            if (name := next(fitting, None)) is not None:
                rows.append(
                    (f"{benchmark.rpartition('_')[2]} px: {said}", _panels(benchmark, name))
                )
    return _sheet(rows)


def _panels(benchmark: str, name: str) -> list[tuple[str, Image.Image, str, bool]]:
    question = next(
        q for q in tables.read_questions(BenchmarkFolder(benchmark).questions) if q.id == name
    )
    found = []
    for heading, family, arm in (
        ("the sign", "direct", DIRECT),
        ("upscaled and sharpened", "upscale", INSTEAD),
        ("Real-ESRGAN's drawing", "detail", INSTEAD),
        ("the clean sign", "oracle", INSTEAD),
    ):
        place = Cell(benchmark, TUNED, family)
        if family == "direct":
            small = pixels_of(
                tables.read_pictures(BenchmarkFolder(benchmark).pictures)[question.pictures[0]]
            )
            shown = small.resize((4 * small.width, 4 * small.height), Image.Resampling.NEAREST)
        else:
            thought = next(t for t in tables.read_thoughts(place.thoughts) if t.question == name)
            assert thought.picture is not None
            shown = pixels_of(thought.picture)
        said = next(a for a in tables.read_answers(place.answers) if a.id == name and a.arm == arm)
        is_right = bool(scores_of(benchmark, TUNED, family, arm)[name].score)
        found.append((heading, shown, said.response, is_right))
    return found


def _sheet(rows: Sequence[tuple[str, Sequence[tuple[str, Image.Image, str, bool]]]]) -> Image.Image:
    font, gap, line = ImageFont.load_default(15), 14, 22
    wide = [max(panels[n][1].width for _, panels in rows) + gap for n in range(len(rows[0][1]))]
    tall = [2 * line + max(panel[1].height for panel in panels) + gap for _, panels in rows]
    found = Image.new("RGB", (sum(wide) + gap, sum(tall) + line + gap), "white")
    pen = ImageDraw.Draw(found)
    for n, (heading, *_) in enumerate(rows[0][1]):
        pen.text((gap + sum(wide[:n]), 4), heading, INK, font)
    for number, (said, panels) in enumerate(rows):
        y = line + gap + sum(tall[:number])
        pen.text((gap, y), said, SOFT, font)
        for n, (_, shown, read, is_right) in enumerate(panels):
            x = gap + sum(wide[:n])
            found.paste(shown, (x, y + line))
            pen.text((x, y + line + shown.height + 2), read, RIGHT if is_right else WRONG, font)
    return found


def main() -> None:
    """Write the tables and the picture."""
    benchmarks = [n for n in params_of("reading")["benchmarks"] if not n.endswith("_first")]
    place = WORKSPACES / "reading"
    if not (place / REPORT / "gains.csv").exists():
        raise DataError(f"{place / REPORT}: missing; run python -m flows.study reading")
    told = pl.read_csv(RESULTS / "reading.csv")
    verdicts = {
        (row["benchmark"], row["model"], row["arm"]): row["verdict"]
        for row in told.iter_rows(named=True)
    }
    tuned = {"tuning": tuning()}
    with inside(place):
        how = Resampling.of(params.load().score)
        found = {name: readings(name, verdicts, how) for name in benchmarks}
        found["differences"] = differences(benchmarks, how)
        shown = picture(benchmarks)
    write_whole(DOCUMENT, with_tables(DOCUMENT.read_text(encoding="utf-8"), found | tuned))
    shown.quantize(256).save(PICTURE, optimize=True)
    print(f"reading: {DOCUMENT}, {PICTURE}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
