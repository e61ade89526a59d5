"""Rows as foreign tables have them: read as they are meant, or refused in one line."""

import base64
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from g2u.arms import DIRECT
from g2u.errors import DataError
from g2u.questions.benchmarks import table
from g2u.records import Sample
from g2u.scores.marking import marked
from g2u.settings import checked
from g2u.tables.schemas import Answer
from tests.conftest import png
from tests.scoring.intake import prepared

CODED = base64.b64encode(png(1)).decode()
AROUND = "\u202b{}\u202c"
"""A text written from right to left, as an editor marks it."""


def worth(sample: Sample, response: str) -> float:
    answer = Answer(sample.question.id, DIRECT, "", "ok", response=response)
    return marked(answer, sample.question, sample.target)[2]


@pytest.mark.parametrize(
    ("options", "gold", "said"),
    [
        ([{"bytes": CODED, "path": None}] * 2, "A", "option A: .* is a picture; .*<image 2>"),
        ([CODED, CODED], "A", "option A: .* is a picture"),
        (["imgs/a.png", "imgs/b.PNG"], "A", r"'imgs/a\.png' is a picture"),
        (["https://x.org/a.jpg?s=1", "https://x.org/b.webp"], "A", "is a picture"),
        (["left", "left", "right"], "A", "cannot be told from option B, which has its text"),
        (["left", "left", "right"], "left", "'left' is the text of options A, B; expected"),
        (["B. left", "A. right"], "B", "options carry the letters B, A"),
        (["B", "A", "C"], "A", "is a letter and the text of option B"),
    ],
)
def test_options_that_cannot_be_told_apart_or_shown_are_refused(
    options: list[Any], gold: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        prepared(tmp_path, [{"a": gold, "o": options}], format="choice")


@pytest.mark.parametrize(
    "asked", ["Which? A. dog B. cat", "Which?\n(A) dog\n(B) cat", "A) x\nB) y"]
)
def test_a_letter_of_options_that_only_the_question_names_is_refused(
    asked: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="put the options into a column of their own"):
        prepared(tmp_path, [{"q": asked, "a": "B"}])
    (blood,) = prepared(tmp_path, [{"q": "Which blood group, A, B or 0?", "a": "B"}])
    assert worth(blood, "B") == 1.0


def test_a_name_that_occurs_twice_in_a_row_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"q": "?", "a": "x", "a": "y"}\n')
    columns = {"question": "q", "answer": "a"}
    settings = checked(table.Settings, {"file": str(tmp_path / "r.jsonl"), "columns": columns}, "p")
    with pytest.raises(DataError, match=r"line 1: .*'a' occurs twice"):
        list(table.read(settings))


def test_alternatives_without_a_declared_separator_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="separator: in the preset parts them"):
        prepared(tmp_path, [{"a": "net|web"}])
    (one,) = prepared(tmp_path, [{"a": "net|web"}], separator="|")
    assert worth(one, "web") == 1.0


def test_answers_of_people_are_read_from_a_text_that_spells_them(tmp_path: Path) -> None:
    spelt = json.dumps([{"answer": each} for each in ("net", "net", "net", "net", "web")])
    (one,) = prepared(tmp_path, [{"a": spelt}], scorer="vqa_soft")
    assert one.target.accepted == ("net", "net", "net", "net", "web")


@pytest.mark.parametrize(
    ("options", "gold", "letter", "shown"),
    [
        (["A. left", "B. right"], "B", "B", ("left", "right")),
        (["a) left", "b) right"], "b", "B", ("left", "right")),
        (["(A) left", "(B) right"], "(B) right", "B", ("left", "right")),
        (["left", "Left", "right"], "left", "A", ("left", "Left", "right")),
        (["photo.png", "a drawing"], "photo.png", "A", ("photo.png", "a drawing")),
    ],
)
def test_options_with_letters_of_their_own_are_read_without_them(
    options: list[str], gold: str, letter: str, shown: tuple[str, ...], tmp_path: Path
) -> None:
    (found,) = prepared(tmp_path, [{"a": gold, "o": options}], format="choice")
    assert (found.target.answer, found.question.choices) == (letter, shown)


def test_marks_of_direction_are_no_part_of_an_answer(tmp_path: Path) -> None:
    black, white = "שחור", "לבן"
    row = {"q": "מה הצבע?", "a": AROUND.format(black), "o": [white, f"{black}\u200f"]}
    (choice,) = prepared(tmp_path, [row], format="choice")
    assert choice.target.answer == "B"
    (short,) = prepared(tmp_path, [{"q": "مה?", "a": f"\u200f{black}"}], format="short")
    for found in (choice, short):
        assert [worth(found, said) for said in (black, AROUND.format(black), white)] == [1, 1, 0]


def test_html_in_a_question_is_asked_as_it_stands_and_around_an_answer_does_not_count(
    tmp_path: Path,
) -> None:
    text = "<table><tr><td>1&nbsp;m</td></tr></table> <b>How</b> long?"
    (found,) = prepared(tmp_path, [{"q": text, "a": "<b>one metre</b>"}], format="short")
    assert found.question.text == text
    assert worth(found, "one metre") == 1.0


@pytest.mark.parametrize("where", ["hint", "question"])
def test_a_picture_in_html_stands_where_it_is(where: str, tmp_path: Path) -> None:
    row = {"q": "What is it?", "h": "Look.", "a": "x"}
    row["h" if where == "hint" else "q"] = "See <img src='1.png'/> and say."
    columns = {"question": "q", "hint": "h", "pictures": "image", "answer": "a"}
    (found,) = prepared(tmp_path, [row], format="short", columns=columns)
    assert found.question.is_placed
    assert "<image 1>" in (found.question.hint if where == "hint" else found.question.text)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    Image.new("RGB", (30, 24), "white").save(file := io.BytesIO(), "PNG")
    row = {"a": base64.b64encode(file.getvalue()).decode()}
    with pytest.raises(DataError, match="mask of 30 x 24 pixels for a picture of 24 x 24"):
        prepared(tmp_path, [row], format="open", scorer="point", frame="pixels")


@pytest.mark.parametrize(
    "question",
    [
        [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."}],
        '[{"from": "human", "value": "What?"}, {"from": "gpt", "value": "That."}]',
        "['What is it?', 'And where?']",
    ],
)
def test_turns_of_a_conversation_are_refused(question: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 1, column q: .*expected one text"):
        prepared(tmp_path, [{"q": question, "a": "x"}], format="short")


@pytest.mark.parametrize("name", ["walk.mp4", "walk.WEBM", "deep/walk.mov"])
def test_a_clip_is_refused_with_the_line_that_makes_frames(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a clip; make frames of it \(ffmpeg -i CLIP"):
        prepared(tmp_path, [{"image": name, "a": "x"}], format="short")


def test_frames_by_the_ten_thousand_are_refused_before_any_is_decoded(tmp_path: Path) -> None:
    row = {"image": ["no picture"] * 10_000, "a": "x"}
    with pytest.raises(DataError, match=r"column image: 10000 pictures; expected at most 1000"):
        prepared(tmp_path, [row], format="short")


def test_rows_pass_through_in_flat_memory(tmp_path: Path) -> None:
    """Ten times the rows of pictures take no more than twice the memory."""

    columns = {"question": "q", "pictures": "image", "answer": "a"}

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.jsonl"
        with path.open("w") as file:
            for number in range(rows):
                coded = base64.b64encode(png(number % 7, 64)).decode()
                file.write(json.dumps({"q": f"Is {number} even?", "image": coded, "a": "no"}))
                file.write("\n")
        settings = checked(table.Settings, {"file": str(path), "columns": columns})
        tracemalloc.start()
        count = sum(1 for _ in table.read(settings))
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return highest

    peak(10)
    assert peak(100) < 2 * peak(10)
