"""params.yaml, read once and checked whole: what is wrong in it stops here with one line."""

import re
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from g2u import plugins
from g2u.arms import NULL_MODES
from g2u.errors import ModelError, ParamsError, in_one_line, unknown_name
from g2u.files import from_yaml
from g2u.params.params import BASELINES, Params
from g2u.params.sections import AXES, PATH, Axis, Block, Presets, Shelf
from g2u.settings import Section, checked

SHELF = Path("presets.yaml")
"""Beside params.yaml: a study's own shelf, if it has one."""
HOUSE_SHELF = Path(__file__).with_name(SHELF.name)
"""Presets that come with g2u; params.yaml may name any of either shelf."""
MAX_BYTES = 10**7
"""Of either file."""
NAME = re.compile(r"[a-z0-9_]+")
WORDED = re.compile(r"([a-z0-9_]+?)__([a-z0-9_]+)")
"""A benchmark with a wording, as a name among `benchmarks`."""
RESERVED = frozenset({"recipes", "report", "pictures", "oracles", "adversaries"})
"""Folders that g2u has beside those that are named after presets."""
FORMER = frozenset(
    {"thoughts", "answers", "rewards", "judgements", "scores", "metrics", "costs", "calls", "cells"}
)
"""Folders of the layout of before: a family of that name could be taken for one."""

S = TypeVar("S", bound=Section)


def load(path: Path = PATH, *, whole: bool = False) -> Params:
    """Read and check params.yaml, and the presets on the shelves.

    Optional blocks that cannot be run here are left out, unless the `whole` is asked for.

    Raises:
        ParamsError: missing, not YAML, an unknown or misspelt name, a wrong type or value.
    """
    params = read(Params, path).model_copy()
    params._written = frozenset(params.model_fields_set)
    for shelf in _shelves(path):
        presets = params.presets.over(read(Shelf, shelf).presets)
        params = params.model_copy(update={"presets": presets})
    params = _worded(params, path)
    _check_axes(params, path)
    _check_modules(params, path)
    _check_design(params, path)
    params = _spread(params)
    return params if whole else _at_hand(params, path)


def _worded(params: Params, path: Path) -> Params:
    """The params with a preset for each NAME__WORD among the benchmarks that is none: NAME with
    that wording.
    """
    known, made = params.presets.benchmarks, {}
    blocks = (name for block in params.cells for name in block.benchmarks or ())
    for name in (*params.benchmarks, *blocks):
        match = WORDED.fullmatch(name)
        if match and name not in known:
            if match[1] not in known:
                raise ParamsError(unknown_name(f"{path}: benchmarks", match[1], known))
            preset = known[match[1]]
            told = {"wording": match[2], "wordings": preset.wordings or match[1]}
            made[name] = preset.model_copy(update=told)
    if not made:
        return params
    presets = params.presets.over(Presets(benchmarks=made))
    return params.model_copy(update={"presets": presets})


def _shelves(path: Path) -> list[Path]:
    """The shelves of a params.yaml, the one that goes first first."""
    own = path.with_name(SHELF.name)
    return [own, HOUSE_SHELF] if own.exists() or own.is_symlink() else [HOUSE_SHELF]


def shelved(path: Path = PATH) -> dict[Axis, dict[str, Any]]:
    """Presets of the shelves of a params.yaml as they are written, by axis and name."""
    found: dict[Axis, dict[str, Any]] = {axis: {} for axis in AXES}
    for shelf in reversed(_shelves(path)):
        for axis, presets in from_yaml(shelf.read_text(encoding="utf-8"))["presets"].items():
            found[axis] |= presets
    return found


def read(kind: type[S], path: Path) -> S:
    """A YAML file, checked whole.

    Raises:
        ParamsError: missing, not YAML, an unknown or misspelt name, a wrong type or value.
    """
    found: S = _read(kind, path, _text_of(path))
    return found


def _text_of(path: Path) -> str:
    """A file's text; nothing but a regular file of bounded size is opened."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ParamsError(f"{path}: no regular file; expected a YAML file")
        if status.st_size > MAX_BYTES:
            raise ParamsError(f"{path}: {status.st_size:,} bytes; expected at most {MAX_BYTES:,}")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(
            f"{path}: missing; run inside a study (g2u init FOLDER makes one)"
        ) from None
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


@lru_cache(maxsize=8)
def _read(kind: type[S], path: Path, text: str) -> S:
    """The same text is read once: a warm process runs many stages."""
    try:
        raw = from_yaml(text)
    except yaml.YAMLError as error:
        raise ParamsError(in_one_line(f"{path}: not YAML: {error}", 400)) from None
    if not isinstance(raw, dict):
        raise ParamsError(f"{path}: expected keys {', '.join(kind.model_fields)}")
    return checked(kind, raw, file=str(path))


def _check_axes(params: Params, path: Path) -> None:
    axes: tuple[tuple[str, list[str], Iterable[str]], ...] = (
        ("models", params.models, params.presets.models),
        ("benchmarks", params.benchmarks, params.presets.benchmarks),
        ("families", params.families, params.presets.families),
    )
    for axis, names, presets in axes:
        if not names:
            raise ParamsError(f"{path}: {axis} is empty; expected at least one of its presets")
        for name in [*names, *presets]:
            if not NAME.fullmatch(name):
                raise ParamsError(f"{path}: {axis}: {name[:80]!r}; expected a-z, 0-9, _")
            if name in RESERVED | FORMER:
                raise ParamsError(
                    f"{path}: {axis}: {name!r} is a folder of g2u's; expected another name"
                )
        for name in names:
            if name not in presets:
                raise ParamsError(unknown_name(f"{path}: {axis}", name, presets))
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ParamsError(f"{path}: {axis} names {doubled[0]!r} twice")
    for name, preset in params.presets.models.items():
        others = {"baseline": preset.baseline, "trained_from": preset.trained_from}
        for key, other in others.items():
            if other is not None and other not in params.presets.models:
                where = f"{path}: presets.models.{name}.{key}"
                raise ParamsError(unknown_name(where, other, params.presets.models))
    for judge in params.judge.models:
        if judge not in params.presets.models:
            raise ParamsError(unknown_name(f"{path}: judge.model", judge, params.presets.models))
        if params.judge.models.count(judge) > 1:
            raise ParamsError(
                f"{path}: judge.model names {judge!r} twice; for more votes of it set judge.votes"
            )
    for name in BASELINES:
        if name not in params.families:
            raise ParamsError(f"{path}: families lacks {name!r}; every gain is measured against it")
    _check_cells(params, path, axes)


def _check_cells(
    params: Params, path: Path, axes: Iterable[tuple[str, list[str], Iterable[str]]]
) -> None:
    for number, block in enumerate(params.cells):
        place = f"{path}: cells[{number}]"
        for axis, _, presets in axes:
            for name in getattr(block, axis) or ():
                if name not in presets:
                    raise ParamsError(unknown_name(f"{place}.{axis}", name, presets))
        for name in BASELINES:
            if block.families is not None and name not in block.families:
                raise ParamsError(
                    f"{place}.families lacks {name!r}; every gain is measured against it"
                )


def _spread(params: Params) -> Params:
    """The params with every cell in a block, and all that blocks name on the axes."""
    if not params.cells:
        return params
    of_axes: dict[str, Any] = {axis: getattr(params, axis) for axis in AXES}
    blocks = [Block(**of_axes)]
    for block in params.cells:
        own: dict[str, Any] = {axis: getattr(block, axis) or of_axes[axis] for axis in AXES}
        blocks.append(block.model_copy(update=own))
    found: dict[str, Any] = {
        axis: list(dict.fromkeys(name for block in blocks for name in getattr(block, axis)))
        for axis in AXES
    }
    return params.model_copy(update={"cells": blocks, **found})


def _check_modules(params: Params, path: Path) -> None:
    named = [("adapter", n, m.adapter) for n, m in params.presets.models.items()]
    named += [("source", n, b.source) for n, b in params.presets.benchmarks.items()]
    named += [("metric", n, b.metric) for n, b in params.presets.benchmarks.items()]
    named += [("edit", n, f.edit) for n, f in params.presets.families.items()]
    section = params.understand
    modes = [section.feedback, *(control.feedback for control in section.controls)]
    named += [("alter", "understand", each.alter) for each in section.controls if each.alter]
    named += [("feedback", "understand", mode) for mode in modes]
    named += [
        ("feedback", "score.derived", each.arm)
        for each in params.score.derived
        if each.rule in ("gate", "separate")
    ]
    for mode in modes:
        if mode in NULL_MODES:
            raise ParamsError(
                f"{path}: understand: feedback {mode!r} shows no thought; "
                "expected a mode that does, such as concat"
            )
    for number, control in enumerate(section.controls):
        if control.donor and control.pairing == "own":
            raise ParamsError(
                f"{path}: understand.controls[{number}].donor: {control.donor}, of its own "
                "thoughts; expected pairing: alike (or shuffled) beside it"
            )
        for model in control.models or ():
            if model not in params.presets.models:
                where = f"{path}: understand.controls[{number}].models"
                raise ParamsError(unknown_name(where, model, params.presets.models))
    for family in section.controlled:
        if family not in params.presets.families:
            raise ParamsError(
                unknown_name(f"{path}: understand.controlled", family, params.presets.families)
            )
    for kind, owner, module in named:
        if module not in plugins.known(kind):
            known = plugins.known(kind)
            raise ParamsError(unknown_name(f"{path}: {owner}: {kind}", module, known))


def _check_design(params: Params, path: Path) -> None:
    if params.run.design is None:
        return
    other = {
        "generate.part: 1, as looks say what is drawn for": params.generate.part == 1,
        "judge.model: null, as looks go by rules": not params.judge.models,
        "run.ray: null, as actors do not see decisions": params.run.ray is None,
    }
    for expected, is_so in other.items():
        if not is_so:
            raise ParamsError(f"{path}: run.design: beside it, expected {expected}")


def _at_hand(params: Params, path: Path) -> Params:
    """The params without optional blocks that cannot be run, and without what they alone name."""
    kept, lines = [], []
    for block in params.cells:
        lack = _lack(params, block, path.parent) if block.optional else ""
        if lack:
            lines.append(f"{', '.join(block.benchmarks or params.benchmarks)}: left out: {lack}")
        else:
            kept.append(block)
    if not lines:
        return params
    rest = params.model_copy(update={"cells": kept})
    met = {
        "models": [
            m for m in params.models if any(m in rest.models_of(b) for b in params.benchmarks)
        ],
        "benchmarks": [b for b in params.benchmarks if rest.models_of(b)],
        "families": list(dict.fromkeys(family for _, family in rest.pairs())),
    }
    found = rest.model_copy(update=met)
    found._left_out = tuple(lines)
    return found


def _lack(params: Params, block: Block, root: Path) -> str:
    """Why a block cannot be run; empty where it can, or has results."""
    for model in params.models if block.models is None else block.models:
        asked = [b for b in params.benchmarks if model in params.models_of(b)]
        made = [(root / "data" / b).glob(f"*/{model}/scores.parquet") for b in asked]
        if any(map(any, made)):
            continue
        try:
            plugins.reach(params.presets.models[model].adapter, params.settings("models", model))
        except ModelError as error:
            return f"{model}: {error}"
    return ""
