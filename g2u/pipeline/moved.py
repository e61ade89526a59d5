"""Code that moved: proven by replies that lie in the call cache, and recorded in moves.json."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from g2u import plugins
from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import KINDS, Broker
from g2u.calls.brokers import Brokers
from g2u.calls.encoding import as_entry, text_of
from g2u.calls.opened import known_calls
from g2u.calls.store import Entry
from g2u.code import identity
from g2u.digests import kind_of
from g2u.errors import ModelError
from g2u.files import write_whole
from g2u.params.params import Params
from g2u.pipeline.plan import plan_cell, read_source
from g2u.pipeline.recipes import halves
from g2u.protocols import Model
from g2u.records import Failure, Request
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import DATA, Cell
from g2u.thoughts.imagining import Drawing

ASKED = 8
"""Replies of each kind that are asked for again, spread over all there are."""
MARK = re.compile(r" code ([0-9a-f]{16})$")


def prove(config: Params, name: str) -> str:
    """Ask a model again for replies that earlier code gave; where all come out equal, record that
    its code is that code.

    Args:
        config: the params; their cells of this model say which requests are known.
        name: a model preset.

    Returns:
        What was recorded, in one line.

    Raises:
        ModelError: the code is what it was, no reply of earlier code is at hand, or one differs;
            nothing is recorded then.
    """
    preset = config.presets.models[name]
    used = {preset.adapter, *(halves(preset, half)[0] for half in ("editor", "reader"))}
    entries = {adapter: plugins.foreign().get(adapter) for adapter in sorted(used)}
    new = {adapter: identity.mark(adapter, entry) for adapter, entry in entries.items()}
    new = {adapter: mark for adapter, mark in new.items() if mark}
    if not new:
        raise ModelError(f"{name}: the code of {', '.join(entries)} is what it was; nothing moved")
    for earlier in _earlier(name, new.values()):
        with identity.taken_for(dict.fromkeys(new, earlier)):
            known = _known(config, name)
        if known:
            break
    else:
        raise ModelError(
            f"{name}: no reply of earlier code is at hand for the cells of params.yaml; expected "
            "the call cache or the pulled results of a run before the change"
        )
    model = config.model(name)
    asked = _asked_again(model, known)
    model.close()
    for adapter in new:
        path = identity.moves_file(entries[adapter] is None)
        told = identity.recorded(path)
        own = {**told.get(adapter, {}), identity.digest(adapter, entries[adapter]): earlier}
        write_whole(path, json.dumps({**told, adapter: own}, indent=1, sort_keys=True) + "\n")
    return (
        f"{name}: {asked} replies of earlier code came out equal; recorded for "
        f"{', '.join(new)} in moves.json, which belongs to the next commit"
    )


def _earlier(name: str, now: Iterable[str]) -> list[str]:
    """Marks of code that may have given what is there: none, and those in the results."""
    found = {
        mark[1]
        for path in sorted(DATA.glob(f"*/*/{name}/calls/*.parquet"))
        for row in parquet.iterate_rows(path, tables.CALLS.schema, ["identity"])
        if (mark := MARK.search(row["identity"]))
    }
    return ["", *sorted(found - set(now))]


def _known(config: Params, name: str) -> dict[str, tuple[Request, Entry]]:
    """Requests of the model's cells whose replies are at hand, by key."""
    preset, store = config.presets.models[name], known_calls(takes=False)
    noting = _Noting(config.model(name), store, preset.batch, plans=True)
    brokers = Brokers(config, store, plans=True)
    for benchmark in config.benchmarks:
        cells = [Cell(benchmark, *pair) for pair in config.cells_of(benchmark) if pair[0] == name]
        source = read_source(config, benchmark) if cells else None
        for cell in cells:
            assert source is not None
            writer = Drawing.of(config, cell).writer
            calls = BrokeredCalls(noting, brokers.of(writer) if writer else None)
            brokers.run(plan_cell(config, cell, source, calls))
    found = store.get_many(noting.requests)
    return {key: (noting.requests[key], entry) for key, entry in found.items()}


class _Noting(Broker):
    """Of planned calls; it remembers what is asked."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.requests: dict[str, Request] = {}

    def key(self, request: Request) -> str:
        key = super().key(request)
        self.requests[key] = request
        return key


def _asked_again(model: Model, known: dict[str, tuple[Request, Entry]]) -> int:
    """How many replies were asked for; all of them came out as before.

    Raises:
        ModelError: one did not.
    """
    asked = 0
    for kind in KINDS:
        keys = _spread([key for key in sorted(known) if kind_of(known[key][0]) == kind])
        if not keys:
            continue
        ask: Any = getattr(model, kind)
        for key, reply in zip(keys, ask([known[key][0] for key in keys]), strict=True):
            before = known[key][1]
            made = reply if isinstance(reply, Failure) else as_entry(kind, reply)
            if isinstance(made, Failure) or _told(made) != _told(before):
                said = made.reason if isinstance(made, Failure) else "another reply"
                raise ModelError(
                    f"{kind} call {key[:12]}: {said} than that of earlier code; nothing is "
                    "recorded, and the model's calls are made anew"
                )
        asked += len(keys)
    return asked


def _told(entry: Entry) -> Any:
    """What is compared: earlier code may not have told why a text ended."""
    if entry.kind == "answer":
        return str(text_of(entry))
    return entry.picture[0] if entry.picture else entry.body


def _spread(keys: Sequence[str]) -> list[str]:
    count = min(len(keys), ASKED)
    return [keys[place * len(keys) // count] for place in range(count)]
