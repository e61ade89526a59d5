"""Aligning: rewards by hand, advantages, ratios, bits that stay, and the rule against hacking."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import g2u_tiny.model as tiny
from g2u.errors import ParamsError
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.questions.puzzles.puzzle import Pixels
from g2u.questions.wording import NAMING, REFLECT, STOP
from g2u.records import EditRequest, Picture, ScoreRequest, Turn
from g2u_tiny.alignment import forward, grpo, gvu, policy, r3, rewards, rule, watch
from g2u_tiny.alignment.loop import SYSTEMS, align
from g2u_tiny.alignment.lowrank import attach, changes, export
from g2u_tiny.alignment.policy import Sampler
from g2u_tiny.alignment.recipe import AlignRecipe
from g2u_tiny.alignment.state import Learner, begin
from g2u_tiny.alignment.tasks import Pool, Task, words_of
from g2u_tiny.model.network import TinyConfig, TinyNetwork
from g2u_tiny.model.sequence import see
from g2u_tiny.model.weights import load_network
from g2u_tiny.painting import COLOURS, SHAPES, painted
from g2u_tiny.training.curriculum import EasySplit
from g2u_tiny.training.export import export as export_whole

SMALL = TinyConfig(width=32, layers=2, heads=1, buckets=512)
PROMPT = "Mark what is asked: which colour?"


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a small network that is not the trivial one it begins as."""
    torch.manual_seed(1)
    network = TinyNetwork(SMALL)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    folder = tmp_path_factory.mktemp("base")
    export_whole(network, folder)
    return folder


def recipe(base: Path, **changes: object) -> AlignRecipe:
    plain = AlignRecipe(
        system="gvu", reward="likelihood", seed=0, base=str(base), tasks={}, paints=0,
        watched={}, turns=4, groups=2, group=3, spread="group", update="ratio", updates=2,
        reach=1.0, steps=3, eta=0.7, clip=0.001, text_clip=0.2, kl=0.02, rank=2,
        learning_rate=0.01, alternate=1, perfect=0.9, check_every=2, checked=4, fall=0.5, threads=1,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def picture_of_noise(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (48, 48, 3), dtype=np.uint8)


def pool_of(count: int) -> Pool:
    tasks = [
        Task(
            "mine focus",
            f"{PROMPT} {n}",
            picture_of_noise(n),
            "Which colour?",
            ("red", "blue", "green"),
            picture_of_noise(n + 100),
        )
        for n in range(count)
    ]
    return Pool({"mine focus": tasks})


def patches_of(pictures: list[Pixels]) -> torch.Tensor:
    return rewards.rows_of([Task("", "", p) for p in pictures], SMALL.patch).source


def test_likelihood_and_contrast_are_what_the_adapter_says_by_hand(base_folder: Path) -> None:
    """exp of the mean of log p over the prompt's bytes; the contrast against the source alone."""
    rows = rewards.rows_of(pool_of(3).kinds["mine focus"], SMALL.patch)
    drawn = [picture_of_noise(n + 50) for n in range(3)]
    base = load_network(base_folder)
    likelihood = rewards.likelihood(base, rows, patches_of(drawn))
    contrast = rewards.contrast(base, rows, patches_of(drawn))
    model = tiny.load(tiny.Settings(weights=str(base_folder)))
    for n, task in enumerate(rows.tasks):
        source, thought = (picture_of(encode_png(p)) for p in (task.source, drawn[n]))

        def said(*shown: Picture, prompt: str = task.prompt) -> float:
            reply = model.score([ScoreRequest((Turn("user", (*shown, NAMING)),), prompt)])[0]
            assert isinstance(reply, tuple)
            assert len(reply) == len(prompt.encode())
            return sum(reply) / len(reply)

        assert likelihood[n] == pytest.approx(math.exp(said(thought)), rel=1e-4)
        assert contrast[n] == pytest.approx(said(source, thought) - said(source), rel=1e-3)


def test_the_verdict_is_the_probability_of_the_stop_phrase(base_folder: Path) -> None:
    rows = rewards.rows_of(pool_of(2).kinds["mine focus"], SMALL.patch)
    drawn = [picture_of_noise(n + 50) for n in range(2)]
    found = rewards.verdict(load_network(base_folder), rows, patches_of(drawn))
    model = tiny.load(tiny.Settings(weights=str(base_folder)))
    for n, task in enumerate(rows.tasks):
        shown = [picture_of(encode_png(p)) for p in (task.source, drawn[n])]
        turn = Turn("user", (*shown, REFLECT.format(prompt=task.prompt)))
        reply = model.score([ScoreRequest((turn,), STOP)])[0]
        assert isinstance(reply, tuple)
        assert found[n] == pytest.approx(math.exp(sum(reply)), rel=1e-3)


def test_the_agreed_answer_is_the_one_with_the_greatest_mean_chance(
    base_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chances = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    columns = iter(chances.log().T)
    monkeypatch.setattr(rewards, "log_sum", lambda *_: next(columns))
    rows = rewards.rows_of(pool_of(1).kinds["mine focus"], SMALL.patch).repeated(3)
    found = rewards.agreement(load_network(base_folder), rows, rows.source, 3)
    assert found.tolist() == pytest.approx([0.3, 0.7, 0.8])


def test_advantages_sum_to_zero_in_a_group() -> None:
    torch.manual_seed(0)
    rewards_drawn = torch.cat([torch.randn(5, 7), torch.full((1, 7), 0.3)])
    found = grpo.advantages(rewards_drawn)
    assert found.sum(1).abs().max() < 1e-5
    assert found[:5].square().mean(1).tolist() == pytest.approx([1.0] * 5, abs=1e-4)
    assert found[5].abs().max() == 0


def test_over_the_batch_a_group_that_hardly_differs_weighs_hardly_anything() -> None:
    found = grpo.advantages(torch.tensor([[0.0, 1.0], [0.5, 0.5001]]), "batch")
    assert found.sum(1).abs().max() < 1e-6
    assert found[0].tolist() == pytest.approx([-(2**0.5), 2**0.5], rel=1e-3)
    assert found[1].tolist() == pytest.approx([-1.4e-4, 1.4e-4], rel=0.05)


def test_the_surrogate_is_clipped_where_the_ratio_has_gone_far_enough() -> None:
    before = torch.zeros(4)
    logs = torch.tensor([0.5, -0.5, 0.5, -0.5], requires_grad=True)
    gain = torch.tensor([1.0, 1.0, -1.0, -1.0])
    loss = grpo.clipped_loss(logs, before, gain, 0.2)
    assert loss.tolist() == pytest.approx([-1.2, -math.exp(-0.5), math.exp(0.5), 0.8])
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert logs.grad is not None
    assert (logs.grad != 0).tolist() == [False, True, True, False]


def test_divergences_are_those_of_the_distributions() -> None:
    mean, other, spread = torch.full((1, 4, 3), 0.3), torch.zeros(1, 4, 3), 0.5
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, spread), normal(other, spread)).mean()
    assert grpo.normal_divergence(mean, other, spread)[0] == pytest.approx(float(wanted))
    logs = torch.log_softmax(torch.tensor([[[1.0, 2.0, -torch.inf]]]), -1)
    base = torch.log_softmax(torch.tensor([[[0.0, 0.0, -torch.inf]]]), -1)
    categorical = torch.distributions.Categorical
    wanted = torch.distributions.kl_divergence(
        categorical(logits=logs[..., :2]), categorical(logits=base[..., :2])
    )
    assert grpo.byte_divergence(logs, base)[0, 0] == pytest.approx(float(wanted))


def test_without_added_noise_a_drawing_is_the_adapters(base_folder: Path) -> None:
    network = load_network(base_folder)
    source, prompt = picture_of_noise(3), "Draw it."
    drawn = policy.draw(
        network,
        patches_of([source]),
        rewards.grams(network, [prompt]),
        Sampler(4, 0.0),
        torch.Generator().manual_seed(9),
    )
    model = tiny.load(tiny.Settings(weights=str(base_folder)))
    request = EditRequest((picture_of(encode_png(source)), prompt), 9, (("steps", 4),))
    reply = model.edit([request])[0]
    assert isinstance(reply, Picture)
    shown = patches_of([np.asarray(pixels_of(reply))])
    assert torch.allclose(shown, drawn.pictures, atol=1 / 127)


def test_probabilities_of_the_policy_that_drew_are_those_it_recorded(base_folder: Path) -> None:
    network = load_network(base_folder)
    sampler = Sampler(4, 0.7)
    sources = patches_of([picture_of_noise(n) for n in range(2)])
    drawn = policy.draw(
        network,
        sources,
        rewards.grams(network, ["Draw it."] * 2),
        sampler,
        torch.Generator().manual_seed(0),
    )
    again = policy.step_logs(drawn, policy.step_means(network, drawn, sampler), sampler)
    assert len(again) == len(drawn.logs) == 3
    for before, after in zip(drawn.logs, again, strict=True):
        assert torch.allclose(before, after, rtol=1e-4)
        assert before.mean() == pytest.approx(-0.5, abs=0.05)  # z^2 / 2 has the mean 1/2


def test_text_probabilities_are_those_of_the_bytes_that_were_said(base_folder: Path) -> None:
    network = load_network(base_folder)
    with torch.no_grad():
        seen = see(network, [patches_of([picture_of_noise(1)])], rewards.grams(network, ["Hm?"]))
    said, _ = policy.say(network, seen, 6, torch.Generator().manual_seed(0))
    logs = policy.text_logs(network, seen, said)
    assert torch.allclose(logs.exp().sum(-1), torch.ones(()))
    likeliest, _ = policy.say(network, seen, 6, None)
    assert likeliest[0, 0] == logs[0, 0].argmax()
    model = tiny.load(tiny.Settings(weights=str(base_folder)))
    turn = Turn("user", (picture_of(encode_png(picture_of_noise(1))), "Hm?"))
    first, second = model.score([ScoreRequest((turn,), text) for text in ("ab", "ac")])
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    logs = policy.text_logs(network, seen, torch.tensor([list(b"ab")]))[0, 1]
    assert float((logs[ord("b")] - logs[ord("c")]).detach()) == pytest.approx(
        first[1] - second[1], rel=1e-3
    )


KINDS = [
    ("gvu", "ratio"),
    ("gvu", "forward"),
    ("r3", "ratio"),
    ("r3", "forward"),
    ("supervised", "forward"),
]


@pytest.mark.parametrize(("system", "update"), KINDS)
def test_at_a_zero_learning_rate_no_bit_changes(
    base_folder: Path, system: str, update: str
) -> None:
    plan = recipe(base_folder, learning_rate=0.0, system=system, update=update)
    learner = begin(plan)
    before = {n: t.clone() for n, t in learner.network.state_dict().items()}
    for _ in range(3):
        SYSTEMS[system](learner, pool_of(4), plan, np.random.default_rng(0))
    for name, tensor in learner.network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize(("system", "update"), KINDS)
def test_training_changes_the_changes_and_never_the_base(
    base_folder: Path, system: str, update: str, tmp_path: Path
) -> None:
    files = {p.name: p.read_bytes() for p in base_folder.iterdir()}
    plan = recipe(base_folder, system=system, update=update)
    learner = align(plan, pool_of(4), pool_of(3), tmp_path)
    assert any(t.abs().max() > 0 for n, t in changes(learner.network).items() if n.endswith(".b"))
    whole = load_network(base_folder).state_dict()
    assert all(torch.equal(whole[n], t) for n, t in learner.base.state_dict().items())
    assert {p.name: p.read_bytes() for p in base_folder.iterdir()} == files
    assert [row["turn"] for row in learner.curve] == [0, 2, 4]


@pytest.mark.parametrize(("system", "update"), KINDS)
def test_an_interrupted_alignment_ends_in_the_same_bits(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, update: str
) -> None:
    plan = recipe(base_folder, system=system, update=update)
    whole = align(plan, pool_of(4), pool_of(3), tmp_path / "whole")
    turns = 0
    real = watch.look

    def stops(*args: object) -> dict[str, float]:
        nonlocal turns
        turns += 1
        if turns == 3:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(watch, "look", stops)
    with pytest.raises(KeyboardInterrupt):
        align(plan, pool_of(4), pool_of(3), tmp_path / "torn")
    monkeypatch.setattr(watch, "look", real)
    resumed = align(plan, pool_of(4), pool_of(3), tmp_path / "torn")
    for name, tensor in changes(whole.network).items():
        assert torch.equal(tensor, changes(resumed.network)[name]), name
    looks = [[{**row, "cpu seconds": 0} for row in each.curve] for each in (whole, resumed)]
    assert looks[0] == looks[1]
    assert resumed.curve[-1]["cpu seconds"] > 0
    with pytest.raises(ParamsError, match="another recipe"):
        align(replace(plan, kl=0.5), pool_of(4), pool_of(3), tmp_path / "torn")


def test_good_drawings_draw_the_estimate_near_and_bad_ones_push_it_away() -> None:
    """By hand: at the estimate of the network that drew, the slope is (2 r - 1) times plain."""
    former, drawn = torch.full((3, 2, 2), 0.2), torch.full((3, 2, 2), 0.5)
    estimate = former.clone().requires_grad_()
    good = torch.tensor([1.0, 0.5, 0.0])
    loss = forward.contrastive_loss(estimate, former, drawn, good, 1.0)
    assert loss.tolist() == pytest.approx([0.09] * 3)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert estimate.grad is not None
    assert estimate.grad.sum((1, 2)).tolist() == pytest.approx([-0.6, 0.0, 0.6], abs=1e-6)
    mixed = forward.contrastive_loss(torch.full((1, 2, 2), 0.3), former, drawn, good[1:2], 0.5)
    towards, away = (0.5 * 0.2 + 0.5 * 0.3 - 0.5) ** 2, (1.5 * 0.2 - 0.5 * 0.3 - 0.5) ** 2
    assert mixed[0] == pytest.approx(0.5 * towards + 0.5 * away)


def test_goodness_is_a_half_at_a_groups_mean_and_bounded() -> None:
    found = forward.goodness(torch.tensor([[0.0, 1.0, 2.0, 30.0], [0.4, 0.4, 0.4, 0.4]]), "group")
    assert found[1].tolist() == [0.5] * 4
    assert found[0].argsort().tolist() == [0, 1, 2, 3]
    assert 0 <= float(found.min()) < 0.5 < float(found.max()) <= 1
    assert float(found.mean(1)[0]) == pytest.approx(0.5)


@pytest.mark.parametrize("update", ["ratio", "forward"])
def test_a_planted_reward_is_learnt(
    base_folder: Path, monkeypatch: pytest.MonkeyPatch, update: str
) -> None:
    """Rewarded for bright drawings alone, it draws brighter ones."""
    monkeypatch.setattr(gvu, "reward", lambda *args: args[3].mean((1, 2)))
    plan = recipe(base_folder, groups=4, group=8, kl=0.0, learning_rate=0.03, clip=0.05)
    plan = replace(plan, update=update)
    learner, pool = begin(plan), pool_of(4)
    rows = rewards.rows_of(pool.kinds["mine focus"], SMALL.patch)

    def brightness(learner: Learner) -> float:
        prompts = rewards.grams(learner.network, [task.prompt for task in rows.tasks])
        noise = torch.Generator().manual_seed(1)
        return float(
            policy.draw(
                learner.network, rows.source, prompts, plan.plain_sampler, noise
            ).pictures.mean()
        )

    before = brightness(learner)
    rng = np.random.default_rng(0)
    for _ in range(30):
        gvu.turn(learner, pool, plan, rng)
    assert brightness(learner) > before + 0.02


def test_changes_are_loaded_as_they_were_trained(base_folder: Path, tmp_path: Path) -> None:
    learner = begin(recipe(base_folder, rank=3))
    for tensor in changes(learner.network).values():
        tensor.normal_(std=0.1)
    export(learner.network, base_folder, tmp_path / "aligned")
    loaded = load_network(tmp_path / "aligned")
    prompts = rewards.grams(loaded, ["Draw it."])
    source = patches_of([picture_of_noise(1)])
    drawings = [
        policy.draw(n, source, prompts, Sampler(3, 0.0), torch.Generator().manual_seed(0)).pictures
        for n in (learner.network, loaded, load_network(base_folder))
    ]
    assert torch.allclose(drawings[0], drawings[1], atol=0.02)
    assert not torch.allclose(drawings[0], drawings[2], atol=0.02)
    folders = (base_folder, tmp_path / "aligned")
    one, other = (tiny.load(tiny.Settings(weights=str(folder))) for folder in folders)
    assert one.identity("edit") != other.identity("edit")


def test_changes_of_another_base_are_refused(base_folder: Path, tmp_path: Path) -> None:
    network = load_network(base_folder)
    attach(network, 2)
    export(network, base_folder, tmp_path / "aligned")
    config = tmp_path / "aligned" / "config.json"
    text = config.read_text()
    name = "base_sha256"
    start = text.index(name) + len(name) + 4
    config.write_text(text[:start] + ("0" if text[start] != "0" else "1") + text[start + 1 :])
    with pytest.raises(Exception, match=r"config\.json says .*; restore"):
        tiny.load(tiny.Settings(weights=str(tmp_path / "aligned")))


def look(reward: float, fidelity: float) -> dict[str, float]:
    return {"reward": reward, "fidelity": fidelity}


def test_a_hacked_reward_stops_the_training_and_the_last_sound_weights_are_kept() -> None:
    curve = [look(0.1, 0.8), look(0.2, 0.81), look(0.3, 0.7)]
    assert rule.objects(curve, 0.02)
    assert not rule.stops(curve, 0.02)
    assert rule.stops([*curve, look(0.4, 0.6)], 0.02)
    assert not rule.stops([*curve, look(0.4, 0.79)], 0.02)
    assert not rule.objects([look(0.1, 0.8), look(0.05, 0.5)], 0.02)  # worse, but not hacked


def test_paintings_are_made_of_every_prompt_by_base_and_trained_network(
    base_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "COMPARED", 2)
    found = watch.paintings(begin(recipe(base_folder)))
    assert len(found) == watch.COMPARED * len(COLOURS) * len(SHAPES)
    assert len({each.prompt for each in found}) == len(COLOURS) * len(SHAPES)
    assert all(each.before == each.after for each in found), "not trained yet: the same paintings"


def test_a_turn_holds_as_many_paintings_as_it_should_and_the_other_kinds_in_turn() -> None:
    sheets = [Task("painting", f"Draw a {c} circle.", picture_of_noise(0)) for c in COLOURS]
    other = [replace(task, kind="yours focus") for task in pool_of(3).kinds["mine focus"]]
    pool = Pool({**pool_of(3).kinds, "yours focus": other, "painting": sheets})
    drawn = pool.drawn(np.random.default_rng(0), 8, 4)
    assert [task.kind for task in drawn[4:]] == ["painting"] * 4
    assert {task.kind for task in drawn[:2]} == {"mine focus", "yours focus"}
    assert [task.kind for task in drawn[:2]] == [task.kind for task in drawn[2:4]]
    assert len(Pool({"painting": sheets}).drawn(np.random.default_rng(0), 8, 8)) == 8


def test_supervised_tasks_are_those_with_an_oracle() -> None:
    blind = Task("painting", "Draw a teal circle.", picture_of_noise(0))
    known = pool_of(2).kinds
    assert Pool({**known, "painting": [blind]}).supervised().kinds == known
    with pytest.raises(ParamsError, match="no task has an oracle"):
        Pool({"painting": [blind]}).supervised()


def test_stopping_earns_one_on_a_perfect_drawing_only() -> None:
    worth, after = torch.tensor([0.95, 0.5, 0.5]), torch.tensor([0.0, 0.0, 0.7])
    stopped = torch.tensor([True, True, False])
    assert r3.earned(worth, after, stopped, 0.9).tolist() == pytest.approx([1.0, 0.0, 0.2])


def test_the_check_of_paintings_agrees_with_easy_vqa() -> None:
    """Published pictures whose colour and shape their questions tell."""
    easy = EasySplit("test")
    facts = list(easy.facts.items())[:300]
    found = [painted(easy.pictures[number]) for number, _ in facts]
    right = [(p.colour, p.shape) == words for p, (_, words) in zip(found, facts, strict=True)]
    assert np.mean(right) > 0.92
    assert {colour for colour, _ in easy.facts.values()} == set(COLOURS)
    assert {shape for _, shape in easy.facts.values()} == set(SHAPES)
    blank = np.full((48, 48, 3), 200, dtype=np.uint8)
    assert painted(blank).shape == ""


def test_a_paintings_words_are_read_from_its_prompt() -> None:
    assert words_of(Task("painting", "Draw a teal circle.", picture_of_noise(0))).colour == "teal"
    assert words_of(Task("painting", "Draw a teal circle.", picture_of_noise(0))).shape == "circle"
