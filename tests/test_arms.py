"""Arms: whose thoughts a question is shown, decided by pixels alone."""

import random

from g2u.arms import Arm, donors, paired
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
    assert Arm("concat", "shuffled").name == "concat_shuffled"
