"""Editors that follow no instruction: one drawing of a picture, and only for who asks for it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from g2u.calls.brokers import Brokers
from g2u.calls.folder import FolderStore
from g2u.errors import ParamsError
from g2u.params.params import Params
from g2u.pictures.decoding import picture_of
from g2u.records import Picture, Question, Thought
from g2u.thoughts.imagining import Drawing, Imagining, imagined
from tests.conftest import Workspace, png, tsv_rows
from tests.models.test_realesrgan import weights

from g2u.tables.places import Cell  # isort: skip

PICTURES = {p.digest: p for p in (picture_of(png(i, 8)) for i in range(2))}
FIRST, SECOND = PICTURES
QUESTIONS = [
    Question("one", "What is it?", pictures=(FIRST,)),
    Question("both", "Which?", pictures=(FIRST, SECOND), drawing="Draw it."),
]


class Case:
    """A workspace whose models draw with a small random network: `blind`, and `both`, a pair."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace, self._folder = workspace, folder
        workspace.use_tsv(tsv_rows(3))
        editor = {"adapter": "realesrgan", "settings": {"path": str(weights(folder, "x4plus"))}}
        halves = {"editor": editor, "reader": {"adapter": "null"}}
        workspace.raw["presets"]["models"] |= {
            "blind": editor,
            "both": {"adapter": "pair", "settings": halves},
        }
        workspace.raw["models"] = ["both"]
        self.families = workspace.raw["presets"]["families"]

    def config(self, family: str) -> Params:
        self._workspace.raw["families"] = ["direct", "duplicate", family]
        return self._workspace.write()

    def thoughts(self, family: str, model: str = "both") -> tuple[list[Thought], int]:
        """Those of a family, and how many calls were made for them."""
        config = self.config(family)
        imagining = Imagining(Drawing.of(config, Cell("mine", model, family)), QUESTIONS)
        with Brokers(config, FolderStore(self._folder / "calls")) as brokers:
            calls = brokers.calls(model)
            found = brokers.run(imagined(imagining, QUESTIONS, PICTURES, calls))
        return found, sum(tally.made for tally in calls.tally().values())


@pytest.fixture
def case(workspace: Workspace, tmp_path: Path) -> Case:
    return Case(workspace, tmp_path)


def pictures(thoughts: Sequence[Thought]) -> list[Picture | None]:
    return [thought.picture for thought in thoughts]


@pytest.mark.parametrize("model", ["blind", "both"])
def test_detail_is_drawn_and_what_else_is_asked_for_is_not_applicable(
    case: Case, model: str
) -> None:
    drawn, made = case.thoughts("detail", model)
    assert [(t.question, t.position, t.status) for t in drawn] == [
        ("one", 0, "ok"),
        ("both", 0, "ok"),
        ("both", 1, "ok"),
    ]
    assert made == 2
    assert {(p.width, p.height) for p in pictures(drawn) if p} == {(32, 32)}
    case.families["asked"] = {"edit": "asked"}
    case.families["focus"] = {"edit": "template", "template": "Look at {question}"}
    case.families["plan"] = {"edit": "self", "prompts": {"detail": "Enhance."}}
    for family in ("context", "structure", "roundtrip", "asked", "focus", "plan"):
        idle, made = case.thoughts(family, model)
        assert made == 0, family
        assert {(t.status, t.picture) for t in idle} == {("not_applicable", None)}, family
        if model == "both" or family != "plan":
            said = f"{model} draws nothing but detail, whatever it is asked"
            assert {t.reason for t in idle} == {said}, family


def test_families_without_a_model_stay_as_they_are(case: Case) -> None:
    for family in ("blank", "filter_detail", "filter_context", "noise"):
        assert {t.status for t in case.thoughts(family)[0]} == {"ok"}, family


def test_a_family_of_another_name_says_what_it_asks_for(case: Case) -> None:
    case.families["clear"] = {"edit": "prompt", "prompt": "Clear it up.", "act": "detail"}
    case.families["detail"] = {"edit": "prompt", "prompt": "Go on beyond it.", "act": "context"}
    clear, _ = case.thoughts("clear")
    assert [t.status for t in clear] == ["ok"] * 3
    assert [t.status for t in case.thoughts("detail")[0]] == ["not_applicable"] * 2
    case.families["clear"]["act"] = "detial"
    with pytest.raises(ParamsError, match=r"families\.clear\.act: 'detial'; did you mean 'detail'"):
        case.config("clear")


def test_a_further_draw_is_not_applicable_and_costs_nothing(case: Case) -> None:
    case.families["detail"] = {"edit": "prompt", "prompt": "Enhance.", "draws": 3}
    thoughts, made = case.thoughts("detail")
    assert made == 2
    first, further = thoughts[:3], thoughts[3:]
    assert [(t.draw, t.status) for t in first] == [(0, "ok")] * 3
    assert sorted((t.draw, t.question, t.position) for t in further) == [
        (draw, *place) for draw in (1, 2) for place in (("both", 0), ("both", 1), ("one", 0))
    ]
    assert {(t.status, t.reason, t.picture) for t in further} == {
        ("not_applicable", "the model draws the same again, whatever the seed", None)
    }


def test_the_seed_of_a_run_makes_nothing_anew(case: Case) -> None:
    before, _ = case.thoughts("detail")
    case._workspace.raw["generate"]["seed"] += 1
    after, made = case.thoughts("detail")
    assert (made, pictures(after)) == (0, pictures(before))
    assert {t.seed for t in after} == {0}
