"""Models are checked before anything is paid and known again as a run goes on, or not believed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from g2u.calls.aside import FOLDER
from g2u.calls.folder import FolderStore
from g2u.calls.opened import DEFAULT_CACHE
from g2u.report.headline import read_headlines
from g2u.tables.places import REPORT, Cell
from tests.campaigns.lies import bagel
from tests.conftest import Workspace, tsv_rows
from tests.models.emulator.client import Emulated, emulated

BESIDE = "drops every picture but the first"
LOST = "a thought beside the original is seen: NO (answers: picture 2 of 2: LOST)"
NO_EFFECT = re.compile("no effect|not shown", re.IGNORECASE)


pytestmark = pytest.mark.slow


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulated]:
    with emulated() as found:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{found.address}/v1")
        yield found


@pytest.fixture
def study(workspace: Workspace) -> Workspace:
    """Six questions of BAGEL's with one family, on one worker."""
    workspace.init_dvc()
    workspace.use_tsv(tsv_rows(6))
    workspace.raw["models"] = ["bagel"]
    workspace.raw["presets"]["models"]["bagel"] = bagel(["edit", "answer", "sample"])
    workspace.raw["presets"]["models"]["bagel"]["settings"]["in_flight"] = 1
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.write()
    return workspace


def asked(server: Emulated) -> int:
    """Requests that the server got since it is what it is."""
    return sum(server.told()["asked"].values())


def kept() -> Counter[str]:
    """Kinds of what lies in the call cache."""
    store = FolderStore(DEFAULT_CACHE)
    entries = store.get_many(reply.key for reply in store.listing())
    return Counter(entry.kind for entry in entries.values())


def judgements(page: str) -> str:
    """What the overview concludes: its first sentences, and the verdict of each row."""
    found = re.findall(r'class="headline">(.*?)</p>|class="verdict [^>]*>([^<]*)<', page, re.DOTALL)
    assert len(found) > 1
    return " ".join(text for pair in found for text in pair)


def run(study: Workspace, **section: Any) -> Any:
    """A run with these settings of section run."""
    study.raw["run"] = {"workers": 1, **section}
    study.write()
    return study.run("g2u.cli.main", "run", check=False)


def test_a_model_is_checked_once_and_what_it_came_to_stands_in_the_report(
    study: Workspace, server: Emulated
) -> None:
    announced = "bagel is checked first: at most 60 requests"
    assert announced in study.run("g2u.cli.main", "plan").stdout.splitlines()
    first = run(study)
    assert first.returncode == 0, first.stderr
    assert announced not in study.run("g2u.cli.main", "plan").stdout
    assert kept()["check"] == 2
    assert asked(server) > 60
    page = (REPORT / "index.html").read_text()
    assert re.search(r"\(checked \d{4}-\d\d-\d\d: all that its arms hang on was seen\)", page)
    assert pl.read_csv(REPORT / "gains.csv")["unchecked"].is_null().all()
    assert study.run("dvc", "status").stdout.strip().endswith("are up to date.")
    place = Cell("mine", "bagel", "detail").calls("understand")
    noted = place.read_bytes()
    study.run("dvc", "repro", "-f", "-s", "cells/mine/detail/dvc.yaml:understand@bagel")
    assert place.read_bytes() == noted, "a bare repro leaves the same outcomes"
    server.become()
    study.use_tsv(tsv_rows(7))
    made = re.search(r"bagel: (\d+) calls made", run(study).stdout)
    assert made is not None
    probes = 2 * 8
    assert asked(server) == int(made[1]) + probes


def test_what_an_arm_hangs_on_and_was_seen_not_to_hold_stops_a_run_before_anything_is_paid(
    study: Workspace, server: Emulated
) -> None:
    server.become(lie=BESIDE)
    stopped = run(study)
    assert stopped.returncode == 1
    (line,) = [said for said in stopped.stderr.splitlines() if "UnbelievedError" in said]
    assert line.startswith(
        f"UnbelievedError: params.yaml: presets.models.bagel: {LOST} -> concat and"
    )
    assert "nothing was asked for detail, duplicate" in line
    assert "run.unchecked: true" in line
    assert not kept()
    server.become()
    assert run(study).returncode == 0, "it is mended, and asked anew"


def test_a_verdict_whose_premise_does_not_hold_says_unchecked_everywhere(
    study: Workspace, server: Emulated
) -> None:
    server.become(lie=BESIDE)
    ran = run(study, unchecked=True)
    assert ran.returncode == 0, ran.stderr
    gains = pl.read_csv(REPORT / "gains.csv")
    (own,) = gains.filter(pl.col("arm") == "detail").rows(named=True)
    assert own["verdict"] == "unchecked"
    assert own["unchecked"].startswith(LOST)
    assert gains.filter(pl.col("arm") == "blind")["unchecked"].is_null().all()
    (headline,) = read_headlines(REPORT).values()
    assert (headline["verdict"], headline["why"]) == ("unchecked", own["unchecked"])
    assert "unchecked" in ran.stdout
    page = (REPORT / "index.html").read_text()
    assert f": {LOST}" in page
    assert not NO_EFFECT.search(judgements(page))
    assert not NO_EFFECT.search(ran.stdout)
    study.run("g2u.cli.main", "export", "shared")
    (cell,) = json.loads(Path("shared/manifest.json").read_text())["cells"]
    assert cell["check"]["outcomes"]["source"] == "holds"
    assert cell["check"]["date"] in Path("shared/README.md").read_text()
    study.raw["understand"]["feedback"] = "replace"
    assert run(study).returncode == 0, "these arms do not hang on what is lost"
    assert pl.read_csv(REPORT / "gains.csv")["unchecked"].is_null().all()


def answers() -> dict[str, bytes]:
    """What the study's stages wrote of its replies."""
    return {str(path): path.read_bytes() for path in Path("data").rglob("answers.parquet")}


def test_weights_that_are_swapped_in_mid_run_stop_it_and_their_replies_are_used_by_nobody(
    study: Workspace, server: Emulated
) -> None:
    study.use_tsv(tsv_rows(24))
    first = run(study)
    assert first.returncode == 0, first.stderr
    honest, before = answers(), asked(server)
    study.raw["presets"]["families"]["detail"]["prompt"] = "Sharpen everything."
    server.become(lie="swaps weights in mid-run", swapped_at=36)
    stopped = run(study, probe_every=16)
    assert stopped.returncode == 1
    (line,) = [said for said in stopped.stderr.splitlines() if "UnbelievedError" in said]
    assert "presets.models.bagel: another model replies under the same identity: " in line
    assert "g2u check bagel --accept" in line
    aside = sum(1 for _ in FolderStore(FOLDER).listing())
    assert aside >= 16
    assert f"; {aside} replies since it was last known are set aside" in line
    assert asked(server) < before
    again = run(study)
    assert again.returncode == 1, "the swapped weights are still there"
    server.become()
    assert run(study).returncode == 0
    mended = answers()
    assert mended != honest
    FolderStore(DEFAULT_CACHE).remove([each.key for each in FolderStore(DEFAULT_CACHE).listing()])
    study.run("dvc", "repro", "-f")
    assert answers() == mended


def test_a_run_that_was_killed_sets_aside_what_it_had_not_looked_at(
    study: Workspace, server: Emulated
) -> None:
    study.use_tsv(tsv_rows(16))
    assert run(study).returncode == 0
    study.raw["presets"]["families"]["detail"]["prompt"] = "Sharpen everything."
    server.become(lie="swaps weights in mid-run", swapped_at=20)
    spent = run(study, budget={"calls": 20})
    assert "the budget of params.yaml is spent" in spent.stderr
    before = sum(1 for _ in FolderStore(DEFAULT_CACHE).listing())
    stopped = run(study)
    assert "20 replies since it was last known are set aside" in stopped.stderr
    assert sum(1 for _ in FolderStore(DEFAULT_CACHE).listing()) == before - 20


def test_what_is_accepted_is_the_model_from_then_on(study: Workspace, server: Emulated) -> None:
    assert run(study).returncode == 0
    study.use_tsv(tsv_rows(8))
    server.become(lie="swaps weights in mid-run", swapped_at=1)
    assert "--accept" in run(study).stderr
    said = study.run("g2u.cli.main", "check", "bagel", "--accept").stdout
    assert said == "bagel: what replies now is taken for the model that it was\n"
    assert run(study).returncode == 0
