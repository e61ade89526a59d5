"""report: every cell's numbers as pages that open offline, and as metrics and plots for DVC.

Input columns: g2u.tables.schemas (all of them), the cells' metrics and costs.
Output: data/report/index.html (the overview), data/report/pages (one per benchmark and model);
gains.json; gains.csv (`dvc plots show`); data/report/headline (`dvc metrics show`).
Run: python -m stages.report
"""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from g2u.answers.needs import judging, needs, spoken
from g2u.arms import DIRECT, Arm, by_arm, main_arm, of_main
from g2u.calls.costs import drawing_seconds, read_costs, reward_seconds, share_shown
from g2u.calls.made import checks_in, checks_of
from g2u.errors import DataError, run_main
from g2u.files import write_whole
from g2u.params import reading as params
from g2u.params.params import AGAIN, PLAIN, Params
from g2u.premises import Checked, Doubt, doubts, why
from g2u.questions import targets
from g2u.records import Question, Target
from g2u.report.causes import Causal, causal, causes_table, what_does_it_do
from g2u.report.changes import Change, Painted, all_repainted, changes, in_words, table
from g2u.report.choices import Decided, Known, decision, decisions_table, stability
from g2u.report.examples import Arms, Held, chosen, examples
from g2u.report.headline import headlines, write_headlines
from g2u.report.judges import (
    Swap,
    does_it_hang_on_the_judge,
    judge_lines,
    own_judge,
    swaps,
    swaps_table,
)
from g2u.report.letters import Told, favoured, letters
from g2u.report.overview import Asked
from g2u.report.page import CHANGES, PAGES, BenchmarkPart, Site, write_site
from g2u.report.published import leak_lines, published
from g2u.report.questions import Finding, findings
from g2u.report.reading import (
    Kind,
    Misled,
    Parted,
    differences,
    finding_or_reading,
    misled,
    parted,
    what_a_weaker_baseline_claims,
    when_does_it_mislead,
)
from g2u.report.rewards import does_it_know, rewards_table
from g2u.report.summary import (
    CAUSES,
    CellResult,
    own_thoughts,
    summary,
    without_interventions,
)
from g2u.report.turns import misleading, turns
from g2u.scores.agreement import alone
from g2u.scores.interaction import Interaction, Scored, interaction
from g2u.scores.looks import over_looks, widened
from g2u.scores.metrics import gain_metrics
from g2u.scores.statistics import Resampling
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.places import CURVE, PAINTINGS, REPORT, BenchmarkFolder, Cell
from g2u.tables.schemas import Score

if TYPE_CHECKING:
    from g2u.report.styles import StyleGain
    from g2u.scores.envelope import Bound

METRICS = (
    "accuracy", "low", "high", "items", "pictures", "failed", "unparsed", "abstained",
    "undecided", "truncated", "filtered", "end_not_told", "undrawn",
    "gain", "gain_low", "gain_high",
    "content", "content_low", "content_high", "specific", "specific_low", "specific_high", "p",
    "over_baseline", "over_baseline_low", "over_baseline_high",
    "probability", "graded", "graded_low", "graded_high", "graded_p", "graded_holm",
    "pooled", "pooled_low", "pooled_high", "pooled_p", "pool",
    "holm", "bh", "mediated_p", "mediated_holm", "control_holm", "detectable",
    "gain_low_90", "gain_high_90", "prompted", "with_answer",
    "moves", "moves_holm", "channel", "channel_holm", "position_holm", "kinds_holm",
    "psnr", "ssim", "ink_f1", "path_agreement", "correlation",
)  # fmt: skip


def cell_result(
    config: Params, cell: Cell, questions: Sequence[Question], shown_under: str | None = None
) -> CellResult:
    """The numbers of one cell; a baseline's are `shown_under` the model it is the baseline of."""
    items, most = len(questions), max((len(q.pictures) for q in questions), default=1)
    try:
        metrics = json.loads(cell.metrics.read_text())
        arms = tables.read_arms(cell.scores)
        seconds = _seconds(cell, arms, metrics)
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: missing; run g2u run, which makes it") from None
    edit = config.presets.families[cell.family].edit
    belief = Belief.of(config, cell)
    found = {arm.name: why(belief.doubts(config, cell, arm, most)) for arm in arms}
    unchecked = {name: said for name, said in found.items() if said}
    each = {arm: total / max(items, 1) for arm, total in seconds.items()}
    if shown_under is None:
        identities = parquet.read_shards(cell.thoughts, tables.THOUGHTS.schema, ["identity"])
        is_own = edit not in CAUSES and any(row["identity"] for row in identities)
        place = (cell.benchmark, cell.model, cell.family)
        return CellResult(*place, arms, metrics, is_own, each, edit, unchecked)
    alone = (main_arm(arms),)
    place = (cell.benchmark, shown_under, cell.model)
    return CellResult(*place, alone, metrics, False, each, edit, unchecked)


@dataclass(frozen=True, slots=True)
class Belief:
    """What the checks of the models came to that made a cell, and judged it."""

    draws: Checked | None
    answers: Checked | None
    writer: Checked | None
    judges: tuple[Checked | None, ...]

    @classmethod
    def of(cls, config: Params, cell: Cell) -> Self:
        """As the cell's stages left it among their calls."""
        drawn, said = checks_of(cell.calls("generate")), checks_of(cell.calls("understand"))
        found = list(checks_in(cell.calls("judge"))) if config.judge.models else []
        missing = [None] * (len(config.judge.models) - len(found))
        writer = drawn.get("answers")
        return cls(drawn.get("draws"), said.get("answers"), writer, (*found, *missing))

    def doubts(
        self, config: Params, cell: Cell, arm: Arm | None = None, pictures: int = 1
    ) -> list[Doubt]:
        """What is not proven of the premises of an arm (None = the main one), of who wrote its
        prompts and of who judged it; `pictures`: of a question, at most.
        """
        wanted = needs(config, cell.model, cell.family, arm, pictures)
        told = doubts(wanted, {"draws": self.draws, "answers": self.answers})
        preset = config.presets.families[cell.family]
        if preset.writer and not config.why_not(cell.model, cell.family):
            told += doubts(spoken(), {"answers": self.writer})
        for judge in self.judges:
            told += doubts(judging(config), {"answers": judge})
        return told

    @property
    def dates(self) -> set[str]:
        """On which the cell's model was checked."""
        return {each.date for each in (self.draws, self.answers) if each is not None and each.date}


def told_of_checks(config: Params, cells: Sequence[Cell]) -> str:
    """When a model was checked, and what is not proven of what its arms hang on."""
    beliefs = [Belief.of(config, cell) for cell in cells]
    dates = sorted({date for belief in beliefs for date in belief.dates})
    said = " to ".join(dict.fromkeys((*dates[:1], *dates[-1:])))
    told = [d for c, belief in zip(cells, beliefs, strict=True) for d in belief.doubts(config, c)]
    checked = f"checked {said}" if said else "never checked"
    found = "; ".join(dict.fromkeys(map(str, told)))
    return f"{checked}: {found or 'all that its arms hang on was seen'}"


def over_controls(
    config: Params, results: Sequence[CellResult], judge: str | None = None
) -> list[CellResult]:
    """The results, with the gains of own thoughts over families that are controls of the same
    benchmark and model; those over duplicate and shuffled lie in the cells' metrics. `judge`: of
    the panel, as though it judged alone; None = as it was judged.
    """
    how, found = Resampling.of(config.score), []
    for result in results:
        controls = [
            other
            for other in results
            if result.is_own
            and (other.benchmark, other.model) == (result.benchmark, result.model)
            and other.cause is not None
            and other.family != AGAIN
        ]
        if controls:
            own, direct, *bases = (
                _main(Cell(result.benchmark, result.model, family), judge)
                for family in (result.family, PLAIN, *(c.family for c in controls))
            )
            over = {}
            for control, base in zip(controls, bases, strict=True):
                looks = max(result.looks, control.looks)
                gain = gain_metrics(own, base, direct, widened(how, looks))
                over[control.family] = {**over_looks(gain, looks), "cause": control.cause}
            result = replace(result, over=over)
        found.append(result)
    return found


def _main(cell: Cell, judge: str | None = None) -> list[Score]:
    """Scores of the cell's main arm; `judge`: under this one of the panel alone."""
    found = of_main(tables.read_scores(cell.scores))
    return found if judge is None else alone(found, tables.read_votes(cell.votes), judge)


def under_each(config: Params, results: Sequence[CellResult]) -> dict[str, pl.DataFrame]:
    """By judge of a panel the table of `summary` as it would be with this judge alone."""
    judges = config.judge.models if len(config.judge.models) > 1 else ()
    return {
        judge: summary(
            over_controls(config, [each.under(judge) for each in results], judge),
            config.report.alpha,
        )
        for judge in judges
    }


def _same_model(config: Params, model: str) -> list[str]:
    """The judges that are the model of a preset, whatever their presets are called."""
    presets = config.presets.models
    alike = ("adapter", "settings")
    return [
        judge
        for judge in config.judge.models
        if all(getattr(presets[judge], key) == getattr(presets[model], key) for key in alike)
    ]


def _seconds(cell: Cell, arms: Sequence[Arm], metrics: Mapping[str, Any]) -> dict[str, float]:
    """Model seconds of every arm, by name, over all items: all that it needs, and nothing else."""
    drawn, said = read_costs(cell.costs("generate")), read_costs(cell.costs("understand"))
    rewarded, named = said.pop("rewards", {}), {arm.name: arm for arm in arms}
    asked = {named[name]: sum(kinds.values()) for name, kinds in said.items()}
    found = {arm.name: drawing_seconds(drawn, [arm], asked) + own for arm, own in asked.items()}
    for name, made in metrics["derived"].items():
        needed, rule = [named[each] for each in made["arms"]], named[name].rule
        found[name] = drawing_seconds(drawn, needed, asked) + sum(asked[arm] for arm in needed)
        if rule is not None and rule.by is not None:
            reward = reward_seconds(rewarded, rule.by, metrics["rewards"])
            found[name] += reward * share_shown(needed, asked)
        if made["needs_direct"]:
            plain = read_costs(cell.of_family(PLAIN).costs("understand"))[DIRECT.name]
            found[name] += sum(plain.values())
    return found


def decisions(config: Params) -> list[Decided]:
    """What families that let a model decide came to, beside every family it could have chosen."""
    deciding = {
        family: prompts
        for family in config.families
        if isinstance(prompts := config.presets.families[family].settings().get("prompts"), dict)
    }
    found = []
    for benchmark in config.benchmarks if deciding else ():
        chosen = {
            (model, family): choices
            for model in config.models_of(benchmark)
            for family in config.families_of(benchmark, model)
            if family in deciding and (choices := _chosen(Cell(benchmark, model, family)))
        }
        for (model, family), choices in chosen.items():
            cell = Cell(benchmark, model, family)
            names = set(deciding[family]) & set(config.families_of(benchmark, model))
            known = _known(cell, [name for name in deciding[family] if name in names])
            made = decision(choices, _main_scores(cell), known, Resampling.of(config.score))
            same = {
                f"{other} of {whose}" if whose != model else other: stability(choices, theirs)
                for (whose, other), theirs in chosen.items()
                if (whose == model) != (other == family)
            }
            if made is not None:
                found.append(Decided(benchmark, model, family, made, same))
    return found


def _known(cell: Cell, families: Sequence[str]) -> Known:
    """What direct, the families and their further draws come to where a family decides."""
    direct = _main(cell.of_family(PLAIN))
    fixed, further = {}, {}
    for family in families:
        there = by_arm(tables.read_scores(cell.of_family(family).scores))
        main = main_arm(there)
        fixed[family] = {score.id: score.score for score in there[main]}
        draws = [main.drawn(number) for number in range(1, len(there))]
        further[family] = [{s.id: s.score for s in there[arm]} for arm in draws if arm in there]
    clusters = {score.id: score.cluster for score in direct}
    return Known({score.id: score.score for score in direct}, fixed, clusters, further)


def _chosen(cell: Cell) -> dict[str, str]:
    """Question -> what was chosen to be drawn."""
    thoughts = tables.read_thoughts(cell.thoughts)
    return {t.question: t.choice for t in thoughts if t.choice}


def _main_scores(cell: Cell) -> dict[str, float | None]:
    """Question -> score in the cell's main arm."""
    return {score.id: score.score for score in _main(cell)}


def interactions(config: Params, rows: pl.DataFrame) -> dict[str, Interaction]:
    """By model: whether its own thoughts' families differ alike on all benchmarks that all of them
    met; of the wordings of the same questions, the first.
    """
    found = {}
    again = {name for group in config.wordings() for name in list(group.values())[1:]}
    for own in own_thoughts(rows).partition_by("model", maintain_order=True):
        model, met = str(own["model"][0]), own["benchmark"].unique(maintain_order=True).to_list()
        met = [name for name in met if name not in again]
        by = {name: own.filter(pl.col("benchmark") == name)["family"].to_list() for name in met}
        families = [f for f in config.families if any(f in names for names in by.values())]
        most = max(len(names) for names in by.values())
        whole = [name for name in met if len(by[name]) == most]
        shared = [f for f in families if all(f in by[name] for name in whole)]
        told = interaction(
            shared,
            {name: _scored([Cell(name, model, f) for f in shared]) for name in whole},
            Resampling.of(config.score),
        )
        if told is not None:
            found[model] = told
    return found


def _scored(cells: Sequence[Cell]) -> list[Scored]:
    """The items of a benchmark that all of these cells have scored."""
    if not cells:
        return []
    first, *others = ({score.id: score for score in _main(cell)} for cell in cells)
    found = []
    for name, score in first.items():
        values = [score.score, *(other[name].score for other in others)]
        known = tuple(value for value in values if value is not None)
        if len(known) == len(values):
            found.append(Scored(score.cluster, known))
    return found


def bounds(config: Params, photographed: Collection[str]) -> "dict[str, Bound]":
    """By benchmark, model and measure: what fidelity has to do with the gain where direct is wrong,
    over all thoughts but the oracles; `photographed` are the benchmarks whose thoughts are compared
    by correlation.
    """
    from g2u.scores.envelope import Point, bound

    found, levels = {}, (config.score.confidence, config.report.margin)
    for benchmark in config.benchmarks:
        for model in config.models_of(benchmark):
            direct = Cell(benchmark, model, PLAIN)
            plain = _main_scores(direct)
            seen = [
                Point(score.fidelity, score.score, score.id, score.cluster)
                for family in config.families_of(benchmark, model)
                if config.presets.families[family].edit != "oracle"
                for score in tables.read_scores(direct.of_family(family).scores)
                if score.fidelity is not None and score.score is not None
                if (base := plain[score.id]) is not None and base < 0.5
            ]
            if len({each.fidelity for each in seen}) > 1 and len({each.item for each in seen}) > 1:
                by = "correlation" if benchmark in photographed else "path agreement"
                found[f"{benchmark}, {model}, by {by}"] = bound(seen, *levels)
    return found


def styles(config: Params) -> "list[StyleGain]":
    """Styles of edit prompts against each other, where families have at least two."""
    named = {f: style for f in config.families if (style := config.presets.families[f].style)}
    if len(set(named.values())) < 2:
        return []
    from g2u.report.styles import style_gains

    styled: dict[tuple[str, str, str], list[list[Score]]] = {}
    for model in config.models:
        for family, style in named.items():
            for benchmark in config.benchmarks:
                if family not in config.families_of(benchmark, model):
                    continue
                main = _main(Cell(benchmark, model, family))
                styled.setdefault((model, style, benchmark), []).append(main)
    return style_gains(styled, Resampling.of(config.score))


def wordings(config: Params) -> "list[StyleGain]":
    """Direct answers to the same questions in other words, by model and benchmark."""
    from g2u.report.styles import style_gains

    asked: dict[tuple[str, str, str], list[list[Score]]] = {}
    for group in config.wordings():
        first = next(iter(group.values()))
        for word, name in group.items():
            for model in config.models_of(name):
                scores = _main(Cell(name, model, PLAIN))
                asked[f"{model}, {first}", word, first] = [scores]
    return style_gains(asked, Resampling.of(config.score))


def compared(config: Params) -> list[Change]:
    """Models that were trained from another one against that one."""
    cells = {}
    for model in config.models:
        base = config.presets.models[model].trained_from
        for benchmark in config.benchmarks if base in config.models else []:
            met = config.families_of(benchmark, str(base))
            for family in config.families_of(benchmark, model):
                if family not in met:
                    continue
                own, former = (Cell(benchmark, m, family).scores for m in (model, str(base)))
                pair = (tables.read_scores(own), tables.read_scores(former))
                cells[benchmark, model, str(base), family] = pair
    return changes(cells, Resampling.of(config.score))


def of_training(config: Params, name: str, columns: Collection[str]) -> dict[str, pl.DataFrame]:
    """A table that the training of these models left beside their weights, where it has one."""
    found = {}
    for model in config.models:
        preset = config.presets.models[model]
        path = preset.of_training(name) if preset.trained_from is not None else None
        if path is not None and path.exists():
            left = pl.read_csv(path)
            if set(columns) <= set(left.columns):
                found[model] = left
    return found


def painted(config: Params) -> dict[str, Painted]:
    """Pictures from words, before and after training."""
    trained = of_training(config, PAINTINGS, ("before", "after"))
    return all_repainted(trained, Resampling.of(config.score))


def gains_in_parts(config: Params, cell: Cell, arms: Arms) -> tuple[Parted, ...]:
    """Of the families of a benchmark and model (any cell of theirs): finding and reading."""
    how, plain = Resampling.of(config.score), of_main(arms[PLAIN][2])
    found = (
        parted(f"{cell.benchmark}, {cell.model}, {family}", scores, plain, how)
        for family, (_, _, scores) in arms.items()
    )
    return tuple(each for each in found if each is not None)


def all_misled(
    config: Params, cell: Cell, arms: Arms, gold: Mapping[str, Target]
) -> tuple[Misled, ...]:
    """Of a benchmark and model (any cell of theirs), own thoughts and adversaries."""
    plain = of_main(arms[PLAIN][2])
    found = []
    for family, (thoughts, answers, scores) in arms.items():
        edit = config.presets.families[family].edit
        is_own = edit not in CAUSES and any(thought.call for thought in thoughts)
        if is_own or edit == "adversarial":
            main = of_main(scores)
            where = f"{cell.benchmark}, {cell.model}, {family}"
            kind: Kind = "own thoughts" if is_own else "adversaries"
            level = config.score.confidence
            found.append(misled(where, kind, main, plain, answers, gold, level))
    return tuple(each for each in found if each is not None)


def of_readers(config: Params, parts: Sequence[BenchmarkPart], rows: pl.DataFrame) -> list[Finding]:
    """What pictures do to readers, where the arms and models were run that tell."""
    alpha = config.report.alpha
    return [
        *finding_or_reading([each for part in parts for each in part.parted], alpha),
        *when_does_it_mislead([each for part in parts for each in part.misled]),
        *what_a_weaker_baseline_claims(rows, baselines(config), alpha),
    ]


def baselines(config: Params) -> dict[str, tuple[str, str]]:
    """By model its baseline, and in what their presets differ."""
    presets = config.presets.models
    alike = {"baseline", "trained_from", "batch"}
    return {
        model: (other, differences(*(presets[m].model_dump(exclude=alike) for m in (model, other))))
        for model in config.models
        if (other := presets[model].baseline) is not None
    }


def part(
    config: Params,
    direct: Cell,
    questions: Sequence[Question],
    rows: pl.DataFrame,
    decided: Sequence[Decided],
    causes: Sequence[Causal],
    swapped: Sequence[Swap],
) -> BenchmarkPart:
    """One model on one benchmark, told by its direct cell, with its examples."""
    folder = BenchmarkFolder(direct.benchmark)
    gold = {target.id: target for target in targets.read_targets(folder.targets)}
    arms: dict[str, Held] = {}
    prompts: dict[str, str] = {}
    families = config.families_of(direct.benchmark, direct.model)
    for family in families:
        cell = direct.of_family(family)
        thoughts = tables.read_thoughts(cell.thoughts)
        if thoughts and thoughts[0].prompt:
            prompts[family] = thoughts[0].prompt
        arms[family] = (
            thoughts,
            tables.read_answers(cell.answers),
            tables.read_scores(cell.scores),
        )
    pictures = tables.read_pictures(folder.pictures)
    controls = config.understand.controls
    others = {each.arm for each in controls if each.arm.whose is None and not each.alter}
    best = own_thoughts(rows)["family"].to_list()
    helping, hurting = best[0] if best else None, misleading(rows)
    shown = chosen(questions, arms, config.report.examples, helping, hurting)
    sections = {
        title: examples(asked, gold, pictures, arms, others) for title, asked in shown.items()
    }
    turned = [
        turns((direct.benchmark, direct.model, family), questions, pictures, arms, helped=helped)
        if family is not None
        else ()
        for family, helped in ((helping, True), (hurting, False))
    ]
    metrics = {f: json.loads(direct.of_family(f).metrics.read_text()) for f in families}
    here = (direct.benchmark, direct.model)
    own = (each.line for each in decided if (each.benchmark, each.model) == here)
    caused = tuple(each for each in causes if (each.benchmark, each.model) == here)
    mains = {
        family: main_arm(score.arm for score in scores) for family, (_, _, scores) in arms.items()
    }
    told = [
        Told(arm.called(family, mains[family]), arm, each)
        for family, (_, _, scores) in arms.items()
        for arm, each in by_arm(scores).items()
        if not arm.intervenes
    ]
    options = letters(questions, gold, told)
    lines = (
        *own,
        *judge_lines(metrics),
        *own_judge(direct.model, _same_model(config, direct.model)),
        *leak_lines(metrics),
        *favoured(options, config.report.alpha),
    )
    figures = published(metrics, mains)
    under = tuple(e for e in swapped if (e.together["benchmark"], e.together["model"]) == here)
    return BenchmarkPart(
        direct.benchmark, direct.model, rows, sections, prompts, lines, figures, options,
        gains_in_parts(config, direct, arms), all_misled(config, direct, arms, gold), turned[0],
        turned[1], caused, under,
    )  # fmt: skip


def asked(config: Params) -> list[Asked]:
    """The models of the report, by the identities under which their calls were made."""
    found = []
    for model in config.models:
        drew: dict[str, None] = {}
        answered: dict[str, None] = {}
        cells: list[Cell] = []
        for benchmark in config.benchmarks:
            if model not in config.models_of(benchmark):
                continue
            for family in config.families_of(benchmark, model):
                cell = Cell(benchmark, model, family)
                cells.append(cell)
                drew |= dict.fromkeys(_identities(cell.calls("generate"), "edit"))
                answered |= dict.fromkeys(_identities(cell.calls("understand"), "answer", "score"))
        check = told_of_checks(config, cells)
        found.append(Asked(model, tuple(drew), tuple(answered), check))
    return found


def _identities(path: Path, *kinds: str) -> list[str]:
    """Who answered a stage's calls of these kinds, in their order."""
    calls = pl.read_parquet(path, columns=["kind", "identity"])
    kept = calls.filter(pl.col("kind").is_in(kinds))
    return kept["identity"].unique(maintain_order=True).to_list()


def nested(rows: pl.DataFrame) -> dict[str, Any]:
    """Metrics as benchmark -> model -> arm -> name -> number."""
    found: dict[str, Any] = {}
    for row in rows.iter_rows(named=True):
        place = found.setdefault(row["benchmark"], {}).setdefault(row["model"], {})
        place[row["arm"]] = {n: _rounded(row[n]) for n in METRICS if row[n] is not None}
    return found


def _rounded(value: float) -> float:
    """To six decimals; what is smaller, such as p values, to three digits."""
    return round(value, 6) or float(f"{value:.3g}")


def main() -> None:
    """Write the page, the metrics and the plot data."""
    config = params.load()
    questions = {
        benchmark: tables.read_questions(BenchmarkFolder(benchmark).questions)
        for benchmark in config.benchmarks
    }
    results = []
    for benchmark in config.benchmarks:
        for model in config.models_of(benchmark):
            results += [
                cell_result(config, Cell(benchmark, model, family), questions[benchmark])
                for family in config.families_of(benchmark, model)
            ]
            baseline = config.presets.models[model].baseline
            if baseline is not None:
                direct = Cell(benchmark, baseline, PLAIN)
                results.append(cell_result(config, direct, questions[benchmark], model))
    everything = summary(over_controls(config, results), config.report.alpha)
    rows = without_interventions(everything)
    caused = causal(results, config.report.alpha)
    swapped = swaps(rows, under_each(config, results))
    decided = decisions(config)
    parts = [
        part(
            config,
            Cell(benchmark, model, PLAIN),
            questions[benchmark],
            rows.filter((pl.col("benchmark") == benchmark) & (pl.col("model") == model)),
            decided,
            caused,
            swapped,
        )
        for benchmark in config.benchmarks
        for model in config.models_of(benchmark)
    ]
    told = [f"{each.benchmark}, {each.model}: {each.line}" for each in decided]
    answers = findings(
        rows,
        bounds(config, set(rows.filter(pl.col("correlation").is_not_null())["benchmark"])),
        told,
        styles(config),
        interactions(config, rows),
        config.report.alpha,
        config.understand.max_tokens,
        of_readers(config, parts, rows),
        wordings(config),
    )
    measured = {(r.benchmark, r.model, r.family): r.metrics.get("rewards", {}) for r in results}
    answers.insert(-1, does_it_know(measured))
    answers += what_does_it_do(caused)
    looked_at = ["decided"] if everything["decided"].is_not_null().any() else []
    if (hangs := does_it_hang_on_the_judge(swapped, config.judge.models)) is not None:
        answers.append(hangs)
    plot = everything.filter(pl.col("gain").is_not_null()).select(
        pl.concat_str("benchmark", "model", "arm", separator=" ").alias("cell"),
        "benchmark", "model", "arm", "accuracy", "gain", "gain_low", "gain_high",
        "probability", "graded", "graded_low", "graded_high", "items", "pictures", "verdict",
        "unchecked", "beside", *looked_at,
    )  # fmt: skip
    site, changed = Site(config.report, config.score.confidence), compared(config)
    shown = {digest for each in questions.values() for q in each for digest in q.pictures}
    sizes = (sum(map(len, questions.values())), len(shown))
    files: dict[str, str] = {}
    if decided:
        files["decisions.csv"] = decisions_table(decided).write_csv()
    if caused:
        files["causes.csv"] = causes_table(caused).write_csv()
    if swapped:
        files["judges.csv"] = swaps_table(swapped).write_csv()
    if any(measured.values()):
        files["rewards.csv"] = rewards_table(measured).write_csv()
    if changed:
        own = set(own_thoughts(rows)["arm"])
        curves = of_training(config, CURVE, ("turn", "reward", "fidelity"))
        files |= {
            CHANGES: site.changes(changed, own, curves, painted(config)),
            "changes.csv": table(changed).write_csv(),
        }
        said = in_words(changed, own, config.report.alpha)
        question = "Does understanding teach drawing, and does drawing then teach understanding?"
        answers.append(Finding(question, said, page=f"{PAGES}/{CHANGES}"))
    overview = site.overview(parts, rows, answers, asked(config), sizes)
    write_site(REPORT, site, parts, overview, files)
    write_whole(REPORT / "gains.json", json.dumps(nested(everything), indent=2) + "\n")
    write_whole(REPORT / "gains.csv", plot.write_csv())
    write_headlines(REPORT, headlines(rows.to_dicts()))
    scored, failed = int(rows["items"].sum()), int(rows["failed"].sum())
    cut = int(rows["truncated"].sum())
    line = f"report: {scored} items, 0 calls made, 0 reused, {failed} failed, {cut} cut off"
    print(f"{line}: {REPORT / 'index.html'}", file=sys.stderr)


if __name__ == "__main__":
    run_main(main)
