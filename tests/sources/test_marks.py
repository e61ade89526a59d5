"""Marks of pictures in texts: places, dropped where they say what is done anyway, or refused."""

from dataclasses import replace

import pytest

from g2u.errors import DataError
from g2u.questions.files.marks import Marked, Placed
from g2u.questions.files.texts import one_text
from g2u.records import PLACE

SAME = "Which side is longer?"


def placed(text: str, pictures: int, *options: str, hint: str = "", drawing: str = "") -> Placed:
    lettered = dict(zip("ABCDEFGH", options, strict=False))
    return Marked().question(Placed(text, lettered, hint, drawing), pictures, "a.tsv: row 2")


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        (SAME, 0), (SAME, 3), (f"<image>{SAME}", 1), (f"<image 1> {SAME}", 1),
        (f"<image 1>\n<image 2>\n{SAME}", 2), (f"<image><image>{SAME}", 2),
        (f"<|image_1|>\n{SAME}", 1), (f"{{image}} {SAME}", 1), (f"[IMAGE 1]: {SAME}", 1),
        (f"<ImageHere>{SAME}", 1), (f"{SAME}\n<image 1>", 1), (f"{SAME} <image>", 1),
        (f"![](a.png)\n{SAME}", 1), (f'<img src="a.png">\n{SAME}', 1), (f"<image_1> {SAME}", 1),
        (f"<|vision_start|><|image_pad|><|vision_end|>{SAME}", 1),
    ],
)  # fmt: skip
def test_marks_before_the_question_say_what_is_done_anyway(text: str, pictures: int) -> None:
    found = placed(text, pictures)
    assert replace(found, whole="") == Placed(SAME, {})
    places = [int(number) for number in PLACE.findall(found.whole)]
    assert places == ([] if text == SAME else list(range(1, pictures + 1)))


@pytest.mark.parametrize(
    ("text", "pictures", "kept"),
    [
        ("Is <image 1> darker than <image 2>?", 2, "Is <image 1> darker than <image 2>?"),
        ("Is <image 2> darker than <image 1>?", 2, "Is <image 2> darker than <image 1>?"),
        ("Is <image> darker than <image>?", 2, "Is <image 1> darker than <image 2>?"),
        ("What is in <image>?", 1, "What is in <image 1>?"),
        ("What is shown in <image 1>", 1, "What is shown in <image 1>"),
        ("<image 1> shows a cat. Is it black?", 1, "<image 1> shows a cat. Is it black?"),
        ("<image 2><image 1> Which is older?", 2, "<image 2><image 1> Which is older?"),
        ("Which is older? <image 1> <image 2>", 2, "Which is older? <image 1> <image 2>"),
        ("Is <image 1> as <image 1>?", 1, "Is <image 1> as <image 1>?"),
        ("Read {image}.", 1, "Read <image 1>."),
        ("Read [IMG] and [img].", 2, "Read <image 1> and <image 2>."),
        ("Of <|image_1|>, <IMAGE_2>, <picture 3>.", 3, "Of <image 1>, <image 2>, <image 3>."),
        ("Is <image_0> in <image_1>?", 2, "Is <image 1> in <image 2>?"),
        ("Read <|vision_start|><|image_pad|><|vision_end|> now.", 1, "Read <image 1> now."),
        ("Of {{image_1}} and {{image_2}}.", 2, "Of <image 1> and <image 2>."),
        ("Read ![fig](a.png) now.", 1, "Read <image 1> now."),
        ('Of <img src="p/1.png"/> and <img src="p/2.png"/>.', 2, "Of <image 1> and <image 2>."),
        ("Of ![](i/9.png) and ![](i/10.png).", 2, "Of <image 1> and <image 2>."),
    ],
)  # fmt: skip
def test_pictures_stand_where_their_marks_are(text: str, pictures: int, kept: str) -> None:
    assert placed(text, pictures) == Placed(kept, {}, is_placed=True)


def test_options_and_hints_have_places_too() -> None:
    found = placed("Fits <image>?", 4, "<image>", "the <image>", hint="See <image>.")
    assert found.hint == "See <image 1>."
    assert found.text == "Fits <image 2>?"
    assert dict(found.options) == {"A": "<image 3>", "B": "the <image 4>"}
    assert found.is_placed
    first = placed("<image 1> Which one fits?", 3, "<image 2>", "<image 3>")
    assert (first.text, first.is_placed) == ("<image 1> Which one fits?", True)


def test_an_instruction_for_a_drawing_names_the_places() -> None:
    assert placed("Is <image 1> in <image 2>?", 2, drawing="Draw <image 2> larger.").drawing == (
        "Draw image 2 larger."
    )
    assert placed(SAME, 1, drawing="Mark it in <image>.") == Placed(
        SAME, {}, "", "Mark it in the image."
    )


@pytest.mark.parametrize(
    ("text", "pictures", "said"),
    [
        ("<image 1> Which is older?", 2, "picture 2 of 2 has no mark"),
        ("Is it <image 3>?", 3, "picture 1, 2 of 3 has no mark"),
        ("<image 1><image 2> Which is older?", 1, "stands for picture 2 of a question that has 1"),
        ("<image 2> Which is older?", 1, "stands for picture 2 of a question that has 1"),
        ("<image> Which is older?", 0, "stands for picture 1 of a question that has 0"),
        ("Old? <image 2>", 1, "stands for picture 2 of a question that has 1"),
        ("Is <image> in <image>?", 1, "stands for picture 2 of a question that has 1"),
        ("Is <image_0> in <image_2>?", 2, "stands for picture 3 of a question that has 2"),
        ("Is <image 1> in <image>?", 2, "has no number, and other marks have one"),
        ("Is ![](cat.png) in ![](dog.png)?", 2, "do not say in what order"),
        ("Is ![](2.png) in ![](1.png)?", 2, "do not say in what order"),
        ("See <video>.", 1, "stands for no picture that can be told"),
        ("See <frame 3>.", 3, "stands for no picture that can be told"),
        ('Read <img alt="x"/> now.', 1, "stands for no picture that can be told"),
        ("Read <|vision_start|> now.", 1, "stands for no picture that can be told"),
        ("Is <image 99999999999999999999> old?", 1, "stands for picture 999999999 of"),
    ],
)
def test_marks_that_do_not_fit_the_pictures_are_refused(
    text: str, pictures: int, said: str
) -> None:
    with pytest.raises(DataError, match="marks: text in the preset") as error:
        placed(text, pictures)
    assert said in str(error.value)
    assert str(error.value).startswith("a.tsv: row 2")
    assert "\n" not in str(error.value)
    as_text = Marked(are_text=True).question(Placed(text, {}), pictures, "here")
    assert as_text == Placed(text, {})


def test_an_instruction_that_does_not_say_which_picture_is_refused() -> None:
    with pytest.raises(DataError, match="does not say which of 2 pictures"):
        placed("Is <image 1> in <image 2>?", 2, drawing="Enlarge <image>.")


@pytest.mark.parametrize(
    "text", ["an image of 3 dogs", "x < image", "image 1", "f(img)", "[imagine]"]
)
def test_words_are_no_marks(text: str) -> None:
    assert placed(text, 1) == Placed(text, {})


@pytest.mark.parametrize(
    "text", ["['Hello.', 'And now?']", '[{"role": "user", "content": "Hello"}]', '{"q": "Which?"}']
)
def test_turns_are_no_question(text: str) -> None:
    with pytest.raises(DataError, match="spells a list or an object"):
        one_text(text, "here")


@pytest.mark.parametrize(
    "text", ["[x] is checked. Which?", "{a, b} is what?", "5", "", "[3, 4] + 1?"]
)
def test_brackets_alone_make_no_list(text: str) -> None:
    assert one_text(text, "here") == text
