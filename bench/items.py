"""Engine cost per item: the generate stage's work beside a bare loop over the same model.

The bare loop makes the same requests to the same model, which encodes its own PNG, and keeps
nothing. CPU seconds of this process, new and cached, alternating; the median of the rounds.
Run: python -m bench.items
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.common import machine, picture
from g2u import plugins
from g2u.calls import flow
from g2u.calls.asking import BrokeredCalls
from g2u.calls.broker import Broker
from g2u.calls.folder import FolderStore
from g2u.models import null
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of
from g2u.records import EditRequest, Question
from g2u.tables import schemas as tables
from g2u.tables.places import Cell
from g2u.thoughts.imagining import Drawing, Imagining, imagined

ITEMS, SIZE, ROUNDS = 2000, 224, 5


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of all threads of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Print milliseconds per item."""
    config = load(Path("params.yaml"))
    cell = Cell("bench", "tiny", "detail")
    prompt = config.presets.families[cell.family].settings()["prompt"]
    sources = {p.digest: p for p in (picture_of(picture(n, SIZE)) for n in range(ITEMS))}
    questions = [
        Question(str(number), "Is it even?", format="yes_no", pictures=(digest,))
        for number, digest in enumerate(sources)
    ]
    model = plugins.model("null", null.Settings())
    requests = [EditRequest((source, prompt), 0) for source in sources.values()]
    recipe = tables.Recipe(cell.benchmark, cell.family, cell.model, model.identity("edit"), "{}")
    found: dict[str, list[float]] = {"bare": [], "new": [], "cached": []}
    with tempfile.TemporaryDirectory() as name:
        for turn in range(ROUNDS):
            folder = Path(name) / str(turn)
            store = FolderStore(folder / "calls")

            def run(to: Path, store: FolderStore = store) -> None:
                calls = BrokeredCalls(Broker(model, store, 64))
                imagining = Imagining(Drawing.of(config, cell), questions)
                thoughts = flow.run(imagined(imagining, questions, sources, calls))
                tables.write_thoughts(to, thoughts, recipe)

            found["bare"].append(cpu(lambda: [model.edit([request]) for request in requests]))
            found["new"].append(cpu(lambda to=folder / "new": run(to)))
            found["cached"].append(cpu(lambda to=folder / "cached": run(to)))
    bare, new, cached = (1000 * statistics.median(found[n]) / ITEMS for n in found)
    own = sorted(1000 * (n - b) / ITEMS for n, b in zip(found["new"], found["bare"], strict=True))
    print(machine())
    print(f"{ITEMS} items of {SIZE} px, {ROUNDS} rounds, CPU ms per item, median")
    print(f"bare loop: model and PNG       {bare:.3f}")
    print(f"generate, every item new       {new:.3f}  ({new / bare:.2f} x)")
    spread = f"{own[0]:.3f}..{own[-1]:.3f}"
    print(f"engine's own part              {statistics.median(own):.3f}  ({spread})")
    print(f"generate, every item cached    {cached:.3f}")


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    main()
