"""A server that dies in mid-run ends the run with one line, and the same command goes on."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from g2u.calls.opened import call_store
from g2u.cli.cache import examine
from tests.cli.test_clones import Drawing
from tests.conftest import Workspace, tsv_rows

Death = Callable[[Drawing], bool]


def serving(state: Drawing, port: int, is_dead: Death) -> ThreadingHTTPServer:
    """A server that closes its port as soon as it is dead."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.said(state.told(self.path))

        def do_POST(self) -> None:
            said = state.reply(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            if is_dead(state):
                server.socket.close()
            self.said(said)

        def said(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            del arguments

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: Any) -> None:
            del arguments

    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.mark.parametrize(
    ("asked", "is_dead"),
    [
        pytest.param(0, lambda state: state.served >= 3, id="in its check"),
        pytest.param(9, lambda state: state.asked.total() >= 9, id="in the study"),
    ],
)
def test_a_server_that_dies_ends_the_run_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, asked: int, is_dead: Death
) -> None:
    state = Drawing()
    dying = serving(state, 0, is_dead)
    port = dying.server_port
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    workspace.init_dvc()
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.raw["run"] = {"unchecked": True}  # the server draws and says at random
    workspace.raw["presets"]["models"]["tiny"] = {
        "adapter": "openai",
        "settings": {"model": "m", "retries": 1, "in_flight": 2},
        "batch": 4,
    }
    workspace.use_tsv(tsv_rows(12))
    workspace.write()
    stopped = workspace.run("g2u.cli.main", "run", check=False)
    assert stopped.returncode == 1
    told = [line for line in stopped.stderr.splitlines() if ": the server" in line]
    assert len(told) == 1, stopped.stderr
    assert told[0].startswith("ModelError: ")
    assert "the same command goes on" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    made = [*workspace.folder.glob("data/mine/*/*/scores.parquet")]
    assert made == [], "nothing is made of failures"
    kept = state.asked.total()
    assert kept >= asked
    assert bool(kept) == bool(asked)
    is_checked = "check" in examine(call_store()).entries
    assert is_checked == bool(asked), "a server that died in its check is checked anew"
    serving(state, port, lambda _: False)
    workspace.run("g2u.cli.main", "run")
    # direct has two arms, of which blind shares no call; duplicate and detail one each
    assert state.asked == {"edit": 12, "answer": 4 * 12}
