"""A clone that pulled the results pays nothing for what DVC calls unchanged."""

import base64
import contextlib
import hashlib
import json
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from g2u.pictures.decoding import encode_png, picture_of
from g2u.tables import parquet
from g2u.tables import schemas as tables
from tests.conftest import begun, tsv_rows, write_tsv
from tests.models.servers import listening

ROWS = 4
SHOWN = ("direct", "duplicate", "detail")


class Drawing:
    """A server that draws another picture each time, and notes what it is asked about the
    benchmark. What a check or a probe asks it replies to as before.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.served = 0
        """Replies, to whatever was asked."""
        self.shown: set[str] = set()
        """Digests of the pictures that it was shown with questions."""
        self.version = "1"
        self.address = ""
        self._lock = threading.Lock()

    def told(self, path: str) -> bytes:
        """What it says of itself."""
        is_list = path.endswith("/models")
        told = {"data": [{"id": "m"}]} if is_list else {"version": self.version}
        return json.dumps(told).encode()

    def reply(self, path: str, body: bytes) -> bytes:
        """To a request."""
        kind = "edit" if "images" in path else "answer"
        is_ours = (b"Enhance the details" if kind == "edit" else b"Is number") in body
        with self._lock:
            self.served += 1
            if is_ours:
                self.asked[kind] += 1
            dice = random.Random(None if is_ours else hashlib.sha256(body).digest())
            return self.edit(dice) if kind == "edit" else self.answer(json.loads(body), dice)

    def edit(self, dice: random.Random) -> bytes:
        """A reply to an edit."""
        made = Image.frombytes("RGB", (24, 24), dice.randbytes(24 * 24 * 3))
        return json.dumps(
            {"created": 1, "data": [{"b64_json": base64.b64encode(encode_png(made)).decode()}]}
        ).encode()

    def answer(self, body: Any, dice: random.Random) -> bytes:
        """A reply to a question."""
        for message in body["messages"]:
            for part in message["content"]:
                if part["type"] == "image_url":
                    held = base64.b64decode(part["image_url"]["url"].partition(",")[2])
                    self.shown.add(picture_of(held).digest)
        message = {"role": "assistant", "content": dice.choice(["yes", "no"])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        said = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        return json.dumps({**said, "choices": [choice]}).encode()


@contextlib.contextmanager
def drawing() -> Iterator[Drawing]:
    """The server, on a port of this machine."""
    state = Drawing()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.say(state.told(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.say(state.reply(self.path, body))

        def log_message(self, *arguments: Any) -> None:
            del arguments

    with listening(Handler) as state.address:
        yield state


def run(folder: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True
    )
    assert not check or not done.returncode, done.stdout + done.stderr
    return done


def git(folder: Path, *command: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True)


def to_make(folder: Path) -> str:
    """What g2u plan says of calls to make."""
    return run(folder, "g2u.cli.main", "plan").stdout


@pytest.fixture(scope="module")
def server() -> Iterator[Drawing]:
    with drawing() as found:
        yield found


@pytest.fixture(scope="module")
def pulled_once(server: Drawing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of a workspace whose results were pushed and pulled; without its call cache."""
    folder = tmp_path_factory.mktemp("pulled")
    clone = folder / "a clone"
    with pytest.MonkeyPatch.context() as patch:
        workspace = begun(folder, patch)
        patch.setenv("OPENAI_BASE_URL", server.address)
        workspace.init_dvc()
        workspace.raw["families"] = list(SHOWN)
        workspace.raw["run"] = {
            "workers": 1,
            "unchecked": True,
        }  # the server draws and says at random
        workspace.raw["presets"]["models"]["tiny"] = {
            "adapter": "openai", "settings": {"model": "m"}, "sampler": {"steps": 4},
        }  # fmt: skip
        workspace.use_tsv(tsv_rows(ROWS))
        workspace.write()
        run(workspace.folder, "g2u.cli.main", "run")
        run(workspace.folder, "dvc", "remote", "add", "--default", "shelf", str(folder / "shelf"))
        git(workspace.folder, "add", "--all")
        git(workspace.folder, "commit", "-qm", "results")
        run(workspace.folder, "dvc", "push")
        git(folder, "clone", "-q", str(workspace.folder), str(clone))
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "another site"))
        run(clone, "dvc", "pull")
    return clone


@pytest.fixture
def clone(
    pulled_once: Path, server: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of that clone, with DVC state of its own."""
    begun(tmp_path, monkeypatch)
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    clone = tmp_path / "a clone"
    shutil.copytree(pulled_once, clone)
    server.asked.clear()
    server.shown.clear()
    return clone


def drawn(folder: Path) -> dict[str, str]:
    """Source -> drawing, of the thoughts that lie in data/."""
    rows = parquet.read_shards(folder / "data/mine/detail/tiny/thoughts", tables.THOUGHTS.schema)
    return {row["source"]: row["digest"] for row in rows}


@pytest.mark.slow
def test_a_pulled_clone_asks_for_nothing_and_then_for_what_changed(
    clone: Path, server: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled = drawn(clone)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")  # nobody is there
    assert "3 cells are as DVC recorded them: 0 calls" in to_make(clone)
    run(clone, "g2u.cli.main", "run")
    assert run(clone, "dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    assert drawn(clone) == pulled
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    assert not server.asked

    config = (clone / "params.yaml").read_text()
    assert "max_tokens: 1024" in config
    (clone / "params.yaml").write_text(config.replace("max_tokens: 1024", "max_tokens: 1025"))
    plan = to_make(clone).splitlines()
    assert [line.split()[3:6] for line in plan if line.startswith("all 3 cells")] == [
        ["answer", str(4 * ROWS), "0"]  # direct with its picture and blind, duplicate, detail
    ]
    server.version = "2"  # built anew meanwhile: what DVC calls unchanged is not drawn again
    run(clone, "g2u.cli.main", "run")
    server.version = "1"
    assert server.asked == {"answer": 4 * ROWS}
    assert drawn(clone) == pulled
    assert set(pulled.values()) <= server.shown, "answers are about the drawings that were pulled"
    assert run(clone, "dvc", "status").stdout.strip() == "Data and pipelines are up to date."


def as_before(folder: Path, command: str) -> None:
    """Lay a workspace out as it was before: a cell in seven folders, DVC's files among the data, a
    stage's command spelled as in `command`.
    """
    spelled = {}
    for path in sorted((folder / "data/mine").glob("*/*/**/*")):
        family, model, noun, *rest = path.relative_to(folder / "data/mine").parts
        if path.is_dir() or family in ("pictures", "oracles", "adversaries"):
            continue
        kind, _, suffix = noun.partition(".")
        if noun == "thoughts":
            former = f"data/mine/thoughts/{model}/{family}"
            new = path.parent.relative_to(folder)
            place = folder / former / path.name
        else:
            stage = f".{rest[0]}" if rest else f".{suffix}"
            former = f"data/mine/{kind}/{model}/{family}{stage}"
            new, place = path.relative_to(folder), folder / former
        spelled[new.as_posix()] = former
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    for path in sorted((folder / "cells").rglob("dvc.*")):
        parts = path.relative_to(folder / "cells").parts
        cells = ("cells",) * (len(parts) == 3)
        place = folder / Path("data", *parts[:1], *cells, *parts[1:])
        text = path.read_text()
        for new, former in sorted(spelled.items(), reverse=True):
            text = text.replace(f"path: {new}\n", f"path: {former}\n")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace("python -m stages.", command))
    shutil.rmtree(folder / "cells")
    for family in ("direct", "duplicate", "detail"):
        shutil.rmtree(folder / "data/mine" / family, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["python -m stages.", "python -S stages/run.py "], ids=len)
def test_a_workspace_of_the_layout_of_before_is_taken_over_and_costs_nothing(
    clone: Path, server: Drawing, command: str
) -> None:
    pulled = drawn(clone)
    as_before(clone, command)
    note = clone / "data/mine/answers/tiny/notes.md"
    note.write_text("n")
    refused = run(clone, "g2u.cli.main", "run", check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith(
        "the layout of before; expected cells/ beside data/: g2u migrate"
    )
    run(clone, "g2u.cli.main", "migrate")
    assert note.read_text() == "n", "what a person keeps stays"
    assert drawn(clone) == pulled
    assert run(clone, "g2u.cli.main", "run").stdout.startswith("nothing to do: ")
    assert not server.asked
    assert run(clone, "dvc", "status").stdout.strip().endswith("are up to date.")
    assert run(clone, "dvc", "repro").stdout.strip().endswith("up to date.")


@pytest.mark.slow
def test_a_table_of_columns_of_before_is_made_anew_without_a_call(
    clone: Path, server: Drawing
) -> None:
    as_before(clone, "python -m stages.")
    path = clone / "data/mine/answers/tiny/detail.parquet"
    table = pq.read_table(path).drop_columns(["arm"])
    digests = [hashlib.md5(path.read_bytes()).hexdigest()]
    path.chmod(0o644)
    path.unlink()
    pq.write_table(table, path)
    digests.append(hashlib.md5(path.read_bytes()).hexdigest())
    lock = clone / "data/mine/cells/detail/dvc.lock"
    lock.write_text(lock.read_text().replace(*digests))
    run(clone, "g2u.cli.main", "migrate")
    run(clone, "g2u.cli.main", "run")
    assert not server.asked
    made = pq.read_table(clone / "data/mine/detail/tiny/answers.parquet")
    assert "arm" in made.column_names
    assert run(clone, "dvc", "status").stdout.strip().endswith("are up to date.")


def test_a_migration_that_would_overwrite_a_file_moves_none(clone: Path) -> None:
    as_before(clone, "python -m stages.")
    theirs = clone / "data/mine/detail/tiny/answers.parquet"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    before = sorted(clone.joinpath("data").rglob("*"))
    refused = run(clone, "g2u.cli.main", "migrate", check=False)
    assert refused.returncode == 1
    assert "data/mine/detail/tiny/answers.parquet: is there already" in refused.stderr
    assert sorted(clone.joinpath("data").rglob("*")) == before
    assert theirs.read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("command", [("g2u.cli.main", "run"), ("dvc", "repro")])
def test_a_row_added_to_a_pulled_clone_costs_the_calls_of_that_row(
    clone: Path, server: Drawing, command: tuple[str, ...]
) -> None:
    pulled = drawn(clone)
    write_tsv(clone / "mine.tsv", tsv_rows(ROWS + 1))
    if command[0] != "dvc":
        plan = to_make(clone).splitlines()
        told = [line.split()[3:6] for line in plan if line.startswith("all 3 cells")]
        assert told == [["answer", "4", str(4 * ROWS)], ["edit", "1", str(ROWS)]]
    run(clone, *command)
    assert server.asked == {"edit": 1, "answer": 4}
    assert drawn(clone).items() > pulled.items()


@pytest.mark.slow
def test_a_model_renamed_in_a_pulled_clone_costs_nothing(clone: Path, server: Drawing) -> None:
    """Its cells go with the old name, and with them the only copy of what was paid."""
    pulled = drawn(clone)
    config = yaml.safe_load((clone / "params.yaml").read_text())
    config["models"] = ["renamed"]
    config["presets"]["models"]["renamed"] = config["presets"]["models"].pop("tiny")
    (clone / "params.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    run(clone, "g2u.cli.main", "run")
    assert not server.asked
    rows = parquet.read_shards(clone / "data/mine/detail/renamed/thoughts", tables.THOUGHTS.schema)
    assert {row["source"]: row["digest"] for row in rows} == pulled
    assert not (clone / "data/mine/thoughts/tiny").exists()


@pytest.mark.slow
def test_results_that_are_gone_come_back_from_dvc_s_cache(clone: Path, server: Drawing) -> None:
    pulled = drawn(clone)
    shutil.rmtree(clone / "data/mine/detail/tiny/thoughts")
    (clone / "data/mine/direct/tiny/answers.parquet").unlink()
    done = run(clone, "g2u.cli.main", "run")
    assert "put back 2 outputs that were gone from data/, out of DVC's cache" in done.stderr
    assert not server.asked
    assert drawn(clone) == pulled
    assert not (clone / ".g2u/calls").exists(), "nothing was paid, so nothing is kept there"
