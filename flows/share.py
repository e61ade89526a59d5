"""share: the thoughts of cells become a dataset (docs/sharing.md) in a folder or bucket.

Run: python -m flows.share PLACE [BENCHMARK/MODEL/FAMILY ...]
"""

import sys
import tempfile
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.copying import copied, files_of
from flows.view import View
from g2u.errors import ParamsError, run_main
from g2u.params import reading as params
from g2u.pipeline.study import enter
from g2u.sharing.card import NAME
from g2u.sharing.export import drawn_cells, export, named_cells
from g2u.sharing.manifest import verify


@task(cache_policy=NO_CACHE, persist_result=False)
def write(folder: Path, cells: list[str], with_originals: bool, with_gold: bool) -> int:
    """Write the dataset and read it back against its manifest; returns its thoughts."""
    config = params.load()
    chosen = named_cells(config, cells) if cells else drawn_cells(config)
    found = export(config, chosen, folder, with_originals=with_originals, with_gold=with_gold)
    verify(folder)
    return sum(cell.thoughts for cell in found)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, persist_result=False)
def send(folder: Path, place: str) -> None:
    """Copy the dataset to where it belongs."""
    copied(folder, files_of(folder), place, "flows.share")


@flow(validate_parameters=False)
def share(
    place: str,
    cells: list[str] | None = None,
    with_originals: bool = True,
    with_gold: bool = True,
) -> int:
    """Export to `place`, a folder or URL; returns how many thoughts are in it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "thoughts"
        count = write(folder, cells or [], with_originals, with_gold)
        card = (folder / NAME).read_text(encoding="utf-8").partition("\n---\n")[2]
        View().show(lambda: create_markdown_artifact(card, key="thoughts"))
        send(folder, place)
    get_run_logger().info("%s thoughts in %s", count, place)
    return count


def main() -> None:
    """Run the flow with the command line's place and cells."""
    if len(sys.argv) < 2:
        raise ParamsError("flows.share: expected PLACE [BENCHMARK/MODEL/FAMILY ...]")
    place, inside = sys.argv[1], enter()
    share(place if "://" in place else str(inside / place), sys.argv[2:])


if __name__ == "__main__":
    run_main(main)
