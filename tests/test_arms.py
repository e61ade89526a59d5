"""Arms: whose thoughts a question is shown, decided by pixels alone."""

import random
from dataclasses import replace

import pytest

from g2u.arms import BLINDED, DIRECT, Arm, Rule, donors, main_arm, paired
from g2u.errors import DataError
from g2u.records import Question, Thought

QUESTIONS = [Question(f"q{n}", "?", pictures=(f"picture {n // 2}",)) for n in range(12)]
PAIR = Question("pair", "?", pictures=("picture 0", "picture 1"))


def test_a_shuffled_thought_is_of_another_picture_and_every_picture_gives_one() -> None:
    donor = donors(QUESTIONS)
    pictures = {question.id: question.pictures for question in QUESTIONS}
    assert set(donor) == set(pictures)
    assert all(pictures[donor[name]] != pictures[name] for name in donor)
    assert {pictures[giver] for giver in donor.values()} == set(pictures.values())


def test_the_pairing_knows_neither_ids_nor_the_order_of_rows() -> None:
    moved = list(QUESTIONS)
    random.Random(1).shuffle(moved)
    pictures = {question.id: question.pictures for question in QUESTIONS}

    def by_picture(questions: list[Question]) -> dict[object, object]:
        return {pictures[a]: pictures[b] for a, b in donors(questions).items()}

    assert by_picture(moved) == by_picture(QUESTIONS)


def test_a_new_picture_changes_the_donor_of_one_other() -> None:
    more = [*QUESTIONS, Question("new", "?", pictures=("picture new",))]
    before, after = donors(QUESTIONS), donors(more)
    changed = {q.pictures for q in QUESTIONS if before[q.id] != after[q.id]}
    assert len(changed) == 1


def test_who_has_no_other_to_go_to_is_shown_nothing() -> None:
    thoughts = [Thought(q.id, 0, "ok") for q in QUESTIONS]
    shown = paired(Arm("concat", "shuffled"), [*QUESTIONS, PAIR], thoughts)
    assert shown["pair"] == []
    assert all(thought.question != name for name, own in shown.items() for thought in own)
    own = paired(Arm("concat"), QUESTIONS, thoughts)
    assert all([t.question for t in found] == [name] for name, found in own.items())


def test_further_donors_are_other_pictures_as_long_as_the_ring_has_any() -> None:
    rings = [donors(QUESTIONS, number) for number in range(6)]
    pictures = {question.id: question.pictures for question in QUESTIONS}
    for name in pictures:
        given = [pictures[ring[name]] for ring in rings[:5]]
        assert len({pictures[name], *given}) == 6
    assert rings[5] == {}, "the ring is at its start again"


def test_pictures_are_asked_alike_only_where_text_and_options_are_the_same() -> None:
    asked = [
        replace(question, text=f"{n % 3}?", choices=("a", "b") if n % 2 else ("b", "a"))
        for n, question in enumerate(QUESTIONS)
    ]
    known = {question.id: question for question in asked}
    given = donors(asked, pairing="alike")
    assert set(given) == set(known)
    for name, donor in given.items():
        assert known[name].text == known[donor].text
        assert known[name].pictures != known[donor].pictures
    alone = replace(asked[0], id="alone", text="Something else?")
    other = replace(asked[0], id="other", choices=("a", "c"))
    assert not {"alone", "other"} & donors([*asked, alone, other], pairing="alike").keys()


MAIN = Arm("concat", is_main=True)
CALLED = [
    (DIRECT, DIRECT, "none", "family"),
    (BLINDED, DIRECT, "blind", "blind"),
    (DIRECT.sampled(1), DIRECT, "sample_1", "family, sample_1"),
    (Arm("none", reasons=True), DIRECT, "reasoned", "family, reasoned"),
    (DIRECT.ruled(Rule("vote", of=4)), DIRECT, "vote_4", "family, vote_4"),
    (MAIN, MAIN, "concat", "family"),
    (MAIN.drawn(2), MAIN, "concat_draw_2", "family, draw_2"),
    (MAIN.drawn(0, 0), MAIN, "concat_round_0", "family, round_0"),
    (MAIN.shuffled(), MAIN, "concat_shuffled", "family, shuffled"),
    (MAIN.shuffled(2), MAIN, "concat_shuffled_donor_2", "family, shuffled_donor_2"),
    (MAIN.alike(1), MAIN, "concat_alike_donor_1", "family, alike_donor_1"),
    (MAIN.altered("reverted", 25), MAIN, "concat_reverted_25", "family, reverted_25"),
    (Arm("only"), MAIN, "only", "family, only"),
    (Arm("only", "shuffled"), MAIN, "only_shuffled", "family, only_shuffled"),
    (Arm("concat_g2u"), MAIN, "concat_g2u", "family, concat_g2u"),
    (MAIN.ruled(Rule("gate", by="psnr", above=25.0)), MAIN, "gate_psnr_25", "family, gate_psnr_25"),
    (MAIN.ruled(Rule("select", by="oracle", of=8)), MAIN, "select_oracle_8",
     "family, select_oracle_8"),
    (MAIN.ruled(Rule("keep", by="verdict")), MAIN, "keep_verdict", "family, keep_verdict"),
    (Arm("only").ruled(Rule("separate")), MAIN, "separate", "family, separate"),
]  # fmt: skip
"""Arm, main arm, name within the cell, name in the report."""


@pytest.mark.parametrize(("arm", "main", "name", "called"), CALLED)
def test_a_name_follows_from_what_an_arm_is(arm: Arm, main: Arm, name: str, called: str) -> None:
    assert (arm.name, arm.called("family", main)) == (name, called)


def test_further_arms_are_those_of_draws_rounds_and_rules() -> None:
    further = [name for arm, _, name, _ in CALLED if arm.is_further]
    assert further == [
        "vote_4", "concat_draw_2", "concat_round_0", "gate_psnr_25", "select_oracle_8",
        "keep_verdict", "separate",
    ]  # fmt: skip


def test_of_all_arms_that_one_makes_it_alone_is_the_main_one() -> None:
    rule = Rule("vote", of=2)
    others = (MAIN.drawn(0, 1), MAIN.drawn(1), MAIN.sampled(0), MAIN.shuffled(), MAIN.ruled(rule))
    assert not any(arm.is_main for arm in others)
    assert main_arm([*others, MAIN]) is MAIN
    with pytest.raises(DataError, match="no main arm; g2u run"):
        main_arm(others)
