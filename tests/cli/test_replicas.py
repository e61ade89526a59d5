"""Ray actors fill the cache with what local workers would."""

import os
import signal
import sys
from pathlib import Path

import pytest

from g2u.calls.opened import call_store
from g2u.conformance.kept import names
from g2u.errors import ParamsError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pipeline.fill import fill
from g2u.pipeline.replicas import Replicas
from g2u.pipeline.stale import stale, status
from g2u.pipeline.workers import LostWorkerError
from tests.conftest import Workspace, tsv_rows, write_tsv

pytestmark = pytest.mark.slow


def replies() -> dict[str, bytes]:
    """Every reply of the workspace's cache."""
    store = call_store()
    found = store.get_many(file.key for file in store.listing())
    return {key: entry.body for key, entry in found.items()}


def make_calls(config: Params) -> None:
    """All that are missing."""
    for done in fill(config, stale(config, status(config))):
        assert not done.failed


def die_once(mark: str) -> str:
    """In an actor: die at the first call, answer at the second."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


@pytest.mark.skipif(
    " " in sys.executable, reason="Ray cannot start a Python whose path has a space"
)
def test_actors_give_the_bytes_of_local_workers_and_a_lost_one_is_replaced(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.raw["families"] = ["direct", "duplicate", "structure"]
    workspace.raw["run"] = {"workers": 2}
    workspace.use_tsv(tsv_rows(80))  # more than a part
    write_tsv(workspace.folder / "few.tsv", tsv_rows(6))
    presets = workspace.raw["presets"]
    presets["benchmarks"]["few"] = {"source": "tsv", "file": "few.tsv"}
    presets["models"]["plain"] = {"adapter": "null"}
    presets["models"]["tiny"]["sampler"]["steps"] = 2
    workspace.raw |= {
        "models": ["plain"],
        "benchmarks": ["mine"],
        "cells": [{"models": ["tiny"], "benchmarks": ["few"]}],
    }
    make_calls(workspace.write())
    local = replies()
    monkeypatch.setenv("G2U_CACHE", str(workspace.folder / "other"))
    workspace.raw["run"] = {"workers": 2, "ray": "local"}
    make_calls(workspace.write())
    assert replies() == local
    checked = names(load()) & local.keys()
    assert len(local.keys() - checked) == 86 + 86 * 4
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # actors do not know tests/
    with Replicas(load()) as actors:
        mark = str(workspace.folder / "mark")
        with pytest.raises(LostWorkerError):
            actors.perform(1, die_once, mark)
        assert actors.perform(1, die_once, mark) == "done"
        assert actors.perform(0, len, "four") == 4


def test_a_python_that_ray_cannot_start_is_refused_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.raw["run"] = {"ray": "local"}
    monkeypatch.setattr(sys, "executable", "/a folder/bin/python")
    with pytest.raises(ParamsError, match="its path holds a space"):
        Replicas(workspace.write())
