"""A server that dies in mid-run ends the run with one line, and the same command goes on."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.cli.test_clones import Drawing
from tests.conftest import Workspace, tsv_rows

ANSWERED = 9


def serving(state: Drawing, port: int, last: int | None) -> ThreadingHTTPServer:
    """A server that closes its port once it has served `last` requests."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.said(b'{"version": "1"}')

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            kind = "edit" if "images" in self.path else "answer"
            with lock:
                state.asked[kind] += 1
                if state.asked.total() == last:
                    server.socket.close()
            self.said(state.edit() if kind == "edit" else state.answer({"messages": []}))

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


def test_a_server_that_dies_ends_the_run_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = Drawing()
    dying = serving(state, 0, ANSWERED)
    port = dying.server_port
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    workspace.init_dvc()
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
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
    serving(state, port, None)
    workspace.run("g2u.cli.main", "run")
    # direct has two arms, of which blind shares no call; duplicate and detail one each
    assert state.asked == {"edit": 12, "answer": 4 * 12}
    assert kept >= ANSWERED
