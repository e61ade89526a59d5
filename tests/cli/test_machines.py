"""What machines read of the commands, and what strangers see on one screen."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from g2u.calls.folder import FolderStore
from g2u.cli import main as command
from g2u.cli.doctor import Finding, told
from g2u.cli.parser import COMMANDS, parser
from tests.conftest import ROOT, Workspace, tsv_rows, write_tsv

COMMANDS_PAGE = (ROOT / "docs/commands.md").read_text()
OUTCOMES = "made", "reused", "failed"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of six questions after a run whose document lies in run.json."""
    folder = tmp_path_factory.mktemp("machines")
    workspace = Workspace(folder)
    workspace.init_dvc()
    workspace.use_null()
    workspace.use_tsv(tsv_rows(6))
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    done = workspace.run("g2u.cli.main", "run", "--json")
    (folder / "run.json").write_text(done.stdout)
    return workspace


def documented(name: str) -> set[str]:
    """Keys that the page says a command has."""
    (row,) = re.findall(rf"^\| `{name}`[^|]* \| (.*) \|$", COMMANDS_PAGE, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row))


def asked(made: Workspace, *arguments: str, check: bool = True) -> dict[str, Any]:
    """The document that a command prints."""
    done = made.run("g2u.cli.main", *arguments, "--json", check=check)
    found: dict[str, Any] = json.loads(done.stdout)
    assert set(found) <= documented(
        arguments[0] if arguments[0] != "cache" else " ".join(arguments)
    )
    return found


def test_a_run_prints_its_result_and_nothing_else(made: Workspace) -> None:
    found = json.loads((made.folder / "run.json").read_text())
    assert set(found) <= documented("run")
    assert found["calls"]["tiny"].keys() == set(OUTCOMES)
    assert found["calls"]["tiny"]["failed"] == 0
    assert found["stages_made"] == found["stages"] > 0
    (result,) = found["results"]
    assert (result["benchmark"], result["model"], result["thought"]) == ("mine", "tiny", "detail")
    assert (made.folder / found["report"]).exists()
    again = asked(made, "run")
    assert (again["calls"], again["stages_made"]) == ({}, 0)
    assert again["results"] == found["results"]


def test_a_plan_in_numbers_is_the_plan_in_words(made: Workspace) -> None:
    found = asked(made, "plan")
    assert (found["cells"], found["unchanged"], found["totals"]) == (3, 3, {})
    made.raw["presets"]["families"]["detail"] = {"edit": "prompt", "prompt": "Anew."}
    made.write()
    found = asked(made, "plan")
    assert found["totals"]["edit"]["to_make"] == 6
    assert found["by_cell"]["mine/tiny/detail"]["edit"] == found["totals"]["edit"]
    said = made.run("g2u.cli.main", "plan").stdout
    assert re.search(r"^all 3 cells +edit +6 +0 ", said, re.MULTILINE)
    del made.raw["presets"]["families"]["detail"]
    made.write()


def test_doctor_check_and_cache_say_the_same_to_machines(made: Workspace) -> None:
    doctor = asked(made, "doctor")
    assert doctor["is_sound"]
    assert {"is_sound", "what", "remedy", "about"} == doctor["findings"][0].keys()
    checked = asked(made, "check", "tiny", check=False)
    assert checked["is_sound"] == all(each["outcome"] != "fails" for each in checked["checks"])
    stats = asked(made, "cache", "stats")
    held = list(FolderStore(made.folder / ".g2u/calls").listing())
    assert sum(kind["replies"] for kind in stats["kinds"].values()) == len(held) > 0
    assert asked(made, "cache", "prune")["replies"] == 0


def test_a_run_beside_itself_differs_in_nothing(made: Workspace) -> None:
    found = asked(made, "diff", str(made.folder))
    assert {arm["arm"] for arm in found["arms"]} >= {"direct", "duplicate", "detail"}
    assert all(arm["before"] == arm["now"] for arm in found["arms"])
    assert (made.folder / found["page"]).exists()


def test_a_score_has_the_keys_that_the_page_says(made: Workspace) -> None:
    answers = [{**row, "prediction": row["answer"]} for row in tsv_rows(6)]
    write_tsv(made.folder / "one.tsv", answers)
    write_tsv(made.folder / "two.tsv", answers[:5])
    found = asked(made, "score", "mine", "one.tsv", "two.tsv")
    one, two = found["runs"].values()
    assert set(one) - {"not_applicable", "undrawn"} <= documented("score")
    assert two["gain"].keys() >= {"difference", "low", "high", "p", "gained", "lost", "items"}
    assert (one["missing"], two["missing"]) == (0, 1)


@pytest.mark.parametrize("name", ["plan", "run", "check", "diff", "score"])
def test_bad_input_is_one_line_and_no_document(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "params.yaml").write_text("models: [nobody]\n")
    arguments = {"check": ["tiny"], "diff": ["HEAD"], "score": ["ladder", "a.tsv"]}.get(name, [])
    done = workspace.run("g2u.cli.main", name, *arguments, "--json", check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_what_libraries_print_does_not_reach_the_document(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = (
        "import os, sys; os.write(1, b'noise'); print('more'); sys.argv = ['g2u', 'plan', '--json']"
    )
    code = f"from g2u.cli.printing import *\nwith kept_for_json(True):\n    {noisy}\nprint_json(1)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert done.stderr == "noisemore\n"


def test_all_commands_fit_one_screen_of_80_columns_and_24_lines() -> None:
    lines = parser().format_help().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    listed = [name for group in COMMANDS.values() for name in group]
    assert all(callable(getattr(command, f"{name}_command")) for name in listed)
    missing = [name for name in listed if f"g2u {name}" not in COMMANDS_PAGE]
    assert missing == []


def test_no_command_is_the_list_of_commands_and_a_wrong_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, said in (([], "to begin:"), (["plot"], "invalid choice: 'plot'")):
        monkeypatch.setattr("sys.argv", ["g2u", *arguments])
        with pytest.raises(SystemExit) as stopped:
            command.main()
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err


def test_a_reader_that_goes_away_leaves_no_traceback(made: Workspace) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "g2u.cli.main", "doctor", "--json"],
        cwd=made.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (141, b"")


def test_doctor_says_what_is_missing_first_and_what_is_next() -> None:
    sound = [Finding(True, f"thing {n}", about="package") for n in range(60)]
    broken = Finding(False, "a file", "make it")
    lines = list(told([*sound, broken], 80, everything=False))
    assert lines[0] == "MISSING a file; make it"
    assert lines[-1] == "1 of 61 missing; next: mend these, then g2u doctor"
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert list(told(sound, 80, everything=False))[-1].startswith("all 60 sound; next: g2u ")
    assert len(list(told(sound, 80, everything=True))) == 61
