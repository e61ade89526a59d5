"""Tables: open to polars and `datasets`, byte-stable, with shards that do not move."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from g2u.arms import BLINDED, DIRECT, Arm, Rule
from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.questions import targets
from g2u.questions.wording import asked
from g2u.records import AnswerFormat, Picture, Question, Thought
from g2u.tables import parquet
from g2u.tables import schemas as tables
from g2u.tables.columns import table_of
from g2u.tables.schemas import Answer, Score
from tests.conftest import png

PICTURE = "digest string; image struct<bytes: binary, path: string>; width int32; height int32"
ARM = (
    "arm string; feedback string; pairing string; donor int32; draw int32; round int32; "
    "sample int32; reasons bool; alter string; amount int32; "
    "rule struct<kind: string, by: string, above: double, of: int32>; is_main bool"
)
SEEN = "seen struct<pictures: list<item: struct<width: int32, height: int32>>, tokens: int32>"
KEPT = {
    "QUESTIONS": (
        "id string; text string; choices list<item: string>; letters list<item: string>; "
        "format string; pictures list<item: string>; hint string; category string; "
        "labels list<item: struct<name: string, value: string>>; drawing string; "
        "is_placed bool; asked string; is_asked_placed bool"
    ),
    "PICTURES": PICTURE,
    "ORACLES": f"source string; {PICTURE}",
    "THOUGHTS": (
        f"thought string; {PICTURE}; source string; given string; benchmark string; "
        "family string; model string; identity string; prompt string; writer string; base string; "
        "style string; sampler string; seed int64; draw int32; round int32; "
        f"trace list<item: string>; place int32; {SEEN}"
    ),
    "LINKS": (
        "question string; position int32; draw int32; round int32; status string; reason string; "
        "source string; thought string; choice string"
    ),
    "ANSWERS": (
        f"id string; {ARM}; difference string; status string; reason string; "
        "response string; ended string; option_scores list<item: double>; pictures int32; "
        f"thoughts int32; max_tokens int32; {SEEN}"
    ),
    "REWARDS": (
        "question string; draw int32; round int32; name string; value double; "
        "tokens list<item: double>"
    ),
    "CALLS": "call string; kind string; identity string; reply binary",
    "JUDGEMENTS": "id string; arm string; name string; score double; reason string",
    "SCORES": (
        f"id string; {ARM}; status string; ended string; prediction string; "
        "score double; cluster string; fidelity double; probability double"
    ),
    "TARGETS": "id string; answer string; scorer string; accepted list<item: string>",
}
"""Columns of every table; whoever changes one breaks readers outside of this project."""
OWN = Arm("concat", is_main=True)
RECIPE = tables.Recipe("b", "f", "m", "m 1", '{"steps":4}')


def thought(number: int, seed: int | None = None) -> Thought:
    picture = picture_of(png(number if seed is None else seed, 8))
    return Thought(
        f"q{number}", 0, "ok", picture=picture, source="s", prompt="p", seed=number,
        call=picture.digest,
    )  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_no_table_changes_its_columns_unnoticed(name: str) -> None:
    table = targets.TARGETS if name == "TARGETS" else getattr(tables, name)
    assert "; ".join(f"{field.name} {field.type}" for field in table.schema) == KEPT[name]


def test_a_record_without_a_column_for_a_field_is_refused() -> None:
    with pytest.raises(TypeError, match="no column for"):
        table_of(Picture)


def test_thoughts_come_back_as_written_and_shared_ones_are_stored_once(tmp_path: Path) -> None:
    written = [thought(1), thought(2), thought(3, seed=1), Thought("q4", 0, "failed", "broken")]
    tables.write_thoughts(tmp_path, written, RECIPE)
    found = tables.read_thoughts(tmp_path)
    assert [t.picture for t in found] == [t.picture for t in written]
    assert [(t.question, t.status, t.reason) for t in found] == [
        (t.question, t.status, t.reason) for t in written
    ]
    assert pq.read_table(tmp_path / "part-00000.parquet").num_rows == 2


def test_datasets_and_polars_read_thoughts_without_this_project(tmp_path: Path) -> None:
    tables.write_thoughts(tmp_path / "t", [thought(1), thought(2)], RECIPE)
    file = str(tmp_path / "t" / "part-00000.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=file, split="train", cache_dir=str(tmp_path / "hf")
    )
    assert isinstance(loaded.features["image"], datasets.Image)
    assert loaded[0]["image"].size == (8, 8)
    frame = pl.read_parquet(file)
    assert frame["prompt"].to_list() == ["p", "p"]
    assert frame["image"].struct.field("bytes")[0].startswith(b"\x89PNG")


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tables.write_thoughts(tmp_path / name, [thought(1), thought(2)], RECIPE)
    for file in ("part-00000.parquet", "links.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_appending_rows_moves_no_shard_boundary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "SHARD_ROWS", 3)
    rows = [thought(number) for number in range(10)]
    tables.write_thoughts(tmp_path / "before", rows[:7], RECIPE)
    tables.write_thoughts(tmp_path / "after", rows, RECIPE)
    for shard in ("part-00000.parquet", "part-00001.parquet"):
        before, after = tmp_path / "before" / shard, tmp_path / "after" / shard
        assert before.read_bytes() == after.read_bytes()
    assert len(list((tmp_path / "after").glob("part-*"))) == 4


def test_a_thousand_thoughts_take_at_most_four_files(tmp_path: Path) -> None:
    picture = picture_of(png(1, 8))
    thoughts = [
        Thought(f"q{n}", 0, "ok", picture=picture, prompt="p", call=f"{n:064x}")
        for n in range(1000)
    ]
    tables.write_thoughts(tmp_path, thoughts, RECIPE)
    assert len(list(tmp_path.iterdir())) <= 4


def test_questions_come_back_as_written(tmp_path: Path) -> None:
    question = Question(
        "1", "Wie weit? 你好", ("None", "N/A"), ("A", "C"), "choice", ("d1", "d2"), "h", "c"
    )
    ordered = replace(question, id="2", is_placed=True)
    tables.write_questions(tmp_path / "q.parquet", [question, ordered])
    assert tables.read_questions(tmp_path / "q.parquet") == [question, ordered]


def test_every_wording_keeps_the_place_of_a_picture() -> None:
    for format in get_args(AnswerFormat):
        question = Question(
            "1", "Is <image 2> red?", ("<image 1>", "no"), format=format, is_placed=True
        )
        shown = asked(question).around([["first"], ["second"]])
        text = shown.index("second")
        assert str(shown[text - 1]).endswith("Is ")
        assert str(shown[text + 1]).startswith(" red?")
        assert shown.count("first") == 1
        assert not any("<image" in str(part) for part in shown)


EVERY = [
    DIRECT, BLINDED, DIRECT.sampled(3), Arm("none", reasons=True), OWN, OWN.drawn(2),
    OWN.drawn(0, 0), OWN.shuffled(), Arm("only").ruled(Rule("gate", by="psnr", above=25.0)),
    DIRECT.ruled(Rule("vote", of=4)), OWN.ruled(Rule("select", by="oracle", of=2)),
]  # fmt: skip


def test_answers_and_scores_come_back_with_their_arms(tmp_path: Path) -> None:
    said = [Answer("q", arm, "", "ok", "", "A", "stop", (-0.5, -1.0)) for arm in EVERY]
    tables.write_answers(tmp_path / "a.parquet", said)
    assert tables.read_answers(tmp_path / "a.parquet") == said
    scores = [Score("q", arm, "ok", "A", 1.0, "p", ended="stop") for arm in EVERY]
    tables.write_scores(tmp_path / "s.parquet", scores)
    found = tables.read_scores(tmp_path / "s.parquet")
    assert found == scores
    assert [score.arm.is_main for score in found] == [arm.is_main for arm in EVERY]
    assert tables.read_arms(tmp_path / "s.parquet") == tuple(EVERY)


def test_polars_selects_arms_by_their_columns_without_this_project(tmp_path: Path) -> None:
    scores = [Score("q", arm, "ok", "A", 1.0, "p") for arm in EVERY]
    tables.write_scores(tmp_path / "s.parquet", scores)
    frame = pl.read_parquet(tmp_path / "s.parquet")
    assert frame.filter(pl.col("pairing") == "shuffled")["arm"].to_list() == ["concat_shuffled"]
    votes = frame.filter(pl.col("rule").struct.field("kind") == "vote")
    assert votes["arm"].to_list() == ["vote_4"]
    assert frame.filter("is_main")["feedback"].to_list() == ["none", "concat"]


@pytest.mark.parametrize("name", ["answers", "scores"])
def test_a_table_from_before_arms_were_columns_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.parquet"
    pq.write_table(pa.table({"id": ["q"], "arm": ["concat"], "status": ["ok"]}), path)
    read = {"answers": tables.read_answers, "scores": tables.read_scores}[name]
    with pytest.raises(DataError, match=rf"{name}.parquet: no column 'feedback'.*g2u run"):
        read(path)


def test_missing_and_broken_tables_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="g2u run"):
        tables.read_questions(tmp_path / "absent.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(DataError, match="not a whole parquet"):
        tables.read_questions(tmp_path / "torn.parquet")
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match="no column 'text'"):
        tables.read_questions(tmp_path / "other.parquet")


def test_other_ids_are_refused() -> None:
    with pytest.raises(DataError, match="has no question 'b'"):
        tables.assert_same_ids("cell", ["a"], ["a", "b"])
    with pytest.raises(DataError, match="unknown question 'c'"):
        tables.assert_same_ids("cell", ["a", "c"], ["a"])


def test_rows_beyond_one_batch_come_in_order_and_equal_texts_are_one_object(
    tmp_path: Path,
) -> None:
    schema = pa.schema([("id", pa.string()), ("arm", pa.string()), ("text", pa.string())])
    count, long = 2 * parquet.READ_ROWS + 1, "x" * (parquet.SHARED_LENGTH + 1)
    rows = [{"id": f"q{number}", "arm": "concat", "text": long} for number in range(count)]
    parquet.write_rows(tmp_path / "rows.parquet", schema, rows)
    found = list(parquet.iterate_rows(tmp_path / "rows.parquet", schema))
    assert found == rows
    assert len({id(row["arm"]) for row in found}) == 1
    again = next(iter(parquet.iterate_rows(tmp_path / "rows.parquet", schema)))
    assert again["id"] is found[0]["id"]
