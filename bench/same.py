"""Whether the embedded model draws the same bytes under every way to ask it.

Batches of 1, 8 and 32, shuffled questions, one and two workers, and a run that goes on with half of
its calls lost, each against batch 64.
Run: python -m bench.same [PICTURES]
"""

import os
import random
import sys
from collections.abc import Sequence

import g2u_tiny.model as tiny
from bench.common import machine, workspace
from g2u import plugins
from g2u.calls import flow
from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker
from g2u.calls.folder import FolderStore
from g2u.calls.opened import CACHE_VARIABLE, call_store
from g2u.params.params import Params
from g2u.pipeline.fill import fill
from g2u.pipeline.plan import Source, read_source
from g2u.pipeline.stale import Stale
from g2u.records import Question
from g2u.tables.places import Cell
from g2u.thoughts.imagining import Drawing, Imagining, imagined
from tests.conftest import Workspace

FAMILIES = ("detail", "context", "structure")
Drawn = dict[tuple[str, str], bytes]
"""Family and source -> the thought's file."""


def drawn(
    config: Params, source: Source, questions: Sequence[Question], store: FolderStore, batch: int
) -> Drawn:
    """The thoughts of all families, what is missing in `store` made in batches of `batch`."""
    model = plugins.model("tiny", tiny.Settings())
    found: Drawn = {}
    for family in FAMILIES:
        cell = Cell("ladder", "tiny", family)
        calls = BrokeredCalls(Broker(model, store, batch))
        imagining = Imagining(Drawing.of(config, cell), questions)
        for thought in flow.run(imagined(imagining, questions, source.pictures, calls)):
            assert thought.picture is not None
            found[family, thought.source] = thought.picture.encoded
    return found


def by_workers(made: Workspace, source: Source, count: int) -> Drawn:
    """The thoughts as `count` worker processes make them."""
    made.raw["run"] = {"workers": count}
    made.raw["families"] = ["direct", "duplicate", *FAMILIES]
    config = made.write()
    os.environ[CACHE_VARIABLE] = str(made.folder / f"workers {count}")
    cells = frozenset(Cell("ladder", "tiny", family) for family in FAMILIES)
    nothing = frozenset[Cell]()
    work = Stale(False, frozenset({"ladder"}), cells, cells, nothing, nothing, nothing)
    for _ in fill(config, work):
        pass
    store = call_store()
    assert isinstance(store, FolderStore)
    return drawn(config, source, source.questions, store, 64)


def main() -> None:
    """Print how many thoughts differ from those of batch 64."""
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 1700
    with workspace() as made:
        made.raw["benchmarks"] = ["ladder"]
        made.raw["presets"]["benchmarks"]["ladder"]["items"] = 2 * pictures
        config = made.write()
        source = read_source(config, "ladder")
        shuffled = random.Random(0).sample(source.questions, len(source.questions))
        kept = FolderStore(made.folder / "batch 64")
        reference = drawn(config, source, source.questions, kept, 64)
        print(machine())
        print(f"{len(reference)} thoughts; those that differ from batch 64:", flush=True)
        for batch in (1, 8, 32):
            store = FolderStore(made.folder / f"batch {batch}")
            tell(f"batch {batch}", reference, drawn(config, source, source.questions, store, batch))
        store = FolderStore(made.folder / "shuffled")
        tell("shuffled, batch 32", reference, drawn(config, source, shuffled, store, 32))
        lost = random.Random(0).sample(list(kept.listing()), len(reference) // 2)
        kept.remove(file.key for file in lost)
        tell("half lost, batch 8", reference, drawn(config, source, source.questions, kept, 8))
        for count in (1, 2):
            tell(f"{count} workers", reference, by_workers(made, source, count))


def tell(name: str, reference: Drawn, found: Drawn) -> None:
    """One line."""
    assert reference.keys() == found.keys()
    different = sum(found[key] != reference[key] for key in reference)
    print(f"{name:<20}{different:>6}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    main()
