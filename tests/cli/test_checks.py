"""What can be checked is checked before anything is changed: each fault is one line, at once."""

import copy
import json
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from g2u.cli import main as command
from g2u.cli.doctor import examine
from g2u.errors import G2UError
from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pipeline.checks import check, inapplicable
from g2u.pipeline.study import BEGIN
from tests.conftest import ROOT, Workspace, plain_params, tsv_rows, write_tsv
from tests.models.servers import listening

Change = Callable[[dict[str, Any]], None]
SERVED = {"adapter": "openai", "settings": {"model": "any", "environment": "HERE"}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, without an address of a server in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("HERE_BASE_URL", "HERE_API_KEY", "G2U_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def told(change: Change = lambda raw: None) -> Params:
    """The params of a model that does all at once, with one change."""
    raw = copy.deepcopy(plain_params())
    raw["models"], raw["benchmarks"] = ["nil"], ["ladder"]
    raw["families"] = ["direct", "duplicate", "detail"]
    raw["presets"]["models"] |= {"nil": {"adapter": "null"}, "far": copy.deepcopy(SERVED)}
    change(raw)
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    return load()


def refused(config: Params, called: tuple[str, ...] = ()) -> str:
    """The one line that it stops with."""
    with pytest.raises(G2UError) as error:
        check(config, models_called=called)
    assert "\n" not in str(error.value)
    return str(error.value)


def benchmark(**settings: Any) -> Change:
    def change(raw: dict[str, Any]) -> None:
        raw["benchmarks"].append("mine")
        raw["presets"]["benchmarks"]["mine"] = {"source": "tsv", **settings}

    return change


def model(name: str = "far", **settings: Any) -> Change:
    """Make `name` the model, with further settings."""

    def change(raw: dict[str, Any]) -> None:
        preset = raw["presets"]["models"][name]
        raw["presets"]["models"][name] = {
            **preset, "settings": {**preset.get("settings", {}), **settings},
        }  # fmt: skip
        raw["models"] = [name]

    return change


def test_the_shipped_params_pass(folder: Path) -> None:
    check(load(ROOT / "params.yaml", whole=True))
    check(told())
    assert list(folder.iterdir()) == [folder / "params.yaml"]


def link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "no such file"),
    "pipe": (os.mkfifo, "no regular file"),
    "endless device": (link, "no regular file"),
    "socket": (listen, "no regular file"),
    "folder": (Path.mkdir, "a folder without parquet files"),
    "link to nothing": (lambda path: path.symlink_to("gone"), "no such file"),
    "circle": (lambda path: path.symlink_to(path), "cannot be read"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("kind", SPECIAL)
def test_a_benchmarks_file_that_is_none_is_named_and_not_opened(kind: str) -> None:
    make, said = SPECIAL[kind]
    make(Path("x.tsv"))
    found = refused(told(benchmark(file="x.tsv", obtain="the shelf")))
    assert found.startswith("x.tsv: ")
    assert said in found
    assert found.endswith("presets.benchmarks.mine.file names it; get it from the shelf")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"file": "x.tsv", "image_root": "x.tsv"}, "no folder"),
        ({"file": "x.tsv", "image_root": "pictures"}, "pictures/inner/pipe in it"),
        ({"file": "shards"}, "shards/b.parquet in it"),
        ({"file": ""}, "names no file"),
        ({"file": "/dev/null"}, "no regular file"),
        ({"file": "x.tsv/inner"}, "cannot be read"),
        ({"file": "a\0b"}, "cannot be read"),
        ({"file": "x" * 300}, "cannot be read"),
        ({"file": "x.tsv", "fille": "y"}, "did you mean 'file'"),
    ],
)
def test_settings_and_folders_of_benchmarks_are_looked_at(
    folder: Path, settings: dict[str, Any], said: str
) -> None:
    write_tsv(folder / "x.tsv", tsv_rows(1))
    (folder / "pictures/inner").mkdir(parents=True)
    os.mkfifo("pictures/inner/pipe")
    (folder / "shards").mkdir()
    (folder / "shards/a.parquet").touch()
    os.mkfifo("shards/b.parquet")
    assert said in refused(told(benchmark(**settings)))


def test_presets_that_are_not_in_use_are_not_looked_at(folder: Path) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["presets"]["benchmarks"]["other"] = {"source": "tsv", "file": "gone.tsv"}
        raw["presets"]["families"]["other"] = {"edit": "prompt", "promt": "x"}
        raw["presets"]["models"]["other"] = {"adapter": "tiny", "settings": {"wait": 1}}

    check(told(change))


def family(**preset: Any) -> Change:
    def change(raw: dict[str, Any]) -> None:
        raw["families"].append("mine")
        raw["presets"]["families"]["mine"] = preset

    return change


def without(capabilities: str, *then: Change) -> Change:
    """A served model that declares these, and further changes."""

    def change(raw: dict[str, Any]) -> None:
        model(capabilities=capabilities.split())(raw)
        for each in then:
            each(raw)

    return change


def section(name: str, **values: Any) -> Change:
    return lambda raw: raw[name].update(values)


def preset(**values: Any) -> Change:
    return lambda raw: raw["presets"]["models"]["far"].update(values)


UNFIT = [
    (family(edit="prompt", promt="x"), "did you mean 'prompt'"),
    (family(edit="written", writer="nobody"), "presets.models has no 'nobody'"),
    (without("edit sample"), "presets.models.far: far cannot answer"),
    (without("answer"), "far cannot edit: not applicable: detail; a run would compare direct with"),
    (without("edit answer", preset(choices="likelihood")), "cannot score (choices: likelihood)"),
    (without("edit answer", section("understand", rewards=["contrast"])), "contrast needs a model"),
    (without("edit answer score", section("understand", rewards=["embedding"])), "can embed"),
    (section("score", derived=[{"rule": "select", "by": "verdict"}]), "not among understand.rewar"),
    (
        section("score", derived=[{"rule": "gate", "by": "contrast"}]),
        "not among understand.rewards",
    ),
    (model("tiny", weights="gone"), "gone"),
    (model(modle="x"), "did you mean 'model'"),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("change", "said"), UNFIT, ids=[said for _, said in UNFIT])
def test_what_models_and_families_lack_is_said_before_a_call(change: Change, said: str) -> None:
    assert said in refused(told(change))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("place", ["judge.model", "presets.families.mine.writer"])
def test_a_judge_and_a_writer_have_to_answer(place: str) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["presets"]["models"]["far"]["settings"]["capabilities"] = ["edit"]
        if place == "judge.model":
            raw["judge"]["model"] = "far"
        else:
            family(edit="written", writer="far")(raw)

    assert f"{place}: far cannot answer" in refused(told(change))


@pytest.mark.usefixtures("folder")
def test_what_only_reads_is_no_judge() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["presets"]["models"]["ocr"] = {"adapter": "rapidocr"}
        raw["judge"]["model"] = "ocr"

    assert "judge.model: ocr says what a picture reads" in refused(told(change))


@pytest.mark.usefixtures("folder")
def test_a_cell_that_does_not_apply_is_told_and_refused_only_if_all_are_such() -> None:
    config = told(without("answer", lambda raw: raw["families"].append("oracle")))
    check(config, models_called=())
    assert inapplicable(config) == ["far cannot edit: not applicable: detail"]
    beside = told(without("answer", lambda raw: raw["models"].append("nil")))
    check(beside, models_called=())
    plain = told(without("answer", lambda raw: raw["families"].remove("detail")))
    check(plain, models_called=())


@pytest.mark.usefixtures("folder")
def test_what_a_blind_editor_is_not_asked_for_is_told() -> None:
    def blind(raw: dict[str, Any]) -> None:
        halves = {"editor": {"adapter": "realesrgan"}, "reader": {"adapter": "null"}}
        raw["presets"]["models"]["both"] = {"adapter": "pair", "settings": halves}
        raw["models"] = ["both"]
        families = raw["presets"]["families"]
        families |= {"again": {"edit": "roundtrip"}, "grey": {"edit": "blank", "level": 128}}
        raw["families"] += ["context", "again", "grey"]

    assert inapplicable(told(blind)) == [
        "both draws nothing but detail, whatever it is asked: not applicable: context, again"
    ]


@pytest.mark.usefixtures("folder")
def test_a_feedback_mode_that_no_model_can_follow_is_told_and_refused_as_main_one() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["understand"]["controls"] = [{"feedback": "look"}]

    line = "nil cannot detect: not applicable: feedback look"
    assert inapplicable(told(change)) == [line]
    check(told(change), models_called=())

    def main(raw: dict[str, Any]) -> None:
        raw["understand"]["feedback"] = "look"

    assert line in refused(told(main))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("path", ["/gone/weights", "./gone", "~/gone", "a/b/c"])
def test_weights_in_a_folder_that_is_not_there_are_named(path: str) -> None:
    def change(raw: dict[str, Any]) -> None:
        halves = {
            "editor": {"adapter": "null"},
            "reader": {"adapter": "hf_chat", "settings": {"path": path}},
        }
        raw["presets"]["models"]["both"] = {"adapter": "pair", "settings": halves}
        raw["models"] = ["both"]

    check(told(change), models_called=())  # results that are there need no weights
    assert f"path: no folder {path}" in refused(told(change), ("both",))


def server(status: int = 404) -> AbstractContextManager[str]:
    """The address of a server that gives one answer to all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            del args

    return listening(Handler)


@pytest.mark.usefixtures("folder")
def test_a_server_is_asked_only_if_it_will_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    config = told(model())
    check(config, models_called=())
    assert "HERE_BASE_URL is not set" in refused(config, ("far",))
    with pytest.raises(G2UError, match="HERE_BASE_URL is not set"):
        check(config)
    with server() as address:
        monkeypatch.setenv("HERE_BASE_URL", address)
        check(config)
    said = refused(config, ("far",))
    assert "no reply within 10 s" in said
    assert "start the server" in said
    with server(401) as address:
        monkeypatch.setenv("HERE_BASE_URL", address)
        assert "refuses the key" in refused(config, ("far",))


@pytest.mark.usefixtures("folder")
def test_a_server_is_asked_for_a_half_of_a_pair() -> None:
    def change(raw: dict[str, Any]) -> None:
        halves = {"editor": {"adapter": "null"}, "reader": SERVED}
        raw["presets"]["models"]["both"] = {"adapter": "pair", "settings": halves}
        raw["models"] = ["both"]

    assert "HERE_BASE_URL is not set" in refused(told(change), ("both",))


ADDRESSES = ["", "localhost:8000", "http://", "ftp://a/v1", "http://a b/v1", "http://ä/v1", "a\nb"]
KEYS = ["", " ", "two words", "schlüssel", "line\nbreak", "\x7f", "tab\t"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("address", "key"),
    [*((address, "key") for address in ADDRESSES), *(("http://127.0.0.1:9/v1", k) for k in KEYS)],
)
def test_an_address_or_key_that_cannot_be_one_is_refused_without_showing_the_key(
    address: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERE_BASE_URL", address)
    monkeypatch.setenv("HERE_API_KEY", key)
    said = refused(told(model()), ("far",))
    assert "HERE_BASE_URL" in said if key == "key" else "HERE_API_KEY is empty or" in said
    assert not key.strip() or key == "key" or key not in said


@pytest.mark.usefixtures("folder")
def test_a_cache_that_cannot_be_written_stops_only_who_has_calls_to_make(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("file").touch()
    monkeypatch.setenv("G2U_CACHE", "file/calls")
    check(told(), models_called=())
    assert "no folder that can be written" in refused(told(), ("nil",))


def test_doctor_lists_every_fault(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HERE_BASE_URL", raising=False)
    workspace.raw["presets"]["models"]["far"] = SERVED
    workspace.raw["models"] = ["tiny", "far"]
    workspace.use_tsv(tsv_rows(1))
    workspace.write()
    Path("mine.tsv").unlink()
    bad = [str(finding) for finding in examine() if not finding.is_sound]
    assert any("mine.tsv: no such file" in line for line in bad)
    assert any("HERE_BASE_URL is not set" in line for line in bad)


def test_a_command_below_the_workspace_runs_in_its_root_and_prepares_what_it_scores(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "dvc.yaml").write_text(f"{BEGIN} report\n")
    write_tsv(folder / "x.tsv", tsv_rows(4))
    told(lambda raw: raw["presets"]["benchmarks"].update(mine={"source": "tsv", "file": "x.tsv"}))
    inner = folder / "results/of today"
    inner.mkdir(parents=True)
    answers = [{**row, "prediction": row["answer"]} for row in tsv_rows(4)]
    write_tsv(inner / "one.tsv", answers)
    monkeypatch.chdir(inner)
    arguments = ["score", "mine", "one.tsv", str(inner / "one.tsv"), "--json"]
    monkeypatch.setattr("sys.argv", ["g2u", *arguments])
    command.main()
    out, said = capsys.readouterr()
    assert [run["accuracy"] for run in json.loads(out)["runs"].values()] == [1.0, 1.0]
    assert "g2u: in ../.., the root of the study" in said
    assert "mine is not prepared: its source is read" in said
    assert not (folder / "data").exists()
    (folder / "data/mine").mkdir(parents=True)
    for name in ("questions", "targets"):
        (folder / f"data/mine/{name}.parquet").write_text("no table")
    monkeypatch.chdir(inner)
    command.main()
    assert "mine is prepared, but data/mine/questions.parquet: not a" in capsys.readouterr().err


def test_a_command_without_a_study_is_one_line_that_says_how_to_make_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["g2u", "run"])
    with pytest.raises(SystemExit) as stopped:
        command.entry()
    assert stopped.value.code == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "no study, here or above" in said
    assert said.endswith("g2u init FOLDER makes one")
    assert list(folder.iterdir()) == []
