"""score: a cell's answers against the targets, and its gains over direct and duplicate.

Input columns: g2u.tables.schemas.QUESTIONS, REWARDS, THOUGHTS, ANSWERS and, with a judge,
JUDGEMENTS and a panel's VOTES (own, direct, duplicate, direct of the model's baseline),
g2u.questions.targets.TARGETS; PICTURES, ORACLES where thoughts are compared with them.
Output columns: g2u.tables.schemas.SCORES; metrics as JSON.
Gains are paired by question: over complete cases, and with failures answered by direct.
Run: python -m stages.score --benchmark ladder --model tiny --family structure
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from g2u.arms import of_main
from g2u.errors import run_main
from g2u.files import write_whole
from g2u.params import reading as params
from g2u.params.params import BASELINES, PLAIN, Params
from g2u.questions import targets
from g2u.records import Question, Target
from g2u.scores import derived
from g2u.scores.agreement import agreements, alone, decisions
from g2u.scores.arms import Cellmates, Made, derive
from g2u.scores.judging import summarised
from g2u.scores.leaks import leaks
from g2u.scores.looks import planned
from g2u.scores.metrics import (
    Scored,
    arms_and_gains,
    cell_metrics,
    decided,
    fidelities,
    fidelity_metrics,
    over_vote,
    published,
    reward_metrics,
    score_answers,
    with_fidelity,
)
from g2u.scores.statistics import Resampling
from g2u.scores.units import Figures, official_metrics
from g2u.tables import schemas as tables
from g2u.tables.places import BenchmarkFolder, Cell, parse_cell
from g2u.tables.schemas import Answer, Judgement, Reward, Score, Vote


def scores_of(
    config: Params,
    cell: Cell,
    questions: Sequence[Question],
    gold: Sequence[Target],
    rewards: Sequence[Reward],
) -> tuple[Scored, dict[str, Made]]:
    """The cell's scores and those of its baselines; and, by name, the arms that were derived."""
    cells = _compared(cell, config.presets.models[cell.model].baseline)
    own = tables.read_answers(cell.answers)
    said = {name: tables.read_answers(each.answers) for name, each in cells.items()}
    plain = of_main(said[PLAIN])

    def near(by: str) -> Mapping[str, float]:
        pictures = tables.read_pictures(BenchmarkFolder(cell.benchmark).pictures)
        return derived.nearnesses(tables.read_thoughts(cell.thoughts), pictures, by)

    def mates(answers: Sequence[Answer]) -> Cellmates:
        return Cellmates(questions, answers, plain, rewards, near, config.score.seed)

    def mark(answers: Sequence[Answer]) -> list[Score]:
        return score_answers(questions, gold, answers)

    scores = decided(mark(own), judgements_of(config, cell))
    bases = {
        name: decided(mark(of_main(said[name])), judgements_of(config, each))
        for name, each in cells.items()
    }
    made: dict[str, Made] = {}
    for wanted in config.score.derived:
        name = wanted.made().name
        arm = derive(wanted, mates(own), mark)
        if arm is not None:
            made[name] = arm
            scores += arm.scores
        vote = wanted.rule == "vote" and cell.family != PLAIN
        of_direct = derive(wanted, mates(said[PLAIN]), mark) if vote else None
        if of_direct is not None:
            bases[over_vote(wanted.made())] = of_direct.scores
    return Scored(scores, bases), made


def judgements_of(config: Params, cell: Cell) -> list[Judgement]:
    """What the judge said of a cell; nothing where params.yaml names none."""
    return tables.read_judgements(cell.judgements) if config.judge.models else []


def votes_of(config: Params, cell: Cell) -> list[Vote]:
    """What each judge of a panel said of a cell; nothing where there is no panel."""
    return tables.read_votes(cell.votes) if config.judge.is_panel else []


def of_panel(
    config: Params,
    cell: Cell,
    questions: Sequence[Question],
    gold: Sequence[Target],
    scored: Scored,
) -> dict[str, Any]:
    """How far the panel's judges agree in a cell, and its arms and gains under each alone."""
    how, votes = Resampling.of(config.score), votes_of(config, cell)
    cells = _compared(cell, config.presets.models[cell.model].baseline)
    said = {name: votes_of(config, each) for name, each in cells.items()}
    under = {}
    for judge in config.judge.models:
        bases = {
            name: alone(scores, said.get(name, ()), judge) for name, scores in scored.bases.items()
        }
        own = Scored(alone(scored.own, votes, judge), bases)
        under[judge] = arms_and_gains(questions, gold, own, how)
    clusters = {score.id: score.cluster for score in scored.own}
    return {
        "votes": config.judge.votes,
        "judges": decisions(votes),
        "agreement": agreements(votes, clusters, config.judge, how),
        "alone": under if len(under) > 1 else {},
    }


def _compared(cell: Cell, baseline: str | None) -> dict[str, Cell]:
    """The cells that its gains are over."""
    cells = {name: cell.of_family(name) for name in BASELINES}
    if baseline is not None:
        cells["baseline"] = Cell(cell.benchmark, baseline, PLAIN)
    return cells


def main() -> None:
    """Score the cell and write its table and metrics."""
    cell, config = parse_cell(__doc__), params.load()
    config.require(benchmark=cell.benchmark, model=cell.model, family=cell.family)
    folder = BenchmarkFolder(cell.benchmark)
    questions, gold = tables.read_questions(folder.questions), targets.read_targets(folder.targets)
    judgements = judgements_of(config, cell)
    rewards = tables.read_rewards(cell.rewards)
    scored, made = scores_of(config, cell, questions, gold, rewards)
    tables.assert_same_ids(str(cell), (s.id for s in scored.own), (q.id for q in questions))
    thoughts, scores = tables.read_thoughts(cell.thoughts), scored.own
    right = {s.id: s.score >= 0.5 for s in of_main(scores) if s.score is not None}
    how = Resampling.of(config.score)
    figures = Figures(config.presets.benchmarks[cell.benchmark].metric, questions, gold, how)
    metrics: dict[str, Any] = {
        **cell_metrics(questions, gold, scored, how, planned(config, cell)),
        "official": official_metrics(figures, scores, scored.direct),
        "derived": {
            name: {"arms": [each.name for each in arm.arms], "needs_direct": arm.needs_direct}
            for name, arm in made.items()
        },
        "prompts": asdict(leaks(thoughts, questions, {target.id: target for target in gold})),
        "judged": summarised(judgements, right),
    }
    if config.judge.is_panel:
        metrics["panel"] = of_panel(config, cell, questions, gold, scored)
    for arm, found_there in published(gold, questions, tables.read_answers(cell.answers)).items():
        metrics["arms"][arm]["published"] = found_there
    oracles = tables.read_oracles(folder.oracles)
    if oracles and cell.family != PLAIN:
        pictures = tables.read_pictures(folder.pictures)
        found = fidelities(pictures, oracles, thoughts)
        metrics["fidelity"] = fidelity_metrics(found)
        scores = with_fidelity(scores, thoughts, found)
    metrics["rewards"] = reward_metrics(scores, rewards, how)
    tables.write_scores(cell.scores, scores)
    write_whole(cell.metrics, json.dumps(metrics, indent=2) + "\n")
    failed = sum(score.status == "failed" for score in scores)
    print(
        f"score {cell}: {len(scores)} items, 0 calls made, 0 reused, {failed} failed",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_main(main)
