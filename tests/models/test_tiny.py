"""The shipped model: deterministic, batch-invariant, question-blind, small, checked by digest."""

import hashlib
import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

import g2u_tiny.model as tiny
from g2u.errors import ModelError, ParamsError
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of
from g2u.protocols import Model
from g2u.questions.benchmarks import ladder
from g2u.questions.wording import question_prompt
from g2u.records import AnswerRequest, EditRequest, Failure, Picture, Sample, ScoreRequest, Turn
from g2u.scores.statistics import Resampling, paired_gain
from g2u.settings import checked
from g2u_tiny.model.inference import Engine
from g2u_tiny.model.network import TinyConfig, TinyNetwork
from g2u_tiny.model.sequence import flow_times, see
from g2u_tiny.model.text import GRAMS, encode_text, tokens
from tests.conftest import ROOT, png

SAMPLES = list(ladder.read(ladder.Settings(items=24, depth=6, seed=1)))
PROMPT = "Draw the structure."


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny.load(tiny.Settings())


def picture(seed: int, size: int = 30) -> Picture:
    return picture_of(png(seed, size))


def turns(*parts: str | Picture) -> tuple[Turn, ...]:
    return (Turn("user", parts),)


def edit_requests() -> list[EditRequest]:
    steps = (("steps", 2),)
    return [EditRequest((*s.pictures, PROMPT), i, steps) for i, s in enumerate(SAMPLES[::2])]


def test_an_edit_does_not_depend_on_its_batch_or_place(model: Model) -> None:
    requests = edit_requests()
    together = model.edit(requests)
    assert model.edit(requests[::-1]) == together[::-1]
    assert [model.edit([request])[0] for request in requests] == together
    assert len({edited.digest for edited in together if isinstance(edited, Picture)}) > 1


def test_answers_and_scores_do_not_depend_on_their_batch_or_place(model: Model) -> None:
    texts = ["Where?", "What is it? " * 20, "Ist es rot? 你好", "1", "where is line A"]
    asked = [AnswerRequest(turns(picture(i), text), 8) for i, text in enumerate(texts)]
    scored = [ScoreRequest(r.turns, c) for r in asked for c in ("1", "yes", "a long reply" * 6)]
    for call, requests in ((model.answer, asked), (model.score, scored)):
        together = call(requests)  # type: ignore[operator]
        assert call(requests[::-1]) == together[::-1]  # type: ignore[operator]
        assert [call([request])[0] for request in requests] == together  # type: ignore[operator]


def test_a_seed_decides_an_edit(model: Model) -> None:
    base = edit_requests()[0]
    again = EditRequest((*base.pictures, PROMPT), base.seed, base.settings)
    other = EditRequest((*base.pictures, PROMPT), base.seed + 99, base.settings)
    first, same, changed = model.edit([base, again, other])
    assert first == same
    assert isinstance(changed, Picture)
    assert changed != first


def test_sampled_answers_follow_their_seed_and_not_their_batch(model: Model) -> None:
    turns = (Turn("user", (picture_of(png(1)), "What is it?")),)
    warm = [AnswerRequest(turns, 8, 5.0, seed) for seed in range(6)]
    said = model.answer(warm)
    assert len(set(said)) > 1
    assert model.answer(warm[3:]) == said[3:]
    cold = AnswerRequest(turns, 8, 1e-6, 3)
    assert model.answer([cold]) == model.answer([AnswerRequest(turns, 8)])


def test_scores_chain_token_by_token(model: Model) -> None:
    """Log p(ab) = log p(a) + log p(b | a), whatever follows."""
    whole, begun = model.score([ScoreRequest(turns(picture(1), "q"), t) for t in ("circle", "cir")])
    assert isinstance(whole, tuple)
    assert isinstance(begun, tuple)
    assert len(whole) == 6
    assert whole[:3] == pytest.approx(begun, abs=1e-5)
    assert all(value <= 0 for value in whole)


def test_the_order_of_pictures_matters_and_any_number_and_size_is_taken(model: Model) -> None:
    pictures = [picture(i, 20 + 30 * i) for i in range(3)]
    request = [ScoreRequest(turns(*order, "Which?"), "yes") for order in (pictures, pictures[::-1])]
    forward, backward = model.score(request)
    assert forward != backward
    assert model.score([ScoreRequest(turns("no picture?"), "no")])[0]
    assert isinstance(
        model.edit([EditRequest((*tuple(pictures), "p"), 0, (("steps", 1),))])[0], Picture
    )


def test_what_picture_tokens_hold_does_not_depend_on_the_question() -> None:
    engine = Engine(tiny.WEIGHTS)
    shown = [(picture(3),)] * 8
    with torch.inference_mode():
        first, second = (
            see(engine.network, *engine._read(shown, [text] * 8)).cache
            for text in ("Where does line A end?", "Is it blue?")
        )
    count = engine.config.patches
    for (key, value), (other_key, other_value) in zip(first, second, strict=True):
        assert torch.equal(key[:, :, :count], other_key[:, :, :count])
        assert torch.equal(value[:, :, :count], other_value[:, :, :count])
    assert not torch.equal(first[-1][0], second[-1][0])


def test_a_capability_that_fails_names_its_reason(model: Model) -> None:
    wrong = EditRequest((picture(1), "p"), 0, (("steps", 500),))
    reply = model.edit([wrong, edit_requests()[0]])
    assert isinstance(reply[0], Failure)
    assert "steps" in reply[0].reason
    assert isinstance(reply[1], Picture)
    assert isinstance(model.score([ScoreRequest(turns("q"), "")])[0], Failure)


def test_one_flow_step_is_an_euler_step_of_diffusers_scheduler() -> None:
    """The sampler against FlowMatchEulerDiscreteScheduler (its sigma is 1 - t here)."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    steps = 4
    times = flow_times(steps)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    scheduler.set_timesteps(sigmas=[1 - t for t in times[:-1]])
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 36, 192, generator=generator)
    clean = torch.randn(2, 36, 192, generator=generator)
    ours = theirs = noise
    for place, (now, later) in enumerate(pairwise(times)):
        ours = ours + (clean - ours) / (1 - now) * (later - now)
        velocity = (theirs - clean) / (1 - now)
        timestep = scheduler.timesteps[place]
        theirs = scheduler.step(velocity, timestep, theirs, return_dict=False)[0]
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert torch.allclose(ours, clean, atol=1e-5)


def test_text_of_any_script_and_length_is_read() -> None:
    config = TinyConfig()
    for text in ("", "a", "Größe? 你好 🙂", "word " * 500, "x" * 5000):
        ids = encode_text(text, config.text_length, config.buckets)
        assert ids.shape == (config.text_length, GRAMS)
        assert (ids > 0).any() == bool(text)
    assert tokens("A b c d") == [[b"A", b"b", b"c"], [b"d"]]
    one, other = (encode_text(t, 8, 4096) for t in ("line A", "line B"))
    assert not np.array_equal(one, other)


def test_the_weights_are_small_and_their_digest_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(tiny.WEIGHTS, folder)
    file = folder / "model.safetensors"
    assert file.stat().st_size <= 10 * 10**6
    assert tiny.load(tiny.Settings(weights=str(folder))).identity("edit") == tiny.load(
        tiny.Settings()
    ).identity("edit")
    raw = file.read_bytes()
    file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"sha256 .* git checkout"):
        tiny.load(tiny.Settings(weights=str(folder)))
    file.unlink()
    with pytest.raises(ModelError, match="is missing"):
        tiny.load(tiny.Settings(weights=str(folder)))


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(ParamsError, match="did you mean 'weights'"):
        tiny.load(checked(tiny.Settings, {"weigths": "x"}))


def test_shipped_weights_belong_to_the_declared_recipe() -> None:
    config = json.loads((tiny.WEIGHTS / "config.json").read_text())
    file = tiny.WEIGHTS / "model.safetensors"
    assert config["weights_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    curve = (tiny.WEIGHTS / "curve.csv").read_text().splitlines()
    assert curve[-1].split(",")[0] == str(load(ROOT / "params.yaml").model_dump()["train"]["steps"])
    size = sum(p.numel() for p in TinyNetwork(TinyConfig()).parameters())
    assert config["parameters"] == size


def rights(model: Model, samples: list[Sample], thoughts: list[Picture] | None) -> list[float]:
    """Per ladder question, whether the likeliest option is right."""
    requests = []
    for place, sample in enumerate(samples):
        shown = [*sample.pictures, *([thoughts[place]] if thoughts else [])]
        asked = turns(*shown, question_prompt(sample.question))
        requests += [ScoreRequest(asked, choice) for choice in sample.question.choices]
    logs = [reply[0] for reply in model.score(requests) if isinstance(reply, tuple)]
    best = np.array(logs).reshape(len(samples), 4).argmax(1)
    answers = [sample.target.answer for sample in samples]
    return [float("ABCD"[b] == answer) for b, answer in zip(best, answers, strict=True)]


@pytest.mark.slow
def test_the_models_own_thoughts_help_on_held_out_ladders(model: Model) -> None:
    """Own and oracle thoughts beat direct and duplicate: paired 95 % intervals above 0."""
    samples = list(ladder.read(ladder.Settings(items=160, depth=10, seed=77)))
    prompt = load(ROOT / "params.yaml").presets.families["structure"].settings()["prompt"]
    steps = (("steps", 8),)
    drawn = model.edit(
        [EditRequest((*s.pictures, prompt), i, steps) for i, s in enumerate(samples)]
    )
    own = [edited for edited in drawn if isinstance(edited, Picture)]
    clusters = [sample.pictures[0].digest for sample in samples]
    bases = [rights(model, samples, None), rights(model, samples, [s.pictures[0] for s in samples])]
    for thoughts in (own, [sample.oracles[0] for sample in samples]):
        arm = rights(model, samples, thoughts)
        for base in bases:
            assert paired_gain(arm, base, clusters, Resampling(0.95, 1000, 0)).low > 0
