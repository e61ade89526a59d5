"""What the report says of judges: how far a panel agrees, and what one of them alone concludes."""

from typing import Any

import polars as pl

from g2u.answers.needs import judging, spoken
from g2u.params.reading import load
from g2u.report.judges import (
    does_it_hang_on_the_judge,
    judge_lines,
    own_judge,
    swaps,
    swaps_table,
)
from tests.conftest import ROOT


def table(gain: float, verdict: str) -> pl.DataFrame:
    """One own thought."""
    row = {"benchmark": "b", "model": "m", "arm": "detail", "role": "own thought", "gain": gain,
           "gain_low": gain - 0.02, "gain_high": gain + 0.02, "holm": 0.5, "verdict": verdict,
           "unchecked": None}  # fmt: skip
    return pl.DataFrame([row])


def test_a_verdict_that_one_judge_alone_would_change_is_named_and_counted() -> None:
    under = {"fair": table(0.0, "no effect shown"), "kind": table(0.3, "thought-mediated")}
    found = swaps(table(0.01, "no effect shown"), under)
    assert [each.line for each in found] == [
        "with judge fair alone the gain is +0.0 [-2.0, +2.0], the verdict is the same "
        "(no effect shown)",
        "with judge kind alone the gain is +30.0 [+28.0, +32.0], the verdict differs: "
        "thought-mediated, under the panel no effect shown",
    ]
    told = does_it_hang_on_the_judge(found, ["fair", "kind"])
    assert told is not None
    assert "the verdict on 1 of 1 own thoughts differs" in told.answer
    assert told.lines[0].startswith("b, m, detail: with judge kind alone"), "what moves comes first"
    assert swaps_table(found)["verdict"].to_list() == ["no effect shown", "thought-mediated"]
    assert does_it_hang_on_the_judge([], ["one"]) is None


def cell(**panel: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"judged": {"answers": {"items": 5, "unread": 1, "mean": 0.4}}}
    return {"detail": found | ({"panel": panel} if panel else {})}


def test_a_panel_tells_its_alpha_between_judges_and_of_each_with_itself() -> None:
    alpha = {"alpha": 0.413, "low": 0.2, "high": 0.61, "same": 0.75, "units": 6}
    sure = {"alpha": None, "low": None, "high": None, "same": 1.0, "units": 6}
    said = {"level": "nominal", "between": alpha, "within": {"one": alpha, "two": sure}}
    judges = {name: {"items": 6, "decided": 5, "mean": 0.5} for name in ("one", "two")}
    (line,) = judge_lines(cell(judges=judges, agreement={"answers": said}))
    assert line == (
        "Panel of 2, detail: 5 answers decided, 1 left undecided; answers: judges agree to alpha "
        "(nominal) 0.41 [0.20, 0.61] (75 % of pairs equal, 6 judged); answers: the votes of one "
        "judge agree to one alpha (nominal) 0.41 [0.20, 0.61] (75 % of pairs equal, 6 judged), "
        "two no alpha, since all say the same (6 judged); worth on average, by judge: one 50.0 % "
        "of 5, two 50.0 % of 5."
    )


def test_a_single_judge_is_told_as_before() -> None:
    assert judge_lines(cell()) == ("Judge, detail: 5 answers decided, 1 of its replies unread.",)


def test_a_model_that_judges_itself_is_named() -> None:
    assert own_judge("m", ()) == ()
    (line,) = own_judge("m", ("m_judge",))
    assert line.startswith("m judges its own answers here (m_judge)")


def test_judges_that_vote_more_than_once_have_to_follow_their_seeds() -> None:
    config = load(ROOT / "params.yaml")
    assert judging(config) == spoken()
    judge = config.judge.model_copy(update={"model": "tiny", "votes": 3})
    found = judging(config.model_copy(update={"judge": judge}))
    assert found - spoken() == {("answers", "sample")}
    assert spoken() - found == {("answers", "greedy")}
