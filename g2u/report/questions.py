"""The questions of the literature, answered from the table of all arms, whichever way they fall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from g2u.report.beside import BOTH_WAYS
from g2u.report.summary import IS_DIRECT, changed, changes_answers
from g2u.scores.verdict import UNDISCUSSED, UNSHOWN
from g2u.tables.schemas import ARMS

if TYPE_CHECKING:
    from g2u.report.styles import StyleGain
    from g2u.scores.envelope import Bound
    from g2u.scores.interaction import Interaction

Row = Mapping[str, Any]
Place = Literal["transfer", "questions", "costs", "failures"]
"""A section of the overview."""
UNREAD = 0.02
"""Difference in the share of answers read that is worth a line."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and what the numbers say."""

    question: str
    answer: str
    """In a sentence."""
    lines: tuple[str, ...] = ()
    """The numbers behind it."""
    page: str = ""
    """A page with more of them, as seen from the overview."""
    place: Place = "questions"
    unasked: str = ""
    """Where this run could not tell: what was not asked for, and in brackets what asks for it."""


def unasked(question: str, what: str) -> Finding:
    """A question that this run was not asked."""
    return Finding(question, "", unasked=what)


def points(row: Row, name: str) -> str:
    """A gain with its interval, in points."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{100 * row[name]:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def place(row: Row) -> str:
    """Where a row is from."""
    return f"{row['benchmark']}, {row['model']}, {row['arm']}"


def own_rows(rows: pl.DataFrame) -> list[Row]:
    """The main arms of own thoughts that were compared with direct."""
    wanted = (pl.col("role") == "own thought") & pl.col("gain").is_not_null()
    return list(rows.filter(wanted).iter_rows(named=True))


def does_it_help(rows: pl.DataFrame, alpha: float) -> Finding:
    """Own thoughts against direct, over the whole grid."""
    own = own_rows(rows)
    discussed = [row for row in own if row["verdict"] not in UNDISCUSSED]
    undiscussed = {w: sum(row["verdict"] == w for row in own) for w in reversed(UNDISCUSSED)}
    sure = [row for row in discussed if row["holm"] <= alpha]
    up = sorted((row for row in sure if row["gain"] > 0), key=lambda row: -row["gain"])
    down = sorted((row for row in sure if row["gain"] < 0), key=lambda row: row["gain"])
    answer = (
        f"Of {len(own)} comparisons of own thoughts with direct, {len(up)} are gains and "
        f"{len(down)} losses after Holm's correction; the others are not shown"
        + "".join(f", or {word} ({count})" for word, count in undiscussed.items() if count)
        + "."
    )
    lines = [f"{place(row)}: {points(row, 'gain')}" for row in [*up, *down]]
    return Finding("Does it help?", answer, tuple(lines))


def was_it_the_picture(rows: pl.DataFrame) -> Finding:
    """Verdicts, and the differences behind them."""
    untold = (None, *UNSHOWN, *UNDISCUSSED)
    judged = [row for row in own_rows(rows) if row["verdict"] not in untold]
    counts: dict[str, int] = {}
    for row in own_rows(rows):
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    often = sorted(counts.items(), key=lambda told: (-told[1], told[0]))
    told = ", ".join(f"{count} {word}" for word, count in often)
    lines = []
    for row in judged:
        parts = [f"{place(row)}: {row['verdict']}"]
        bases = {"content": "duplicate", "specific": "shuffled", "votes": "votes"}
        for name, base in {**bases, "edits": row["edits_of"]}.items():
            if row[name] is not None:
                parts.append(f"over {base} {points(row, name)}")
        if row["mediated_holm"] is not None:
            parts.append(f"over all of these Holm p = {row['mediated_holm']:.3g}")
        if row["with_answer"]:
            parts.append(
                f"prompts tell the answer in {row['with_answer']} of {row['prompted']} questions"
            )
        lines.append("; ".join(parts))
    told = f"Verdicts on own thoughts: {told}." if told else "Nothing to judge."
    return Finding("Was it the picture?", told, tuple(lines))


def did_answers_end(rows: pl.DataFrame, max_tokens: int) -> Finding:
    """Arms whose answers were cut off at the budget of tokens, or filtered."""
    answered = rows.filter(pl.col("items") > 0)
    arms = list(answered.filter(pl.col("truncated") + pl.col("filtered") > 0).iter_rows(named=True))
    cut, total = sum(row["truncated"] for row in arms), int(answered["items"].sum())
    silent = answered.filter(pl.col("end_not_told") == pl.col("items")).height
    answer = (
        f"No: {cut} of {total} were cut off at understand.max_tokens {max_tokens}, which does not "
        "fit these models, and of a cut answer only what it plainly says is read: raise it."
        if cut
        else "Some were filtered by who serves the model."
        if arms
        else "Yes, as far as the models tell why they stop."
    )
    lines = [
        f"{place(row)}: {row['truncated']} of {row['items']} cut off, {row['filtered']} filtered"
        for row in sorted(arms, key=lambda row: -row["truncated"])
    ]
    if silent:
        lines.append(f"In {silent} arms no answer tells why it ended.")
    question = "Did the answers come to their end?"
    return Finding(question, answer, tuple(lines), place="failures")


def is_it_the_wording(rows: pl.DataFrame) -> Finding:
    """Own thoughts whose answers rules can read more or less often than direct's, in the direction
    of the gain: what cannot be read counts as 0, and is no harm.
    """
    plain = {
        (row["benchmark"], row["model"]): _unread(row)
        for row in rows.filter(IS_DIRECT).iter_rows(named=True)
    }
    lines = []
    for row in own_rows(rows):
        more = _unread(row) - plain.get((row["benchmark"], row["model"]), 0.0)
        if abs(more) >= UNREAD and more * row["gain"] < 0:
            lines.append(
                f"{place(row)}: {100 * more:+.1f} points of answers that no rule could read or "
                f"compare, beside direct; gain {points(row, 'gain')}"
            )
    answer = f"It may be part of {len(lines)} gains and losses; a judge (judge.model) decides them."
    question = "Is it how the answers are worded?"
    return Finding(question, answer, tuple(lines), place="failures")


def _unread(row: Row) -> float:
    """Share of an arm's answers that rules could not read or compare."""
    return ((row["unparsed"] or 0) + (row["undecided"] or 0)) / max(row["items"] or 0, 1)


def does_it_change_answers(rows: pl.DataFrame) -> Finding:
    """Own thoughts that turn many answers, up and down, where no effect is shown."""
    question = "Does it change answers where no effect is shown?"
    moved = [r for r in own_rows(rows) if r["verdict"] in UNSHOWN and changes_answers(r)]
    lines = [f"{place(row)}: {changed(row)}, {points(row, 'gain')}" for row in moved]
    answer = (
        f"In {len(moved)} comparisons own thoughts change more answers than the original shown "
        "again does (or a tenth of them, where that was not run), up and down."
        if moved
        else "Nowhere is it shown that more answers change than without a drawing."
    )
    return Finding(question, answer, tuple(lines))


BESIDE = {
    "position": "by an option's position",
    "kinds": "by kind of question",
    "channel": "along an answer channel",
}
"""How own thoughts move answers, by the test that shows it."""


def what_stands_beside(rows: pl.DataFrame, alpha: float) -> Finding:
    """Own thoughts of which more is shown than their mean gain, corrected over the report."""
    own = own_rows(rows)
    told = [row for row in own if row["beside"]]
    counts = {
        what: sum(row[f"{test}_holm"] is not None and row[f"{test}_holm"] <= alpha for row in told)
        for test, what in BESIDE.items()
    } | {"both ways": sum(BOTH_WAYS in row["beside"] for row in told)}
    said = ", ".join(f"{what} ({count})" for what, count in counts.items() if count)
    answer = (
        f"Of {len(own)} own thoughts some are shown to move answers {said or 'in no such way'}."
    )
    lines = tuple(f"{place(row)}: {row['beside']}" for row in told)
    return Finding("What stands beside the verdicts?", answer, lines)


def what_transfers(
    rows: pl.DataFrame, tested: "Mapping[str, Interaction]", alpha: float
) -> Finding:
    """Whether it depends on the benchmark which family helps, by model; and the order of families
    on each.
    """
    lines = []
    own = [row for row in own_rows(rows) if row["verdict"] not in UNDISCUSSED]
    for where in dict.fromkeys((row["benchmark"], row["model"]) for row in own):
        here = [row for row in own if (row["benchmark"], row["model"]) == where]
        here.sort(key=lambda row: -row["gain"])
        told = " > ".join(f"{row['family']} {points(row, 'gain')}" for row in here)
        lines.append(f"{', '.join(where)}: {told}")
    parts = [
        f"{'yes' if each.p <= alpha else 'not shown'} of {model} (p = {each.p:.2g}, "
        f"{len(each.families)} families on {len(each.benchmarks)} benchmarks; a family's lead "
        f"differs by {100 * each.spread:.1f} points)"
        for model, each in tested.items()
    ]
    answer = f"Does it depend on the benchmark which family helps? {'; '.join(parts)}."
    if not parts:
        answer = "No families of own thoughts met on two benchmarks, so they cannot be compared."
    return Finding("Which family transfers where?", answer, tuple(lines), place="transfer")


def does_fidelity_bound(bounds: "Mapping[str, Bound]") -> Finding:
    """Slopes of the score over fidelity where direct is wrong, by benchmark, model and measure."""
    question = "Does fidelity bound the gain?"
    if not bounds:
        return unasked(question, "whether fidelity bounds the gain (a benchmark with oracles)")
    counts = {word: sum(b.does_bound == word for b in bounds.values()) for word in ("yes", "no")}
    rest = len(bounds) - sum(counts.values())
    lines = [
        f"{name}: {found.does_bound}; {_slope(found.slope)} score per unit of fidelity, within "
        f"items {_slope(found.within)}; the less faithful half is right in "
        f"{100 * found.below.mean:.0f} % [{100 * found.below.low:.0f}, "
        f"{100 * found.below.high:.0f}]; {found.points} thoughts of {found.items} items"
        for name, found in bounds.items()
    ]
    answer = (
        f"Yes in {counts['yes']}, no in {counts['no']}, undecided in {rest} of {len(bounds)}, "
        "asked of the questions that the picture alone gets wrong."
    )
    return Finding(question, answer, tuple(lines))


def _slope(found: Any) -> str:
    return f"{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"


def beats_equal_compute(rows: pl.DataFrame) -> Finding:
    """Votes, selection, rounds and gates beside the first draw and random ones."""
    question = "Do rounds, votes and selection beat equal compute?"
    further = [
        row
        for row in rows.filter(pl.col("gain").is_not_null()).to_dicts()
        if ARMS.record(row).is_further
    ]
    voted = [row for row in own_rows(rows) if row["votes"] is not None]
    if not further and not voted:
        return unasked(
            question,
            "whether rounds, votes and selection beat equal compute (understand.samples, draws or "
            "rounds of a family)",
        )
    beaten = sum(row["votes"] > 0 and row["votes_p"] <= 0.05 for row in voted)
    answer = (
        f"Own thoughts beat as many votes of direct as they cost in {beaten} of {len(voted)} "
        "comparisons (p at most 0.05, not corrected)."
        if voted
        else "No votes of direct were taken."
    )
    lines = [f"{place(row)}: over {row['votes_of']} votes {points(row, 'votes')}" for row in voted]
    lines += [
        f"{place(row)}: {points(row, 'gain')} over direct at {row['seconds']:.3f} s per item"
        for row in further
    ]
    return Finding(question, answer, tuple(lines))


def front(rows: Sequence[Row]) -> list[Row]:
    """Arms that no other beats in accuracy at as little cost, by rising cost."""
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["seconds"], -row["accuracy"])):
        if not found or row["accuracy"] > found[-1]["accuracy"]:
            found.append(row)
    return found


def what_does_it_cost(rows: pl.DataFrame) -> Finding:
    """The Pareto front of accuracy against model seconds, and gain per second of own thoughts."""
    question = "What does it cost?"
    usable = (pl.col("role") != "oracle") & pl.col("accuracy").is_not_null()
    knows = pl.col("rule").struct.field("by").eq_missing("oracle")
    kept = rows.filter(usable & ~knows)
    lines, is_best = [], 0
    groups = kept.partition_by("benchmark", "model", maintain_order=True)
    for group in groups:
        best = front(list(group.iter_rows(named=True)))
        told = " < ".join(
            f"{row['arm']} {100 * row['accuracy']:.1f} at {1000 * row['seconds']:.1f} ms"
            for row in best
        )
        is_best += best[-1]["role"] == "own thought"
        lines.append(f"{best[0]['benchmark']}, {best[0]['model']}: {told}")
    extra = [row for row in own_rows(rows) if row["gain"] > 0 and row["seconds"]]
    lines += [
        f"{place(row)}: {100 * row['gain'] / row['seconds']:.0f} points per model second"
        for row in extra
    ]
    answer = (
        f"An own thought is the most accurate arm without an oracle in {is_best} of {len(groups)} "
        "pairs of benchmark and model."
        if groups
        else "Nothing was scored."
    )
    return Finding(question, answer, tuple(lines), place="costs")


def can_it_decide(lines: Sequence[str]) -> Finding:
    """What families that let the model choose came to; see g2u/report/choices.py."""
    question = "Can it decide what to imagine?"
    if not lines:
        what = "whether the model can decide what to imagine (a family that lets it choose)"
        return unasked(question, what)
    return Finding(question, "Benchmark by benchmark:", tuple(lines))


def does_style_matter(gains: "Sequence[StyleGain]", alpha: float) -> Finding:
    """Families that differ in the style of their prompt, against the first style named."""
    question = "Does the style of the edit prompt matter?"
    if not gains:
        what = "whether the style of the edit prompt matters (two families of another style)"
        return unasked(question, what)
    sure = [each for each in gains if each.holm <= alpha]
    answer = (
        f"{len(sure)} of {len(gains)} comparisons with the first style differ after Holm's "
        "correction."
    )
    return Finding(question, answer, _compared(gains))


def does_wording_matter(gains: "Sequence[StyleGain]", alpha: float) -> Finding:
    """The same questions in several wordings: direct answers, against the first one named."""
    sure = sum(each.holm <= alpha for each in gains)
    answer = f"{sure} of {len(gains)} comparisons of direct answers differ after Holm's correction."
    return Finding("Does the wording of the question matter?", answer, _compared(gains))


def _compared(gains: "Sequence[StyleGain]") -> tuple[str, ...]:
    return tuple(
        f"{each.model}: {each.style} against {each.reference} {100 * each.gain.difference:+.1f} "
        f"[{100 * each.gain.low:+.1f}, {100 * each.gain.high:+.1f}] over {each.gain.items} "
        f"questions (Holm p = {each.holm:.3g})"
        for each in gains
    )


def findings(
    rows: pl.DataFrame,
    bounds: "Mapping[str, Bound]",
    choices: Sequence[str],
    styles: "Sequence[StyleGain]",
    interactions: "Mapping[str, Interaction]",
    alpha: float,
    max_tokens: int,
    of_readers: Sequence[Finding] = (),
    wordings: "Sequence[StyleGain]" = (),
) -> list[Finding]:
    """All questions, in the order of the report; how answers end and are worded, and what stands
    beside verdicts, only where there is something to say of it. `of_readers`: those of
    g2u/report/reading.py; `wordings`: where questions are asked in several.
    """
    spoilt = (did_answers_end(rows, max_tokens), is_it_the_wording(rows))
    beside = what_stands_beside(rows, alpha)
    worded = [does_wording_matter(wordings, alpha)] if wordings else []
    return [
        *(finding for finding in spoilt if finding.lines),
        does_it_help(rows, alpha),
        was_it_the_picture(rows),
        *([beside] if beside.lines else []),
        *of_readers,
        does_it_change_answers(rows),
        does_fidelity_bound(bounds),
        what_transfers(rows, interactions, alpha),
        can_it_decide(choices),
        does_style_matter(styles, alpha),
        *worded,
        beats_equal_compute(rows),
        what_does_it_cost(rows),
    ]
