"""What an extra of the package brings and is not there is named with the line that installs it."""

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flows.copying import copied
from g2u import plugins
from g2u.calls.opened import call_store
from g2u.cli import main as command
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


ALONE = """
import sys
extra, module, place = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.modules[module] = None
from g2u.errors import run_main
from g2u.params.reading import load
from tests.test_extras import LACKING
run_main(lambda: LACKING[place][2](load()))
"""
"""One of them in a process of its own, which has not imported the package yet."""


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(LACKING)), ids=lambda n: "-".join(LACKING[n][:2]))
def test_a_missing_extra_is_one_line_that_says_how_to_install_it(
    place: int, config: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra, module, _ = LACKING[place]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("G2U_CACHE", "s3://bucket/calls" if extra == "s3" else "calls")
    command = [sys.executable, "-c", ALONE, extra, module, str(place)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert f"pip install 'g2u[{extra}]'" in line


def test_every_extra_is_among_them_and_what_flows_and_models_need_is_none() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {extra for extra, _, _ in LACKING} == project["optional-dependencies"].keys() - {"dev"}
    named = {"prefect", "dvc", "torch", "transformers", "diffusers", "polars", "pillow"}
    assert named <= {line.partition(">")[0] for line in project["dependencies"]}
