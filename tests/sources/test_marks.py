"""Marks of pictures in texts: dropped where they say what is done anyway, else refused."""

import pytest

from g2u.errors import DataError
from g2u.questions.files.marks import Marked
from g2u.questions.files.texts import one_text

SAME = "Which side is longer?"


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        (SAME, 0), (SAME, 3), (f"<image>{SAME}", 1), (f"<image 1> {SAME}", 1),
        (f"<image 1>\n<image 2>\n{SAME}", 2), (f"<image><image>{SAME}", 2),
        (f"<|image_1|>\n{SAME}", 1), (f"{{image}} {SAME}", 1), (f"[IMAGE 1]: {SAME}", 1),
        (f"<ImageHere>{SAME}", 1), (f"{SAME}\n<image 1>", 1), (f"{SAME} <image>", 1),
        (f"![](a.png)\n{SAME}", 1), (f'<img src="a.png">\n{SAME}', 1), (f"<image_1> {SAME}", 1),
    ],
)  # fmt: skip
def test_marks_before_the_question_say_what_is_done_anyway(text: str, pictures: int) -> None:
    assert Marked().question(text, pictures, "here") == SAME


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        ("Is <image 1> darker than <image 2>?", 2), ("What is in <image>?", 1),
        ("What is shown in <image 1>", 1), ("<image 1> shows a cat. Is it black?", 1),
        ("<image> is a map. Where is the sea?", 1), ("<image 2><image 1> Which is older?", 2),
        ("<image 1> Which is older?", 2), ("<image 1><image 2> Which is older?", 1),
        ("<image 2> Which is older?", 1), ("<image> Which is older?", 0), ("Old? <image 2>", 1),
        ("Which is older? <image 1> <image 2>", 2), ("Read {image}.", 1), ("Read [image 1].", 1),
        ("Read <|image_1|>.", 1), ("Read <IMAGE_1>.", 1), ("Read <img>.", 1), ("See <video>.", 1),
        ("Read <|vision_start|><|image_pad|><|vision_end|>.", 1), ("Read {{image_1}} now.", 1),
        ("Read ![fig](a.png) now.", 1), ('Read <img src="a.png"/> now.', 1),
        ("Read <image_placeholder>.", 1), ("Read <image1>.", 1), ("Read <picture 1>.", 1),
    ],
)  # fmt: skip
def test_marks_elsewhere_are_refused_unless_the_preset_says_that_they_are_text(
    text: str, pictures: int
) -> None:
    with pytest.raises(DataError, match="marks: text in the preset") as error:
        Marked().question(text, pictures, "a.tsv: row 2")
    assert str(error.value).startswith("a.tsv: row 2")
    assert "\n" not in str(error.value)
    assert Marked(are_text=True).question(text, pictures, "here") == text


@pytest.mark.parametrize(
    "text", ["an image of 3 dogs", "x < image", "image 1", "f(img)", "[imagine]"]
)
def test_words_are_no_marks(text: str) -> None:
    assert Marked().plain(text, "here") == text


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
