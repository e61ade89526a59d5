"""align: train the embedded model by its own understanding, and measure what that changed.

Prepares the benchmarks that studies/weights/params.yaml names, trains the variant once per seed
(stage align, resumable), then runs the study of its name, if studies/ has one. One command per
system: python -m flows.align gvu, python -m flows.align r3. And python -m flows.align ablations:
every ablation once, their curves beside those of what they are ablations of in
studies/results/ablations.csv. With --device cuda the trainings are on a GPU. Each ends with the
tables of docs/alignment.md, from what is there so far.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from flows import study
from flows.figures import helps, with_tables
from g2u.errors import run_main
from g2u.files import write_whole
from g2u.params import reading as params
from g2u.params.params import Params
from g2u.report.aligned import (
    Course,
    changes_table,
    chosen_table,
    looks_table,
    paintings_table,
    rewards_table,
    trainings_table,
)
from g2u.report.changes import all_repainted
from g2u.scores.statistics import Resampling
from g2u.tables.places import ALIGNING, CURVE, PAINTINGS, STUDIED_WEIGHTS, BenchmarkFolder
from g2u_tiny.alignment import rule, section
from g2u_tiny.alignment.section import Align

SEEDS = 3
DOCUMENT = Path("docs/alignment.md")
"""What holds the tables."""
ABLATIONS = "ablations.csv"


def main() -> None:
    """Prepare, train each seed, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("variant")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many, from 0 (default 3)")
    parser.add_argument("--device", default="cpu", help="of the trainings; default cpu")
    arguments = parser.parse_args()
    if arguments.variant == "ablations":
        ablations(section.load(), arguments.device)
        _document()
        return
    _train(arguments.variant, arguments.seeds, arguments.device)
    if (study.STUDIES / f"{arguments.variant}.yaml").exists():
        study.run(arguments.variant)
    _document()


def ablations(known: Align, device: str) -> None:
    """Train each and write a row per look of the watch, those of the whole variants among them."""
    for name in known.ablations:
        _train(name, 1, device)
    whole = {each.of for each in known.ablations.values()}
    curves = {name: STUDIED_WEIGHTS / name for name in sorted(whole)}
    curves |= {name: ALIGNING / name / "weights" for name in known.ablations}
    looks = [
        pl.read_csv(place / CURVE).select(pl.lit(name).alias("training"), pl.all())
        for name, place in curves.items()
    ]
    table = pl.concat(looks, how="diagonal_relaxed")
    study.RESULTS.mkdir(parents=True, exist_ok=True)
    write_whole(study.RESULTS / ABLATIONS, table.write_csv())


def tables_of_alignment(config: Params) -> dict[str, str]:
    """How trainings went and what they changed, as Markdown, as far as there are results."""
    known, how = section.load(), Resampling.of(config.score)
    named = {f"{v}_{s}" if s else v: v for v in known.variants for s in range(SEEDS)}
    trained = {name: STUDIED_WEIGHTS / name for name in named}
    trained = {name: place for name, place in trained.items() if (place / CURVE).exists()}
    courses = {
        name: course(pl.read_csv(place / CURVE), known.settings(named[name]))
        for name, place in trained.items()
    }
    paintings = {name: pl.read_csv(place / PAINTINGS) for name, place in trained.items()}
    painted = all_repainted(paintings, how)
    found = {"looks": looks_table(courses), "paintings": paintings_table(painted)}
    if (table := study.RESULTS / ABLATIONS).exists():
        parts = pl.read_csv(table).partition_by("training", as_dict=True)
        ablated = {
            str(name): course(curve, known.settings(str(name))) for (name,), curve in parts.items()
        }
        found["ablations"] = looks_table(ablated)
    seeded: dict[str, pl.DataFrame] = {}
    for variant in known.variants:
        if (table := study.RESULTS / f"{variant}_changes.csv").exists():
            changed = pl.read_csv(table)
            found[variant] = changes_table(changed, _helping(changed))
            seeded[variant] = changed.filter(
                pl.col("model").str.contains(rf"^tiny_{variant}(_\d+)?$")
            )
    if seeded:
        alike = {v: [painted[n] for n in painted if named[n] == v] for v in seeded}
        helping = _helping(pl.concat(seeded.values()))
        found["trainings"] = trainings_table(seeded, helping, alike)
    if (table := study.RESULTS / "rewards_rewards.csv").exists():
        told = pl.read_csv(table)
        helping = _helping(told)
        gains = pl.read_csv(study.RESULTS / "rewards.csv")
        found["rewards"] = rewards_table(told, helping)
        families = study.params_of("rewards")["presets"]["families"]
        (draws,) = {families[family]["draws"] for family in helping.values()}
        found["chosen"] = chosen_table(gains, helping, draws)
    return found


def _helping(results: pl.DataFrame) -> dict[str, str]:
    return {name: helps(name) for name in results["benchmark"].unique(maintain_order=True)}


def course(curve: pl.DataFrame, settings: Mapping[str, Any]) -> Course:
    """How a training of these settings went."""
    looks = curve.to_dicts()
    sound = [
        look["turn"]
        for number, look in enumerate(looks)
        if not rule.objects(looks[: number + 1], settings["fall"])
    ]
    return Course(curve, settings["turns"], sound[-1])


def _document() -> None:
    found = tables_of_alignment(params.load())
    write_whole(DOCUMENT, with_tables(DOCUMENT.read_text(encoding="utf-8"), found))


def _train(name: str, seeds: int, device: str) -> None:
    settings = section.load().settings(name)
    for benchmark in {**settings["tasks"], **settings["watched"]}:
        if not BenchmarkFolder(benchmark).targets.exists():
            _run("stages.prepare", "--benchmark", benchmark)
    for seed in range(seeds):
        _run("stages.align", "--variant", name, "--seed", str(seed), "--device", device)


def _run(module: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=True)


if __name__ == "__main__":
    run_main(main)
