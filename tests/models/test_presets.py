"""The shelf's presets of served models, each against the routes of its server: what is asked for,
what reaches the model, a thought and an answer.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g2u import plugins
from g2u.answers.answering import Answering, Asking, Shown
from g2u.arms import Arm
from g2u.calls import flow
from g2u.calls.folder import FolderStore
from g2u.conformance.pictures import numbered
from g2u.params.reading import shelved
from g2u.pictures.decoding import picture_of_pixels, pixels_of
from g2u.records import Picture, Question, Sampler
from g2u.tables.schemas import Answer
from g2u.thoughts.edits import prompt
from tests.conftest import ROOT, brokered, imagined, typed
from tests.models.emulator.client import Emulated, emulated
from tests.models.emulator.mind import digest

ASK = "What number is it?"
WIDE = picture_of_pixels(pixels_of(numbered("47", np.random.default_rng(1))).resize((1600, 800)))
QUESTION = Question("q", ASK, pictures=(WIDE.digest,))
TWO, ONE, DRAWS = "vllm-omni, two stages", "vllm-omni, one stage", "vllm-omni, diffusion"
BAGEL = "ByteDance-Seed/BAGEL-7B-MoT"
GREEDY = {"temperature": 0.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of a preset."""

    editor: tuple[str, str]
    """Its server's routes and the served model."""
    reader: tuple[str, str] | None
    """Of a pair; None = one server does both."""
    edit: dict[str, Any]
    """All fields of the edit's body but the model's name, prompt, pictures and the seed."""
    answer: dict[str, Any]
    """All fields of the answer's body but the model's name and messages."""
    guided: dict[str, Any] = field(default_factory=dict)
    """What of it reaches the model: guidance and steps."""
    seed: bool = True
    """Whether the edit's own seed is sent."""
    longest: int = 0
    """Longest side of what the reader is sent; 0 = as it is."""
    prompt: str = "Clear it."
    """What reaches the model of it."""


QWEN = ("vllm", "Qwen/Qwen3-VL-8B-Instruct")
PLAIN = {"max_tokens": 32, "temperature": 0.0}
FRAMED = "<|im_start|>Clear it.<|im_end|>"
G2U = {"num_inference_steps": 30, "cfg_text_scale": 4.0, "cfg_img_scale": 1.0}
WANTED: dict[str, Wanted] = {
    "bagel": Wanted(
        (TWO, BAGEL), None, {"modalities": ["image"], **G2U},
        {**PLAIN, "modalities": ["text"], **GREEDY},
        {"text_guidance": 4.0, "image_guidance": 1.0, "steps": 30}, prompt=FRAMED,
    ),
    "bagel_one_stage": Wanted(
        (ONE, BAGEL), None, {"modalities": ["image"], **G2U}, {**PLAIN, "modalities": ["text"]},
        {"text_guidance": 4.0, "image_guidance": 1.0, "steps": 30}, prompt=FRAMED,
    ),
    "thinkmorph": Wanted(
        (TWO, "ThinkMorph/ThinkMorph-7B"), None,
        {
            "modalities": ["image"], "num_inference_steps": 50, "cfg_text_scale": 4.0,
            "cfg_img_scale": 2.0, "timestep_shift": 3.0, "cfg_interval": [0.0, 1.0],
            "cfg_renorm_min": 0.0, "cfg_renorm_type": "text_channel",
        },
        {**PLAIN, "modalities": ["text"], **GREEDY},
        {"text_guidance": 4.0, "image_guidance": 2.0, "steps": 50}, prompt=FRAMED,
    ),
    "sensenova_u1_qwen_vl": Wanted(
        (DRAWS, "SenseNova/SenseNova-U1-8B-MoT"), QWEN,
        {
            "modalities": ["image"], "num_inference_steps": 50, "cfg_scale": 4.0,
            "img_cfg_scale": 1.0, "cfg_norm": "none", "timestep_shift": 3.0, "think": True,
        },
        PLAIN, {"text_guidance": 4.0, "image_guidance": 1.0, "steps": 50}, longest=1024,
    ),
    "hunyuan_image3": Wanted(
        (DRAWS, "tencent/HunyuanImage-3.0-Instruct"), None,
        {"num_inference_steps": "50", "guidance_scale": "5.0"}, {**PLAIN, "modalities": ["text"]},
        {"text_guidance": 5.0, "steps": 50}, longest=1024,
    ),
    "omnigen2_qwen_vl": Wanted(
        (DRAWS, "OmniGen2/OmniGen2"), QWEN,
        {
            "modalities": ["image"], "num_inference_steps": 50, "guidance_scale": 5.0,
            "guidance_scale_2": 2.0,
        },
        PLAIN, {"text_guidance": 5.0, "image_guidance": 2.0, "steps": 50}, longest=1024,
    ),
    "qwen_edit_qwen_vl": Wanted(
        (DRAWS, "Qwen/Qwen-Image-Edit-2511"), QWEN,
        {
            "num_inference_steps": "40", "true_cfg_scale": "4.0", "guidance_scale": "1.0",
            "negative_prompt": " ",
        },
        PLAIN, {"text_guidance": 4.0, "steps": 40}, longest=1024,
    ),
    "flux2_gemma": Wanted(
        (DRAWS, "black-forest-labs/FLUX.2-dev"), ("vllm", "google/gemma-3-12b-it"),
        {"num_inference_steps": "50", "guidance_scale": "4.0"}, PLAIN,
        {"text_guidance": 4.0, "steps": 50}, longest=1024,
    ),
    "gpt_image_2_gpt": Wanted(
        ("hosted", "gpt-image-2-2026-04-21"), ("hosted", "gpt-5-2025-08-07"), {},
        {"max_completion_tokens": 32}, seed=False, longest=1024,
    ),
    "gemini_image": Wanted(
        ("gateway", "google/gemini-3-pro-image-preview"), None, {"modalities": ["image", "text"]},
        PLAIN, seed=False, longest=1024,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Emulated, Emulated]]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(emulated()), stack.enter_context(emulated())


def as_sent(picture: Picture, longest: int) -> Picture:
    """Scaled down to a longest side, by another way than the adapter's."""
    if not longest or picture.width <= longest:
        return picture
    height = round(picture.height * longest / picture.width)
    return picture_of_pixels(pixels_of(picture).resize((longest, height), 3))


def beside(left: Picture, right: Picture) -> Picture:
    """Two pictures of one height in one."""
    both = np.concatenate([np.asarray(pixels_of(left)), np.asarray(pixels_of(right))], axis=1)
    return picture_of_pixels(both)


def digests(*pictures: Picture) -> list[int]:
    return [digest(np.asarray(pixels_of(picture))) for picture in pictures]


def test_every_served_preset_of_the_shelf_is_tried_here() -> None:
    models = shelved(ROOT / "params.yaml")["models"]
    editors = {
        name: preset.get("settings", {}).get("editor", {}).get("adapter")
        for name, preset in models.items()
    }
    served = {name for name, preset in models.items() if preset["adapter"] == "openai"}
    served |= {name for name, adapter in editors.items() if adapter == "openai"}
    assert served == WANTED.keys()


@pytest.mark.parametrize("name", WANTED)
def test_a_preset_draws_a_thought_and_answers_on_the_routes_of_its_server(
    name: str,
    servers: tuple[Emulated, Emulated],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted, preset = WANTED[name], shelved(ROOT / "params.yaml")["models"][name]
    editor, reader = servers[0], servers[0] if wanted.reader is None else servers[1]
    editor.become(routing=wanted.editor[0], model=wanted.editor[1])
    if wanted.reader is not None:
        reader.become(routing=wanted.reader[0], model=wanted.reader[1])
    places = {"EDITOR": editor, "READER": reader, "OPENROUTER": editor, "OPENAI": editor}
    for variable, server in places.items():
        monkeypatch.setenv(f"{variable}_BASE_URL", f"{server.address}/v1")
    if name == "gpt_image_2_gpt":  # both at one address, which a process of the emulator has not
        preset["settings"]["reader"]["settings"]["environment"] = "READER"
    model = plugins.model(preset["adapter"], typed(preset["adapter"], preset["settings"]))
    calls = brokered(model, FolderStore(tmp_path))
    sampler = Sampler(0, tuple(sorted(preset.get("sampler", {}).items())))
    (thought,) = imagined(
        prompt, ([QUESTION], {WIDE.digest: WIDE}), calls, sampler, prompt="Clear it."
    )
    assert thought.status == "ok", thought.reason
    assert thought.picture is not None
    told = editor.told()["bodies"]
    sent = {k: v for k, v in told["edit"].items() if k not in ("model", "prompt", "seed", "size")}
    assert sent == wanted.edit
    assert ("seed" in told["edit"]) == wanted.seed
    arrived = told["edit arrived"]
    assert (arrived["text"], arrived["digests"]) == (wanted.prompt, digests(WIDE))
    assert {key: arrived[key] for key in wanted.guided} == wanted.guided
    asking = Asking(
        model=name, abilities=frozenset(model.capabilities), scores_options=False, is_plain=False,
        feedback="concat", max_tokens=32, seed=0,
    )  # fmt: skip

    async def answered() -> Answer:
        shown = Shown(QUESTION, {WIDE.digest: WIDE}, [thought])
        return await Answering(asking).answer(Arm("concat", is_main=True), shown, calls)

    answer = flow.run(answered())
    model.close()
    assert answer.status == "ok", answer.reason
    assert answer.response
    told = reader.told()["bodies"]
    assert {k: v for k, v in told["answer"].items() if k != "model"} == wanted.answer
    shown = [as_sent(picture, wanted.longest) for picture in (WIDE, thought.picture)]
    shown = [beside(*shown)] if name == "bagel_one_stage" else shown
    assert told["answer arrived"]["digests"] == digests(*shown)
    assert ASK in told["answer arrived"]["text"]
    assert answer.seen is not None
    sizes = [(size.width, size.height) for size in answer.seen.pictures]
    assert sizes == [(picture.width, picture.height) for picture in shown]
