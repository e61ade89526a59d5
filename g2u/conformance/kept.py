"""What a model's checks came to: asked once for each identity, kept like any call.

The outcome's name is made of what decides it: role, identity, version of the checks, and the
settings that they are made with. Stages leave it among the calls that they were made from. Of
models that are shipped the outcomes are shipped too (shipped.json, which a test holds against the
checks), so that nobody waits for them.
"""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

from g2u import plugins
from g2u.calls.store import CallStore, Entry, Replies
from g2u.conformance.checks import Check
from g2u.conformance.meaning import summed
from g2u.conformance.suite import VERSION, Conformance, cheap
from g2u.digests import sha256
from g2u.params.params import Params
from g2u.premises import Checked, Role
from g2u.protocols import DRAWING, Kind, Model
from g2u.settings import Section
from g2u.tables.schemas import Call

KIND = "check"
"""Of such an outcome among calls."""
SHIPPED = Path(__file__).with_name("shipped.json")
KINDS: dict[Role, Kind] = {"draws": "edit", "answers": "answer"}


class Recorded(Protocol):
    """What an adapter whose drawings were made elsewhere offers beside the rest: it cannot be asked
    for others.
    """

    def checked_where_drawn(self, settings: Any) -> Checked | None:
        """What the check of the model that drew them came to; None = that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome of a role."""

    call: Call
    """As a row among the calls of a stage."""
    checked: Checked
    seconds: float | None = None
    """That it took; None = it need not be put into the call cache."""

    def put(self, store: Replies) -> None:
        """Keep it, where it is not kept."""
        if self.seconds is not None:
            assert self.call.reply is not None
            store.put(self.call.call, Entry(self.call.reply, KIND, self.seconds))


def roles(config: Params, name: str) -> frozenset[Role]:
    """What the model of a preset does."""
    able, found = config.abilities(name), set[Role]()
    if able & DRAWING:
        found.add("draws")
    if "answer" in able:
        found.add("answers")
    return frozenset(found)


def conformance(
    config: Params, name: str, model: Model, able: Collection[str], seed: int | None = None
) -> Conformance:
    """The checks of a preset, of what it is `able` to do; `seed`: as `Conformance` takes it."""
    editor, reader = (_half(config, name, role)[1] for role in ("draws", "answers"))
    return Conformance(
        model,
        frozenset(able),
        config.presets.models[name].sampler,
        seed=seed,
        acts=config.acts(name),
        is_sized=getattr(editor, "size", None) == "source",
        system=getattr(reader, "answer_system", ""),
    )


def named(config: Params, name: str, model: Model, role: Role) -> str:
    """The outcome's name in the call cache."""
    _, settings = _half(config, name, role)
    told: dict[str, object] = {
        "check": role,
        "suite": VERSION,
        "model": [model.identity(kind) for kind in _kinds(role)],
        "declared": sorted(declared(config, name, role)),
        "crowd": has_company(model, role),
    }
    if role == "draws":
        acts = config.acts(name)
        told |= {
            "sampler": cheap(config.presets.models[name].sampler),
            "acts": None if acts is None else sorted(acts),
            "size": getattr(settings, "size", None),
        }
    return sha256(told)


def names(config: Params) -> frozenset[str]:
    """The names of the outcomes of all models that a run may call."""
    found = set()
    for name in config.models_in_use():
        model = config.model(name)
        found |= {named(config, name, model, role) for role in roles(config, name)}
        model.close()
    return frozenset(found)


def look_up(config: Params, name: str, model: Model, role: Role, store: Replies) -> Kept | None:
    """The outcome, where it need not be asked for."""
    key, identity = named(config, name, model, role), model.identity(KINDS[role])
    adapter, settings = _half(config, name, role)
    found = _told_by(adapter, settings) if role == "draws" else None
    found = found or shipped().get(key)
    if found is None:
        entry = store.get_many([key], KIND).get(key)
        found = None if entry is None else Checked.of(entry.body)
    if found is None:
        return None
    return Kept(Call(key, KIND, identity, found.encoded()), found)


def checked(
    config: Params, name: str, wanted: Collection[Role], store: Replies
) -> dict[Role, Kept]:
    """What the checks of a preset came to in these roles; asked where it is not kept, and put
    nowhere yet.

    Raises:
        G2UError: the model cannot be called, or the store not read.
    """
    model = config.model(name)
    try:
        found = {role: look_up(config, name, model, role, store) for role in sorted(wanted)}
        missing = [role for role, kept in found.items() if kept is None]
        fresh = ask(config, name, model, missing) if missing else {}
    finally:
        model.close()
    return {**{role: kept for role, kept in found.items() if kept is not None}, **fresh}


def as_call(config: Params, name: str, role: Role, store: Replies) -> Call:
    """What the checks of a preset came to in a role, as one of the calls that a stage was made
    from; see `checked`.
    """
    kept = checked(config, name, [role], store)[role]
    kept.put(store)
    return kept.call


def ask(config: Params, name: str, model: Model, wanted: Collection[Role]) -> dict[Role, Kept]:
    """Check a model in these roles, with pictures that its name decides."""
    names = {role: named(config, name, model, role) for role in sorted(wanted)}
    begun = time.perf_counter()
    made = conformance(
        config,
        name,
        model,
        {each for role in names for each in declared(config, name, role)},
        seed=int(sha256(names)[:8], 16),
    )
    checks = made.run()
    if any(has_company(model, role) for role in names):
        checks += made.in_company()
    each = (time.perf_counter() - begun) / len(names)
    return {
        role: kept_as(role, key, model.identity(KINDS[role]), checks, each)
        for role, key in names.items()
    }


def renew(
    config: Params, name: str, model: Model, checks: Sequence[Check], store: CallStore
) -> None:
    """Keep what checks of all roles came to in place of what was kept before."""
    for role in sorted(roles(config, name)):
        key = named(config, name, model, role)
        store.remove([key])
        kept_as(role, key, model.identity(KINDS[role]), checks, 0.0).put(store)


def kept_as(role: Role, key: str, identity: str, checks: Sequence[Check], seconds: float) -> Kept:
    """Today's outcome of a role under its name."""
    found = summed(checks, role, datetime.now(UTC).date().isoformat(), VERSION)
    return Kept(Call(key, KIND, identity, found.encoded()), found, seconds)


@lru_cache(maxsize=1)
def shipped() -> dict[str, Checked]:
    """Outcomes that come with g2u, by name."""
    told = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return {key: Checked(**outcome) for key, outcome in told.items()}


def _kinds(role: Role) -> tuple[Kind, ...]:
    return ("edit",) if role == "draws" else ("answer", "score")


def declared(config: Params, name: str, role: Role) -> frozenset[str]:
    """What the model of a preset declares of a role."""
    able = config.abilities(name)
    return able & DRAWING if role == "draws" else able - DRAWING


def served(config: Params, name: str, model: Model) -> list[Role]:
    """The roles in which a model lies behind a server."""
    own = sorted(roles(config, name))
    return [role for role in own if plugins.server(model, KINDS[role]) is not None]


def has_company(model: Model, role: Role) -> bool:
    """Whether several requests are sent at once."""
    server = plugins.server(model, KINDS[role])
    return server is not None and server.in_flight > 1


def _half(config: Params, name: str, role: Role) -> tuple[str, Section]:
    """Adapter and settings of a preset, or of a pair's half."""
    preset, settings = config.presets.models[name], config.settings("models", name)
    half = getattr(settings, "editor" if role == "draws" else "reader", None)
    return (preset.adapter, settings) if half is None else (half.adapter, half.settings)


def _told_by(adapter: str, settings: Section) -> Checked | None:
    """What a dataset of drawings says of the model that drew them, which cannot be asked here."""
    found = plugins.adapter(adapter)
    if not hasattr(found, "checked_where_drawn"):
        return None
    told = cast(Recorded, found).checked_where_drawn(settings)
    return told or Checked("draws", "", "")
