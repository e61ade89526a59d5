"""Conformance table: every in-process adapter on tiny random models, against the same checks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from g2u import plugins
from g2u.conformance import Conformance, table
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
    model = plugins.model(adapter, settings)
    checks = Conformance(model, plugins.capabilities(adapter, settings), sampler).run()
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


def test_a_pair_conforms(built: Built, checked: Checked) -> None:
    settings = {
        "editor": {"adapter": "diffusers", "settings": {"path": str(built("pix2pix"))}},
        "reader": {"adapter": "hf_chat", "settings": {"path": str(built("llava"))}},
    }
    checked("pair", settings, {"num_inference_steps": 2})
