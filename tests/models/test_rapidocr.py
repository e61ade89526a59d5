"""The reader of text: CTC against every path there is, and rapidocr itself as the second opinion.

What needs the wheel and its networks is skipped without them, with the reason.
"""

import copy
import io
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from g2u.answers.answering import Answering, Asking, Shown
from g2u.answers.feedback import look
from g2u.arms import Arm
from g2u.calls.folder import FolderStore
from g2u.conformance.checks import table
from g2u.conformance.suite import Conformance
from g2u.errors import ModelError, ParamsError
from g2u.models import rapidocr
from g2u.models.rapidocr import NO_TEXT, Reader, Settings, View, ctc, weights
from g2u.params import reading as params
from g2u.pictures.decoding import picture_of, picture_of_pixels, pixels_of
from g2u.records import (
    AnswerRequest,
    Failure,
    Picture,
    Prompt,
    Question,
    ScoreRequest,
    Text,
    Thought,
    Turn,
)
from g2u.scores.responses import refuses
from g2u.settings import checked
from g2u.tables.places import Cell
from tests.conftest import asked_at_once, brokered, plain_params

Frames = NDArray[np.float64]
ASK = "What does the sign say?"
TUNED = {"limit_side_len": 192}


def frames(steps: int, letters: int, seed: int) -> Frames:
    """Distributions of every kind: even ones, sharp ones, and ones that exclude letters."""
    rng = np.random.default_rng(seed)
    found = rng.dirichlet([rng.choice([0.1, 1.0, 5.0])] * letters, size=steps)
    found[rng.random(found.shape) < 0.1] = 0
    found[:, 0] += 1e-3
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(letter for letter, _ in itertools.groupby(path) if letter)


def enumerated(given: Frames) -> dict[tuple[int, ...], float]:
    """p(text), by adding up every path."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(given.shape[1]), repeat=len(given)):
        share = math.prod(given[t, letter] for t, letter in enumerate(path))
        found[collapsed(path)] = found.get(collapsed(path), 0.0) + share
    return found


@pytest.mark.parametrize(("steps", "letters", "seed"), [(1, 3, 0), (4, 3, 1), (5, 3, 2), (4, 4, 3)])
def test_letters_and_ends_have_the_probabilities_that_all_paths_add_up_to(
    steps: int, letters: int, seed: int
) -> None:
    given = frames(steps, letters, seed)
    every = enumerated(given)
    assert math.isclose(sum(every.values()), 1.0)
    texts = [t for n in range(steps + 2) for t in itertools.product(range(1, letters), repeat=n)]
    for text in texts:
        values, end = ctc.log_probabilities(given, text)
        exactly = every.get(text, 0.0)
        begins = sum(share for other, share in every.items() if other[: len(text)] == text)
        assert math.isclose(math.exp(sum(values)), begins, abs_tol=1e-12), text
        assert math.isclose(math.exp(sum(values) + end), exactly, abs_tol=1e-12), text
        assert all(value <= 0 for value in (*values, end))
        for n in range(len(text)):
            assert ctc.log_probabilities(given, text[:n])[0] == values[:n]


def test_a_letter_that_follows_itself_needs_a_blank_between() -> None:
    given = np.array([[0.0, 1.0], [0.5, 0.5], [0.0, 1.0]])
    values, end = ctc.log_probabilities(given, [1, 1])
    assert math.isclose(math.exp(sum(values) + end), 0.5)
    assert ctc.log_probabilities(given[[0, 2]], [1, 1])[0][-1] == ctc.NEVER


def test_the_likeliest_path_gives_its_letters_and_their_first_probabilities() -> None:
    path = np.array([[0.1, 0.8, 0.1], [0.1, 0.9, 0], [0.6, 0.4, 0], [0, 0.7, 0.3], [0, 0.2, 0.8]])
    assert ctc.likeliest(path) == ([1, 1, 2], [0.8, 0.7, 0.8])
    assert ctc.likeliest(np.array([[0.9, 0.1]])) == ([], [])


def test_lines_are_joined_by_a_certain_space_and_every_split_of_a_text_counts() -> None:
    space = 3
    one, two = (np.pad(frames(2, 3, seed), ((0, 0), (0, 1))) for seed in (4, 5))
    both = ctc.joined([one, two], space)
    for a, p in enumerated(one).items():
        for b, q in enumerated(two).items():
            values, end = ctc.log_probabilities(both, [*a, space, *b])
            assert math.isclose(math.exp(sum(values) + end), p * q, abs_tol=1e-12)
    one[:, space] = 0.2  # "1 " then "2", or "1" then " 2", and so on
    one /= one.sum(axis=1, keepdims=True)
    text = (1, space, space)
    values, end = ctc.log_probabilities(ctc.joined([one, one], space), text)
    first = enumerated(one)
    splits = [(text[:n], text[n + 1 :]) for n in range(3) if text[n] == space]
    total = sum(first.get(a, 0.0) * first.get(b, 0.0) for a, b in splits)
    assert math.isclose(math.exp(sum(values) + end), total, abs_tol=1e-12)


def test_columns_are_scaled_to_one_and_never_nothing() -> None:
    given = np.array([[0.5, 0.2, 0.3], [0.0, 0.0, 2.0]], np.float32)
    narrow = ctc.narrowed(given, [0, 2])
    assert np.allclose(narrow, [[0.5, 0.3], [0, 1]])
    assert np.isfinite(np.log(narrow)).all()


def test_what_a_reader_can_do_follows_its_mode() -> None:
    assert rapidocr.capabilities(Settings()) == {"answer", "score", "detect", "recognise"}
    whole = rapidocr.capabilities(Settings(mode="recognise"))
    assert whole == {"answer", "score", "recognise"}
    assert not whole >= look.NEEDS


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"limit": 192}, "did you mean"),
        ({"limit_side_len": 16}, "expected an integer of at least 32"),
        ({"limit_side_len": "192"}, "expected an integer"),
        ({"limit_type": "mean"}, "expected one of min, max"),
        ({"mode": "detect"}, "expected one of read, recognise"),
        ({"text_score": 1.5}, "at most 1"),
        ({"threads": -1}, "at least 0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        checked(Settings, settings)


def test_missing_and_other_weights_are_told_with_their_digests(tmp_path: Path) -> None:
    name, digest = next(iter(weights.WEIGHTS.items()))
    with pytest.raises(ModelError, match=rf"{name} is missing \(sha256 {digest[:12]}\); pip"):
        weights.verified(tmp_path)
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(
        ModelError, match=rf"{name} has sha256 d9298a10d1b0, expected {digest[:12]}"
    ):
        weights.verified(tmp_path)


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DECISIVE", ("package-that-nobody-has",))
    with pytest.raises(
        ModelError, match=r"nobody-has is not installed; pip install 'g2u\[reading\]"
    ):
        rapidocr.load(Settings()).identity("answer")
    with pytest.raises(ModelError, match="nobody-has is not installed"):
        rapidocr.load(Settings()).answer([])
    with pytest.raises(ModelError, match="nobody-has is not installed"):
        rapidocr.reach(Settings())


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    yield from loaded(TUNED)


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Reader]:
    yield from loaded({"mode": "recognise"})


def loaded(settings: dict[str, Any]) -> Iterator[Reader]:
    """A reader with the released networks."""
    try:
        weights.versions()
        weights.verified()
    except ModelError as error:
        pytest.skip(str(error))
    model = rapidocr.load(checked(Settings, settings))
    yield model
    model.close()


def sign(*lines: str, size: tuple[int, int] = (360, 90), height: int = 40) -> Picture:
    """Lines of text on a light ground."""
    image = Image.new("RGB", size, (235, 225, 180))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(height)
    for number, text in enumerate(lines):
        draw.text((24, 18 + 2 * height * number), text, font=font, fill=(30, 20, 90))
    return picture_of_pixels(image)


PLATE = sign("HARBOUR 42")


def said(model: Reader, *parts: str | Picture, tokens: int = 64) -> str:
    (reply,) = model.answer([AnswerRequest((Turn("user", (*parts, ASK)),), tokens)])
    assert isinstance(reply, Text), reply
    return reply


def scored(model: Reader, text: str, *parts: str | Picture) -> tuple[float, ...]:
    (reply,) = model.score([ScoreRequest((Turn("user", (*parts, ASK)),), text)])
    assert not isinstance(reply, Failure), reply
    return reply


@pytest.mark.parametrize("settings", [TUNED, {"mode": "recognise"}], ids=["read", "recognise"])
def test_readers_conform(settings: dict[str, Any]) -> None:
    (model,) = loaded(settings)
    checks = Conformance(model, rapidocr.capabilities(checked(Settings, settings)), {}).run()
    print(table(checks))
    assert [check for check in checks if check.outcome == "fails"] == []
    assert sum(check.outcome == "holds" for check in checks) >= 8


def test_it_reads_what_rapidocr_reads_whatever_was_asked_before(
    reader: Reader, recogniser: Reader
) -> None:
    from rapidocr import RapidOCR

    quiet = {"Global.log_level": "critical"}
    theirs = RapidOCR(params={"Det.limit_side_len": 192, "Rec.rec_batch_num": 1, **quiet})
    shown = [PLATE, sign("EXIT 12", "to the bridge", size=(300, 190)), small(PLATE, 18), sign("")]
    for picture in (*shown, shown[0]):
        pixels = np.ascontiguousarray(np.asarray(pixels_of(picture))[:, :, ::-1])
        whole = theirs(pixels, use_det=False, use_cls=False, use_rec=True)
        found = theirs(pixels, use_det=True, use_cls=True, use_rec=True)
        line = recogniser._read(View(picture))
        if line.lines:
            assert (line.text,) == whole.txts
        else:
            assert whole.scores[0] < 0.5 or not whole.txts[0].strip()
        ours = reader._read(View(picture))
        assert ours.text == " ".join(found.txts or ())
        theirs_sure = list(found.scores or ())
        assert np.allclose([each.confidence for each in ours.lines], theirs_sure, atol=2e-5)


def small(picture: Picture, height: int) -> Picture:
    """The picture at another height in pixels."""
    width = round(picture.width * height / picture.height)
    return picture_of_pixels(pixels_of(picture).resize((width, height), Image.Resampling.BICUBIC))


def test_replies_do_not_depend_on_threads(reader: Reader) -> None:
    other = rapidocr.load(Settings(**TUNED, threads=1))
    assert other.identity("answer") == reader.identity("answer")
    first, second = (model._read(View(PLATE)).lines for model in (reader, other))
    assert [each.text for each in first] == [each.text for each in second] == ["HARBOUR 42"]
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(first, second, strict=True))


def test_identity_follows_what_decides_and_nothing_else(reader: Reader) -> None:
    def name(**settings: Any) -> str:
        return rapidocr.load(checked(Settings, settings)).identity("score")

    assert name(limit_side_len=192, threads=3) == reader.identity("answer")
    changed: list[dict[str, Any]] = [
        {},
        {"limit_side_len": 192},
        {"limit_type": "max"},
        {"min_side_len": 0},
        {"box_thresh": 0.6},
        {"text_score": 0.6},
        {"use_cls": False},
        {"margin": 1.0},
        {"mode": "recognise"},
    ]
    assert len({name(**settings) for settings in changed}) == len(changed)
    assert name(mode="recognise", limit_side_len=64) == name(mode="recognise")


def test_the_most_confident_of_several_pictures_is_said_and_nothing_is_no_text(
    reader: Reader,
) -> None:
    faint = sign("")
    assert said(reader, faint, PLATE) == said(reader, PLATE, faint) == "HARBOUR 42"
    unsure = picture_of_pixels(pixels_of(small(sign("TICKETS 77"), 12)).resize((96, 24)))
    assert said(reader, unsure, PLATE) == said(reader, PLATE, unsure) == "HARBOUR 42"
    assert said(reader, faint) == said(reader) == NO_TEXT
    assert refuses(NO_TEXT)
    cut = said(reader, PLATE, tokens=4)
    assert isinstance(cut, Text)
    assert (cut, cut.ended) == ("HARB", "length")
    assert Text(said(reader, PLATE), "stop").ended == "stop"


def test_something_has_to_be_asked_and_nothing_is_sampled(reader: Reader) -> None:
    silent = AnswerRequest((Turn("user", (PLATE,)),), 8)
    warm = AnswerRequest((Turn("user", (PLATE, ASK)),), 8, 1.0)
    good = AnswerRequest((Turn("user", (PLATE, ASK)),), 64)
    first, second, third = reader.answer([silent, warm, good])
    assert isinstance(first, Failure)
    assert "nothing is asked" in first.reason
    assert isinstance(second, Failure)
    assert "does not sample" in second.reason
    assert third == "HARBOUR 42"


def test_scores_are_of_the_reading_and_its_end(reader: Reader) -> None:
    values = scored(reader, "HARBOUR 42\n", PLATE)
    assert len(values) == len("HARBOUR 42") + 1
    assert math.exp(sum(values)) > 0.9
    assert scored(reader, "HARBOUR 42", PLATE) == values[:-1]
    for other in ("HARBOR 42\n", "HARBOUR 43\n", "HARBOUR\n", "harbour 42\n", "\n"):
        assert sum(scored(reader, other, PLATE)) < sum(values) - 1, other
    mirrored = scored(reader, "HARBOUR 42\n", sign(""), PLATE)
    assert mirrored == values, "of the picture that the answer is of"
    both = sign("EXIT 12", "OPEN 34", size=(300, 190))
    assert math.exp(sum(scored(reader, "EXIT 12 OPEN 34\n", both))) > 0.8


@pytest.mark.parametrize(
    ("text", "parts", "reason"),
    [
        ("", (PLATE,), "at least one letter"),
        ("HAR\u0416", (PLATE,), "no '\u0416'"),
        ("two\nlines", (PLATE,), r"no '\\n'"),
        ("HARBOUR", (), "none is shown"),
        ("ab" * 500, (PLATE,), "do not fit"),
    ],
)
def test_texts_that_have_no_score_fail_by_name(
    reader: Reader, text: str, parts: tuple[Picture, ...], reason: str
) -> None:
    bad = ScoreRequest((Turn("user", (*parts, ASK)),), text)
    good = ScoreRequest((Turn("user", (PLATE, ASK)),), "HAR")
    first, second = reader.score([bad, good])
    assert isinstance(first, Failure)
    assert reason.replace("\\\\", "\\") in first.reason
    assert not isinstance(second, Failure)


def looked(picture: Picture, thought: Picture) -> tuple[str | Picture, ...]:
    (turn,) = look.lay_out(Prompt(ASK), [picture], [thought])
    return turn.parts[:-1]


def test_to_look_at_a_picture_itself_is_to_read_it(reader: Reader) -> None:
    for picture in (PLATE, small(PLATE, 18), sign("EXIT 12", "to the bridge", size=(300, 190))):
        direct, seen = (reader._read(View(picture, places)) for places in (None, picture))
        assert [each.text for each in direct.lines] == [each.text for each in seen.lines]
        pairs = zip(direct.lines, seen.lines, strict=True)
        assert all(np.array_equal(a.frames, b.frames) for a, b in pairs)


def test_places_come_from_the_thought_and_letters_from_the_picture(reader: Reader) -> None:
    large = picture_of_pixels(pixels_of(PLATE).resize((1440, 360)))
    wrong = sign("MUSEUM 99", size=(720, 180), height=80)
    assert said(reader, *looked(PLATE, large)) == "HARBOUR 42"
    assert said(reader, *looked(PLATE, wrong)) != said(reader, wrong) == "MUSEUM 99"
    assert said(reader, *looked(PLATE, wrong)).startswith("HARB")
    assert said(reader, *looked(PLATE, sign(""))) == NO_TEXT, "nothing is found there"
    whole = scored(reader, "HARBOUR 42\n", PLATE)
    assert abs(sum(scored(reader, "HARBOUR 42\n", *looked(PLATE, large))) - sum(whole)) < 0.5


def test_places_of_a_larger_picture_are_widened_and_those_of_a_smaller_one_are_not(
    reader: Reader,
) -> None:
    from g2u.models.rapidocr.reading import Sheet, _moved

    del reader
    blank = np.zeros((100, 200, 3), np.uint8)
    sheet, same, four, half = (
        Sheet(blank, 10, *size) for size in ((40, 100), (40, 100), (160, 400), (20, 50))
    )
    box = np.array([[(20, 30), (60, 30), (60, 50), (20, 50)]], np.float32)
    for where in (same, half):
        assert np.array_equal(_moved(box, where, sheet, 2.0), box)
    wide = _moved(box, four, sheet, 2.0)[0]  # 1.5 pixels, of which the sheet has 2 to one
    assert wide.tolist() == [[17, 27], [63, 27], [63, 53], [17, 53]]


def test_who_does_not_find_cannot_look(recogniser: Reader) -> None:
    request = AnswerRequest((Turn("user", (*looked(PLATE, PLATE), ASK)),), 8)
    (reply,) = recogniser.answer([request])
    assert isinstance(reply, Failure)
    assert "mode: read" in reply.reason


def test_the_arm_look_reads_the_picture_where_its_thought_shows_text(
    reader: Reader, tmp_path: Path
) -> None:
    raw = copy.deepcopy(plain_params())
    raw["presets"]["models"]["ocr"] = {"adapter": "rapidocr", "settings": TUNED}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    config = params.load(tmp_path / "params.yaml")
    drawn = sign("MUSEUM 99", size=(720, 180), height=80)
    question = Question("s", ASK, format="open", pictures=(PLATE.digest,))
    thought = Thought("s", 0, "ok", picture=drawn, source=PLATE.digest)
    shown = Shown(question, {PLATE.digest: PLATE}, [thought])
    calls = brokered(reader, FolderStore(tmp_path / "calls"))
    answering = Answering(Asking.of(config, Cell("b", "ocr", "structure")))
    modes = ("look", "replace")
    said = asked_at_once(lambda mode: answering.answer(Arm(mode), shown, calls), modes)
    found = dict(zip(modes, said, strict=True))
    assert found["replace"].response == "MUSEUM 99"
    assert found["look"].response.startswith("HARBOUR")
    assert (found["look"].pictures, found["look"].thoughts) == (1, 1)


def encoded(image: Image.Image) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return picture_of(buffer.getvalue())


def test_pictures_of_any_mode_and_shape_are_read_or_hold_no_text(
    reader: Reader, recogniser: Reader
) -> None:
    plain = pixels_of(PLATE)
    assert said(reader, encoded(plain.convert("L"))) == "HARBOUR 42"
    clear = np.dstack([np.asarray(plain), 255 - np.asarray(plain.convert("L"))])
    clear[..., 3] = np.where(clear[..., 2] < 120, 255, 0)
    assert said(reader, encoded(Image.fromarray(clear, "RGBA"))) == "HARBOUR 42"
    for size in ((1, 1), (1, 40), (40, 1), (8, 300)):
        blank = picture_of_pixels(Image.new("RGB", size, (200, 180, 10)))
        assert said(reader, blank) == said(recogniser, blank) == NO_TEXT
    speckled = np.random.default_rng(0).integers(0, 256, (60, 200, 3), dtype=np.uint8)
    assert said(reader, picture_of_pixels(speckled)) == NO_TEXT
    both = Image.new("RGB", (420, 260), (250, 250, 250))
    both.paste(pixels_of(sign("EXIT 12", size=(200, 70), height=32)), (200, 10))
    both.paste(pixels_of(sign("OPEN 34", size=(200, 70), height=32)), (10, 160))
    assert said(reader, picture_of_pixels(both)) == "EXIT 12 OPEN 34"


@pytest.mark.parametrize(
    "text",
    ["\u05de\u05d0\u05e4\u05d9\u05d9\u05d4", "\u0540\u0531\u0551\u0531\u0533\u0548\u0550\u053e"],
)
def test_other_scripts_are_no_text_above_the_confidence_of_noise(reader: Reader, text: str) -> None:
    """Hebrew and Armenian."""
    try:
        font = ImageFont.truetype("DejaVuSans.ttf", 40)
    except OSError:
        pytest.skip("no font DejaVu Sans")
    image = Image.new("RGB", (360, 90), (240, 235, 200))
    ImageDraw.Draw(image).text((24, 18), text, font=font, fill=(20, 20, 60))
    picture = picture_of_pixels(image)
    noise = reader._read(View(picture))
    assert all(line.confidence < 0.9 for line in noise.lines)
    strict = rapidocr.load(Settings(**TUNED, text_score=0.9))
    assert said(strict, picture) == NO_TEXT
    assert said(strict, PLATE) == "HARBOUR 42"


@pytest.mark.parametrize("height", [1, 8, 29, 30, 31, 500, 2000, 2001, 60000])
@pytest.mark.parametrize("width", [1, 29, 300, 2000, 4000, 60000])
def test_what_networks_are_given_is_bounded(reader: Reader, height: int, width: int) -> None:
    from rapidocr.utils.process_img import resize_image_within_bounds

    from g2u.models.rapidocr.reading import LONGEST, bounded_size

    del reader
    size = bounded_size(height, width, 30)
    assert max(size) <= LONGEST
    assert min(size) >= 30
    if max(height, width) <= 8 * min(height, width) and min(height, width) > 20:
        shape = np.zeros((height, width, 1), np.uint8)
        if height * width < 10**7:
            assert resize_image_within_bounds(shape, 30, 2000)[0].shape[:2] == size


def test_lines_are_in_reading_order_at_any_scale(reader: Reader) -> None:
    from g2u.models.rapidocr.reading import in_reading_order

    del reader
    places = [(50, 10, 90, 30), (10, 14, 45, 33), (10, 40, 60, 60), (70, 38, 99, 58)]
    corners = np.array(
        [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in places], dtype=np.float32
    )
    for scale in (0.25, 1, 7):
        ordered = in_reading_order(corners * np.float32(scale)) / scale
        assert ordered[:, 0, 0].tolist() == [10, 50, 10, 70]
    assert in_reading_order(corners[:0]).shape == (0, 4, 2)
