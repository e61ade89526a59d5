"""The pages of docs/reference: settings, commands, columns and Python, read off the code.

Run: `python -m docs.site.reference` (part of `make docs`). The pages are committed, so that they
can be read where no site is built; a test holds them to the code (tests/test_documents.py).
"""

import argparse
import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.site.docstrings import ROOT, Row, class_part, documented, parsed, plain, table, told
from docs.site.wordings import wordings_page
from g2u import plugins
from g2u.arms import Arm, Rule
from g2u.cli.parser import parser
from g2u.params.params import Params
from g2u.params.sections import BenchmarkPreset, FamilyPreset, ModelPreset
from g2u.questions.targets import TARGETS
from g2u.records import Picture, Question, Target, Thought
from g2u.settings import Section, _kind
from g2u.tables import schemas

PAGES = ROOT / "docs" / "reference"
NOTE = "<!-- written by python -m docs.site.reference: change the code, then run make docs -->\n"
PRESETS: dict[str, type[Section]] = {
    "models": ModelPreset,
    "benchmarks": BenchmarkPreset,
    "families": FamilyPreset,
}
PLUG_INS = {
    "adapter": ("Adapters: presets.models.NAME.settings", "g2u/models"),
    "source": ("Sources: presets.benchmarks.NAME", "g2u/questions/benchmarks"),
    "edit": ("Edits: presets.families.NAME", "g2u/thoughts/edits"),
}
"""Kinds of plug-ins that take settings, each with its heading and its folder."""
TABLES = (
    ("data/BENCHMARK/questions.parquet", schemas.QUESTIONS, (Question,)),
    ("data/BENCHMARK/targets.parquet", TARGETS, (Target,)),
    ("data/BENCHMARK/pictures/part-*.parquet", schemas.PICTURES, (Picture,)),
    ("data/BENCHMARK/oracles/part-*.parquet", schemas.ORACLES, (schemas.Oracle, Picture)),
    (
        "data/BENCHMARK/FAMILY/MODEL/thoughts/part-*.parquet",
        schemas.THOUGHTS,
        (schemas.Drawn, Picture, Thought, schemas.Recipe),
    ),
    (
        "data/BENCHMARK/FAMILY/MODEL/thoughts/links.parquet",
        schemas.LINKS,
        (schemas.Link, Thought),
    ),
    ("data/BENCHMARK/FAMILY/MODEL/answers.parquet", schemas.ANSWERS, (schemas.Answer, Arm)),
    ("data/BENCHMARK/FAMILY/MODEL/rewards.parquet", schemas.REWARDS, (schemas.Reward,)),
    ("data/BENCHMARK/FAMILY/MODEL/scores.parquet", schemas.SCORES, (schemas.Score, Arm)),
    ("data/BENCHMARK/FAMILY/MODEL/judgements.parquet", schemas.JUDGEMENTS, (schemas.Judgement,)),
    ("data/BENCHMARK/FAMILY/MODEL/calls/STAGE.parquet", schemas.CALLS, (schemas.Call,)),
)
"""Files, their tables, and the records whose fields say what a column means, first ones first."""
PYTHON = ("g2u/study.py", "g2u/records.py", "g2u/protocols.py", "g2u/errors.py")


def pages() -> dict[str, str]:
    """The pages by name, as they have to be."""
    made = {
        "params.md": params_page(),
        "command_line.md": command_page(),
        "columns.md": columns_page(),
        "python.md": python_page(),
        "wordings.md": wordings_page(),
    }
    return {name: f"{NOTE}{text.rstrip()}\n" for name, text in made.items()}


def params_page() -> str:
    """Every key of params.yaml with type, default and meaning."""
    parts = [
        "# params.yaml: every key",
        "A key that is left out has its default. *required*: it has none. A value that does not "
        "fit, or a key that is misspelt, is one line before anything is made. `NAME` is a name of "
        "yours. Presets that come with g2u: [presets.yaml](../../g2u/params/presets.yaml).",
        "## What runs",
        table(entries(Params, skipping=tuple(sections(Params)))),
    ]
    for name, section in sections(Params).items():
        if name != "presets":
            parts += [f"## {name}", told(section), table(entries(section))]
    for axis, preset in PRESETS.items():
        parts += [f"## presets.{axis}.NAME", told(preset), table(entries(preset))]
    for kind, (heading, folder) in PLUG_INS.items():
        parts += [f"## {heading}", f"Beside `{kind}: NAME`, by the module of `{folder}`."]
        for name in sorted(set(plugins.known(kind)) - set(plugins.foreign())):
            keys = table(entries(plugins.settings(kind, name)))
            parts += [f"### {kind}: {name}", keys or "No further keys."]
    return "\n\n".join(filter(None, parts))


def sections(kind: type[Section]) -> dict[str, type[Section]]:
    """The fields of a section that are sections themselves."""
    inner = {name: section_of(field.annotation) for name, field in kind.model_fields.items()}
    listed = {name for name, field in kind.model_fields.items() if holds_many(field.annotation)}
    return {name: found for name, found in inner.items() if found and name not in listed}


def section_of(annotation: Any) -> type[Section] | None:
    """The section that an annotation holds, itself or in a list, a mapping or a choice."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for each in get_args(annotation) if (found := section_of(each))), None)


def holds_many(annotation: Any) -> bool:
    """Whether an annotation is of a list or a mapping."""
    return "list[" in str(annotation) or "dict[" in str(annotation)


def entries(kind: type[Section], prefix: str = "", skipping: tuple[str, ...] = ()) -> list[Row]:
    """A row per key: its path, type, default and meaning; inner sections after their key."""
    meanings: dict[str, str] = documented(kind)
    rows: list[Row] = []
    for name, field in kind.model_fields.items():
        if name in skipping:
            continue
        rows.append((f"`{prefix}{name}`", typed(field), default(field), meanings.get(name, "")))
        if inner := section_of(field.annotation):
            step = {"list": "[].", "dict": ".NAME."}.get(str(field.annotation)[:4], ".")
            rows += entries(inner, f"{prefix}{name}{step}")
    return rows


def typed(field: FieldInfo) -> str:
    """The type of a field in the words of params.yaml's errors."""
    return plain(_kind(field.annotation, field.metadata))


def default(field: FieldInfo) -> str:
    """The default of a field as YAML has it."""
    if field.is_required():
        return "*required*"
    value = field.default if field.default is not PydanticUndefined else field.get_default()
    if isinstance(value, Section):
        return ""
    words = {None: "null", True: "true", False: "false", "": '""'}
    is_word = value is None or isinstance(value, bool) or value == ""
    said = words[value] if is_word else str(value).removeprefix(f"{ROOT}/")
    return f"`{said}`".replace("'", "").replace("|", "\\|")


def command_page() -> str:
    """Every command with its arguments."""
    whole = parser()
    (commands,) = (
        action for action in whole._actions if isinstance(action, argparse._SubParsersAction)
    )
    parts = [
        "# The command line: every option",
        "Commands work from any folder of a study. What they are for, and what exit codes mean: "
        "[commands](../commands.md). `g2u --version` prints the version.",
    ]
    for name, command in sorted(commands.choices.items()):
        actions = [each for each in command._actions if each.dest != "help"]
        usage = " ".join(["g2u", name, *map(used, actions)])
        help_ = next(each.help for each in commands._choices_actions if each.dest == name)
        rows = [(f"`{shown(each)}`", plain(each.help or ""), preset(each)) for each in actions]
        parts += [f"## g2u {name}", plain(help_ or ""), f"```\n{usage}\n```"]
        parts += [table(rows, ("argument", "meaning", "default"))]
    return "\n\n".join(filter(None, parts))


def shown(action: argparse.Action) -> str:
    """An argument as it is written: an option with its value, or a place's name."""
    value = action.metavar or action.dest.upper()
    if action.choices:
        value = "{" + ",".join(action.choices) + "}"
    if isinstance(value, tuple):
        value = " ".join(value)
    if not action.option_strings:
        return value
    takes = action.nargs != 0
    return f"{action.option_strings[-1]} {value}" if takes else action.option_strings[-1]


def used(action: argparse.Action) -> str:
    """An argument in a usage line: brackets where it may be left out, dots where it repeats."""
    text = shown(action) + (" ..." if action.nargs in ("+", "*") else "")
    is_needed = action.required and not action.option_strings and action.nargs not in ("?", "*")
    return text if is_needed else f"[{text}]"


def preset(action: argparse.Action) -> str:
    """The default of an argument; empty where it has none that says anything."""
    return (
        "" if action.default in (None, False, "", [], argparse.SUPPRESS) else f"`{action.default}`"
    )


def columns_page() -> str:
    """Every column of every table."""
    parts = [
        "# Tables: every column",
        "Tables are parquet: `polars.read_parquet`, `datasets` and DuckDB read them without this "
        "project, `g2u.open` reads them by name ([Python](python.md)). A digest is a sha256 over "
        "a picture's size and RGB pixels.",
    ]
    for path, found, records in TABLES:
        meanings: dict[str, str] = {"arm": "The arm's name, for people; select by the columns."}
        for record in reversed(records):
            meanings |= documented(record)
        rows = [(f"`{c.name}`", column_type(c.type), meaning(c, meanings)) for c in found.schema]
        parts += [f"## {path}", told(records[0]), table(rows, ("column", "type", "meaning"))]
    return "\n\n".join(parts)


def column_type(kind: pa.DataType) -> str:
    """A column's type in words."""
    if pa.types.is_list(kind):
        return f"list of {column_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"struct ({', '.join(f'{part.name}: {column_type(part.type)}' for part in kind)})"
    return str(kind)


def meaning(column: pa.Field, meanings: Mapping[str, str]) -> str:
    """What a column holds; of a rule also its parts."""
    if column.name == "rule":
        return f"{meanings['rule']} " + " ".join(
            f"`{name}`: {text}" for name, text in documented(Rule).items()
        )
    return meanings.get(column.name, "")


def python_page() -> str:
    """Classes and functions for people who write Python, from their docstrings."""
    parts = [
        "# Python",
        "`g2u.open(folder)` gives a `Study`. Records and protocols are what a benchmark, a family "
        "or a model of your own is written against ([how to add one](../get_started/extend.md)).",
    ]
    for name in PYTHON:
        tree = parsed(ROOT / Path(name).with_suffix(""))
        parts += [f"## {name}"]
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                parts += class_part(node)
    return "\n\n".join(filter(None, parts))


def main() -> None:
    """Write the pages that are not as they have to be."""
    PAGES.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = PAGES / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
