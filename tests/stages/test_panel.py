"""A panel of three judges behind servers of their own, one of which likes long replies."""

import contextlib
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import polars as pl
import pytest

from g2u.tables import schemas as tables
from g2u.tables.places import REPORT, Cell
from tests.campaigns.lies import bagel
from tests.conftest import Workspace, tsv_rows
from tests.models.emulator.client import emulated
from tests.models.servers import listening

pytestmark = pytest.mark.slow
LONG = "as the drawing shows in every detail"
VOTES = 3
Rule = Callable[[str, list[str], int], str | None]
"""What is said to a text, pictures as they are sent, and a seed; None = the emulator's own words.
"""


def speaker(behind: httpx.Client, rule: Rule) -> type[BaseHTTPRequestHandler]:
    """A server that replies by a rule, and like the emulator behind it to all else."""

    class Speaker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = _by(rule, body) if self.path.endswith("/chat/completions") else None
            if said is None:
                self._pass_on(body)
                return
            message = {"role": "assistant", "content": said}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            self._send(200, "application/json", json.dumps({"choices": [choice]}).encode())

        def _pass_on(self, body: bytes) -> None:
            headers = {"Content-Type": self.headers.get("Content-Type", "application/json")}
            found = behind.request(self.command, self.path, content=body, headers=headers)
            self._send(found.status_code, found.headers["Content-Type"], found.content)

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            del args

    return Speaker


def _by(rule: Rule, body: bytes) -> str | None:
    asked = json.loads(body)
    parts = [
        part
        for message in asked["messages"]
        for part in (
            message["content"]
            if isinstance(message["content"], list)
            else [{"type": "text", "text": message["content"]}]
        )
    ]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return rule(text, pictures, asked.get("seed") or 0)


def answerer(text: str, pictures: list[str], seed: int) -> str | None:
    """Half of the questions rightly, whatever is shown; with a drawing in more words."""
    del seed
    number = re.search(r"Which light falls on number (\d+)\?", text)
    if number is None or "Right answer" in text:
        return None
    said = "a warm glow from low down" if int(number[1]) % 2 == 0 else "a cold glare from above"
    return f"{said}, {LONG}" if len(set(pictures)) > 1 else said


def _judged(text: str, is_right: bool) -> str | None:
    return (
        ("RIGHT" if is_right else "WRONG") if "Does the response give the right" in text else None
    )


def fair(text: str, pictures: list[str], seed: int) -> str | None:
    del pictures, seed
    return _judged(text, "Response: a warm" in text)


def unsteady(text: str, pictures: list[str], seed: int) -> str | None:
    """As the fair one, but for one vote in seven."""
    del pictures
    return _judged(text, ("Response: a warm" in text) != (seed % 7 == 0))


def biased(text: str, pictures: list[str], seed: int) -> str | None:
    """Whatever is long is right."""
    del pictures, seed
    return _judged(text, LONG in text)


def preset(environment: str, capabilities: list[str]) -> dict[str, Any]:
    found = bagel(capabilities)
    found["settings"] |= {"environment": environment, "revision": environment}
    return found


def judge_of(workspace: Workspace) -> None:
    """Fourteen questions with one family; three judges with three votes each."""
    rows = [
        {
            **row,
            "question": f"Which light falls on number {number}?",
            "answer": f"the low sun of evening {number}",
        }
        for number, row in enumerate(tsv_rows(14))
    ]
    workspace.use_tsv(rows, format="open", scorer="equivalent")
    workspace.raw["models"] = ["painter"]
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    judges = ["fair", "unsteady", "biased"]
    workspace.raw["judge"] = {"model": judges, "votes": VOTES, "tasks": ["answers"]}
    workspace.raw["presets"]["models"] = {
        "painter": preset("PAINTER", ["edit", "answer", "sample"]),
        **{name: preset(name.upper(), ["answer", "sample"]) for name in judges},
    }
    workspace.raw["run"] = {"workers": 1}


def test_a_biased_judge_shows_in_alpha_and_in_what_it_alone_would_conclude(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"PAINTER": answerer, "FAIR": fair, "UNSTEADY": unsteady, "BIASED": biased}
    with emulated() as server, contextlib.ExitStack() as stack:
        behind = stack.enter_context(httpx.Client(base_url=server.address, timeout=60))
        for name, rule in rules.items():
            address = stack.enter_context(listening(speaker(behind, rule)))
            monkeypatch.setenv(f"{name}_BASE_URL", address)
            monkeypatch.setenv(f"{name}_API_KEY", "none")
        judge_of(workspace)
        workspace.init_dvc()
        workspace.write()
        planned = workspace.run("g2u.cli.main", "plan").stdout
        assert re.search(r"of those to come at most \d+ calls more", planned)
        assert "biased is checked first" in planned
        workspace.run("g2u.cli.main", "run")
        cell = Cell("mine", "painter", "detail")
        votes = tables.read_votes(cell.votes)
        assert {(vote.judge, vote.vote) for vote in votes} == {
            (judge, number) for judge in ("fair", "unsteady", "biased") for number in range(VOTES)
        }
        assert len({vote.score for vote in votes if vote.judge == "unsteady"}) == 2
        panel = json.loads(cell.metrics.read_text())["panel"]
        told = panel["agreement"]["answers"]
        assert told["within"]["biased"]["same"] == 1.0
        assert told["within"]["unsteady"]["same"] < 1.0
        assert told["between"]["alpha"] < 0.7
        assert panel["alone"]["biased"]["gains"]["concat"]["direct"]["difference"] == 1.0
        assert panel["alone"]["fair"]["gains"]["concat"]["direct"]["difference"] == 0.0
        swapped = pl.read_csv(REPORT / "pages" / "judges.csv")
        verdicts = dict(swapped.select("judge", "verdict").rows())
        assert abs(swapped["panel_gain"][0]) < 0.1, "two judges to one"
        assert verdicts["fair"] == swapped["panel_verdict"][0] != verdicts["biased"]
        page = (REPORT / "pages" / "mine-painter.html").read_text()
        assert "with judge biased alone the gain is +100.0" in page
        assert "the verdict differs" in page
        assert "with judge fair alone the gain is +0.0" in page
        assert re.search(r"judges agree to alpha \(nominal\) -?\d\.\d\d \[", page)
        overview = (REPORT / "index.html").read_text()
        assert "Does it hang on who judges?" in overview
        assert "the verdict on 1 of 1 own thoughts differs" in overview
        asked = server.told()["asked"]
        workspace.run("g2u.cli.main", "run")
        assert server.told()["asked"] == asked, "nothing is asked twice"
        assert "to make" not in workspace.run("g2u.cli.main", "plan").stdout
        workspace.raw["judge"]["votes"] = VOTES + 1
        workspace.write()
        planned = workspace.run("g2u.cli.main", "plan", "--json").stdout
        found = json.loads(planned)["totals"]["judge"]
        assert found["reused"] == VOTES * found["to_make"] > 0, "votes that were given are kept"
