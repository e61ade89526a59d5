"""What in-process adapters share: settings, identity, batches; and adapters from other packages."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

import g2u_tiny.model as tiny_adapter
from g2u import plugins
from g2u.conformance.suite import Conformance
from g2u.errors import ModelError, ParamsError
from g2u.inprocess.batches import in_batches
from g2u.models import hf_chat, pair
from g2u.params import reading as params
from g2u.records import AnswerRequest, EditRequest, Failure, Turn, ending
from g2u.settings import checked
from tests import conftest
from tests.conftest import ROOT, typed
from tests.models.builders import CHATS

QUESTION = (Turn("user", ("Is it red?",)),)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CHATS["llava"](tmp_path_factory.mktemp("llava"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_identity_follows_files_and_decisive_settings_and_nothing_else(
    llava: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(llava, copy)
    first = hf_chat.load(hf_chat.Settings(path=str(llava))).identity("answer")
    assert hf_chat.load(hf_chat.Settings(path=str(copy), device="cpu")).identity("answer") == first
    assert (
        hf_chat.load(hf_chat.Settings(path=str(copy), dtype="bfloat16")).identity("answer") != first
    )
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert hf_chat.load(hf_chat.Settings(path=str(copy))).identity("answer") != first


def test_a_hub_repository_is_named_by_its_commit() -> None:
    found = hf_chat.load(hf_chat.Settings(path="some/model", revision=COMMIT)).identity("answer")
    assert f"some/model@{COMMIT}" in found
    with pytest.raises(ModelError, match="hf download some/model"):
        hf_chat.load(hf_chat.Settings(path="some/model")).identity("answer")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pth": "x"}, "did you mean 'path'"),
        ({}, "path is missing; expected a text"),
        ({"path": "x", "dtype": "float8"}, "dtype: 'float8'; .* expected one of auto"),
        ({"path": "x", "processor": 3}, "processor: 3; expected names and values"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        hf_chat.load(checked(hf_chat.Settings, settings))


def test_a_reply_in_process_says_whether_its_model_ended_it(llava: Path) -> None:
    model = hf_chat.load(checked(hf_chat.Settings, {"path": str(llava), "device": "cpu"}))
    asked = [AnswerRequest((Turn("user", (text,)),), 4) for text in ("Is it red?", "How many?")]
    chat = model.chat()
    own = chat.model.generation_config
    own.eos_token_id = chat.model.config.get_text_config().vocab_size + 1
    assert [ending(str_of(reply)) for reply in model.answer(asked)] == ["length"] * 2
    encoded = chat.encode([asked[0].turns])
    first = chat.model.generate(**encoded, do_sample=False, max_new_tokens=1)[0, -1]
    own.eos_token_id = [int(first)]
    said = [str_of(reply) for reply in model.answer(asked)]
    assert ending(said[0]) == "stop"
    alone = [str_of(model.answer([request])[0]) for request in asked]
    assert [ending(reply) for reply in alone] == [ending(reply) for reply in said]


def str_of(reply: str | Failure) -> str:
    assert isinstance(reply, str)
    return reply


@pytest.mark.parametrize("name", ["attention", "compile"])
def test_pipelines_refuse_settings_that_they_would_not_follow(name: str) -> None:
    with pytest.raises(ParamsError, match=f"has no '{name}'"):
        plugins.model("diffusers", typed("diffusers", {"path": "somewhere", name: "sdpa"}))


def test_what_cannot_be_loaded_is_one_line(
    llava: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    request = [AnswerRequest(QUESTION, 4)]
    with pytest.raises(ModelError, match="could not be loaded"):
        hf_chat.load(hf_chat.Settings(path=str(empty))).answer(request)
    with pytest.raises(ModelError, match="holds no files"):
        hf_chat.load(hf_chat.Settings(path=str(empty))).identity("answer")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="torch sees no GPU"):
            hf_chat.load(hf_chat.Settings(path=str(llava), device="cuda")).answer(request)

    def gated(*_: object, **__: object) -> None:
        raise OSError("401 Client Error. You are trying to access a gated repo.")

    monkeypatch.setattr("transformers.AutoProcessor.from_pretrained", gated)
    with pytest.raises(ModelError, match="accept its licence"):
        hf_chat.load(hf_chat.Settings(path=str(llava))).answer(request)


def test_a_missing_package_of_a_model_is_named(
    llava: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "g2u.inprocess.chat", raising=False)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        ModelError,
        match="a package of the model's own is missing; pip install",
    ):
        hf_chat.load(hf_chat.Settings(path=str(llava))).answer([AnswerRequest(QUESTION, 4)])


def limited(most: int) -> Callable[[Sequence[int]], list[int]]:
    def call(numbers: Sequence[int]) -> list[int]:
        if len(numbers) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [number * 2 for number in numbers]

    return call


@pytest.mark.parametrize("most", [1, 2, 3, 16])
def test_too_little_memory_halves_the_batch_and_changes_no_reply(most: int) -> None:
    assert in_batches(range(11), limited(most)) == [number * 2 for number in range(11)]


def test_one_request_that_fits_no_memory_fails_by_name() -> None:
    (reply,) = in_batches([1], limited(0))
    assert reply == Failure("out of memory with this one request")


def test_a_bad_request_fails_alone_and_groups_stay_apart() -> None:
    seen: list[list[int]] = []

    def call(numbers: Sequence[int]) -> list[int]:
        seen.append(list(numbers))
        if 4 in numbers:
            raise ValueError("no fours")
        return list(numbers)

    replies = in_batches(range(6), call, lambda number: number % 2)
    assert replies == [0, 1, 2, 3, Failure("ValueError: no fours"), 5]
    assert [1, 3, 5] in seen


def test_a_pair_takes_each_half_at_its_word(llava: Path) -> None:
    settings = {
        "editor": {"adapter": "tiny"},
        "reader": {"adapter": "hf_chat", "settings": {"path": str(llava)}},
    }
    typed = checked(pair.Settings, settings)
    found = pair.load(typed)
    able = {"edit", "answer", "sample", "score", "embed", "places"}
    assert pair.capabilities(typed) == able
    assert found.identity("edit") == tiny_adapter.load(tiny_adapter.Settings()).identity("edit")
    assert found.identity("answer") == hf_chat.load(hf_chat.Settings(path=str(llava))).identity(
        "answer"
    )
    with pytest.raises(ParamsError, match="reader is missing; expected names and values"):
        pair.load(checked(pair.Settings, {"editor": {"adapter": "tiny"}}))


@pytest.mark.parametrize(
    ("name", "able"),
    [
        ("bagel", {"draw", "edit", "answer", "sample", "places"}),
        ("emu3", {"draw", "edit", "answer", "sample", "score", "places"}),
        ("kontext_gemma", {"edit", "answer", "sample", "score", "embed", "places"}),
        ("qwen_edit_qwen_vl", {"edit", "answer", "sample", "places"}),
    ],
)
def test_presets_of_real_models_fit_their_adapters(name: str, able: set[str]) -> None:
    config = params.load(ROOT / "params.yaml")
    assert config.abilities(name) == able
    assert config.model(name).capabilities == able


PROGRAM = """
import argparse
from PIL import Image, ImageOps
parser = argparse.ArgumentParser()
for name in ("image", "prompt", "seed", "out"):
    parser.add_argument(f"--{name}")
asked = parser.parse_args()
picture = ImageOps.invert(Image.open(asked.image).convert("RGB"))
picture.putpixel((0, 0), (int(asked.seed) % 256, len(asked.prompt), 0))
picture.save(asked.out)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example package, installed as pip would: a module and its entry point."""
    site = conftest.installed(tmp_path / "site", "g2u_own_code", "own_code")
    shutil.copy(ROOT / "docs/private_adapter/g2u_own_code.py", site)
    program = tmp_path / "edit.py"
    program.write_text(PROGRAM)
    with conftest.importable(site, "g2u_own_code", monkeypatch):
        yield program


def test_a_private_adapter_is_found_by_its_entry_point_and_conforms(installed: Path) -> None:
    assert "own_code" in plugins.known("adapter")
    settings = {"program": [sys.executable, str(installed)], "revision": "1"}
    model = plugins.model("own_code", typed("own_code", settings))
    checks = Conformance(
        model, plugins.capabilities("own_code", typed("own_code", settings)), {}
    ).run()
    assert [check for check in checks if check.outcome == "fails"] == []
    (reply,) = model.edit([EditRequest(("Draw.",), 1)])
    assert isinstance(reply, Failure)
