"""One row per arm over all cells: accuracy, gains, corrections, costs, and the headline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from g2u.arms import DIRECT, Arm, Rule, main_arm
from g2u.params.params import AGAIN, PLAIN
from g2u.report.beside import BOTH_WAYS, TESTS, columns, words
from g2u.scores.leaks import Leaks
from g2u.scores.metrics import over_vote
from g2u.scores.statistics import benjamini_hochberg, holm, is_equivalent, smallest_found
from g2u.scores.verdict import (
    UNSHOWN,
    Cause,
    Control,
    Estimate,
    Word,
    has_leaked,
    mediated_p,
    unshown,
    verdict,
)
from g2u.tables.schemas import ARMS

Place = tuple[str, str]
"""Benchmark and model."""
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "benchmark": pl.String,
    "model": pl.String,
    "family": pl.String,
    **dict(pl.DataFrame(ARMS.schema.empty_table()).schema),
    "role": pl.String,
    "accuracy": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "items": pl.Int64,
    "pictures": pl.Int64,
    "failed": pl.Int64,
    "unparsed": pl.Int64,
    "abstained": pl.Int64,
    "undecided": pl.Int64,
    "truncated": pl.Int64,
    "filtered": pl.Int64,
    "end_not_told": pl.Int64,
    "not_applicable": pl.Int64,
    "undrawn": pl.Int64,
    "chance": pl.Float64,
    "majority": pl.Float64,
    "seconds": pl.Float64,
    "gain": pl.Float64,
    "gain_low": pl.Float64,
    "gain_high": pl.Float64,
    "p": pl.Float64,
    "mcnemar": pl.Float64,
    "gained": pl.Int64,
    "lost": pl.Int64,
    "detectable": pl.Float64,
    "with_fallback": pl.Float64,
    "probability": pl.Float64,
    "graded": pl.Float64,
    "graded_low": pl.Float64,
    "graded_high": pl.Float64,
    "graded_p": pl.Float64,
    "graded_holm": pl.Float64,
    "pooled": pl.Float64,
    "pooled_low": pl.Float64,
    "pooled_high": pl.Float64,
    "pooled_p": pl.Float64,
    "pool": pl.Int64,
    "content": pl.Float64,
    "content_low": pl.Float64,
    "content_high": pl.Float64,
    "content_p": pl.Float64,
    "specific": pl.Float64,
    "specific_low": pl.Float64,
    "specific_high": pl.Float64,
    "specific_p": pl.Float64,
    "votes": pl.Float64,
    "votes_low": pl.Float64,
    "votes_high": pl.Float64,
    "votes_p": pl.Float64,
    "votes_of": pl.Int64,
    "edits": pl.Float64,
    "edits_low": pl.Float64,
    "edits_high": pl.Float64,
    "edits_p": pl.Float64,
    "edits_of": pl.String,
    "holm": pl.Float64,
    "bh": pl.Float64,
    "content_holm": pl.Float64,
    "mediated_p": pl.Float64,
    "mediated_holm": pl.Float64,
    "control_holm": pl.Float64,
    "over_baseline": pl.Float64,
    "over_baseline_low": pl.Float64,
    "over_baseline_high": pl.Float64,
    "over_baseline_p": pl.Float64,
    "over_baseline_holm": pl.Float64,
    "gain_low_90": pl.Float64,
    "gain_high_90": pl.Float64,
    "psnr": pl.Float64,
    "ssim": pl.Float64,
    "ink_f1": pl.Float64,
    "path_agreement": pl.Float64,
    "correlation": pl.Float64,
    "prompted": pl.Int64,
    "with_answer": pl.Int64,
    "moves": pl.Float64,
    "moves_low": pl.Float64,
    "moves_high": pl.Float64,
    "moves_p": pl.Float64,
    "moves_holm": pl.Float64,
    "channel": pl.Float64,
    "channel_low": pl.Float64,
    "channel_high": pl.Float64,
    "channel_p": pl.Float64,
    "channel_holm": pl.Float64,
    "position_p": pl.Float64,
    "position_holm": pl.Float64,
    "kinds_p": pl.Float64,
    "kinds_holm": pl.Float64,
    "decided": pl.String,
    "verdict": pl.String,
    "beside": pl.String,
    "unchecked": pl.String,
}
"""`arm` is what the report calls an arm; the columns after it say what it is (g2u/arms.py).
`pictures` counts sets of items that share none with the others: as many are independent.
`gain` is over direct, `content` over duplicate, `specific` over shuffled thoughts, `votes` over a
vote of `votes_of` sampled direct answers, the fewest that cost as much as the arm; `edits` over
`edits_of`, the classical filter or round trip that own is least shown to be above; `over_baseline`
over the direct answers of the model's baseline, another model; scores 0..1. `mediated_p`
is the largest p of gain, content, specific, votes and edits; columns in `_holm` are corrected: of
own thoughts over all own thoughts, `control_holm` (gains of controls) over all controls.
`detectable` is at that corrected level. Seconds are model seconds per item; fidelity is against the
oracle, PSNR in dB; `with_answer` of `prompted` questions have a prompt that tells the answer;
`probability` is the mean probability of the right option, where options were scored, and `graded`
its gain over direct: a second outcome, which no verdict is read from. `undrawn` counts questions
that no drawing was made for by design, and `pooled` is the gain over all `pool` of them
(g2u/scores/pooled.py), beside the gain of those that were drawn for. `decided` says how looks ended
the cell's drawing, if any were taken (g2u/scores/looks.py): gain, its interval and p allow for it.
`verdict` is a word of g2u/scores/verdict.py, `unchecked` which premise of the arm is not proven, if
any; `beside` says what else is shown of an own thought, by the tests of g2u/scores/beside.py.
"""
BASES = {
    "gain": "direct",
    "content": "the original shown twice",
    "over_baseline": "direct of its baseline, another model",
}
"""What each column of gains is over, in words."""
CAUSES: dict[str, Cause] = {
    "duplicate": "extra compute",
    "blank": "any picture",
    "noise": "any picture",
    "filter": "any edit",
    "roundtrip": "any edit",
}
"""What a family's gain would be owed to, by its file of g2u/thoughts/edits."""
TOLD = ("direct", "oracle", "adversarial")
"""Edits that explain nothing: without a thought, or made from the truth."""
IS_DIRECT = (pl.col("family") == PLAIN) & pl.col("is_main")
"""Of a row: whether it is of direct's main arm, with its own model."""
GRADED = ("graded", "graded_low", "graded_high", "graded_p")
POOLED = ("pooled", "pooled_low", "pooled_high", "pooled_p", "pool")
FIDELITY = ("psnr", "ssim", "ink_f1", "path_agreement", "correlation")


@dataclass(frozen=True, slots=True)
class CellResult:
    """What the report reads of one cell."""

    benchmark: str
    model: str
    family: str
    arms: tuple[Arm, ...]
    """Those that the report shows."""
    metrics: dict[str, Any]
    """The cell's metrics file."""
    is_own: bool
    """Whether a model drew the thoughts."""
    seconds: dict[str, float]
    """Model seconds per item of each arm, by its name: drawing and answering."""
    edit: str
    """The family's file of g2u/thoughts/edits."""
    unchecked: dict[str, str] = field(default_factory=dict)
    """Which premise of an arm is not proven, by the arm's name; of the others nothing."""
    over: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of own thoughts: the main arm's gain over each family of CAUSES, `cause` with it."""

    @property
    def main(self) -> Arm:
        """The main arm."""
        return main_arm(self.arms)

    def under(self, judge: str) -> "CellResult":
        """The cell as it would be with this judge of its panel alone."""
        return replace(self, metrics={**self.metrics, **self.metrics["panel"]["alone"][judge]})

    @property
    def looks(self) -> int:
        """At how many looks its drawing may have ended; 1 = at none but the last."""
        return int(self.metrics.get("looks", {}).get("of", 1))

    @property
    def cause(self) -> Cause | None:
        """What the family's gain would be owed to, if it is a control; any edit of a picture that
        no model was asked for is one.
        """
        found = CAUSES.get(self.edit)
        return "any edit" if found is None and not self.is_own and self.edit not in TOLD else found


def role(cell: CellResult, arm: Arm) -> str:
    """baseline, own thought, control or oracle."""
    if not arm.is_main:
        return "control"
    if arm == DIRECT:
        return "baseline"
    return "own thought" if cell.is_own else "oracle" if cell.edit == "oracle" else "control"


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the table, and what it is of."""

    cell: CellResult
    arm: Arm
    row: dict[str, Any]

    @property
    def place(self) -> Place:
        return self.cell.benchmark, self.cell.model

    @property
    def is_direct(self) -> bool:
        return self.cell.family == PLAIN and self.arm == DIRECT

    @property
    def cause(self) -> Cause | None:
        """What its gain over direct would explain; None where it is no control."""
        if self.row["gain"] is None:
            return None
        if self.arm.is_main:
            return self.cell.cause
        if self.cell.family == PLAIN and self.arm.rule is not None and self.arm.rule.kind == "vote":
            return "extra compute"
        is_strange = self.cell.is_own and self.arm == self.cell.main.shuffled()
        return "any picture" if is_strange else None


def summary(cells: Sequence[CellResult], alpha: float = 0.05) -> pl.DataFrame:
    """The table; Holm and Benjamini-Hochberg run over all own-thought gains of the whole grid.

    Args:
        cells: all cells of the report.
        alpha: level of the verdicts' tests.
    """
    plain = {(c.benchmark, c.model): c for c in cells if c.family == PLAIN}
    lines = [line for c in cells for line in _lines(c, plain.get((c.benchmark, c.model)))]
    own = [
        each for each in lines
        if each.row["role"] == "own thought" and each.row["gain"] is not None
    ]  # fmt: skip
    controls = [each for each in lines if each.cause is not None]
    for each in own:
        _claim(each.cell, each.row)
    tested = [each.row for each in own]
    corrected("p", tested, {"holm": holm, "bh": benjamini_hochberg})
    for name in ("content", "over_baseline", "mediated", "graded", *TESTS):
        corrected(f"{name}_p", tested, {f"{name}_holm": holm})
    corrected("p", [each.row for each in controls], {"control_holm": holm})
    directs = {each.place: each.row for each in lines if each.is_direct}
    for each in own:
        over = each.cell.metrics["gains"][each.arm.name]["direct"]
        each.row["detectable"] = smallest_found(over["error"], over["step"], alpha / len(own))
        here = [control for control in controls if control.place == each.place]
        if each.row["unchecked"]:
            each.row["verdict"] = "unchecked"
        elif is_at_chance(directs[each.place], each.row):
            each.row["verdict"] = "at chance"
        else:
            each.row["verdict"] = _judged(each, here, alpha)
        each.row["beside"] = words(each.row, each.cell.metrics.get("beside", {}), alpha)
    return pl.DataFrame([each.row for each in lines], schema=SCHEMA)


def corrected(
    column: str,
    rows: Sequence[dict[str, Any]],
    methods: Mapping[str, Callable[[Sequence[float]], list[float]]],
) -> None:
    """Add adjusted p values of `column` to the rows that have one."""
    tested = [row for row in rows if row[column] is not None]
    for name, adjust in methods.items():
        for row, value in zip(tested, adjust([row[column] for row in tested]), strict=True):
            row[name] = value


def _estimate(row: Mapping[str, Any], name: str, p: str = "") -> Estimate | None:
    return None if row[name] is None else Estimate(row[name], row[p or f"{name}_p"])


def _claim(cell: CellResult, row: dict[str, Any]) -> None:
    """Add what "thought-mediated" claims: `edits`, and the p of all comparisons together."""
    edits = {
        name: found
        for name, found in cell.over.items()
        if found.get("items") and found["cause"] == "any edit"
    }
    if edits:
        name = max(edits, key=lambda name: (mediated_p(_of(edits[name]), ()), name))
        row |= {"edits": edits[name]["difference"], "edits_of": name}
        row |= {f"edits_{key}": edits[name][key] for key in ("low", "high", "p")}
    gain = _estimate(row, "gain", "p")
    content, specific, *further = (
        _estimate(row, name) for name in ("content", "specific", "votes", "edits")
    )
    if gain is not None and content is not None and specific is not None:
        ran = [each for each in further if each is not None]
        row["mediated_p"] = mediated_p(gain, [content, specific, *ran])


def _of(gain: Mapping[str, Any]) -> Estimate:
    return Estimate(gain["difference"], gain["p"])


def _judged(own: _Line, controls: Sequence[_Line], alpha: float) -> Word:
    """The verdict on own thoughts; `controls` are those of their benchmark and model."""
    told = [
        Control(each.cause, _estimate(each.row, "gain", "control_holm"), _left(own, each))
        for each in controls
        if each.cause is not None
    ]
    gain = _estimate(own.row, "gain", "holm")
    assert gain is not None
    leaks = Leaks(**own.cell.metrics["prompts"])
    return verdict(
        gain,
        own.row["mediated_holm"],
        told,
        interval=(own.row["gain_low"], own.row["gain_high"]),
        is_told=has_leaked(leaks),
        alpha=alpha,
    )


def _left(own: _Line, control: _Line) -> Estimate | None:
    """Own thoughts minus a control; None where they were not compared."""
    if control.cell.family == PLAIN:
        rule = control.arm.rule
        is_fair = rule is not None and rule.of == own.row["votes_of"]
        return _estimate(own.row, "votes") if is_fair else None
    if not control.arm.is_main:
        return _estimate(own.row, "specific") if control.cell.family == own.cell.family else None
    if control.cell.family == AGAIN:
        return _estimate(own.row, "content")
    over = own.cell.over.get(control.cell.family, {})
    return _of(over) if over.get("items") else None


def is_at_chance(direct: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether neither is told from chance and the commonest answer: such gains are not discussed.

    Direct is at chance where it is not above both; own where its interval reaches what lies between
    them. An own thought that rises above both, or falls below, is discussed.
    """
    levels = (direct["chance"], direct["majority"])
    if direct["low"] is not None and direct["low"] > max(levels):
        return False
    return own["low"] is None or bool(own["low"] <= max(levels) and own["high"] >= min(levels))


def fair_vote(
    gains: Mapping[str, Any], votes: Sequence[Rule], ratio: float
) -> tuple[int, dict[str, Any]] | None:
    """The gain over the smallest vote of direct that costs at least `ratio` direct answers.

    Over the largest vote that was taken if all are cheaper; None if there was none.

    Args:
        gains: of an arm, by what they are over.
        votes: those that were taken of direct.
        ratio: seconds of the arm over those of direct.
    """
    sizes = {rule.of or 0: gains[name] for rule in votes if (name := over_vote(rule)) in gains}
    if not sizes:
        return None
    size = next((size for size in sorted(sizes) if size >= ratio), max(sizes))
    return size, sizes[size]


def _lines(cell: CellResult, plain: CellResult | None) -> Iterator[_Line]:
    """A line per arm; `plain`: direct of the same model, where it is there."""
    votes = [
        arm.rule
        for arm in (plain.arms if plain else ())
        if arm.rule is not None and arm.rule.kind == "vote"
    ]
    direct_seconds = plain.seconds[DIRECT.name] if plain else 0.0
    for arm in cell.arms:
        numbers = cell.metrics["arms"][arm.name]
        row: dict[str, Any] = dict.fromkeys(SCHEMA)
        row |= {
            "benchmark": cell.benchmark,
            "model": cell.model,
            "family": cell.family,
            **ARMS.row(arm),
            "arm": arm.called(cell.family, cell.main),
            "role": role(cell, arm),
            "chance": cell.metrics["chance"],
            "majority": cell.metrics["majority"],
            "seconds": cell.seconds[arm.name],
            "pictures": numbers.get("clusters"),
            "unchecked": cell.unchecked.get(arm.name),
            **{k: v for k, v in numbers.items() if k in SCHEMA},
        }
        if arm.is_main:
            prompts = cell.metrics["prompts"]
            row |= {name: prompts[name] for name in ("prompted", "with_answer")}
            row |= {n: v for n, v in cell.metrics.get("fidelity", {}).items() if n in FIDELITY}
            row |= columns(cell.metrics.get("beside", {}))
            row["decided"] = cell.metrics.get("looks", {}).get("said")
        gains = cell.metrics["gains"].get(arm.name, {})
        over_direct, over_duplicate = gains.get("direct", {}), gains.get("duplicate", {})
        if over_direct.get("items"):
            row |= {
                "gain": over_direct["difference"],
                "gain_low": over_direct["low"],
                "gain_high": over_direct["high"],
                "gain_low_90": over_direct["low90"],
                "gain_high_90": over_direct["high90"],
                **{
                    k: over_direct[k]
                    for k in ("p", "mcnemar", "gained", "lost", "detectable", "with_fallback")
                },
                **{name: over_direct.get(name) for name in (*GRADED, *POOLED)},
            }
        if over_duplicate.get("items") and not (cell.family == AGAIN and arm.is_main):
            row |= {
                "content": over_duplicate["difference"],
                "content_low": over_duplicate["low"],
                "content_high": over_duplicate["high"],
                "content_p": over_duplicate["p"],
            }
        over_shuffled = gains.get("shuffled", {})
        if over_shuffled.get("items"):
            row |= {
                "specific": over_shuffled["difference"],
                **{f"specific_{k}": over_shuffled[k] for k in ("low", "high", "p")},
            }
        ratio = cell.seconds[arm.name] / direct_seconds if direct_seconds else 1.0
        vote = fair_vote(gains, votes, ratio)
        if vote is not None and vote[1].get("items"):
            row |= {
                "votes": vote[1]["difference"],
                **{f"votes_{k}": vote[1][k] for k in ("low", "high", "p")},
                "votes_of": vote[0],
            }
        over_baseline = gains.get("baseline", {})
        if over_baseline.get("items"):
            row |= {
                "over_baseline": over_baseline["difference"],
                **{f"over_baseline_{k}": over_baseline[k] for k in ("low", "high", "p")},
            }
        yield _Line(cell, arm, row)


def without_interventions(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of arms that stand for themselves; the others are told of together
    (g2u/report/causes.py).
    """
    keeps = [not ARMS.record(row).intervenes for row in rows.iter_rows(named=True)]
    return rows.filter(pl.Series(keeps, dtype=pl.Boolean))


def own_thoughts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of own thoughts that were compared with direct, the most accurate first."""
    own = rows.filter((pl.col("role") == "own thought") & pl.col("gain").is_not_null())
    return own.sort("accuracy", descending=True, maintain_order=True)


def hardest(own: Mapping[str, Any]) -> str:
    """Which of BASES an own thought gains least over: the most accurate of its baselines."""
    return min((key for key in BASES if own.get(key) is not None), key=lambda key: float(own[key]))


def headline(rows: pl.DataFrame, alpha: float, margin: float) -> str:
    """A model on a benchmark: the best own thought over its best baseline, and what hurts.

    Args:
        rows: rows of `summary` of one model and benchmark.
        alpha: family-wise error.
        margin: 0..1; a 90 % interval inside -margin..margin is called equivalent.
    """
    own = own_thoughts(rows)
    if own.is_empty():
        return "No own thoughts were scored here."
    best = own.row(0, named=True)
    others = rows.filter((pl.col("role") == "baseline") & (pl.col("family") != PLAIN))["arm"]
    bases = {**BASES, "over_baseline": f"direct of {', '.join(others)}"}
    told = _of_chance(best)
    if best["verdict"] == "unchecked":
        told = f"Nothing follows here from {best['arm']}: unchecked, {best['unchecked']}."
    elif best["verdict"] != "at chance":
        told = _of_best(best, bases, alpha, margin)
    hurts = "; ".join(
        f"{row['arm']} {100 * row['gain']:+.1f} [{100 * row['gain_low']:+.1f}, "
        f"{100 * row['gain_high']:+.1f}]"
        for row in own.filter(pl.col("verdict") == "harm").sort("gain").iter_rows(named=True)
    )
    picked = f"Best of {len(own)} families, picked after the fact; " if len(own) > 1 else ""
    return (
        f"{told} {picked}{best['items']} questions on {best['pictures']} independent pictures."
        + (f" Own thoughts that hurt, against direct: {hurts}." if hurts else "")
    )


def _of_chance(best: Mapping[str, Any]) -> str:
    return (
        f"Neither direct answering nor the best own thought, {best['arm']}, is told from chance "
        "here, so gains are not discussed."
    )


def _of_best(best: Mapping[str, Any], bases: Mapping[str, str], alpha: float, margin: float) -> str:
    key = hardest(best)
    p = best["holm" if key == "gain" else f"{key}_holm"]
    gain, low, high = (100 * best[name] for name in (key, f"{key}_low", f"{key}_high"))
    said: str = unshown(low, high) if p > alpha else "a gain" if gain > 0 else "a loss"
    word = best["verdict"]
    parts = [] if said == word else [said]
    if is_equivalent(best["gain_low_90"], best["gain_high_90"], margin):
        parts.append(f"equivalent to direct within {100 * margin:.0f} points")
    if word in UNSHOWN and changes_answers(best) and not best["beside"]:
        word += f", though it {changed(best)}"
    if word == "answer in the prompt":
        word += f", in {best['with_answer']} of {best['prompted']} questions"
    judged = "Verdict"
    if key == "over_baseline" and (gain <= 0 or p > alpha):
        judged += " against its own direct"
    return (
        f"Best own thought: {best['arm']}, {gain:+.1f} points [{low:+.1f}, {high:+.1f}] over "
        f"{bases[key]} (Holm p = {p:.3g}){': ' if parts else ''}{'; '.join(parts)}. "
        f"{judged}: {word}."
        + (f" Beside it: {best['beside']}." if best["beside"] else "")
        + (f" Looks: {best['decided']}." if best["decided"] else "")
    )


CHANGED = 0.1
"""Share of changed answers from which on a gain that is not shown does not mean that nothing
happens.
"""


def changes_answers(row: Mapping[str, Any]) -> bool:
    """Whether a gain that is not shown stands for many answers that changed, up and down: more than
    the original shown again changes, or where that was not run, CHANGED of them.
    """
    if row["moves"] is not None:
        return BOTH_WAYS in (row["beside"] or "")
    return bool(row["gained"] + row["lost"] >= CHANGED * row["items"] > 0)


def changed(row: Mapping[str, Any]) -> str:
    """In words."""
    return f"changes answers: {row['gained']} up, {row['lost']} down of {row['items']}"
