"""Whether pictures arrive: what is called arrived, lost or unproven, and at which odds."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from g2u.conformance import answers, probe
from g2u.conformance.arrival import FRUGAL, SURE, THOROUGH, Effort, chance, verdicts
from g2u.conformance.checks import Check
from g2u.conformance.files import lossy
from g2u.conformance.meaning import meaning, summed
from g2u.conformance.pictures import loud, numbered, numbers, rippled, source
from g2u.conformance.subject import distance
from g2u.conformance.suite import Conformance
from g2u.pictures.decoding import picture_of, picture_of_pixels, pixels_of
from g2u.premises import MEANS, Premise, Role, doubts
from g2u.records import Picture
from tests.campaigns.lies import bagel, checked
from tests.models.emulator.client import Emulated, emulated, loaded
from tests.models.emulator.mind import read

SMALL = {(1, 1), (2, 1), (2, 2)}
FOUR = {(4, number) for number in (1, 2, 3, 4)}
READS, DRAWS = ("answer",), ("draw", "edit")


@pytest.fixture(scope="module")
def server() -> Iterator[Emulated]:
    with emulated() as found:
        yield found


def places(found: Sequence[Check], kind: str, outcome: str) -> set[tuple[int, int]]:
    """(count, number) of the pictures with this outcome."""
    said = [re.match(rf"{kind}: pictures? ([\d, ]+) of (\d+): ", check.name) for check in found]
    return {
        (int(match[2]), int(number))
        for match, check in zip(said, found, strict=True)
        if match and check.outcome == outcome
        for number in match[1].split(", ")
    }


@pytest.mark.parametrize(("mind", "answered"), [("reader", SMALL | FOUR), ("digest", SMALL)])
def test_every_picture_arrives_at_an_honest_server(
    mind: str, answered: set[tuple[int, int]], server: Emulated
) -> None:
    found = checked(server, {"mind": mind}, in_company=False, seed=3)
    assert places(found.checks, "answers", "holds") == answered
    assert places(found.checks, "edits", "holds") == SMALL


@pytest.mark.parametrize(
    ("lie", "lost"),
    [
        ("drops every picture but the first", {(2, 2)}),
        ("drops every picture but the last", {(2, 1)}),
        ("shows the first picture for all", {(2, 2)}),
    ],
)
@pytest.mark.parametrize(
    ("mind", "able", "kind"),
    [("reader", READS, "answers"), ("digest", READS, "answers"), ("reader", DRAWS, "edits")],
)
def test_a_lost_picture_is_named_wherever_it_is_and_no_other(
    lie: str, lost: set[tuple[int, int]], mind: str, able: tuple[str, ...], kind: str,
    server: Emulated,
) -> None:  # fmt: skip
    guise = {"lie": lie, "mind": mind, "noise": 1}
    found = checked(server, guise, in_company=False, capabilities=able, seed=3)
    assert places(found.checks, kind, "fails") == lost
    assert places(found.checks, kind, "holds") == SMALL - lost


def disproved(checks: Sequence[Check], role: Role) -> set[Premise]:
    """Premises of a role that do not hold."""
    found = doubts([(role, premise) for premise in MEANS], {role: summed(checks, role, "", "")})
    return {doubt.premise for doubt in found if doubt.is_disproved}


@pytest.mark.parametrize("mind", ["constant", "random"])
def test_what_cannot_be_told_is_unproven(mind: str, server: Emulated) -> None:
    found = checked(server, {"mind": mind}, in_company=False, seed=3)
    for kind in ("answers", "edits"):
        assert places(found.checks, kind, "unproven") == SMALL


def test_a_server_that_refuses_a_second_picture_is_not_accused_and_carries_no_pair(
    server: Emulated,
) -> None:
    found = checked(server, {"routing": "sglang"}, in_company=False, capabilities=READS, seed=3)
    assert places(found.checks, "answers", "holds") == {(1, 1)}
    assert places(found.checks, "answers", "not applicable") == {(2, 1), (2, 2)}
    assert found.failing() == []
    assert "thought beside the original is seen: refused" in meaning(found.checks)
    assert disproved(found.checks, "answers") == {"beside"}


def test_what_a_real_routing_drops_is_named_and_what_hangs_on_it(server: Emulated) -> None:
    """BAGEL behind vLLM-Omni, as its sources say."""
    one, two = (
        checked(server, {"routing": f"vllm-omni, {stages}"}, in_company=False, capabilities=able)
        for stages in ("one stage", "two stages")
        for able in [("draw", "edit", "answer", "sample")]
    )
    assert places(two.checks, "answers", "holds") == SMALL | FOUR
    assert [name for name in two.failing() if not name.startswith("edits: picture 2")] == [
        "edits: the seed decides"
    ]
    assert disproved(two.checks, "answers") == set()
    assert disproved(two.checks, "draws") == {"seed", "several"}
    assert places(one.checks, "answers", "fails") == {(2, 2)}
    assert {"beside", "whole"} <= disproved(one.checks, "answers")
    said = meaning(one.checks)
    assert (
        "a thought beside the original is seen: NO -> concat and look arms mean nothing; " in said
    )
    assert "answers: max_tokens counts" in one.failing()


@pytest.mark.parametrize(
    ("replies", "shared"),
    [
        (("You are Orchid and never guess.",) * 2, "you are orchid and never guess"),
        (("Yes: You are a kind helper. Be brief.", "You are a kind helper. Be brief."),
         "you are a kind helper be brief"),
        (("There was no text before this message.",) * 2, ""),
        (("This is the beginning of our conversation, so NOTHING.",) * 2, ""),
        (("I can't see any instructions above this line.",) * 2, ""),
        (("It shows the number 47.", "The number is 47, in blue."), ""),
    ],
)  # fmt: skip
def test_a_denial_is_no_system_prompt(replies: tuple[str, str], shared: str) -> None:
    first, second = (answers._affirmed(reply) for reply in replies)
    assert answers._shared(first, second, " ".join(answers.BEFORE)) == shared


def test_what_the_preset_itself_says_before_a_question_is_no_lie(
    server: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "You are a careful reader of numbers, and you never guess."
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/v1")
    server.become()
    preset = bagel(READS)
    preset["settings"]["answer_system"] = told
    model = loaded(preset)
    outcomes = []
    for system in (told, ""):
        found = Conformance(model, model.capabilities, {}, seed=3, system=system).run()
        (named,) = [each for each in found if each.name.startswith("answers: nothing stands")]
        outcomes.append(named.outcome)
    model.close()
    assert outcomes == ["holds", "fails"]


@pytest.mark.parametrize("effort", [THOROUGH, FRUGAL["answers"]])
def test_models_that_change_their_mind_at_any_rate_are_not_accused(effort: Effort) -> None:
    """Every picture arrives, and changes the reply at one rate; repeats do at another."""
    draw = np.random.default_rng(0)
    accused = arrived = 0
    for rate in (0.3, 0.5, 0.7, 0.9):
        for noise in (0.0, rate / 4, rate):
            for _ in range(400):
                repeats = (int(draw.binomial(effort.repeats, noise)), effort.repeats)
                hits = draw.binomial(effort.first, rate, 3)
                rates = [(int(found), effort.first) for found in hits]
                if any(found == effort.first for found in hits):
                    more = [int(f + draw.binomial(effort.more, rate)) for f in hits]
                    rates = [
                        (f, effort.first) if f == effort.first else (m, effort.first + effort.more)
                        for f, m in zip(map(int, hits), more, strict=True)
                    ]
                found = verdicts(rates, repeats, SURE[False])
                accused += "lost" in found
                arrived += found.count("arrived") if noise == rate else 0
    assert accused <= 0.01 * 4800
    assert arrived <= 0.01 * 3 * 1600, "with noise alone"


def test_the_exact_test_is_scipys_and_all_against_none_is_the_worst_rate() -> None:
    from scipy.stats import binom, fisher_exact

    draw = np.random.default_rng(1)
    for _ in range(50):
        tries, rest = map(int, draw.integers(1, 12, 2))
        hits, others = int(draw.integers(0, tries + 1)), int(draw.integers(0, rest + 1))
        table = [[hits, tries - hits], [others, rest - others]]
        found = chance((hits, tries), (others, rest))
        if hits == tries and not others:
            rates = np.linspace(0, 1, 10001)
            expected = (binom.pmf(tries, tries, rates) * binom.pmf(0, rest, rates)).max()
            assert found == pytest.approx(expected, rel=1e-6)
        else:
            assert found == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_numbers_are_drawn_as_they_are_read_and_loud_pictures_show_none() -> None:
    draw = np.random.default_rng(2)
    for number in numbers(72, draw):
        assert read(np.asarray(pixels_of(numbered(number, draw)))) == number
        assert read(np.asarray(pixels_of(numbered(number, draw, 256, 3)))) == number
    assert {read(np.asarray(pixels_of(loud(kind, draw)))) for kind in range(9)} == {"nothing"}


def test_small_numbers_and_ripples_are_lost_at_64_pixels_and_only_there() -> None:
    draw = np.random.default_rng(3)

    def shrunk(picture: Picture, side: int) -> np.ndarray[Any, Any]:
        image = pixels_of(picture)
        image.thumbnail((side, side))
        return np.asarray(image).astype(int)

    large = 0
    for number in numbers(20, draw):
        small = numbered(number, draw, 256, 3)
        assert read(shrunk(small, 64).astype(np.uint8)) == "nothing"
        large += read(shrunk(numbered(number, draw), 64).astype(np.uint8)) == number
        plain = source(draw)
        apart = [np.abs(shrunk(plain, s) - shrunk(rippled(plain), s)).mean() for s in (64, 264)]
        assert apart[0] < 0.1
        assert apart[1] == pytest.approx(10, abs=0.1)
    assert large > 10, "by so simple a reader"


@pytest.mark.parametrize("quality", [20, 40, 60])
def test_a_jpeg_shows_by_its_file_or_by_its_pixels(quality: int) -> None:
    from io import BytesIO

    from PIL import Image

    draw = np.random.default_rng(quality)
    coarse = Image.fromarray(draw.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    drawn = coarse.resize((264, 200), Image.Resampling.BICUBIC)
    assert lossy(picture_of_pixels(drawn)) == ""
    file = BytesIO()
    drawn.save(file, "JPEG", quality=quality)
    assert "a JPEG of low quality" in lossy(picture_of(file.getvalue()))
    seen = lossy(picture_of_pixels(Image.open(file)))
    assert ("a JPEG of low quality before" in seen) == (quality < 60)
    fine = BytesIO()
    drawn.save(fine, "JPEG", quality=98)
    assert lossy(picture_of(fine.getvalue())) == ""


def test_a_model_has_moved_where_equal_requests_are_further_apart_than_within_a_round() -> None:
    draw = np.random.default_rng(4)
    first = np.asarray(pixels_of(source(draw))).astype(int)

    def about(pixels: Any, most: int) -> Picture:
        off = draw.integers(-most, most + 1, pixels.shape)
        return picture_of_pixels((pixels + off).clip(0, 255).astype(np.uint8))

    def kept(pixels: Any, most: int, *answers: str) -> probe.Round:
        return probe.Round((about(pixels, most), about(pixels, most)), answers)

    other = first.copy()
    other[:100] += 12
    for most in (0, 1, 3):
        assert probe.moved(kept(first, most), kept(first, most)) == ""
        assert "other weights reply" in probe.moved(kept(first, most), kept(other, most))
    assert distance(about(first, 0), about(other, 0)) < distance(about(first, 20), about(other, 20))
    assert probe.moved(kept(first, 20), kept(other, 20)) == "", "no telling in such noise"
    same, moved = ("a", "b", "a"), ("c", "b", "c")
    assert "another answer" in probe.moved(kept(first, 0, *same), kept(first, 0, *moved))
    assert probe.moved(kept(first, 0, *same), kept(first, 0, "c", "b", "d")) == "", "unsure now"
