"""Processes that are forked from one with everything imported: what they begin with."""

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from typing import Any

import pytest

from g2u.pipeline import forked
from tests.conftest import Workspace

DOC = "__import__('stages.score').score.__doc__"


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """Nothing is handed from test to test."""
    yield
    forked.end()


def told(text: str) -> Any:
    """What a fresh process makes of an expression."""
    begun = {"initializer": repr, "initargs": (forked.Outputs(),)}
    with ProcessPoolExecutor(1, mp_context=forked.context(), **begun) as pool:
        return pool.submit(eval, text).result()


def server() -> int | None:
    found: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    return found


def test_a_process_has_the_folder_environment_and_code_of_now(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G2U_SAID", "first")
    assert told("__import__('os').environ['G2U_SAID']") == "first"
    assert told("__import__('os').getcwd()") == str(workspace.folder)
    first = server()
    assert told("'stages.score' in __import__('sys').modules")
    assert server() == first, "nothing changed"
    monkeypatch.setenv("G2U_SAID", "second")
    assert told("__import__('os').environ['G2U_SAID']") == "second"
    path = workspace.folder / "stages" / "score.py"
    path.write_text('"""Another."""\n' + path.read_text())
    assert told(DOC) == "Another."


def test_what_a_process_writes_goes_where_output_goes_when_it_starts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with capfd.disabled():
        told("1")
        first = server()
    told("print('said', flush=True)")
    told("print('told', file=__import__('sys').stderr, flush=True)")
    assert server() == first
    assert capfd.readouterr() == ("said\n", "told\n")


def test_code_that_cannot_be_imported_is_told_where_it_is_needed(workspace: Workspace) -> None:
    (workspace.folder / "stages" / "score.py").write_text("broken(\n")
    assert told("'stages.gallery' in __import__('sys').modules")
    with pytest.raises(SyntaxError):
        told(DOC)


def test_where_the_one_that_others_are_forked_from_was_killed_another_starts() -> None:
    told("1")
    killed = server()
    assert killed is not None
    os.kill(killed, 9)
    os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    assert told("1") == 1
    assert server() != killed


def test_who_measures_this_process_counts_all_of_them() -> None:
    def seconds() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = seconds()
    spent = told("next(t for t in iter(__import__('time').process_time, -1.0) if t > 0.3)")
    forked.end()
    assert seconds() - before > spent
