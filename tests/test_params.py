"""params.yaml: what is wrong stops with one line that names it and the nearest right thing."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u.errors import ParamsError
from g2u.params import load
from tests.conftest import ROOT


def with_change(tmp_path: Path, place: str, value: Any) -> Path:
    """The project's params.yaml with one value set; `place` is a dotted path."""
    raw = yaml.safe_load((ROOT / "params.yaml").read_text())
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
    ("benchmarks", "ladder", "benchmarks"),
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


def test_the_shipped_file_is_sound() -> None:
    assert load(ROOT / "params.yaml").models == ["tiny"]


def test_a_name_is_looked_up_in_the_file_first_and_then_on_the_shelf(tmp_path: Path) -> None:
    own = {"edit": "blank", "level": 1}
    path = with_change(tmp_path, "presets.families.blank", own)
    with pytest.raises(ParamsError, match="no 'noise'"):
        load(with_change(tmp_path, "families", ["direct", "duplicate", "noise"]))
    shutil.copy(ROOT / "presets.yaml", tmp_path)
    assert load(path).families[-1] == "noise"
    path = with_change(tmp_path, "presets.families.blank", own)
    presets = load(path).presets
    assert presets.families["blank"].settings() == {"level": 1}
    assert presets.families["noise"].edit == "noise"


def test_what_is_wrong_on_the_shelf_is_named_there(tmp_path: Path) -> None:
    path = with_change(tmp_path, "generate.seed", 1)
    text = "presets: {models: {}, benchmarks: {}, families: {}, familys: {}}\n"
    (tmp_path / "presets.yaml").write_text(text)
    with pytest.raises(ParamsError, match=r"presets\.yaml: presets has no 'familys'"):
        load(path)
