"""Wordings of others: what reaches a server is, byte for byte, what their harness would send.

Each expected message is written out here from the harness's source; `python -m bench.prompts` runs
that source itself over thousands of questions.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from g2u.answers.answering import Answering, Asking, Shown
from g2u.arms import DIRECT
from g2u.errors import DataError, ParamsError
from g2u.params import reading as params
from g2u.pictures.decoding import picture_of
from g2u.pipeline.checks import check
from g2u.questions.worded import HOUSE, Wording, worded, wordings
from g2u.questions.wording import asked
from g2u.records import Question, Sample
from g2u.scores.samples import samples
from tests.benchmarks.test_presets import CASES, Row, choice, coded, image
from tests.conftest import ROOT, Workspace, png, tsv_rows, write_tsv
from tests.models.servers import Heard, heard, listening
from tests.models.test_places import Asked

NAMES = {picture_of(png(seed)).digest: f"<{seed}>" for seed in range(12)}
DIRECTLY = "Answer with the option's letter from the given choices directly."
ONE_WORD = "\nAnswer the question using a single word or phrase."
KIT = "<1>Question: Which?\nOptions:\nA. a dog\nB. a cat\nPlease select the correct answer from the options above. \n"  # noqa: E501
THINK = (
    " The last line of your response should be of the following format: 'Answer: $LETTER' "
    "(without quotes) where LETTER is one of options. Think step by step before answering."
)
KIT_THINKS = THINK.replace("one of options", "one of the options") + " "
PRO = "Of <image> and <image>, which is left?\nA. the first\nB. <image>\nC. none\n"
LITERAL = (
    "<1><2>Of <image 1> and <image 2>, which is left?\nA. the first\nB. <image 2>\nC. none\n\n"
)
INLINE = "Question: Of <1> and <2>, which is left?\nOptions:\nA. the first\nB. <2>\nC. none\n"
PRO_THINKS = "Answer the preceding multiple choice question."
FOLLOWING = "Answer the following multiple choice question."
IN_IMAGE = "Answer the following multiple-choice question in the image. "
MMMU = "Of <3> and <4>, which is left?"
SPATIAL_TASK = (
    "You are an intelligent chatbot designed to answer questions based on an image. Your task is "
    "to analyze the images, identify attributes of the objects, and then determine the answer to "
    "the question.\n"
)
SIGHT = "Is there a dog? Please answer yes or no."
DISTANCE = "What is the height of the door?"


def answered(index: int, question: str, answer: str, **cells: str) -> Row:
    return {"index": str(index), "image": coded(index), "question": question, "answer": answer,
            **cells}  # fmt: skip


ROWS: Mapping[str, list[Row]] = {
    **{name: case.rows for name, case in CASES.items()},
    "mmbench": [choice(1, hint="It rained.", category="c")],
    "mmstar": [choice(1, C="a cow", category="c", **{"l2-category": "l"})],
    "ai2d": [choice(1)],
    "r_bench": [choice(1)],
    "mme": [answered(1, SIGHT, "Yes", category="OCR", image_path="p.png"),
            answered(2, SIGHT, "No", category="OCR", image_path="p.png")],
    "pope": [answered(1, SIGHT, "Yes", category="random")],
    "mmvet": [answered(1, "What is x?", "7", category="math")],
    "chartqa": [answered(1, "How much?", "14.5")],
    "mathvista": [answered(1, "Hint: Please answer.\nQuestion: How many?", "3", task="t",
                           skills="s", question_type="free_form", answer_type="integer",
                           choices="", precision="")],
    "spatial457": [answered(1, "How many?", "3", category="L1_single")],
    "q_spatial": [{"question": DISTANCE, "image": image(1), "answer_value": 2.0,
                   "answer_unit": "m"}],
}  # fmt: skip
EXPECTED: Mapping[str, Mapping[str, str]] = {
    "mmbench": {
        "lmms_eval": "<1>It rained. Which? There are several options:\nA. a dog\nB. a cat\n\n"
        + DIRECTLY,
        "vlmevalkit": KIT.replace("<1>", "<1>Hint: It rained.\n"),
    },
    "mme": {"lmms_eval": f"<1>Is there a dog?{ONE_WORD}", "vlmevalkit": f"<1>{SIGHT}"},
    "pope": {"lmms_eval": f"<1>Is there a dog?{ONE_WORD}", "vlmevalkit": f"<1>{SIGHT}"},
    "mmvet": {
        "lmms_eval": "<1>First please perform reasoning, and think step by step to provide best "
        "answer to the following question: \n\nWhat is x?",
        "vlmevalkit": "<1>What is x?",
    },
    "mmstar": {
        "lmms_eval": "<1>Which?\nOptions: A: a dog, B: a cat, C: a cow\n" + DIRECTLY[:-1],
        "vlmevalkit": KIT.replace("a cat\n", "a cat\nC. a cow\n"),
    },
    "hallusion": {"lmms_eval": "Is China larger?", "vlmevalkit": "Is China larger?"},
    "r_bench": {"vlmevalkit": KIT},
    "ai2d": {"lmms_eval": f"<1>Which?\nA. a dog\nB. a cat\n{DIRECTLY}", "vlmevalkit": KIT},
    "mathvista": {"vlmevalkit": "<1>Hint: Please answer.\nQuestion: How many?"},
    "chartqa": {
        "lmms_eval": "<1>How much?\nAnswer the question with a single word.",
        "vlmevalkit": f"<1>How much?{ONE_WORD}",
    },
    "mmmu": {
        "official": "<3><4>Of <image 1> and <image 2>, which is left?\n\n(A) <image 2>\n(B) a cat"
        f"\n\n\n{DIRECTLY}",
        "lmms_eval": f"Of<3>and<4>, which is left?\nA.<4>B. a cat\n\n{DIRECTLY}",
        "vlmevalkit": f"Question: {MMMU}\nOptions:\nA. <4>\nB. a cat\nPlease select the correct "
        "answer from the options above. \n",
    },
    "mmmu_pro": {
        "official": PRO + "Answer with the option letter from the given choices directly.<1><2>",
        "official_cot": f"{PRO}{PRO_THINKS}{THINK}<1><2>",
        "lmms_eval": LITERAL + "Answer with the option letter from the given choices directly.",
        "lmms_eval_cot": f"{LITERAL}{FOLLOWING}{THINK}",
        "vlmevalkit": INLINE + "Answer directly with the option letter from the given choices. ",
        "vlmevalkit_cot": INLINE
        + FOLLOWING.replace("multiple choice", "multiple-choice")
        + KIT_THINKS,
    },
    "mmmu_pro_vision": {
        "official": "Answer with the option letter from the given choices directly."
        + THINK.removesuffix(" Think step by step before answering.")
        + "<1>",
        "official_cot": "Write out the multiple-choice question in the image and then solve it."
        f"{THINK}<1>",
        "lmms_eval": "<1>Answer with the option letter from the given choices directly.",
        "vlmevalkit": f"<1>{IN_IMAGE}Answer directly with the option letter from the given "
        "choices. ",
        "vlmevalkit_cot": f"<1>{IN_IMAGE.rstrip()}{KIT_THINKS}",
    },
    "vqav2": {"lmms_eval": f"<1>What is it?{ONE_WORD}"},
    "textvqa": {
        "lmms_eval": f"<2>What does it say?{ONE_WORD}",
        "vlmevalkit": f"<2>What does it say?{ONE_WORD}",
    },
    "docvqa": {
        "lmms_eval": f"<3>Who signed?{ONE_WORD}",
        "vlmevalkit": f"<3>Who signed?{ONE_WORD}",
    },
    "mira": {
        "official": "<1>Question: Which pocket?\n\nPlease provide the final answer directly. The "
        "final answer is placed in <answer></answer>.",
        "official_cot": "<1>Question: Which pocket?\n\nPlease first conduct step-by-step reasoning,"
        " and then provide the final answer. The final answer is placed in <answer></answer>.",
    },
    "refspatial": {
        "lmms_eval": "<5>Point at it. Your answer is a list of tuples between 0 and 1. Return only "
        "list of tuples, don't add anything else.",
    },
    "mmvp": {
        "official": "<1>Which? (a) a dog (b) a cat",
        "lmms_eval": f"<1>Which?\nA. a dog\nB. a cat\n{DIRECTLY}",
        "vlmevalkit": KIT,
    },
    "blink": {
        "official": "Which?\nSelect from the following choices.\n(A) a dog\n(B) a cat\n(C) a cow\n"
        "<1><8><9>",
        "lmms_eval": "<1><8><9>Note: You only need to respond with A, B, C without providing any "
        "additional information.\nWhich?\nSelect from the following choices.\n(A) a dog\n(B) a cat"
        "\n(C) a cow\n",
        "vlmevalkit": KIT.replace("<1>", "<1><8><9>").replace("a cat\n", "a cat\nC. a cow\n"),
    },
    "real_world_qa": {
        "lmms_eval": "<1>Which?\n\nA. a dog\nB. a cat\nPlease answer directly with only the letter "
        "of the correct option and nothing else.",
        "vlmevalkit": KIT,
    },
    "q_spatial": {
        "vlmevalkit": "<1>You will be provided with a question and a 2D image. The question "
        "involves measuring the precise distance in 3D space through a 2D image. You will answer "
        "the question by providing a numeric answer consisting of a scalar and a distance unit in "
        'the format of """\\scalar{scalar} \\distance_unit{distance unit}""" at the end of your '
        f"response.\nQuestion: {DISTANCE}\nLet's thinkg step by step and start by finding good "
        "reference objects or object parts in the image.",
    },
    "spatial457": {
        "lmms_eval": f"<1>{SPATIAL_TASK}How many?\nFirst, you should identify",
        "vlmevalkit": f"{SPATIAL_TASK}<1>How many?First, you should identify",
    },
}
PAIRS = [(name, word) for name, found in EXPECTED.items() for word in found]


def read(name: str, word: str, folder: Path) -> list[Sample]:
    """What prepare makes of rows of a benchmark with a wording."""
    raw = params.load(ROOT / "params.yaml")
    preset = raw.presets.benchmarks[name]
    preset = preset.model_copy(update={"wording": word, "metric": "categories", "where": {}})
    presets = params.Presets(benchmarks={name: preset}).over(raw.presets)
    config = raw.model_copy(update={"presets": presets})
    path = folder / str(preset.settings()["file"])
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tsv":
        write_tsv(path, ROWS[name])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS[name]))
        for place, seed in (("image", 1), ("cot", 101)):
            (path.parent / place).mkdir(exist_ok=True)
            (path.parent / place / "1.png").write_bytes(png(seed))
    else:
        path = path if path.suffix else path / "train-00000-of-00001.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(ROWS[name]), path)
    return list(samples(config, name))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(Heard) as found:
        yield found


@pytest.mark.parametrize(("name", "word"), PAIRS)
def test_a_server_gets_what_the_harness_would_send(
    name: str, word: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLACES_BASE_URL", address)
    sample = read(name, word, tmp_path)[0]
    how = Asking(
        model="m", abilities=frozenset({"answer", "places"}), scores_options=False, is_plain=True,
        feedback="concat", max_tokens=8, seed=0,
    )  # fmt: skip
    pictures = {picture.digest: picture for picture in sample.pictures}
    calls: Any = Asked()
    answering = Answering(how).answer(DIRECT, Shown(sample.question, pictures, []), calls)
    assert asyncio.run(answering).status == "ok"
    calls.close()
    (said,) = heard(NAMES)
    whole = EXPECTED[name][word]
    assert (said[: len(whole)] if name == "spatial457" else said) == whole  # it goes on at length


def test_every_wording_of_the_house_is_asked_above_and_is_of_a_preset() -> None:
    shelf = params.load(ROOT / "params.yaml").presets.benchmarks
    found = [
        (path.stem, word)
        for path in sorted((ROOT / HOUSE).glob("*.yaml"))
        for word in wordings(path.stem, ROOT)
    ]
    assert sorted(found) == sorted(PAIRS)
    assert {name for name, _ in found} <= shelf.keys()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_families_see_of_a_question_does_not_depend_on_its_wording(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = [sample.question for sample in read(name, "own", tmp_path)]
    assert all(question.asked == "" for question in own)
    for word in EXPECTED[name]:
        found = [sample.question for sample in read(name, word, tmp_path)]
        assert [replace(q, asked="", is_asked_placed=False) for q in found] == own
        assert all(question.asked for question in found)


QUESTION = Question("q", "Of <image 1>, which?", ("x", "y"), format="choice", pictures=("d",))
PLACED = replace(QUESTION, is_placed=True)


def made(**told: Any) -> Wording:
    return Wording.model_validate({"source": "here", "choice": "{question}|{options}", **told})


@pytest.mark.parametrize(
    ("marks", "text", "is_placed"),
    [
        ("inline", "Of <image 1>, which?|A. x\nB. y", True),
        ("trimmed", "Of<image 1>, which?|A. x\nB. y", True),
        ("literal", "Of <image 1>, which?|A. x\nB. y", False),
        ("bare", "Of <image>, which?|A. x\nB. y", False),
    ],
)
def test_marks_stand_as_the_wording_says(marks: str, text: str, is_placed: bool) -> None:
    prompt = asked(worded(PLACED, made(marks=marks)))
    assert (prompt.text, prompt.is_placed) == (text, is_placed)


def test_a_text_that_looks_like_a_place_is_not_taken_for_one() -> None:
    with pytest.raises(DataError, match=r"<image 1> is text in it, and the wording places"):
        worded(QUESTION, made(choice="{question}{pictures}"))


def test_a_question_may_hold_braces() -> None:
    question = replace(QUESTION, text="What is {options} in {x}?")
    assert worded(question, made(choice="{{a b}} {question}")).asked == (
        "{a b} What is {options} in {x}?"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quiz: {source: here}", "quiz: no template; expected one of choice, multi_choice"),
        ("quiz: {source: here, choice: '{qestion}'}", "did you mean 'question'?"),
        ("quiz: {source: here, choise: x}", "did you mean 'choice'?"),
        ("quiz: {source: here, choice: '{pictures}', marks: literal}", "expected one of the two"),
        ("quiz: {source: here, choice: x, words: {t: {A: b}}}", "no `by`"),
        ("own: {source: here, choice: x}", "own is g2u's own wording"),
        ("[]", "expected wordings by name"),
        ("quiz: [", "not YAML"),
    ],
)
def test_a_wording_that_does_not_fit_is_one_line_with_its_place(
    text: str, said: str, workspace: Workspace
) -> None:
    config = asked_by(workspace, text, "quiz")
    with pytest.raises(ParamsError, match=r"own/wordings/mine\.yaml") as error:
        check(config, models_called=())
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_wording_that_the_documents_print_is_one() -> None:
    text = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(curt:\n.*?)```", text, re.DOTALL)
    wording = Wording.model_validate(yaml.safe_load(block)["curt"])
    question = replace(QUESTION, text="Which?", hint="Look.")
    assert worded(question, wording).asked == "(Look.) Which? A) x, B) y. Answer: "


def asked_by(workspace: Workspace, text: str, *words: str) -> Any:
    """Params whose benchmark `mine` has wordings of the study."""
    path = workspace.folder / "own/wordings/mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    workspace.use_tsv(tsv_rows(4))
    workspace.use_null()
    workspace.raw["benchmarks"] = ["mine", *(f"mine__{word}" for word in words)]
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    (workspace.folder / "params.yaml").write_text(json.dumps(workspace.raw))
    return params.load(workspace.folder / "params.yaml")


def test_an_unknown_wording_is_one_line_with_those_that_are_there(workspace: Workspace) -> None:
    config = asked_by(workspace, "quiz: {source: here, yes_no: '{question}?'}", "quizz")
    with pytest.raises(ParamsError) as error:
        check(config, models_called=())
    assert str(error.value) == (
        "params.yaml: presets.benchmarks.mine__quizz.wording has no 'quizz'; did you mean 'quiz'? "
        "(known: own, quiz)"
    )
    (workspace.folder / "mine.tsv").unlink()  # the word is looked at before the file
    with pytest.raises(ParamsError, match=re.escape(str(error.value))):
        next(samples(config, "mine__quizz"))


def test_a_wording_of_an_unknown_benchmark_is_one_line(workspace: Workspace) -> None:
    workspace.raw["benchmarks"] = ["laddr__quiz"]
    (workspace.folder / "params.yaml").write_text(json.dumps(workspace.raw))
    with pytest.raises(ParamsError, match="benchmarks has no 'laddr'; did you mean 'ladder'"):
        params.load(workspace.folder / "params.yaml")


def test_a_wording_without_a_template_for_the_format_stops_with_what_it_has(
    workspace: Workspace,
) -> None:
    config = asked_by(workspace, "quiz: {source: here, choice: '{question}'}", "quiz")
    with pytest.raises(DataError, match="no template for yes_no; it has choice"):
        list(samples(config, "mine__quiz"))


@pytest.mark.slow
def test_wordings_in_one_study_share_their_thoughts_and_stand_side_by_side(
    workspace: Workspace,
) -> None:
    text = "quiz: {source: here, yes_no: 'Yes or no: {question}'}"
    asked_by(workspace, text, "quiz")
    workspace.init_dvc()
    ran = workspace.run("g2u.cli.main", "run", "--verbose")
    assert "mine__quiz" in ran.stderr
    data = workspace.folder / "data"
    texts = pl.read_parquet(data / "mine__quiz/questions.parquet")["asked"].to_list()
    assert texts[0] == "Yes or no: Is number 0 even?"
    drawn = [
        pl.read_parquet(next((data / name / "detail/tiny/thoughts").glob("part-*")))["thought"]
        for name in ("mine", "mine__quiz")
    ]
    assert drawn[0].to_list() == drawn[1].to_list()
    calls = [
        set(pl.read_parquet(data / name / "direct/tiny/calls/understand.parquet")["call"])
        for name in ("mine", "mine__quiz")
    ]
    assert calls[0] != calls[1]
    assert workspace.run("dvc", "status").stdout.strip().endswith("are up to date.")
    page = (data / "report/index.html").read_text()
    assert "mine__quiz" in page
    assert "Does the wording of the question matter?" in page
    assert "tiny, mine: quiz against own" in page
    path = workspace.folder / "own/wordings/mine.yaml"
    path.write_text(text.replace("Yes or no", "No or yes"))
    again = workspace.run("g2u.cli.main", "run", "--verbose").stderr
    assert "prepare mine__quiz: 4 items" in again
    assert "prepare mine:" not in again
    assert "understand mine tiny" not in again
