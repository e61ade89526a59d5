"""What a person sees of a run, at a terminal and in a log, and what lies in its log file."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from g2u.terminal import telling
from g2u.terminal.telling import KEPT, RUNS, InLog, OnTerminal
from tests.conftest import Workspace, tsv_rows


def at_terminal(columns: int, lines: int, *command: str, **environment: str) -> tuple[int, str]:
    """Exit code of a Python command and what it wrote to a terminal of this size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, *command],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # all have closed it
                break
            said += more
        os.close(ours)
    return process.returncode, said.decode()


def seen(said: str) -> tuple[list[str], set[str]]:
    """The lines that stand on a terminal in the end, and all that ever stood there."""
    rows, ever, row, column = [""], set[str](), 0, 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", said):
        if part == "\n":
            row += 1
            rows[row:] = rows[row:] or [""]
        elif part == "\r":
            column = 0
        elif part == "\x1b[2K":
            rows[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif part[0] != "\x1b":
            rows[row] = rows[row][:column] + part
            column += len(part)
            ever.add(rows[row])
    return [line for line in rows if line], ever


@pytest.fixture
def small(workspace: Workspace) -> Workspace:
    """Five questions, three families, two workers."""
    workspace.init_dvc()
    workspace.use_null(batch=16)
    workspace.raw["families"] = ["direct", "duplicate", "structure"]
    workspace.raw["run"] = {"workers": 2}
    workspace.use_tsv(tsv_rows(5))
    workspace.write()
    return workspace


def logs() -> list[Path]:
    return sorted(RUNS.glob("*.log"))


@pytest.mark.slow
def test_a_run_at_a_terminal_is_a_display_and_a_table_and_again_one_line_and_the_table(
    small: Workspace,
) -> None:
    code, said = at_terminal(60, 24, "-m", "g2u.cli.main", "run", NO_COLOR="1")
    assert code == 0, said
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", said), "a colour"
    (model, stages, head, row, report, following), ever = seen(said)
    assert all(len(line) <= 60 for line in ever)
    assert any(re.match("tiny  [━─]+  .*[0-9]+ calls", line) for line in ever)
    assert any(re.match("stages [0-9]+ of 13, [0-9]+ made: ", line) for line in ever)
    assert model == "tiny: 25 calls made, 0 reused, 0 failed"
    assert stages.startswith("13 of 13 stages made, in 0:0")
    assert re.split("  +", head)[-2:] == ["gain [interval]", "verdict"]
    assert row.startswith("mine ")
    assert report == "report: data/report/index.html"
    assert following.startswith("next: open it; g2u diff OTHER")
    (log,) = logs()
    assert log.read_text().count("Running stage") == 13
    assert "fill generate mine tiny structure: 5 calls made" in log.read_text()
    code, said = at_terminal(60, 24, "-m", "g2u.cli.main", "run")
    assert (code, seen(said)[0]) == (
        0, ["nothing to do: 13 stages are up to date", head, row, report, following]
    )  # fmt: skip
    assert logs() == [log], "nothing was said that a log would keep"


@pytest.mark.slow
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_stage_that_stops_is_its_line_and_where_the_rest_lies(
    small: Workspace, *, is_terminal: bool
) -> None:
    Path("stages/score.py").write_text("def main():\n    raise ValueError('a bug')\n")
    if is_terminal:
        code, text = at_terminal(80, 24, "-m", "g2u.cli.main", "run")
        said = seen(text)[0]
    else:
        done = small.run("g2u.cli.main", "run", check=False)
        code, said = done.returncode, done.stderr.splitlines()
        assert done.stdout == ""
    (log,) = logs()
    assert code == 1
    assert said[-2] == f"what stages and DVC said: {log}"
    assert said[-1].startswith("DataError: stage cells/mine/")
    assert "ValueError: a bug" in said, "a bug keeps its traceback"
    assert "ValueError: a bug" in log.read_text()
    assert not any("Running stage" in line for line in said)


NOISY = """
import os, subprocess, sys
from g2u.terminal.progress import Counts
from g2u.terminal.telling import telling

with telling() as told:
    told.note("only in the log")
    told.progress.stage_begun("generate mine tiny detail")
    print("a warning of a library")
    print("10 %\\r20 %\\r30 %", file=sys.stderr)
    subprocess.run([sys.executable, "-c", "print('of a worker', end='')"])
    told.tell("a line that matters")
    told.progress.stage_ended("generate mine tiny detail")
print("afterwards")
"""


def test_what_others_write_stands_above_the_display_as_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    Path("noisy.py").write_text(NOISY)
    code, said = at_terminal(80, 24, "noisy.py")
    assert code == 0, said
    lines, ever = seen(said)
    for line in ("a warning of a library", "30 %", "of a worker", "a line that matters"):
        assert line in lines
    assert lines[-1] == "afterwards"
    assert not {"10 %", "only in the log"} & ever
    (log,) = logs()
    assert sorted(log.read_text().splitlines()) == sorted(
        ["only in the log", "a warning of a library", "30 %", "of a worker", "a line that matters"]
    )
    code, said = at_terminal(80, 24, "noisy.py", TERM="dumb")
    assert "\x1b" not in said
    code, said = at_terminal(80, 24, "noisy.py", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert code == 0, said


def test_a_log_has_a_line_of_progress_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(telling, "EVERY", 0.001)
    said: list[str] = []
    has_two = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            has_two.set()

    with InLog(say) as told:
        told.progress.walk(3)
        told.progress.stage_begun("report")
        assert has_two.wait(60)
    assert said[:2] == ["stages 0 of 3, 0 made: report"] * 2


def test_the_last_logs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RUNS.mkdir(parents=True)
    for number in range(KEPT + 5):
        (RUNS / f"20200101-{number:06}-1.log").touch()
    (RUNS / "notes.txt").touch()
    with InLog(lambda line: None) as told:
        assert told.log is None
        told.note("a line")
    assert len(logs()) == KEPT
    assert logs()[-1] == told.log
    assert (RUNS / "notes.txt").exists()


def test_nothing_to_do_starts_no_display() -> None:
    with OnTerminal() as told:
        told.progress.walk(1)
        told.progress.stage_unchanged()
    assert told.progress.summary() == []
