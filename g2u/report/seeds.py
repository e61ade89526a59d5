"""Tables of the embedded model's study as Markdown: training seeds side by side and as draws of
one, what a further training is to be expected to give, serial compute without pixels, and all
controls.

Numbers are those of gains.json: benchmark -> model -> arm -> name -> number, accuracies 0..1.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from scipy.special import stdtrit

from g2u.arms import Arm
from g2u.report.markdown import markdown_table
from g2u.report.summary import hardest
from g2u.scores.statistics import Interval
from g2u.scores.trainings import over_trainings

Arms = Mapping[str, Mapping[str, float]]
Results = Mapping[str, Mapping[str, Arms]]
DRAWN = ("detail", "context", "structure")
"""Question-agnostic edit families, any of which may be a benchmark's own thought."""
EXPECTED = ("direct", "duplicate", "own thought", "oracle")
"""Columns of the table of what a further training gives."""
CONTROLS = (
    "blind", "direct", "direct-only", "duplicate", "blank", "noise", "wrong", "shuffled", "only",
    "own", "focus", "self", "oracle",
)  # fmt: skip
"""Columns of the table of controls: arms of the study, and those that `control` derives."""
MAIN = Arm("concat", is_main=True)
"""Of the study's families."""
FURTHER = {"shuffled": MAIN.shuffled(), "only": Arm("only")}
"""Columns of further arms of the own thought."""


def own_family(helps: str | None, arms: Arms) -> str:
    """The family that helps by construction; where none does, the most accurate drawn one."""
    return helps or max(DRAWN, key=lambda family: arms[family]["accuracy"])


def headline_table(results: Results, helps: Mapping[str, str | None]) -> str:
    """A row per benchmark, of the first model: direct, its own thought, and the gain with its 95 %
    interval, in percent.

    Args:
        results: numbers of a study.
        helps: the family that helps by construction, by benchmark.
    """
    rows = [["benchmark (own thought)", "direct", "with its own thought"]]
    for benchmark, found in results.items():
        arms = next(iter(found.values()))
        family = own_family(helps[benchmark], arms)
        own = arms[family]
        gain, low, high = (100 * own[name] for name in ("gain", "gain_low", "gain_high"))
        direct, accuracy = (100 * arms[name]["accuracy"] for name in ("direct", family))
        told = f"{accuracy:.1f}, {gain:+.1f} [{low:+.1f}, {high:+.1f}]"
        rows.append([f"{benchmark} ({family})", f"{direct:.1f}", told])
    return markdown_table(rows)


def seeds_table(results: Results, helps: Mapping[str, str | None], baseline: str) -> str:
    """A row per benchmark; in a cell, the models (training seeds) in their order.

    Args:
        results: numbers of a study whose models are the training seeds.
        helps: the family that helps by construction, by benchmark.
        baseline: the direct-only model, an arm of each.
    """
    models = list(next(iter(results.values())))
    heads = ["benchmark (own thought)", "direct", "duplicate", "direct-only", "own thought"]
    heads += [f"own - best of these, seed {number}" for number in range(len(models))]
    rows = [[*heads, "oracle"]]
    for benchmark, found in results.items():
        each = [found[model] for model in models]
        family = own_family(helps[benchmark], each[0])
        title = f"{benchmark} ({family}{'' if helps[benchmark] else ', the best of seed 0'})"
        names = ("direct", "duplicate", baseline, family)
        shown = [_joined(arms.get(name) for arms in each) for name in names]
        gains = [_least_gain(arms[family]) for arms in each]
        rows.append([title, *shown, *gains, _joined(arms.get("oracle") for arms in each)])
    return markdown_table(rows)


def trainings_table(
    results: Results, helps: Mapping[str, str | None], further: Results | None = None
) -> str:
    """A row per benchmark: the gain over the better of direct and duplicate in each training, and
    over trainings as a random effect, first of the seeds alone, then with the further training.

    Args:
        results: numbers of a study whose models are the training seeds.
        helps: the family that helps by construction, by benchmark.
        further: numbers of a study whose one model is the further training.
    """
    several = len(next(iter(results.values())))
    counts = [several, several + 1] if further else [several]
    heads = [f"of {count} trainings" for count in counts]
    rows = [["benchmark (own thought)", "gain in each", *heads]]
    for benchmark, found in results.items():
        each = [*found.values(), *(further[benchmark].values() if further else ())]
        family = own_family(helps[benchmark], each[0])
        gains = [_plain_gain(arms[family]) for arms in each]
        told = [_over_trainings(gains[:count]) for count in counts]
        shown = " / ".join(f"{100 * gain.mean:+.1f}" for gain in gains)
        rows.append([f"{benchmark} ({family})", shown, *told])
    return markdown_table(rows)


def serial_table(results: Results, helps: Mapping[str, str | None], serial: str) -> str:
    """A row per benchmark, accuracies in percent: answering at once, thinking without pixels, and
    the own thought with its gain over that thinking; then the own thought of the model that
    thinks, and its gain over thinking, by the same weights.

    Args:
        results: numbers of a study in which `serial` is the baseline of the first model.
        helps: the family that helps by construction, by benchmark.
        serial: the model that thinks before it answers directly.
    """
    heads = ["benchmark (own thought)", "direct", "serial", "own thought", "own - serial"]
    rows = [[*heads, "own thought of serial", "own - serial, same weights"]]
    for benchmark, found in results.items():
        arms, thinking = next(iter(found.values())), found[serial]
        family = own_family(helps[benchmark], arms)
        gains = _signed(arms[family], "over_baseline"), _signed(thinking[family], "gain")
        shown = [_percent(arms[name]) for name in ("direct", serial, family)]
        row = [f"{benchmark} ({family})", *shown, gains[0], _percent(thinking[family]), gains[1]]
        rows.append(row)
    return markdown_table(rows)


def serial_line(results: Results, helps: Mapping[str, str | None]) -> str:
    """What the own thought gains over as much thinking without pixels, in points, as a sentence."""
    told = []
    for benchmark, found in results.items():
        arms = next(iter(found.values()))
        own = arms[own_family(helps[benchmark], arms)]
        told.append(f"{benchmark} {100 * own['over_baseline']:+.1f}")
    return (
        "Own thoughts over as much thinking without pixels, in points "
        f"([intervals](docs/embedded_model.md#serial-compute)): {', '.join(told)}.\n"
    )


def expected_table(
    results: Results, helps: Mapping[str, str | None], further: Results | None = None
) -> str:
    """A row per benchmark: where a further training's accuracies lie with 95 % confidence, and
    where they lie.

    The prediction interval of one more draw from a normal distribution of training seeds; the
    same seed on another CPU is such a draw, as rounding soon makes it another run.

    Args:
        results: numbers of a study whose models are the training seeds.
        helps: the family that helps by construction, by benchmark.
        further: numbers of a study whose one model is the further training.
    """
    rows = [["benchmark (own thought)", *EXPECTED]]
    for benchmark, found in results.items():
        each = list(found.values())
        family = own_family(helps[benchmark], each[0])
        names = {"own thought": family}
        came = next(iter(further[benchmark].values())) if further else {}
        shown = [
            _expected([arms.get(arm) for arms in each], came.get(arm))
            for arm in (names.get(name, name) for name in EXPECTED)
        ]
        rows.append([f"{benchmark} ({family})", *shown])
    return markdown_table(rows)


def controls_table(
    results: Results, helps: Mapping[str, str | None], model: str, baseline: str
) -> str:
    """A row per benchmark, a column per control, accuracies in percent."""
    rows = [["benchmark", *CONTROLS]]
    for benchmark, found in results.items():
        arms = found[model]
        family = own_family(helps[benchmark], arms)
        row = [control(name, arms, family, baseline) for name in CONTROLS]
        rows.append([f"{benchmark} ({family})", *map(_percent, row)])
    return markdown_table(rows)


def control(name: str, arms: Arms, family: str, baseline: str) -> Mapping[str, float] | None:
    """An arm by its column's name; `wrong` is the best of the drawn families that are not `family`.

    None where the study has no such arm.
    """
    if name == "wrong":
        wrong = [arms[other] for other in DRAWN if other != family and other in arms]
        return max(wrong, key=lambda arm: arm["accuracy"], default=None)
    if name in FURTHER:
        return arms.get(FURTHER[name].called(family, MAIN))
    return arms.get({"own": family, "direct-only": baseline}.get(name, name))


def _least_gain(own: Mapping[str, float]) -> str:
    return _signed(own, hardest(own))


def _plain_gain(own: Mapping[str, float]) -> Interval:
    """Over the better of direct and duplicate."""
    key = min(("gain", "content"), key=lambda name: own[name])
    return Interval(own[key], own[f"{key}_low"], own[f"{key}_high"])


def _over_trainings(gains: Sequence[Interval]) -> str:
    found = over_trainings(gains, 0.95)
    if found is None:
        return "-"
    return f"{100 * found.mean:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def _signed(own: Mapping[str, float], key: str) -> str:
    gain, low, high = (100 * own[name] for name in (key, f"{key}_low", f"{key}_high"))
    return f"{gain:+.1f} [{low:+.1f}, {high:+.1f}]"


def _expected(arms: Iterable[Mapping[str, float] | None], came: Mapping[str, float] | None) -> str:
    """The interval, behind what came where something did."""
    interval = predicted([arm["accuracy"] for arm in arms if arm and "accuracy" in arm])
    if interval is None:
        return "-"
    low, high = interval
    shown = f"{100 * low:.1f} to {100 * high:.1f}"
    if came is None:
        return shown
    is_inside = low <= came["accuracy"] <= high
    return f"{_percent(came)} {'in' if is_inside else '**outside**'} {shown}"


def predicted(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % prediction interval of one more share of 0..1; None for fewer than two."""
    if len(values) < 2:
        return None
    mean, count = statistics.fmean(values), len(values)
    spread = statistics.stdev(values) * math.sqrt(1 + 1 / count)
    reach = float(stdtrit(count - 1, 0.975)) * spread
    return max(0.0, mean - reach), min(1.0, mean + reach)


def _percent(arm: Mapping[str, float] | None) -> str:
    return f"{100 * arm['accuracy']:.1f}" if arm and "accuracy" in arm else "-"


def _joined(arms: Iterable[Mapping[str, float] | None]) -> str:
    shown = [_percent(arm) for arm in arms]
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)
