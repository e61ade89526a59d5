"""Before anything is paid: what the checks of the models say of the arms that a run would ask."""

from collections.abc import Mapping

from g2u.answers.answering import Asking
from g2u.answers.needs import needs, spoken
from g2u.calls.opened import call_store, known_calls
from g2u.conformance import kept
from g2u.conformance.kept import Kept
from g2u.errors import ModelError
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.pipeline.stale import Stale, models
from g2u.pipeline.workers import LostWorkerError, Pool
from g2u.premises import MEANS, Doubt, Need, Role, doubts
from g2u.tables import schemas as tables
from g2u.tables.parquet import iterate_rows
from g2u.tables.places import BenchmarkFolder

Found = Mapping[Role, Kept]
NAMED = 6
"""Arms that a line names at most."""


def believe(config: Params, work: Stale, workers: Pool) -> None:
    """Check the models that a run would ask, each identity once, and keep what that comes to.

    Raises:
        ModelError: a model was seen not to hold what an arm hangs on; that is not kept, so that the
            next run asks it anew.
    """
    store = call_store()
    for name in sorted(models(config, work, certain=False)):
        try:
            found = workers.perform(0, check, name)
        except LostWorkerError as error:
            raise ModelError(str(error)) from None
        if not config.run.unchecked:
            _require_sound(config, work, name, found)
        new = [each for each in found.values() if each.seconds is not None]
        store.require_room(each.call.call for each in new)
        for each in new:
            each.put(store)


def check(name: str) -> dict[Role, Kept]:
    """In a worker: what the checks of a preset come to."""
    config = params.load()
    return kept.checked(config, name, kept.roles(config, name), known_calls())


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
    raise ModelError(
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
            for arm in Asking.of(config, cell).controls:
                wanted = needs(config, name, cell.family, arm, pictures)
                note(f"{cell.family}, {arm.name}", wanted)
        if config.presets.families[cell.family].writer == name:
            note(f"prompts of {cell.family}", spoken())
    if config.judge.model == name and work.judge:
        note("judgements", spoken())
    return found


def most_pictures(benchmark: str) -> int:
    """Of a question of a benchmark, as far as it is prepared; 1 and more."""
    path = BenchmarkFolder(benchmark).questions
    if not path.exists():
        return 1
    rows = iterate_rows(path, tables.QUESTIONS.schema, ["pictures"])
    return max((len(row["pictures"]) for row in rows), default=1) or 1
