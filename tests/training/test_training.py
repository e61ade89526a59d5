"""Training: resumable to the bit, fair to direct answering, and shipped as it was trained."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import g2u_tiny.model as tiny
from bench.thinking import counted, works
from g2u.errors import ParamsError
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of
from g2u.questions.puzzles.puzzle import Pixels
from g2u.questions.wording import NAMING, REFLECT
from g2u.records import EditRequest, Picture, ScoreRequest, Turn
from g2u.thoughts.edits.rounds import instruction
from g2u_tiny.model.chance import normal, uniform, whole
from g2u_tiny.model.network import TinyConfig, TinyNetwork, View
from g2u_tiny.model.sequence import byte_logits, see, thought_over
from g2u_tiny.training import loop
from g2u_tiny.training.coldstart import QUARTERS, damaged, talk_items, worst
from g2u_tiny.training.curriculum import EasySplit, easy_item, puzzle_benchmark, puzzle_item
from g2u_tiny.training.device import train_on
from g2u_tiny.training.export import export
from g2u_tiny.training.loop import ANSWER_LENGTH, Recipe, train
from g2u_tiny.training.losses import (
    Batch,
    answer_loss,
    corrupted,
    make_batch,
    packed,
    step_losses,
)
from g2u_tiny.training.muon import Muon, orthogonalised
from stages.train import recipe_of
from tests.conftest import ROOT, png

SMALL = TinyConfig(width=32, layers=2, heads=1, buckets=512)
RECIPE = Recipe(
    seed=3,
    steps=4,
    mixture={"ladder": 4, "easy_vqa": 2},
    depths=(2, 5),
    paths=("direct", "draw", "read"),
    learning_rate=1e-3,
    checkpoint_every=2,
    threads=1,
)
SERIAL = replace(RECIPE, passes=3)
"""Thinks before it answers."""


@pytest.fixture(scope="module")
def batch() -> Batch:
    rng = np.random.default_rng(0)
    easy = EasySplit("train")
    items = [puzzle_item(rng, "ladder", (2, 5)) for _ in range(4)]
    items += [easy_item(rng, easy) for _ in range(2)]
    return make_batch(items, [0] * 4 + [1] * 2, SMALL)


@pytest.mark.parametrize("recipe", [RECIPE, SERIAL], ids=["shipped", "serial"])
def test_an_interrupted_training_ends_in_the_same_bits(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(SMALL, passes=recipe.passes)
    whole, _ = train(recipe, config, tmp_path / "whole")
    calls = 0
    real = loop.step_losses

    def stops(*args: Any, **kwargs: Any) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(loop, "step_losses", stops)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, config, tmp_path / "torn")
    monkeypatch.setattr(loop, "step_losses", real)
    resumed, _ = train(recipe, config, tmp_path / "torn")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    with pytest.raises(ParamsError, match="another recipe"):
        train(replace(recipe, seed=4), config, tmp_path / "torn")


def test_what_the_direct_path_sees_holds_neither_thought_nor_drawing(batch: Batch) -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    for block in network.blocks:
        torch.nn.init.normal_(block.out.weight)  # type: ignore[union-attr, arg-type]
    drawing = torch.randn(6, SMALL.patches, SMALL.width)
    thought, other = (network.embed_picture(p, 1) for p in (batch.edited, batch.source))
    first, where = packed(network, batch, "SQDPNTRA", {"drawing": drawing, "thought": thought})
    second, _ = packed(network, batch, "SQDPNTRA", {"drawing": -drawing, "thought": other})
    assert torch.equal(first[:, where["D"]], second[:, where["D"]])
    assert not torch.equal(first[:, where["A"]], second[:, where["A"]])
    assert not torch.equal(first[:, where["N"]], second[:, where["N"]])


def moved(network: TinyNetwork) -> TinyNetwork:
    """With random values where a network starts at zero."""
    torch.manual_seed(0)
    for name, parameter in network.named_parameters():
        if name.endswith(("out.weight", "down.weight", "byte_head.weight")):
            torch.nn.init.normal_(parameter, std=0.1)
    return network


def test_thinking_is_taught_by_direct_answers_through_every_pass(batch: Batch) -> None:
    network = moved(TinyNetwork(replace(SMALL, passes=3)))
    states: list[Tensor] = []

    def told(_: torch.nn.Module, given: tuple[Any, ...]) -> None:
        if given[0].shape[1] == SMALL.patches:
            given[0].retain_grad()
            states.append(given[0])

    network.blocks[0].register_forward_pre_hook(told)
    found = step_losses(network, batch, frozenset({"direct"}))
    found["direct"].sum().backward()
    assert len(states) == 3
    assert all(state.grad is not None and state.grad.abs().max() > 0 for state in states)


def test_thinking_moves_no_faster_with_the_weights_than_a_look_however_long(batch: Batch) -> None:
    """Whole steps would move 24 times as far, and did not learn steadily."""
    torch.manual_seed(0)
    still = TinyNetwork(replace(SMALL, passes=1))
    changed = {n: torch.randn_like(p) * 1e-3 for n, p in still.named_parameters() if "blocks" in n}
    moves = []
    for passes in (1, 24):
        network = TinyNetwork(replace(SMALL, passes=passes))
        network.load_state_dict(still.state_dict())
        with torch.no_grad():
            before = thought_over(network, batch.source, batch.question)
            for name, change in changed.items():
                network.get_parameter(name).add_(change)
            moves.append(
                float((thought_over(network, batch.source, batch.question) - before).norm())
            )
    assert moves[1] == pytest.approx(moves[0], rel=0.05)


def test_who_thinks_draws_and_reads_as_one_that_does_not(batch: Batch) -> None:
    paths = frozenset({"direct", "draw", "read"})
    weights = moved(TinyNetwork(SMALL)).state_dict()
    found = []
    for passes in (0, 3):
        torch.manual_seed(1)
        network = TinyNetwork(replace(SMALL, passes=passes))
        network.load_state_dict(weights, strict=False)
        torch.manual_seed(0)
        found.append(step_losses(network, batch, paths))
    plain, thinking = found
    torch.testing.assert_close(thinking["draw"], plain["draw"])
    torch.testing.assert_close(thinking["read"], plain["read"])
    assert not torch.isclose(thinking["direct"], plain["direct"]).any()


def test_exported_weights_think_over_one_picture_in_the_adapter_whatever_its_batch(
    tmp_path: Path,
) -> None:
    network = moved(TinyNetwork(replace(SMALL, passes=3)))
    export(network, tmp_path / "weights")
    asked = [(Turn("user", (picture_of(png(seed)), "Where?")),) for seed in range(3)]
    asked.append((Turn("user", (picture_of(png(0)), picture_of(png(1)), "Where?")),))
    asked.append((Turn("user", ("Where?",)),))
    requests = [ScoreRequest(turns, "red") for turns in asked]
    model = tiny.load(tiny.Settings(weights=str(tmp_path / "weights")))
    replies = model.score(requests)
    assert [model.score([request])[0] for request in requests] == replies
    with torch.no_grad():
        network.thinking += torch.randn(SMALL.width)
    export(network, tmp_path / "other")
    others = tiny.load(tiny.Settings(weights=str(tmp_path / "other"))).score(requests)
    assert [a == b for a, b in zip(replies, others, strict=True)] == [False] * 3 + [True] * 2


def test_thinking_answers_as_it_was_trained_to(batch: Batch) -> None:
    """The packed pass of training and the passes of a call are two ways to the same logits."""
    network = moved(TinyNetwork(replace(SMALL, passes=3)))
    torch.manual_seed(0)
    shown = uniform([len(batch.source)]) > 0.04
    assert shown.all()
    torch.manual_seed(0)
    trained = step_losses(network, batch, frozenset({"direct"}))["direct"]
    state = thought_over(network, batch.source, batch.question)
    logits = byte_logits(network, batch.answer_out, see(network, (), batch.question, state))
    torch.testing.assert_close(answer_loss(logits, batch.answer_out), trained)


def test_serial_compute_is_the_recipe_but_for_thinking() -> None:
    section = load(ROOT / "params.yaml", whole=True).train
    assert section is not None
    shipped, serial = recipe_of(section, None), recipe_of(section, "serial")
    changed = {"passes": 9, "checkpoint_every": serial.checkpoint_every}
    assert serial == replace(shipped, **changed)


def test_thinking_has_the_most_passes_that_cost_no_more_than_drawing_and_reading() -> None:
    section = load(ROOT / "params.yaml", whole=True).train
    passes = recipe_of(section, "serial").passes
    shares = []
    for more in (0, 1):
        network = TinyNetwork(TinyConfig(passes=passes + more))
        found = {n: counted(w) for n, w in works(network, 8).items()}
        shares.append(found["thought over"] / found["drawn, then read"])
        assert found["at once"] < 0.3 * found["drawn, then read"]
    assert shares[0] < 1.0 < shares[1]


def test_an_answer_byte_is_not_seen_before_it_is_predicted(batch: Batch) -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    for block in network.blocks:
        torch.nn.init.normal_(block.out.weight)  # type: ignore[union-attr, arg-type]
    other = batch.answer_in.clone()
    other[:, 3:] = 65
    first, where = packed(network, batch, "SQD", {})
    second, _ = packed(network, replace(batch, answer_in=other), "SQD", {})
    start = where["D"].start
    assert torch.equal(first[:, start : start + 3], second[:, start : start + 3])
    assert not torch.equal(first[:, start + 3], second[:, start + 3])


def test_every_batch_trains_direct_answering(batch: Batch) -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    for further in ({"draw", "read"}, {"draw"}, set()):
        losses = step_losses(network, batch, frozenset({"direct", *further}))
        assert set(losses) == {"direct", *further}
        for values in losses.values():
            assert values.shape == (6,)
            assert torch.isfinite(values).all()


def test_a_thought_is_true_or_damaged_where_the_source_is_hidden(batch: Batch) -> None:
    torch.manual_seed(0)
    hidden = torch.zeros(6, dtype=torch.bool)
    for _ in range(40):
        thought = corrupted(batch, hidden)
        error = (thought - batch.edited).abs().mean((1, 2))
        swapped = (batch.edited.roll(1, 0) - batch.edited).abs().mean((1, 2))
        assert (error < swapped.max()).all()
        assert thought.abs().max() <= 1
        blank = thought.flatten(1).std(1) < 1e-6
        assert not blank.any()


def test_exported_weights_are_what_the_adapter_loads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    size = export(network, tmp_path / "w")
    assert size == (tmp_path / "w" / "model.safetensors").stat().st_size
    model = tiny.load(tiny.Settings(weights=str(tmp_path / "w")))
    assert model.identity("edit") != tiny.load(tiny.Settings()).identity("edit")
    edited = model.edit([EditRequest((picture_of(png(1)), "p"), 0, (("steps", 1),))])[0]
    assert isinstance(edited, Picture)
    assert (edited.width, edited.height) == (48, 48)


@pytest.mark.parametrize(
    ("able", "dtype"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True, "avx512_bf16": False}, torch.bfloat16),
        ({"bf16": True}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False}, torch.float32),
    ],
)
def test_training_is_in_bfloat16_only_where_the_cpu_multiplies_it(
    able: dict[str, bool], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    with loop.precision():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    muon = loop.optimizers(TinyNetwork(SMALL), 1e-3)[0]
    assert type(muon) is (torch.optim.Muon if dtype == torch.bfloat16 else Muon)


@pytest.mark.parametrize("shape", [(24, 16), (16, 48)])
def test_muon_in_float32_is_torchs_but_for_rounding(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    start = torch.randn(shape)
    found = []
    for kind in (Muon, torch.optim.Muon):
        torch.manual_seed(1)
        weight = torch.nn.Parameter(start.clone())
        optimiser = kind(
            [weight], lr=0.1, weight_decay=0.02, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        for _ in range(4):
            weight.grad = torch.randn(shape)
            optimiser.step()
        found.append(weight.detach() - start)
    assert (found[0] - found[1]).norm() < 0.02 * found[1].norm()


def test_muon_makes_every_direction_of_a_gradient_weigh_alike() -> None:
    torch.manual_seed(0)
    made = orthogonalised(torch.randn(16, 48), (3.4445, -4.7750, 2.0315), 5, 1e-7)
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_the_last_layer_works_out_only_what_is_read_and_that_alike() -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    for block in network.blocks:
        torch.nn.init.normal_(block.out.weight)  # type: ignore[union-attr, arg-type]
        torch.nn.init.normal_(block.down.weight, std=0.1)  # type: ignore[union-attr, arg-type]
    tokens = torch.randn(2, 10, SMALL.width)
    angles = network.rotations([False], [10])
    mask = torch.zeros(1, 1, 10, 10).masked_fill(~torch.ones(10, 10).tril().bool(), -1e4)
    whole, kept = network.trunk(tokens, angles, mask)
    all_columns = slice(0, 10)
    wanted = [View(slice(a, b), all_columns, mask[:, :, a:b]) for a, b in ((2, 3), (7, 10))]
    some, kept_too = network.trunk(tokens, angles, mask, wanted=wanted)
    none, kept_alone = network.trunk(tokens, angles, mask, wanted=())
    torch.testing.assert_close(some, whole[:, [2, 7, 8, 9]])
    assert none.shape == (2, 0, SMALL.width)
    for cache in (kept_too, kept_alone):
        for (key, value), (same_key, same_value) in zip(kept, cache, strict=True):
            torch.testing.assert_close(same_key, key)
            torch.testing.assert_close(same_value, value)


HELPED = ["ladder", "hairpin", "threads", "mosaic", "tracks", "braid"]


def test_a_fault_is_in_the_quarter_that_is_named_and_nowhere_else() -> None:
    rng = np.random.default_rng(0)
    named = set()
    for name in HELPED * 12:
        puzzle = puzzle_benchmark(name).make(rng, 7, "train")
        faulty, quarter = damaged(rng, puzzle.source, puzzle.thought, puzzle.adversary)
        assert quarter
        apart = (faulty != puzzle.thought).any(-1)
        assert apart[QUARTERS[quarter]].any()
        apart[QUARTERS[quarter]] = False
        assert not apart.any()
        named.add(quarter)
    assert named == set(QUARTERS)


def test_the_worst_quarter_of_a_drawing_is_where_most_ink_is_wrong() -> None:
    puzzle = puzzle_benchmark("ladder").make(np.random.default_rng(0), 7, "train")
    source, thought = puzzle.source, puzzle.thought
    assert worst(thought, thought, source) == ""
    for quarter, place in QUARTERS.items():
        drawn = thought.copy()
        drawn[place] = source[place]
        assert worst(drawn, thought, source) == quarter
    smudged = source.copy()
    smudged[40:, 40:] = 255 - thought[40:, 40:]
    assert worst(smudged, source, source) == "bottom right", "ink where none should be"


def test_items_of_talk_ask_as_the_rewards_and_the_rounds_do() -> None:
    def as_it_is(sources: Sequence[Pixels], prompts: Sequence[str]) -> list[Pixels]:
        asked.extend(prompts)
        own.extend(sources)
        return list(sources)

    asked: list[str] = []
    own: list[Pixels] = []
    items = talk_items(np.random.default_rng(0), HELPED, (2, 5), EasySplit("train"), 160, as_it_is)
    assert 10 < len(asked) < 30, "half of the drawings to be criticised or mended are its own"
    by_path = {path: [i for i in items if path in i.trains] for path in ("direct", "draw", "read")}
    assert all(item.thought is not None for item in items)
    assert {i.question for i in by_path["direct"]} == {NAMING}
    reflected = [i for i in by_path["read"] if i.question != NAMING]
    for item in reflected:
        assert item.question == REFLECT.format(prompt=item.question.split('"')[1])
        is_whole = np.array_equal(item.thought, item.edited) and instruction(item.answer) is None
        assert is_whole or instruction(item.answer) is not None
    assert {instruction(i.answer) is None for i in reflected} == {True, False}
    mended = [i for i in by_path["draw"] if i.edit_prompt.startswith("redraw the ")]
    assert mended
    for item in mended:
        quarter = item.edit_prompt.removeprefix("redraw the ").rstrip(".")
        apart = (item.source != item.edited).any(-1)
        assert apart[QUARTERS[quarter]].any()
        apart[QUARTERS[quarter]] = False
        is_own = any(np.array_equal(item.source, drawn) for drawn in own)
        assert is_own or not apart.any(), "a planted fault lies in one quarter"
    assert len({i.edit_prompt for i in mended}) > 1
    painted = [i for i in by_path["draw"] if i.edit_prompt.startswith("Draw a ")]
    assert all((i.source == 128).all() for i in painted)
    assert len(painted) + len(mended) == len(by_path["draw"])


def test_a_cold_start_goes_on_from_weights_and_can_say_more(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = TinyNetwork(SMALL)
    export(network, tmp_path / "start")
    plan = replace(RECIPE, start=str(tmp_path / "start"), talk=6, learning_rate=0.0, steps=2)
    mixture = {"threads": 2, "ladder": 2}
    trained, curve = train(replace(plan, mixture=mixture), SMALL, tmp_path / "scratch")
    assert curve == []
    assert trained.config.answer_length == ANSWER_LENGTH
    stored, kept = network.state_dict(), trained.state_dict()
    places, known = kept.pop("byte_place"), stored.pop("byte_place")
    assert torch.equal(places[: len(known)], known.half().float())
    assert all(torch.equal(kept[name], tensor.half().float()) for name, tensor in stored.items())
    assert torch.equal(places[-1], places[SMALL.answer_length - 1])
    learnt, _ = train(
        replace(plan, mixture=mixture, learning_rate=1e-2), SMALL, tmp_path / "learnt"
    )
    assert not torch.equal(learnt.state_dict()["byte_place"], places)


def test_chance_is_drawn_on_the_cpu_and_lies_on_the_default_device() -> None:
    torch.manual_seed(5)
    drawn = [uniform([3]), normal([2, 2])]
    torch.manual_seed(5)
    assert torch.equal(drawn[0], torch.rand(3))
    assert torch.equal(drawn[1], torch.randn(2, 2))
    rng = torch.Generator().manual_seed(5)
    first = [float(normal([1], rng)), whole(1000, rng)]
    rng.manual_seed(5)
    with torch.device("meta"):  # a device without values: what lies there was moved there
        assert normal([1], rng).device.type == uniform([1]).device.type == "meta"
        assert whole(1000, rng) == first[1]


def test_an_unknown_device_is_said_in_one_line() -> None:
    with pytest.raises(
        ParamsError, match=r"^--device nowhere: torch cannot compute there; exp"
    ) as e:
        train_on("nowhere")
    assert "\n" not in str(e.value)
    train_on("cpu")
    assert torch.get_default_device().type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_trains_what_the_cpu_trains(tmp_path: Path) -> None:
    recipe = replace(RECIPE, talk=8)
    config = replace(SMALL, answer_length=ANSWER_LENGTH)
    expected = train(recipe, config, tmp_path / "cpu")[0].state_dict()
    with torch.device("cuda"):
        network, _ = train(recipe, config, tmp_path / "gpu")
    for name, tensor in network.state_dict().items():
        assert tensor.device.type == "cuda"
        assert torch.allclose(tensor.cpu(), expected[name], atol=0.02), name
