"""params.yaml: what is wrong stops with one line that names it and the nearest right thing."""

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u.errors import ParamsError
from g2u.files import from_yaml
from g2u.params.params import BASELINES
from g2u.params.reading import load, shelved
from g2u.params.sections import AXES
from tests.conftest import ROOT, plain_params


def with_change(tmp_path: Path, place: str, value: Any) -> Path:
    """The project's params.yaml with one value set; `place` is a dotted path."""
    raw = copy.deepcopy(plain_params())
    *parents, name = place.split(".")
    section = raw
    for parent in parents:
        section = section[parent]
    section[name] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


WRONG = [
    ("families", ["direct", "duplicate", "structur"], "did you mean 'structure'?"),
    ("benchmarks", ["laddder"], "did you mean 'ladder'?"),
    ("models", ["tinny"], "did you mean 'tiny'?"),
    ("presets.models.tiny.adapter", "tinny", "did you mean 'tiny'?"),
    ("presets.models.tiny.sampeler", {}, "did you mean 'sampler'?"),
    ("presets.benchmarks.ladder.source", "lader", "did you mean 'ladder'?"),
    ("presets.families.detail.edit", "promt", "did you mean 'prompt'?"),
    ("understand.feedback", "concatt", "did you mean 'concat'?"),
    ("understand.feedback", "blind", "shows no thought"),
    ("generate.sede", 3, "did you mean 'seed'?"),
    ("generat", {}, "did you mean 'generate'?"),
    ("generate.seed", "zero", "generate.seed"),
    ("generate.seed", -1, "generate.seed"),
    ("score.confidence", 95, "score.confidence"),
    ("families", ["direct", "detail"], "lacks 'duplicate'"),
    ("families", ["direct", "duplicate", "direct"], "'direct' twice"),
    ("benchmarks", [], "benchmarks is empty"),
    ("presets.families.pictures", {"edit": "direct"}, "'pictures' is a folder of g2u's"),
    ("presets.families.answers", {"edit": "direct"}, "'answers' is a folder of g2u's"),
    ("presets.benchmarks.report", {"source": "easy_vqa"}, "'report' is a folder of g2u's"),
    ("benchmarks", "ladder", "benchmarks"),
    ("cells", [{"models": ["tinny"]}], "did you mean 'tiny'?"),
    ("cells", [{"model": ["tiny"]}], "did you mean 'models'?"),
    ("cells", [{}, {"families": ["detial"]}], "cells[1].families"),
    ("cells", [{"families": ["direct", "detail"]}], "cells[0].families lacks 'duplicate'"),
    ("understand.controls", [{"feedback": "only", "models": ["tinny"]}], "did you mean 'tiny'?"),
    ("score.derived", [{"rule": "gate", "arm": "onlly"}], "did you mean 'only'?"),
]


@pytest.mark.parametrize(("place", "value", "said"), WRONG)
def test_a_wrong_value_is_named_in_one_line(
    tmp_path: Path, place: str, value: Any, said: str
) -> None:
    with pytest.raises(ParamsError) as error:
        load(with_change(tmp_path, place, value))
    assert said in str(error.value)
    assert "params.yaml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["models: [", "- a list", ""])
def test_a_file_that_is_no_mapping_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=r"params\.yaml"):
        load(path)


def test_a_missing_file_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="missing"):
        load(tmp_path / "params.yaml")


def bomb(levels: int = 20) -> str:
    """A few lines whose aliases stand for 10 ** `levels` values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    return "\n".join(lines)


HOSTILE = [
    ("a: 1\nb: 2\na: 3", "line 3: key 'a' is in line 1 already"),
    ("a:\n  b: {c: 1, 'c': 2}", "line 2: key 'c' is in line 2 already"),
    ("1: a\n1: b", "line 2: key '1'"),
    (bomb(), "aliases stand for more than"),
    ("a0: &a0 {k: 1}\n" + "\n".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}], k{n}: 1}}" for n in range(1, 12)
    ), "aliases stand for more than"),
    ("a: &a [*a]", "aliases stand for more than"),
    ("\n".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else ''}]" for n in range(200)), "aliases stand"),
    ("[" * 100_000, "nested more than"),
    ("{a: " * 100_000, "nested more than"),
    ("".join(" " * n + "a:\n" for n in range(2000)), "nested more than"),
    ("a: 2026-13-45", "month must be in"),
    ("a: " + "9" * 5000, "digits"),
    ("a: !!bool maybe", "a value that its type does not take"),
    ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
    ("a: \0", "not YAML"),
    ("a: 1\n---\nb: 2", "single document"),
    ("\ud800".encode("utf-16", "surrogatepass"), "not UTF-8 at byte 0"),
    (b"models: [caf\xe9]", "not UTF-8 at byte 12"),
    ("models: {a: &a [" + "x, " * 5000 + "x], b: [*a, *a]}", "models"),
    (f"models: {'x' * 10**6}", "models"),
    ('"a\\n\\x1b[31m": 1', "has no"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_one_short_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ParamsError) as error:
        load(path)
    assert said in str(error.value)
    assert len(str(error.value)) < 500 + len(str(path))
    assert str(error.value).isprintable()


def test_aliases_and_merged_keys_of_an_ordinary_file_are_read() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {z: 3}\nc: {<<: [*a, *b], y: 4}\nd: [*a, *a]"
    found = from_yaml(text)
    assert found["c"] == {"x": 1, "y": 4, "z": 3}
    assert found["d"] == [found["a"]] * 2


def huge(path: Path) -> None:
    """A gigabyte, of which the disk holds nothing."""
    with path.open("xb") as file:
        file.truncate(2**30)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "no regular file": os.mkfifo,
    "no regular file ": lambda path: path.symlink_to("/dev/zero"),
    "no regular file  ": Path.mkdir,
    "expected at most 10,000,000": huge,
    "cannot be read": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("said", SPECIAL)
@pytest.mark.parametrize("name", ["params.yaml", "presets.yaml"])
def test_what_is_no_text_is_not_read(tmp_path: Path, name: str, said: str) -> None:
    with_change(tmp_path, "generate.seed", 1)
    (tmp_path / name).unlink(missing_ok=True)
    SPECIAL[said](tmp_path / name)
    with pytest.raises(ParamsError, match=said.strip()) as error:
        load(tmp_path / "params.yaml")
    assert name in str(error.value)


def test_the_shipped_file_is_sound() -> None:
    assert load(ROOT / "params.yaml", whole=True).models == ["tiny", "anime_ppocr"]


def test_a_name_is_looked_up_in_the_file_first_and_then_on_the_shelf(tmp_path: Path) -> None:
    own = {"edit": "blank", "level": 1}
    path = with_change(tmp_path, "presets.families.blank", own)
    shelved = {"blank": {"edit": "blank", "level": 2}, "noise": {"edit": "blank"}}
    (tmp_path / "presets.yaml").write_text(yaml.safe_dump({"presets": {"families": shelved}}))
    presets = load(path).presets
    assert presets.families["blank"].settings() == {"level": 1}
    assert presets.families["noise"].edit == "blank", "a study's own shelf goes first"
    assert presets.families["roundtrip"].edit == "roundtrip", "g2u's is behind it"


def test_a_preset_stands_in_the_file_or_on_the_shelf_and_not_in_both() -> None:
    own = yaml.safe_load((ROOT / "params.yaml").read_text())["presets"]
    shelf = shelved(ROOT / "params.yaml")
    assert {axis: own.get(axis, {}).keys() & shelf[axis].keys() for axis in AXES} == {
        axis: set() for axis in AXES
    }


def test_sections_that_are_left_out_are_as_the_shipped_file_has_them(tmp_path: Path) -> None:
    shipped = load(ROOT / "params.yaml", whole=True)
    path = tmp_path / "params.yaml"
    path.write_text("models: [tiny]\nbenchmarks: [threads_dev]\nfamilies: [direct, duplicate]\n")
    config = load(path)
    assert config.written == {"models", "benchmarks", "families"}
    own = {"controls", "controlled"}
    for name in ("prepare", "generate", "judge", "score", "report", "gallery", "run", "nightly"):
        assert getattr(config, name) == getattr(shipped, name), name
    said, left = (each.understand.model_dump(exclude=own) for each in (shipped, config))
    assert left == said


def test_what_is_wrong_on_the_shelf_is_named_there(tmp_path: Path) -> None:
    path = with_change(tmp_path, "generate.seed", 1)
    text = "presets: {models: {}, benchmarks: {}, families: {}, familys: {}}\n"
    (tmp_path / "presets.yaml").write_text(text)
    with pytest.raises(ParamsError, match=r"presets\.yaml: presets has no 'familys'"):
        load(path)


def test_blocks_add_cells_of_models_benchmarks_and_families_that_meet_each_other_alone(
    tmp_path: Path,
) -> None:
    raw = copy.deepcopy(plain_params())
    models = raw["presets"]["models"]
    models |= {"other": {**models["tiny"], "baseline": "third"}, "third": models["tiny"]}
    raw |= {
        "benchmarks": ["ladder", "tracks"],
        "families": [*BASELINES, "oracle"],
        "cells": [
            {"models": ["other"], "benchmarks": ["tracks", "digits"], "families": [*BASELINES]},
            {"benchmarks": ["ladder"], "families": [*BASELINES, "detail"]},
        ],
    }
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    config = load(path)
    assert config.models == ["tiny", "other"]
    assert config.benchmarks == ["ladder", "tracks", "digits"]
    assert config.families == [*BASELINES, "oracle", "detail"]
    own = [("tiny", family) for family in (*BASELINES, "oracle")]
    others = [(model, family) for model in ("other", "third") for family in BASELINES]
    assert config.cells_of("ladder") == [*own, ("tiny", "detail")]
    assert config.cells_of("tracks") == [*own, *others]
    assert config.cells_of("digits") == others
    assert config.models_of("ladder") == ["tiny"]
    assert config.families_of("tracks", "tiny") == [*BASELINES, "oracle"]
    assert config.pairs() == [*own, ("tiny", "detail"), *others]


def test_an_optional_block_is_left_out_where_its_model_is_missing_and_has_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G2U_WEIGHTS", str(tmp_path / "none"))
    raw = copy.deepcopy(plain_params()) | {
        "models": ["tiny"],
        "benchmarks": ["ladder", "digits"],
        "families": [*BASELINES, "detail"],
        "cells": [
            {
                "models": ["drawer"],
                "benchmarks": ["digits"],
                "families": [*BASELINES],
                "optional": True,
            }
        ],
    }
    raw["presets"]["models"]["drawer"] = {"adapter": "realesrgan"}
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    found = load(path)
    assert (found.models, found.benchmarks) == (["tiny"], ["ladder", "digits"])
    (line,) = found.left_out
    assert line.startswith("digits: left out: drawer: ")
    assert line.endswith("get it: python -m g2u.models.realesrgan.fetching")
    (tmp_path / "data/digits/direct/drawer").mkdir(parents=True)
    (tmp_path / "data/digits/direct/drawer/scores.parquet").touch()
    kept = load(path)
    assert (kept.models, kept.left_out) == (["tiny", "drawer"], ())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (["tiny", "tiny"], "judge.model names 'tiny' twice; for more votes of it set judge.votes"),
        (["tiny", "tinny"], "judge.model has no 'tinny'; did you mean 'tiny'?"),
        ([], r"judge.model: \[\]; expected a text or a list of at least 1"),
    ],
)
def test_a_panel_names_each_of_its_judges_once(tmp_path: Path, model: list[str], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        load(with_change(tmp_path, "judge.model", model))


def test_a_panel_is_more_than_one_vote(tmp_path: Path) -> None:
    def judge(**settings: Any) -> Any:
        path = with_change(tmp_path, "judge", settings)
        return load(path).judge

    assert judge(model="tiny").models == judge(model=["tiny"]).models == ("tiny",)
    assert not judge(model=["tiny"]).is_panel
    assert judge(model="tiny", votes=2).is_panel
    assert judge(votes=2).is_panel is False, "nobody judges"
