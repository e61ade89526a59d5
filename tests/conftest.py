"""A workspace in a temporary folder: the real code, real stages, a small params.yaml."""

import asyncio
import atexit
import base64
import compileall
import contextlib
import copy
import csv
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from g2u import plugins
from g2u.answers.answering import Asking
from g2u.answers.understanding import REWARDS, Understanding
from g2u.calls import flow
from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker
from g2u.calls.brokers import Brokers
from g2u.calls.folder import FolderStore
from g2u.calls.store import Replies
from g2u.params.params import Params
from g2u.params.reading import load, shelved
from g2u.pictures.decoding import encode_png
from g2u.pipeline.sync import sync
from g2u.protocols import Calls, Model
from g2u.records import Picture, Question, Sampler, Thought
from g2u.scores.samples import samples
from g2u.settings import Section, checked
from g2u.tables.places import Cell
from g2u.thoughts.imagining import Drawing, Imagining
from g2u.thoughts.imagining import imagined as imagined_by

os.environ["OMP_NUM_THREADS"] = "1"  # tests run on all cores already
os.environ["HF_HUB_OFFLINE"] = "1"  # models are built here; nothing is asked of a hub
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp(prefix="g2u-datasets-")  # no run sees another's
atexit.register(shutil.rmtree, os.environ["HF_DATASETS_CACHE"], ignore_errors=True)
ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
CODE = (
    "g2u",
    "g2u_tiny",
    "stages",
    "params.yaml",
    ".gitignore",
    ".dvcignore",
    ".dvc/config",
)


def png(seed: int, size: int = 24) -> bytes:
    """A small picture, another for every seed."""
    return encode_png(np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8))


def write_tsv(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """A TSV as VLMEvalKit writes them: every cell quoted."""
    found = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(found[0]), delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(found)
    return path


def tsv_rows(count: int, start: int = 0) -> list[dict[str, str]]:
    """Yes/no questions, one picture each."""
    return [
        {
            "index": str(number),
            "image": base64.b64encode(png(number)).decode(),
            "question": f"Is number {number} even?",
            "answer": "yes" if number % 2 == 0 else "no",
        }
        for number in range(start, start + count)
    ]


@cache
def plain_params() -> dict[str, Any]:
    """The project's params.yaml without the cells of other models than the embedded one, and with
    the presets of the shelf that it names.
    """
    found: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
    del found["cells"]
    for axis, shelf in shelved(ROOT / "params.yaml").items():
        own = found["presets"].setdefault(axis, {})
        found["presets"][axis] = {n: p for n, p in shelf.items() if n in found[axis]} | own
    of_all = [each for each in found["understand"]["controls"] if "models" not in each]
    found["understand"]["controls"] = of_all
    return found


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What imported modules hold stays: garbage is looked for among what tests make alone."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


FORKING = (ROOT / "tests/cache/test_store.py",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests fork first, before any test leaves threads and loops in its process; then
    those with slow tests, so that all workers are busy to the end.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in FORKING, item.path not in slow))


@cache
def small_params() -> dict[str, Any]:
    """The project's params.yaml, cut down to what takes a second."""
    raw = copy.deepcopy(plain_params())
    raw["benchmarks"] = ["ladder", "easy_vqa"]
    raw["families"] = [
        "direct", "duplicate", "blank", "detail", "context", "structure", "oracle",
    ]  # fmt: skip
    raw["presets"]["benchmarks"]["ladder"]["items"] = 6
    raw["presets"]["benchmarks"]["easy_vqa"]["items"] = 6
    raw["score"]["resamples"] = 200
    raw["understand"]["controlled"] = []
    raw["run"] = {"workers": 1}  # each takes a second to start
    return raw


def write(folder: Path, raw: dict[str, Any]) -> Params:
    """Write a workspace's params.yaml, bring dvc.yaml in step, and return the params."""
    (folder / "params.yaml").write_text(yaml.dump(raw, Dumper=yaml.CSafeDumper, sort_keys=False))
    with contextlib.chdir(folder):  # where commands run, and paths of sources are short
        config = load()
        sync(config)
    return config


@cache
def written() -> Path:
    """The project's code, compiled, with small params: what every workspace is a copy of."""
    folder = Path(tempfile.mkdtemp(prefix="g2u-tests-"))
    atexit.register(shutil.rmtree, folder)
    for name in CODE:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
            compileall.compile_dir(target, quiet=1)
        else:
            shutil.copy2(source, target)
    # as `g2u init` has it: without the training of the embedded model
    shutil.copy2(ROOT / "g2u/pipeline/study.dvc.yaml", folder / "dvc.yaml")
    # g2u goes without it; pyarrow imports it in every process, where a peer of the tests brings it
    (folder / "pandas.py").write_text('raise ImportError("hidden from the tests\' studies")\n')
    write(folder, small_params())
    return folder


class Workspace:
    """A folder with the project's code in it and a params.yaml of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw: dict[str, Any] = copy.deepcopy(small_params())
        # with times of change, so that compiled code and what was read of sources stay valid
        shutil.copytree(written(), folder, dirs_exist_ok=True)

    def write(self) -> Params:
        """Write params.yaml, bring dvc.yaml in step, and return the params."""
        return write(self.folder, self.raw)

    def use_tsv(self, rows: Iterable[dict[str, str]], **settings: Any) -> None:
        """Make the only benchmark `mine`, a TSV of these rows."""
        path = write_tsv(self.folder / "mine.tsv", rows)
        self.raw["presets"]["benchmarks"]["mine"] = {
            "source": "tsv",
            "file": str(path.relative_to(self.folder)),
            **settings,
        }
        self.raw["benchmarks"] = ["mine"]

    def use_null(self, **settings: Any) -> None:
        """Make the model one that needs no torch: most of what a process of tiny's takes."""
        null = {"adapter": "null", "sampler": {"steps": 4}, "batch": 4}
        self.raw["presets"]["models"]["tiny"] = {**null, **settings}

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a Python module in the workspace."""
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=self.folder, capture_output=True, text=True
        )
        if check and done.returncode:
            raise AssertionError(f"{command} gave {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def init_dvc(self) -> None:
        """Make the folder a Git repository, which DVC wants."""
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)


def begun(folder: Path, patch: pytest.MonkeyPatch) -> Workspace:
    """A fresh workspace below a folder, the current folder, with a call cache and DVC state of its
    own.
    """
    place = folder / "a workspace"
    place.mkdir()
    patch.delenv("G2U_CACHE", raising=False)
    patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
    patch.setenv("DVC_NO_ANALYTICS", "1")
    patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    patch.chdir(place)
    return Workspace(place)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A fresh workspace, the current folder."""
    return begun(tmp_path, monkeypatch)


def again(made: Workspace, folder: Path, patch: pytest.MonkeyPatch) -> Workspace:
    """A copy of a workspace in which something ran, below another folder, with `begun`'s place."""
    copied = begun(folder, patch)
    shutil.rmtree(copied.folder)
    shutil.copytree(made.folder, copied.folder, symlinks=True)
    patch.chdir(copied.folder)  # the one that was is gone
    copied.raw = copy.deepcopy(made.raw)
    return copied


def installed(site: Path, module: str, adapter: str) -> Path:
    """What pip notes of a package of one module that brings an adapter, in a folder of packages."""
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    named = f"Name: {module.replace('_', '-')}\nVersion: 1.0\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}")
    (info / "entry_points.txt").write_text(f"[g2u.models]\n{adapter} = {module}\n")
    return site


@contextlib.contextmanager
def importable(site: Path, module: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within the block this process finds the package of that module."""
    patch.syspath_prepend(str(site))
    plugins.brought.cache_clear()
    yield
    plugins.brought.cache_clear()
    sys.modules.pop(module, None)


Counter = Callable[[Params], dict[str, dict[str, int]]]


@pytest.fixture
def count_calls(tmp_path: Path) -> Counter:
    """Run every cell in process over one call cache; returns family -> kind -> calls made."""
    store = FolderStore(tmp_path / "calls")

    def run(config: Params) -> dict[str, dict[str, int]]:
        made: dict[str, dict[str, int]] = {}
        for benchmark in config.benchmarks:
            found = list(samples(copy.deepcopy(config), benchmark))
            questions: list[Question] = [sample.question for sample in found]
            pictures = {picture.digest: picture for s in found for picture in s.pictures}
            for family in config.families:
                cell = Cell(benchmark, config.models[0], family)
                with Brokers(config, store) as brokers:
                    calls = brokers.calls(cell.model)
                    imagining = Imagining(Drawing.of(config, cell), questions)
                    thoughts = brokers.run(imagined_by(imagining, questions, pictures, calls))
                    asking = Asking.of(config, cell)
                    work = Understanding(asking, questions, pictures, thoughts)
                    noted = dict.fromkeys((*(a.name for a in work.arms), REWARDS), calls)
                    brokers.run(work.understood(noted))
                tallies = calls.tally()
                made[family] = {kind: tally.made for kind, tally in tallies.items() if tally.made}
        return made

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it tests skip, unless G2U_REQUIRE_BROWSER is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("G2U_REQUIRE_BROWSER"):
            pytest.fail("chromium is required here and not installed")
        pytest.skip("no chromium on the PATH (Debian: apt install chromium)")
    expect.set_options(timeout=60_000)  # as a busy machine needs
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which any error, and any request beyond the file system, fails the test."""
    opened = browser.new_page(viewport={"width": 1200, "height": 800})
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on(
        "request",
        lambda r: faults.append(r.url) if r.url.split(":")[0] not in ("file", "data") else None,
    )
    yield opened
    assert faults == []
    opened.close()


def objections(page: Page) -> list[str]:
    """What axe-core (its rules of accessibility) objects to on a page, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def typed(adapter: str, settings: Mapping[str, Any]) -> Section:
    """Settings of an adapter, as params.yaml would have them."""
    return checked(plugins.settings("adapter", adapter), settings)


def brokered(model: Model, store: Replies, batch: int = 8, **options: Any) -> BrokeredCalls:
    """Calls of a model through a broker of their own."""
    return BrokeredCalls(Broker(model, store, batch, **options))


def imagined(
    family: Any,
    asked: tuple[Sequence[Question], Mapping[str, Picture]],
    calls: Calls,
    sampler: Sampler = Sampler(),  # noqa: B008 - frozen
    **settings: Any,
) -> list[Thought]:
    """What a family of these settings makes of questions and pictures, asked all at once."""
    questions, pictures = asked
    told = checked(family.Settings, settings)

    async def ask() -> list[Thought]:
        thoughts = (family.imagine(q, pictures, told, sampler, calls) for q in questions)
        return [thought for found in await asyncio.gather(*thoughts) for thought in found]

    return sorted(flow.run(ask()), key=lambda thought: (thought.round, thought.draw))


def asked_at_once(ask: Callable[[Any], Any], requests: Iterable[Any]) -> list[Any]:
    """The replies to requests that are asked together, such as by `calls.answer`."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*map(ask, requests))

    return flow.run(all_of_them())
