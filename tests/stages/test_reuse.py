"""What is computed again after a change: exactly what the change can have touched."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file, save_file

from g2u.params.params import Params
from g2u.params.reading import load
from g2u.pipeline.recipes import recipes
from g2u.tables.places import RECIPES
from tests.campaigns.crashes import forget
from tests.conftest import Workspace, again, begun, png, tsv_rows

Counts = dict[str, dict[str, int]]
Counter = Callable[[Params], Counts]
PROMPTED = ("detail", "context", "structure")
ROWS = 6


@pytest.fixture
def settled(workspace: Workspace, count_calls: Counter) -> Workspace:
    """A TSV benchmark of six questions with six pictures, every call made once."""
    workspace.use_null()
    workspace.use_tsv(tsv_rows(ROWS))
    assert edits(count_calls(workspace.write())) == dict.fromkeys(PROMPTED, ROWS)
    assert count_calls(workspace.write()) == nothing(workspace)
    return workspace


def edits(counts: Counts) -> dict[str, int]:
    """Edits made, by family that made any."""
    return {family: made["edit"] for family, made in counts.items() if made.get("edit")}


def nothing(workspace: Workspace) -> Counts:
    """No call in any family."""
    return {family: {} for family in workspace.raw["families"]}


def test_new_pixels_under_an_old_path_are_edited_anew(
    workspace: Workspace, count_calls: Counter
) -> None:
    folder = workspace.folder / "pictures"
    folder.mkdir()
    rows = []
    for number in range(ROWS):
        (folder / f"{number}.png").write_bytes(png(number))
        row = {k: v for k, v in tsv_rows(1, number)[0].items() if k != "image"}
        rows.append({**row, "image_path": f"{number}.png"})
    workspace.use_null()
    workspace.use_tsv(rows, image_root="pictures")
    assert edits(count_calls(workspace.write())) == dict.fromkeys(PROMPTED, ROWS)
    (folder / "2.png").write_bytes(png(99))
    (folder / "4.png").write_bytes(png(98))
    assert edits(count_calls(workspace.write())) == dict.fromkeys(PROMPTED, 2)


def test_a_changed_prompt_redraws_its_family_alone(
    settled: Workspace, count_calls: Counter
) -> None:
    settled.raw["presets"]["families"]["detail"]["prompt"] = "Sharpen the picture."
    counts = count_calls(settled.write())
    assert edits(counts) == {"detail": ROWS}
    assert {family for family, made in counts.items() if made} == {"detail"}


def test_a_changed_seed_redraws_every_drawn_family(
    settled: Workspace, count_calls: Counter
) -> None:
    settled.raw["generate"]["seed"] = 1
    assert edits(count_calls(settled.write())) == dict.fromkeys(PROMPTED, ROWS)


def test_changed_sampler_steps_redraw_every_drawn_family(
    settled: Workspace, count_calls: Counter
) -> None:
    settled.raw["presets"]["models"]["tiny"]["sampler"]["steps"] = 2
    assert edits(count_calls(settled.write())) == dict.fromkeys(PROMPTED, ROWS)


def test_changed_weights_under_the_same_name_ask_everything_anew(
    workspace: Workspace, count_calls: Counter
) -> None:
    workspace.raw["families"] = ["direct", "duplicate", "detail"]
    workspace.use_tsv(tsv_rows(ROWS))
    assert edits(count_calls(workspace.write())) == {"detail": ROWS}
    folder = workspace.folder / "g2u_tiny" / "model" / "weights"
    workspace.raw["presets"]["models"]["tiny"]["settings"] = {"weights": str(folder)}
    assert count_calls(workspace.write()) == nothing(workspace), (
        "the same weights elsewhere are the same"
    )
    tensors = load_file(folder / "model.safetensors")
    tensors["gate.bias"] = tensors["gate.bias"] + 1
    save_file(tensors, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config["weights_sha256"] = hashlib.sha256(
        (folder / "model.safetensors").read_bytes()
    ).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    counts = count_calls(workspace.write())
    assert edits(counts) == {"detail": ROWS}
    assert counts["direct"]["answer"] > 0


@pytest.mark.parametrize("change", ["reordered", "renamed", "removed"])
def test_rows_that_move_are_not_asked_again(
    change: str, settled: Workspace, count_calls: Counter
) -> None:
    rows = tsv_rows(ROWS)
    if change == "reordered":
        rows = rows[::-1]
    if change == "renamed":
        rows = [{**row, "index": f"q{row['index']}"} for row in rows]
    if change == "removed":
        rows = rows[1:]
    settled.use_tsv(rows)
    assert count_calls(settled.write()) == nothing(settled)


def test_new_rows_cost_an_edit_each_only_if_their_picture_is_new(
    settled: Workspace, count_calls: Counter
) -> None:
    known = base64.b64encode(png(0)).decode()
    added = [{**row, "image": known} for row in tsv_rows(2, ROWS)]
    settled.use_tsv(tsv_rows(ROWS) + added)
    assert edits(count_calls(settled.write())) == {}
    settled.use_tsv(tsv_rows(ROWS + 2))
    assert edits(count_calls(settled.write())) == dict.fromkeys(PROMPTED, 2)


@pytest.fixture(scope="module")
def ran_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The whole pipeline over six questions, from an empty workspace."""
    with pytest.MonkeyPatch.context() as patch:
        workspace = begun(tmp_path_factory.mktemp("ran"), patch)
        workspace.init_dvc()
        workspace.use_null()
        workspace.raw["families"] = ["direct", "duplicate", "detail", "blank"]
        workspace.use_tsv(tsv_rows(ROWS))
        workspace.write()
        workspace.run("g2u.cli.main", "run")
    return workspace


@pytest.fixture
def ran(ran_once: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of that workspace."""
    return again(ran_once, tmp_path, monkeypatch)


def cell_files(workspace: Workspace, nouns: tuple[str, ...]) -> dict[str, str]:
    """Digest of every table of these nouns, of all cells of the benchmark."""
    root = workspace.folder / "data" / "mine"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for noun in nouns
        for path in sorted({*root.glob(f"*/*/{noun}.parquet"), *root.glob(f"*/*/{noun}/*.parquet")})
    }


@pytest.mark.slow
def test_permuting_the_answers_changes_no_thought_and_no_answer_file(ran: Workspace) -> None:
    before = cell_files(ran, ("thoughts", "answers"))
    scored = cell_files(ran, ("scores",))
    rows = tsv_rows(ROWS)
    answers = [row["answer"] for row in rows]
    permuted = [{**r, "answer": a} for r, a in zip(rows, answers[1:] + answers[:1], strict=True)]
    ran.use_tsv(permuted)
    ran.write()
    forget(ran.folder)
    ran.run("g2u.cli.main", "run")
    assert cell_files(ran, ("thoughts", "answers")) == before
    assert cell_files(ran, ("scores",)) != scored


def executed(output: str) -> set[str]:
    """Stages that a `dvc repro` ran or took from its run cache."""
    lines = [line for line in output.splitlines() if line.startswith("Running stage")]
    return {short(line.split("'")[1]) for line in lines}


def short(address: str) -> str:
    """cells/mine/detail/dvc.yaml:score@tiny as "mine/detail:score@tiny"."""
    return address.removeprefix("cells/").replace("/dvc.yaml", "")


@pytest.mark.slow
def test_editing_a_prompt_runs_its_own_cells_and_undoing_it_runs_no_model(
    ran: Workspace,
) -> None:
    assert executed(ran.run("dvc", "repro").stdout) == set()
    report = (ran.folder / "data" / "report" / "gains.json").read_text()
    prompt = ran.raw["presets"]["families"]["detail"]["prompt"]
    ran.raw["presets"]["families"]["detail"]["prompt"] = "Sharpen it."
    ran.write()
    done = executed(ran.run("dvc", "repro").stdout)
    stages = ("generate", "understand", "score")
    others = {"dvc.yaml:recipes", "report", "gallery"}
    assert done <= {f"mine/detail:{stage}@tiny" for stage in stages} | others
    assert {"mine/detail:generate@tiny", "mine/detail:understand@tiny"} <= done
    ran.raw["presets"]["families"]["detail"]["prompt"] = prompt
    ran.write()
    undone = ran.run("dvc", "repro")
    lines: list[Any] = [line for line in undone.stderr.splitlines() if "calls made" in line]
    assert all(" 0 calls made" in line for line in lines)
    assert (ran.folder / "data" / "report" / "gains.json").read_text() == report


def texts() -> dict[str, str]:
    """Recipe, as generate/tiny/blank -> its content."""
    return {
        path.relative_to(RECIPES).with_suffix("").as_posix(): recipe.text()
        for path, recipe in recipes(load()).items()
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Recipes that differ."""
    assert before.keys() == after.keys()
    return {name for name, text in before.items() if after[name] != text}


FEW = ("direct", "duplicate", "blank")
DRAWN = {f"generate/tiny/{family}" for family in FEW}
SCORED = {"score/ladder", "score/easy_vqa"}
PREPARED = {"prepare/ladder", "prepare/easy_vqa"}
ALL = {*PREPARED, *DRAWN, "understand/tiny", *SCORED, "report", "gallery"}
EDITED = {
    "g2u/thoughts/edits/blank.py": {"generate/tiny/blank", "report"},  # it says what arms need
    "g2u/questions/benchmarks/ladder.py": {"prepare/ladder"},
    "g2u/scores/types/short.py": {"prepare/easy_vqa", "score/easy_vqa"},
    "g2u/scores/types/yes_no.py": {*PREPARED, *SCORED},  # short reads answers with it
    "g2u/scores/official/categories.py": {*PREPARED, *SCORED},
    "g2u/scores/official/pope.py": set(),
    "g2u/scores/statistics.py": {*SCORED, "report"},
    "g2u_tiny/model/canvas.py": {*DRAWN, "understand/tiny", "report"},
    "g2u_tiny/model/weights/config.json": {*DRAWN, "understand/tiny", "report"},
    "g2u/models/null/__init__.py": set(),
    "g2u/report/figures.py": {"report"},
    "g2u/gallery/page.html": {"gallery"},
    "g2u/thoughts/drawing.py": {*DRAWN, "report"},
    "g2u/answers/feedback/concat.py": {"understand/tiny", "report"},
    "g2u/records.py": ALL,
    "g2u/pipeline/plan.py": set(),
}


def texts_of_few(workspace: Workspace) -> dict[str, str]:
    """The recipes of a workspace with these few families."""
    workspace.raw["families"] = list(FEW)
    workspace.write()
    return texts()


@pytest.mark.parametrize("name", EDITED)
def test_editing_a_file_changes_exactly_the_recipes_of_its_own_cells(
    name: str, workspace: Workspace
) -> None:
    before = texts_of_few(workspace)
    assert before.keys() == ALL
    path = workspace.folder / name
    path.write_text(path.read_text() + "\n# edited\n")
    assert changed(before, texts()) == EDITED[name]


SETTLED = {
    "generate.seed": (1, {*DRAWN, "understand/tiny"}),  # sampled answers have seeds, too
    "understand.max_tokens": (16, {"understand/tiny", "report"}),
    "score.seed": (1, {*SCORED, "report"}),
    "report.margin": (0.02, {"report"}),
    "gallery.items": (5, {"gallery"}),
    "prepare.max_questions": (9, PREPARED),
    "presets.benchmarks.ladder.depth": (8, {"prepare/ladder"}),
    "presets.benchmarks.ladder.metric": ("pope", {"prepare/ladder", "score/ladder"}),
    "presets.models.tiny.batch": (32, {*DRAWN, "understand/tiny", "report"}),
    "presets.models.tiny.baseline": ("tiny", ALL - PREPARED - {"gallery"}),
    "presets.families.direct.style": ("plain", {"generate/tiny/direct", "report"}),
    "presets.families.detail.prompt": ("Sharpen.", set()),  # its cells are not asked for
    "run.workers": (2, set()),
    "train.steps": (9, set()),
}


@pytest.mark.parametrize("key", SETTLED)
def test_changing_params_changes_exactly_the_recipes_that_they_decide(
    key: str, workspace: Workspace
) -> None:
    before = texts_of_few(workspace)
    place: dict[str, Any] = workspace.raw
    *parents, last = key.split(".")
    for name in parents:
        place = place[name]
    place[last], wanted = SETTLED[key]
    workspace.write()
    assert changed(before, texts()) == wanted


@pytest.mark.slow
def test_dvc_runs_the_cells_of_a_changed_recipe_and_no_others(workspace: Workspace) -> None:
    workspace.init_dvc()
    workspace.use_null()
    workspace.raw["families"] = list(FEW)
    workspace.write()
    workspace.run("g2u.cli.main", "run")
    kept = workspace.folder / "data/recipes/understand/tiny.json"
    untouched = kept.stat().st_mtime_ns
    edit = workspace.folder / "g2u/thoughts/edits/blank.py"
    edit.write_text(edit.read_text() + "\n# edited\n")
    status = json.loads(workspace.run("dvc", "status", "--json").stdout)
    assert status == {
        "cells/dvc.yaml:recipes": [{"changed deps": {"g2u/thoughts/edits/blank.py": "modified"}}]
    }
    done = workspace.run("dvc", "repro")
    drawn = {f"{benchmark}/blank:generate@tiny" for benchmark in ("ladder", "easy_vqa")}
    assert executed(done.stdout) == {"dvc.yaml:recipes", *drawn, "report"}
    said = "recipes: 10, 2 of them new or changed: g2u/thoughts/edits/blank.py changed"
    assert said in done.stderr.splitlines()
    assert kept.stat().st_mtime_ns == untouched
    shelf = workspace.folder / "g2u/params/presets.yaml"
    shelf.write_text(shelf.read_text().replace("level: 128", "level: 90"))
    workspace.raw["run"]["workers"] = 2  # which changes no result
    workspace.write()
    done = workspace.run("dvc", "repro")
    assert "presets.families.blank.level changed" in done.stderr
    answered = {name.replace("generate", "understand") for name in drawn}
    ran = executed(done.stdout)
    assert {*drawn, *answered} <= ran
    assert not any(word in name for name in ran for word in ("direct", "duplicate", "prepare"))
    assert not any(workspace.folder.glob("data/recipes/generate/tiny/detail.json"))


def test_damaged_recipes_are_written_anew_and_dead_ones_go_with_their_cells(
    workspace: Workspace,
) -> None:
    workspace.raw["families"] = ["direct", "duplicate", "blank"]
    workspace.write()
    workspace.run("stages.recipes")
    kept = workspace.folder / "data/recipes/generate/tiny/duplicate.json"
    dead = kept.with_name("blank.json")
    whole = kept.read_text()
    kept.write_text(whole[:99])
    workspace.raw["families"] = ["direct", "duplicate"]
    path = workspace.folder / "params.yaml"
    path.write_text(yaml.safe_dump(workspace.raw, sort_keys=False))
    done = workspace.run("stages.recipes")
    changes = "families, g2u/thoughts/edits/blank.py, presets.families.blank"
    assert done.stderr.strip() == f"recipes: 9, 3 of them new or changed: {changes} changed"
    assert kept.read_text() == whole
    assert dead.exists(), "cells that are not in step yet depend on it"
    said = workspace.run("g2u.cli.main", "sync").stdout
    assert "removed data/recipes/generate/tiny/blank.json" in said
    assert not dead.exists()


@pytest.mark.slow
def test_a_removed_family_leaves_neither_cells_nor_rows_behind(ran: Workspace) -> None:
    ran.raw["families"] = ["direct", "duplicate", "detail"]
    ran.write()
    ran.run("dvc", "repro")
    assert not list(Path("data/mine").glob("*/tiny/blank*"))
    gains = json.loads(Path("data/report/gains.json").read_text())
    assert set(gains["mine"]["tiny"]) == {"direct", "blind", "duplicate", "detail"}
