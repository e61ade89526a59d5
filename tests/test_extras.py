"""What an extra of the package brings and is not there is named with the line that installs it."""

import argparse
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
import yaml

from flows.copying import copied
from g2u import plugins
from g2u.calls.opened import call_store
from g2u.cli import main as command
from g2u.errors import G2UError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pipeline.replicas import Replicas
from g2u.questions.files.rows import dataset_rows
from g2u.settings import checked
from g2u.sharing.fetching import fetched
from g2u.sharing.harnesses.predictions import Naming, answers_of
from tests.conftest import ROOT, plain_params


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Of a current folder that holds nothing else."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(plain_params()))
    return load()


def served(_: Params) -> None:
    plugins.reach("openai", checked(plugins.settings("adapter", "openai"), {"model": "any"}))


def serving(_: Params) -> None:
    command.serve_command(argparse.Namespace(model="tiny", timeout=1, host="127.0.0.1", port=0))


def workbook(_: Params) -> None:
    Path("answers.xlsx").touch()
    answers_of(Path("answers.xlsx"), [], Naming("", []))


def on_a_bucket(_: Params) -> None:
    call_store()


def reading(_: Params) -> None:
    plugins.reach("rapidocr", checked(plugins.settings("adapter", "rapidocr"), {}))


LACKING: list[tuple[str, str, Callable[[Params], object]]] = [
    ("openai", "openai", served),
    ("serve", "uvicorn", serving),
    ("serve", "python_multipart", serving),
    ("excel", "openpyxl", workbook),
    ("reading", "rapidocr", reading),
    ("datasets", "datasets", lambda _: list(dataset_rows({"path": "a/b", "split": "test"}))),
    ("ray", "ray", Replicas),
    ("s3", "s3fs", on_a_bucket),
    ("s3", "s3fs", lambda _: fetched("s3://bucket/thoughts", "")),
    ("s3", "s3fs", lambda _: copied(Path(), [], "s3://bucket/report", "params.yaml")),
]


IMPORTING = ("g2u.models.openai.", "g2u.models.rapidocr.", "g2u.serving.")
"""Modules that are imported once more, as if for the first time."""


@pytest.mark.parametrize(("extra", "module", "use"), LACKING)
def test_a_missing_extra_is_one_line_that_says_how_to_install_it(
    extra: str,
    module: str,
    use: Callable[[Params], object],
    config: Params,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [n for n in sys.modules if n.startswith((f"{module}.", *IMPORTING))]:
        parent, _, last = name.rpartition(".")
        monkeypatch.delattr(sys.modules[parent], last, raising=False)
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(fsspec.registry, "s3", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("G2U_CACHE", "s3://bucket/calls" if extra == "s3" else "calls")
    with pytest.raises(G2UError) as error:
        use(config)
    assert f"pip install 'g2u[{extra}]'" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_extra_is_among_them_and_what_flows_and_models_need_is_none() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {extra for extra, _, _ in LACKING} == project["optional-dependencies"].keys() - {"dev"}
    named = {"prefect", "dvc", "torch", "transformers", "diffusers", "polars", "pillow"}
    assert named <= {line.partition(">")[0] for line in project["dependencies"]}
