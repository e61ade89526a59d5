"""Conformance table: every in-process adapter on tiny random models, against the same checks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from g2u import plugins
from g2u.conformance.checks import table
from g2u.conformance.suite import Conformance
from g2u.pictures.decoding import picture_of
from g2u.protocols import Model, Reply
from g2u.records import EditRequest, Failure, Picture
from tests.conftest import png, typed
from tests.models.builders import CHATS, EDITORS, qwen_image_edit_plus, qwen_processor

ADAPTER = {"janus": "janus", "emu3": "emu3"}
"""Of the chat models, those with an adapter of their own; the others are hf_chat's."""
SAMPLER = {"janus": {"guidance": 2.0, "temperature": 0.05}, "emu3": {"temperature": 0.05}}
"""Cold, as random weights tell prompts apart by little."""
Built = Callable[[str], Path]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The folder of a tiny model, built at its first use."""
    folders: dict[str, Path] = {}

    def build(name: str) -> Path:
        if name not in folders:
            make = CHATS[name] if name in CHATS else EDITORS[name][0]
            folders[name] = make(tmp_path_factory.mktemp(name))
        return folders[name]

    return build


@pytest.fixture
def image_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qwen-VL's processor with its video half left out: it would need torchvision."""
    monkeypatch.setattr(
        "transformers.AutoProcessor.from_pretrained", lambda *_, **__: qwen_processor()
    )


Checked = Callable[[str, Mapping[str, Any], Mapping[str, Any]], None]


@pytest.fixture
def checked(caplog: pytest.LogCaptureFixture) -> Checked:
    """Run the checks; batches may fall apart only where a request is bad on purpose."""

    def check(adapter: str, settings: Mapping[str, Any], sampler: Mapping[str, Any]) -> None:
        conform(adapter, settings, sampler)
        apart = [r for r in caplog.records if r.name == "g2u.inprocess.batches"]
        assert len(apart) <= 1, apart

    return check


def conform(adapter: str, settings: Mapping[str, Any], sampler: Mapping[str, Any]) -> None:
    chosen = typed(adapter, settings)
    model, acts = plugins.model(adapter, chosen), plugins.acts(adapter, chosen)
    able = plugins.capabilities(adapter, chosen)
    checks = Conformance(model, able, sampler, (), acts=acts).run()
    model.close()
    print(table(checks))
    assert [check for check in checks if check.outcome == "fails"] == []
    assert sum(check.outcome == "holds" for check in checks) >= 5


@pytest.mark.parametrize("name", sorted(set(CHATS) - {"qwen_vl"}))
def test_chat_models_conform(name: str, built: Built, checked: Checked) -> None:
    checked(ADAPTER.get(name, "hf_chat"), {"path": str(built(name))}, SAMPLER.get(name, {}))


@pytest.mark.usefixtures("image_only")
def test_qwen_vl_conforms(built: Built, checked: Checked) -> None:
    checked("hf_chat", {"path": str(built("qwen_vl"))}, {})


@pytest.mark.parametrize("name", EDITORS)
def test_edit_pipelines_conform(name: str, built: Built, checked: Checked) -> None:
    _, call, sampler = EDITORS[name]
    settings = {"path": str(built(name)), "call": call}
    checked("diffusers", settings, {"num_inference_steps": 2, **sampler})


def test_qwen_image_edit_plus_conforms(
    tmp_path: Path, checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    pipeline = qwen_image_edit_plus(monkeypatch)
    monkeypatch.setattr("diffusers.DiffusionPipeline.from_pretrained", lambda *_, **__: pipeline)
    call = {"height": 32, "width": 32, "negative_prompt": " ", "true_cfg_scale": 4.0}
    checked("diffusers", {"path": str(tmp_path), "call": call}, {"num_inference_steps": 2})


@pytest.mark.parametrize(("name", "outcome"), [("pix2pix", "not applicable"), ("klein", "holds")])
def test_two_pictures_arrive_at_an_edit_pipeline_or_are_refused(
    name: str, outcome: str, built: Built
) -> None:
    _, call, sampler = EDITORS[name]
    model = plugins.model("diffusers", typed("diffusers", {"path": str(built(name)), "call": call}))
    asked = {"num_inference_steps": 2, **sampler}
    checks = Conformance(model, model.capabilities, asked, (2,), 1).run()
    assert {c.outcome for c in checks if c.name.startswith("edits: picture")} == {outcome}


def test_random_weights_that_read_nothing_are_not_accused(built: Built) -> None:
    model = plugins.model("hf_chat", typed("hf_chat", {"path": str(built("llava"))}))
    checks = Conformance(model, model.capabilities, {}, seed=1).run()
    found = [check.outcome for check in checks if check.name.startswith("answers: picture")]
    assert len(found) >= 3
    assert {*found} <= {"unproven", "holds"}


def edited(model: Model, *pictures: Picture) -> Reply[Picture]:
    return model.edit([EditRequest((*pictures, "Join them."), 1, (("num_inference_steps", 2),))])[0]


def test_a_list_of_pictures_is_references_or_refused_never_a_batch(built: Built) -> None:
    first, second = (picture_of(png(number, 64)) for number in range(2))
    _, call, _ = EDITORS["klein"]
    model = plugins.model(
        "diffusers", typed("diffusers", {"path": str(built("klein")), "call": call})
    )
    made = [edited(model, first), edited(model, first, second), edited(model, second, first)]
    assert all(isinstance(reply, Picture) for reply in made)
    assert len(set(made)) == 3, "both pictures count, and their order"
    single = plugins.model("diffusers", typed("diffusers", {"path": str(built("pix2pix"))}))
    refused = edited(single, first, second)
    assert isinstance(refused, Failure)
    assert "one picture at a time" in refused.reason


def test_emu3_draws_from_several_pictures_in_their_order_and_in_the_size_asked_for(
    built: Built,
) -> None:
    model = plugins.model("emu3", typed("emu3", {"path": str(built("emu3"))}))
    first, second = (picture_of(png(number, 64)) for number in range(2))
    cold = (("temperature", 0.05),)
    sized = (("height", 24), *cold, ("width", 48))
    guided = (("guidance", 3.0), *cold)
    shown = [(first,), (first, second), (second, first)]
    requests = [EditRequest((*pictures, "Join them."), 1, cold) for pictures in shown]
    requests += [EditRequest((first, "Join them."), 1, more) for more in (sized, guided)]
    made = model.edit(requests)
    sizes = [(p.width, p.height) for p in made if isinstance(p, Picture)]
    assert sizes == [(32, 32), (32, 32), (32, 32), (48, 24), (32, 32)]
    assert len(set(made)) == 5
    (refused,) = model.edit([EditRequest((first, "Join them."), 1, (("steps", 2),))])
    assert refused == Failure("ValueError: emu3 has no sampler setting 'steps'")


def test_a_pair_conforms(built: Built, checked: Checked) -> None:
    settings = {
        "editor": {"adapter": "diffusers", "settings": {"path": str(built("pix2pix"))}},
        "reader": {"adapter": "hf_chat", "settings": {"path": str(built("llava"))}},
    }
    checked("pair", settings, {"num_inference_steps": 2})
