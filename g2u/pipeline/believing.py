"""Who is believed: models are checked before anything is paid, and known again as a run goes on.

A probe is a few fixed requests. What a served model replied to them when it was first asked under
its identity is kept beside its calls; it has to reply so again before a run's first call, after
every `run.probe_every` calls, and at the end. What it replied since it was last known is noted
(g2u/calls/aside.py), and set aside where it is not known again.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from g2u.answers.answering import Asking
from g2u.answers.needs import judging, needs, spoken
from g2u.calls import aside
from g2u.calls.aside import FOLDER, Noting, set_aside
from g2u.calls.opened import call_store, known_calls
from g2u.calls.store import Entry, Replies
from g2u.conformance import kept, probe
from g2u.conformance.kept import Kept
from g2u.conformance.load import CROWD
from g2u.conformance.subject import BUDGET
from g2u.conformance.suite import cheap
from g2u.digests import sha256
from g2u.errors import ModelError, UnbelievedError
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.pipeline.stale import Stale
from g2u.pipeline.workers import LostWorkerError, Pool
from g2u.premises import MEANS, Doubt, Need, Role, doubts
from g2u.protocols import Model
from g2u.tables import schemas as tables
from g2u.tables.parquet import iterate_rows
from g2u.tables.places import STATE, BenchmarkFolder

R = TypeVar("R")
Found = Mapping[Role, Kept]
PROBE, PROBE_VERSION = "probe", 1
"""Of its replies among calls; the version is raised whenever other things are asked."""
NAMED = 6
"""Arms that a line names at most."""


class MovedError(Exception):
    """A served model replies otherwise than it did under the same identity.

    Args:
        model: its preset.
        what: what tells.
        notes: where its replies since it was last known are noted.
    """

    def __init__(self, model: str, what: str, notes: Path) -> None:
        super().__init__(model, what, notes)
        self.model, self.what, self.notes = model, what, notes


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe came to."""

    notes: Path
    """Where the replies since the last one are noted."""
    moved: str
    """What tells that other weights reply; empty where nothing does."""


class Watch:
    """The models of a run.

    Args:
        config: the params.
        work: what is stale.
        workers: who asks them.
    """

    def __init__(self, config: Params, work: Stale, workers: Pool) -> None:
        self._config, self._work, self._workers = config, work, workers
        self._opening, self._opened = threading.Lock(), set[str]()
        self._refused: UnbelievedError | MovedError | None = None
        """What ended the run; no driver asks again."""
        self._made: dict[str, int] = {}
        """Calls of each served model since it was known."""
        self._lock = threading.Lock()

    def open(self, slot: int, name: str) -> None:
        """Before the first call of a run to a model: check it, each identity once, keep what that
        comes to, and look whether it is the one that it was. Whose calls are all kept is asked for
        nothing.

        Raises:
            UnbelievedError: a model was seen not to hold what an arm hangs on; that is not kept,
                so that the next run asks it anew.
            MovedError: a model is not the one that it was.
        """
        with self._opening:
            if self._refused is not None:
                raise self._refused
            try:
                self._open(slot, name)
            except (UnbelievedError, MovedError) as refused:
                self._refused = refused
                raise

    def _open(self, slot: int, name: str) -> None:
        if name not in self._opened:
            config, store = self._config, call_store()
            found = _performed(self._workers, slot, check, name)
            if not config.run.unchecked:
                _require_sound(config, self._work, name, found)
            new = [each for each in found.values() if each.seconds is not None]
            store.require_room(each.call.call for each in new)
            for each in new:
                each.put(store)
            self._probe(slot, name)
            self._opened.add(name)

    def count(self, name: str, made: int) -> None:
        """So many calls more were made of a model."""
        with self._lock:
            if name in self._made:
                self._made[name] += made

    def go_on(self, slot: int, name: str) -> None:
        """Look at a model again, in the worker of a slot, where enough calls were made.

        Raises:
            MovedError: it is not the one that it was.
        """
        with self._lock:
            is_due = self._made.get(name, 0) >= self._config.run.probe_every
            if is_due:
                self._made[name] = 0
        if is_due:
            self._probe(slot, name)

    def end(self) -> None:
        """Look at each model again of which calls were made.

        Raises:
            MovedError: one is not the one that it was.
        """
        for name in [name for name, made in self._made.items() if made]:
            self._probe(0, name)

    def _probe(self, slot: int, name: str) -> None:
        found = _performed(self._workers, slot, probed, name)
        if found is None:
            return
        if found.moved:
            raise MovedError(name, found.moved, found.notes)
        self._made.setdefault(name, 0)


def told(moved: MovedError) -> UnbelievedError:
    """Set aside what was replied since the model was last known; and what is said of it."""
    count = set_aside(call_store(), moved.notes)
    name = moved.model
    return UnbelievedError(
        f"params.yaml: presets.models.{name}: another model replies under the same identity: "
        f"{moved.what}; {count} replies since it was last known are set aside ({FOLDER}) and used "
        "by nobody; serve what was served before and run again, or name what is served now in "
        f"presets.models.{name}.settings.revision, and its calls are made anew; if it is the same "
        f"model all the same: g2u check {name} --accept"
    )


def _performed(workers: Pool, slot: int, work: Callable[[str], R], name: str) -> R:
    try:
        return workers.perform(slot, work, name)
    except LostWorkerError as error:
        raise ModelError(str(error)) from None


def probed(name: str) -> Probed | None:
    """In a worker: whether the model of a preset is the one that it was; None = it is none behind a
    server. What it replies at first is kept.
    """
    config, store = params.load(), known_calls()
    model = config.model(name)
    try:
        key = _probe_of(config, name, model)
        if key is None:
            return None
        notes = _notes(name, key)
        aside.begin(notes)
        entry, moved = store.get_many([key], PROBE).get(key), ""
        before = None if entry is None else probe.Sounding.of(entry.body)
        for _ in range(probe.TRIES):
            now = _sounded(config, name, model)
            moved = probe.differs(before, now) if before else ""
            if not moved:
                break
        if before is None:
            store.require_room([key])
            store.put(key, Entry(now.encoded(), PROBE, 0.0))
        if not moved:
            aside.known(notes)
        return Probed(notes, moved)
    finally:
        model.close()


def accept(config: Params, name: str) -> str:
    """Take what replies now for the model that it was; returns what was done, in a line.

    Raises:
        ModelError: it lies behind no server.
    """
    model, store = config.model(name), call_store()
    key = _probe_of(config, name, model)
    if key is None:
        raise ModelError(f"{name}: not behind a server; its weights are part of its identity")
    store.remove([key], everywhere=True)
    store.put(key, Entry(_sounded(config, name, model).encoded(), PROBE, 0.0))
    store.close()
    aside.begin(_notes(name, key))
    aside.known(_notes(name, key))
    model.close()
    return f"{name}: what replies now is taken for the model that it was"


def store_of(config: Params, name: str, store: Replies) -> Replies:
    """Where the replies of a preset's model are put: with a note, where it lies behind a server."""
    model = config.model(name)
    key = _probe_of(config, name, model)
    model.close()
    return store if key is None else Noting(store, _notes(name, key))


def _probe_of(config: Params, name: str, model: Model) -> str | None:
    """The name under which a model's probe is kept; None where it is not behind a server."""
    served = kept.served(config, name, model)
    if not served:
        return None
    identities = [model.identity(kept.KINDS[role]) for role in served]
    sampler = cheap(config.presets.models[name].sampler) if "draws" in served else ()
    return sha256({"probe": PROBE_VERSION, "model": identities, "sampler": sampler})


def _sounded(config: Params, name: str, model: Model) -> probe.Sounding:
    declared = {
        each
        for role in kept.served(config, name, model)
        for each in kept.declared(config, name, role)
    }
    return probe.sounded(model, frozenset(declared), cheap(config.presets.models[name].sampler))


def _notes(name: str, key: str) -> Path:
    return (STATE / "since_probe" / f"{name}-{key[:16]}").absolute()


def check(name: str) -> dict[Role, Kept]:
    """In a worker: what the checks of a preset come to."""
    config = params.load()
    return kept.checked(config, name, kept.roles(config, name), known_calls())


def announced(config: Params, name: str) -> str:
    """What the checks of a served model would cost before its first call; empty where they are
    kept.
    """
    model, store = config.model(name), known_calls(takes=False)
    missing = {
        role
        for role in kept.served(config, name, model)
        if kept.look_up(config, name, model, role, store) is None
    }
    crowd = sum(2 + 2 * (CROWD // 2) for role in missing if kept.has_company(model, role))
    model.close()
    more = f", and {crowd} at once" if crowd else ""
    return f"{name} is checked first: at most {BUDGET} requests{more}" if missing else ""


def _require_sound(config: Params, work: Stale, name: str, found: Found) -> None:
    checked = {role: each.checked for role, each in found.items()}
    hit: dict[tuple[Role, str], tuple[Doubt, list[str]]] = {}
    for arm, wanted in _arms(config, work, name).items():
        for doubt in doubts(wanted, checked):
            if doubt.is_disproved:
                hit.setdefault((doubt.role, doubt.premise), (doubt, []))[1].append(arm)
    if not hit:
        return
    doubt, arms = next(iter(hit.values()))
    more = f" and {len(arms) - NAMED} more" if len(arms) > NAMED else ""
    others = "".join(f"; {other}" for other, _ in list(hit.values())[1:])
    raise UnbelievedError(
        f"params.yaml: presets.models.{name}: {doubt} -> {MEANS[doubt.premise].otherwise}; so "
        f"nothing was asked for {', '.join(arms[:NAMED])}{more}{others}; mend what is served and "
        f"run again (g2u check {name} shows more), or set run.unchecked: true, and verdicts say "
        '"unchecked"'
    )


def _arms(config: Params, work: Stale, name: str) -> dict[str, frozenset[Need]]:
    """What a run asks of a model, by the names of the arms' families, and the premises of each."""
    found: dict[str, frozenset[Need]] = {}

    def note(arm: str, wanted: frozenset[Need]) -> None:
        found[arm] = found.get(arm, frozenset()) | wanted

    most: dict[str, int] = {}
    for cell in sorted(work.understand, key=str):
        if cell.model == name:
            if cell.benchmark not in most:
                most[cell.benchmark] = most_pictures(cell.benchmark)
            pictures = most[cell.benchmark]
            note(cell.family, needs(config, name, cell.family, pictures=pictures))
            for arm in Asking.of(config, cell.at(0)).controls:  # before a slice is paid for
                wanted = needs(config, name, cell.family, arm, pictures)
                note(f"{cell.family}, {arm.name}", wanted)
        if config.presets.families[cell.family].writer == name:
            note(f"prompts of {cell.family}", spoken())
    if name in config.judge.models and work.judge:
        note("judgements", judging(config))
    return found


def most_pictures(benchmark: str) -> int:
    """Of a question of a benchmark, as far as it is prepared; 1 and more."""
    path = BenchmarkFolder(benchmark).questions
    if not path.exists():
        return 1
    rows = iterate_rows(path, tables.QUESTIONS.schema, ["pictures"])
    return max((len(row["pictures"]) for row in rows), default=1) or 1
