"""Published figures against values computed by hand, and their gains."""

from collections.abc import Sequence
from typing import Any

import pytest

from g2u import plugins
from g2u.arms import DIRECT, Arm
from g2u.errors import DataError
from g2u.records import Question, Target
from g2u.scores.statistics import Resampling
from g2u.scores.units import Figures, official_metrics
from g2u.tables.schemas import Score

HOW = Resampling(0.95, 200, 0)
Row = tuple[str, dict[str, str], str, str]
"""Id, labels, gold answer, prediction; "" = unparsed, "!" = failed."""


def figures(metric: str, rows: Sequence[Row], direct: Sequence[Row] = ()) -> dict[str, Any]:
    questions = [
        Question(name, "?", pictures=(f"p{name}",), labels=tuple(labels.items()),
                 category=labels.get("category", ""))
        for name, labels, _, _ in rows
    ]  # fmt: skip
    gold = [Target(name, answer, "yes_no") for name, _, answer, _ in rows]

    def scores(arm: Arm, given: Sequence[Row]) -> list[Score]:
        return [
            Score(name, arm, "failed", "", None, name)
            if said == "!"
            else Score(name, arm, "ok" if said else "unparsed", said, float(said == answer), name)
            for name, _, answer, said in given
        ]

    made = Figures(metric, questions, gold, HOW)
    own, plain = scores(Arm("concat"), rows), scores(DIRECT, direct or rows)
    return official_metrics(made, own, plain)["concat"]


def values(found: dict[str, Any]) -> dict[str, float]:
    return {name: round(figure["value"], 6) for name, figure in found.items() if "value" in figure}


def test_circular_counts_a_question_only_if_all_rotations_are_right() -> None:
    dev = {"split": "dev"}
    rows = [
        ("1", dev, "A", "A"), ("1000001", dev, "B", "B"),
        ("2", dev, "A", "A"), ("1000002", dev, "B", "A"), ("3", {"split": "test"}, "C", "D"),
    ]  # fmt: skip
    assert values(figures("circular", rows)) == {
        "circular": 33.333333, "vanilla": 66.666667, "circular, split dev": 50.0,
        "vanilla, split dev": 100.0, "circular, split test": 0.0, "vanilla, split test": 0.0,
    }  # fmt: skip


def test_a_failed_item_leaves_its_group_out_and_is_counted() -> None:
    rows = [("1", {}, "A", "A"), ("1000001", {}, "B", "!"), ("2", {}, "A", "A")]
    found = figures("circular", rows)["circular"]
    assert (found["value"], found["units"], found["left_out"]) == (100.0, 1, 1)


def test_mme_sums_accuracy_and_pair_accuracy_over_its_categories() -> None:
    def row(number: str, category: str, path: str, right: bool) -> Row:
        labels = {"category": category, "image_path": path}
        return (number, labels, "yes", "yes" if right else "no")

    rows = [
        row("0", "existence", "a", True), row("1", "existence", "a", True),
        row("2", "existence", "b", True), row("3", "existence", "b", False),
        row("4", "count", "a", True), row("5", "count", "a", True),
        row("6", "code_reasoning", "c", False), row("7", "code_reasoning", "c", True),
    ]  # fmt: skip
    found = values(figures("mme", rows))
    assert found["score, existence"] == 75.0 + 50.0
    assert found["score, count"] == 200.0
    assert found["perception"] == 325.0
    assert found["cognition"] == 50.0


def test_hallusion_groups_by_figure_and_by_question() -> None:
    label = {"l2-category": "chart"}
    rows = [
        ("VS_chart_x_0_1_0", label, "yes", "yes"), ("VS_chart_x_0_1_1", label, "no", "no"),
        ("VS_chart_x_0_2_0", label, "yes", "no"), ("VS_chart_x_0_2_1", label, "no", "no"),
    ]  # fmt: skip
    found = values(figures("hallusion", rows))
    assert (found["aAcc"], found["fAcc"], found["qAcc"]) == (75.0, 50.0, 50.0)
    with pytest.raises(DataError, match="six parts"):
        figures("hallusion", [("7", {}, "yes", "yes")])


def test_pope_takes_what_cannot_be_read_as_not_yes() -> None:
    rows = [
        ("1", {}, "yes", "yes"),
        ("2", {}, "yes", ""),
        ("3", {}, "no", "yes"),
        ("4", {}, "no", "no"),
    ]
    found = values(figures("pope", rows))
    assert (found["accuracy"], found["precision"], found["recall"]) == (50.0, 50.0, 50.0)
    assert (found["F1"], found["yes"]) == (50.0, 50.0)


def test_mathvista_counts_an_item_for_each_of_its_skills() -> None:
    rows = [
        ("1", {"task": "VQA", "skills": "['a', 'b']"}, "1", "1"),
        ("2", {"task": "VQA", "skills": "['b']"}, "1", "2"),
    ]
    found = values(figures("mathvista", rows))
    assert found == {
        "accuracy": 50.0, "accuracy, task VQA": 50.0,
        "accuracy, skill a": 100.0, "accuracy, skill b": 50.0,
    }  # fmt: skip


def test_mmvet_counts_an_item_for_each_capability_and_for_the_set() -> None:
    rows = [("1", {"category": "ocr,math"}, "1", "1"), ("2", {"category": "ocr"}, "1", "2")]
    found = values(figures("mmvet", rows))
    assert found["score, capability ocr"] == 50.0
    assert found["score, capability math"] == 100.0
    assert found["score, category ocr,math"] == 100.0


@pytest.mark.parametrize("answer", ["[Up, Down]", "[3, 4]", '["up", "left"]', "[", "[" * 9999])
def test_unig2u_takes_its_routes_by_their_scorer_and_not_by_a_bracket(answer: str) -> None:
    def exact(scorer: str, prediction: str) -> float | None:
        target, score = Target("1", answer, scorer), Score("1", DIRECT, "ok", prediction, 1.0, "1")
        made = Figures("unig2u", [Question("1", "?")], [target], HOW)
        found = official_metrics(made, [score], [score])["none"]
        assert found["score"]["value"] == 100.0
        return found["exact"]["value"] if "exact" in found else None

    assert exact("relaxed", "up left") is None
    if answer.endswith('"]'):
        assert (exact("route", "up left"), exact("route", "up left up")) == (100.0, 0.0)
    else:
        with pytest.raises(DataError, match="metric unig2u: question '1': target"):
            exact("route", "up left")


CHECKED: list[tuple[str, list[tuple[str, dict[str, str], str]], str]] = [
    ("circular", [("7", {}, "A"), ("12-0", {}, "A")], "index '12-0' is no number"),
    ("circular", [("²", {}, "A")], "index '²' is no number"),
    ("circular", [("9" * 5000, {}, "A")], "is no number"),
    ("circular", [("-1", {}, "A")], "index '-1' is no number"),
    ("hallusion", [("VS_chart_0_1_1", {}, "yes")], "index 'VS_chart_0_1_1'; expected six parts"),
    ("hallusion", [("VS_chart_x__1_0", {}, "yes")], "expected six parts"),
    ("mme", [("1", {"image_path": "a"}, "yes")], "question '1' has no category"),
    ("mme", [("1", {"category": "count", "image_path": "a"}, "yes")], "1 questions about"),
    ("mme", [(n, {"category": "count", "image_path": "a"}, "yes") for n in "123"], "3 questions"),
    ("mathvista", [("1", {"task": "VQA"}, "1")], r"labels: \[task, skills\]"),
    ("mathvista", [("1", {"skills": "['a']"}, "1")], "task ''"),
    ("mathvista", [("1", {"task": "VQA", "skills": "[" * 9999}, "1")], "skills '"),
    ("mathvista", [("1", {"task": "VQA", "skills": "[1, 2]"}, "1")], "a list of names"),
    ("mathvista", [("1", {"task": "VQA", "skills": "['a' 'b']"}, "1")], "a list of names"),
    ("mmvet", [("1", {"category": "ocr"}, "a"), ("2", {"category": " , "}, "a")], "'2' has no"),
    ("pope", [("1", {}, "yes"), ("2", {}, "True")], "question '2': gold 'True'"),
]


@pytest.mark.parametrize(("metric", "rows", "said"), CHECKED)
def test_what_a_metric_misses_is_one_line_that_names_the_question(
    metric: str, rows: list[tuple[str, dict[str, str], str]], said: str
) -> None:
    questions = [
        Question(n, "?", labels=tuple(given.items()), category=given.get("category", ""))
        for n, given, _ in rows
    ]
    gold = [Target(name, answer, "yes_no") for name, _, answer in rows]
    with pytest.raises(DataError, match=said) as error:
        plugins.metric(metric).check(questions, gold)
    assert "\n" not in str(error.value)
    assert metric in str(error.value)


def test_gains_are_paired_by_unit() -> None:
    rows = [("1", {}, "A", "A"), ("1000001", {}, "B", "B"), ("2", {}, "A", "A")]
    direct = [("1", {}, "A", "A"), ("1000001", {}, "B", "A"), ("2", {}, "A", "A")]
    found = figures("circular", rows, direct)
    assert (found["circular"]["gain"], found["vanilla"]["gain"]) == (50.0, 0.0)
    assert found["circular"]["gain_low"] <= 50.0 <= found["circular"]["gain_high"]
