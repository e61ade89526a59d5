"""Settings of every plug-in on disk: each thing that can be wrong with a field is one line that
names its place, and the names of stored replies are what they were before settings were typed.
"""

import copy
import types
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import pytest
import yaml
from annotated_types import Ge, Gt, Le

from g2u import plugins
from g2u.calls.folder import FolderStore
from g2u.cli import main as command
from g2u.cli.doctor import examine
from g2u.digests import sha256
from g2u.errors import ModelError, ParamsError, run_main
from g2u.params.reading import load
from g2u.pictures.decoding import picture_of_pixels
from g2u.protocols import Reply
from g2u.records import AnswerRequest, EditRequest, Picture, Question, Sampler
from g2u.settings import MOST, Section, checked
from stages import prepare
from tests.conftest import brokered, imagined, plain_params, typed

COLUMNS = {"question": "asked", "answer": "gold"}
NEEDED: dict[str, dict[str, Any]] = {
    "signs": {"items": 4, "height": 14, "seed": 0},
    **{name: {"items": 4, "depth": 4, "seed": 0}
       for name in ("ladder", "hairpin", "tracks", "braid", "threads", "mosaic")},
    **{name: {"items": 4, "seed": 0} for name in ("palette", "digits")},
    "easy_vqa": {"split": "test", "items": 4, "version": "1.0"},
    "tsv": {"file": "x.tsv"},
    "table": {"file": "x.csv", "columns": COLUMNS},
    "unig2u": {"file": "x.parquet", "task": "uni_mmmu_maze"},
    "filter": {"filter": "outline"},
    "interleaved": {"prompt": "Draw: {plan}"},
    "native": {"template": "Think: {question}"},
    **{name: {"prompt": "Draw."} for name in ("prompt", "rewritten", "rounds")},
    "self": {"prompts": {"detail": "Draw."}},
    "template": {"template": "Mark: {question}"},
    "written": {"writer": "scribe"},
    **{name: {"path": "a/b"} for name in ("diffusers", "emu3", "hf_chat", "janus", "shared")},
    "openai": {"model": "m"},
    "traces": {"path": "a/b", "layout": "thinkmorph", "model": "m", "licence": "MIT"},
    "pair": {
        "editor": {"adapter": "diffusers", "settings": {"path": "a/b"}},
        "reader": {"adapter": "openai", "settings": {"model": "m"}},
    },
}  # fmt: skip
"""The least that a plug-in has to be told; a new one without an entry needs nothing."""
INNER = {"hf": {"path": "a/b", "split": "test"}}
"""The same of sections that may be left out."""
PLUGINS = [(kind, name) for kind in ("source", "edit", "adapter") for name in plugins.known(kind)]
SAMPLES: dict[str, Any] = {
    "text": "some words", "integer": 3, "fraction": 2.5, "truth": True, "nothing": None,
    "list": [["x"]], "mapping": {"x": {"y": []}},
}  # fmt: skip
"""A value of each type of YAML; the list and the mapping hold what no field takes."""


def settings_of(kind: str, name: str) -> type[Section]:
    return plugins.settings(kind, name)


def refusal(kind: type[Section], raw: Any) -> str:
    """The one line with which settings are refused."""
    with pytest.raises(ParamsError) as error:
        checked(kind, raw, "presets.x")
    said = str(error.value)
    assert said.startswith("params.yaml: presets.x")
    assert said.isprintable()
    assert len(said) <= 420
    return said


def parts(annotation: Any) -> list[Any]:
    """The types that a union is made of."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [part for each in get_args(annotation) for part in parts(each)]
    return parts(get_args(annotation)[0]) if hasattr(annotation, "__metadata__") else [annotation]


def takes(annotation: Any) -> set[str]:
    """Which samples a field of this type may take."""
    found: set[str] = set()
    for part in parts(annotation):
        found |= {
            str: {"text"}, int: {"integer"}, float: {"integer", "fraction"}, bool: {"truth"},
            types.NoneType: {"nothing"}, Any: set(SAMPLES),
        }.get(part, set())  # fmt: skip
        if get_origin(part) is dict and "Json" in repr(part):
            found |= {"mapping"}
    return found


def misspelt(name: str, others: Iterable[str]) -> Iterator[str]:
    """The name with each letter changed, unless another name is as near to that."""
    for place, letter in enumerate(name if len(name) > 2 else ""):
        changed = f"{name[:place]}{'x' if letter != 'x' else 'y'}{name[place + 1 :]}"
        if not get_close_matches(changed, {*others} - {name}, cutoff=1 - 1.1 / len(name)):
            yield changed


def faults(
    kind: type[Section], sound: dict[str, Any], place: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Settings with one thing wrong, and what has to be said of each."""
    for name, field in kind.model_fields.items():
        rest = {key: value for key, value in sound.items() if key != name}
        if field.is_required():
            yield rest, f"{place}.{name} is missing; expected"
        for other in misspelt(name, kind.model_fields):
            yield (
                {**rest, other: sound.get(name)},
                f"has no {other!r}; did you mean {name!r}",
            )
        unfit = [value for key, value in SAMPLES.items() if key not in takes(field.annotation)]
        for bound in field.metadata:
            match bound:
                case Ge(ge=limit):
                    unfit.append(limit - 1)  # type: ignore[operator]
                case Le(le=limit):
                    unfit.append(limit + 1)  # type: ignore[operator]
                case Gt(gt=limit):
                    unfit.append(limit)
        if float in parts(field.annotation):
            unfit += [float("nan"), float("inf")]
        if any(get_origin(part) is Literal for part in parts(field.annotation)):
            unfit.append("some words")
        for value in unfit:
            yield {**rest, name: value}, f"{place}.{name}"
        for part in parts(field.annotation):
            if isinstance(part, type) and issubclass(part, Section):
                inner = sound.get(name, INNER.get(name, {}))
                for raw, said in faults(part, inner, f"{place}.{name}"):
                    yield {**rest, name: raw}, said
    yield {**sound, "of_no_use": 1}, f"{place} has no 'of_no_use'"
    yield {**sound, 3: 1}, f"{place} has no '3'"  # type: ignore[dict-item]


@pytest.mark.parametrize(("kind", "name"), PLUGINS, ids=[f"{k} {n}" for k, n in PLUGINS])
def test_each_thing_that_is_wrong_with_a_setting_is_one_line_with_its_place(
    kind: str, name: str
) -> None:
    settings, sound = settings_of(kind, name), NEEDED.get(name, {})
    checked(settings, sound)
    for raw, said in faults(settings, sound, "presets.x"):
        assert said in refusal(settings, raw), raw
    for raw in SAMPLES.values():
        if not isinstance(raw, dict):
            assert "expected names and values" in refusal(settings, raw)


@pytest.mark.parametrize(("kind", "name"), PLUGINS, ids=[f"{k} {n}" for k, n in PLUGINS])
def test_each_setting_says_what_it_means(kind: str, name: str) -> None:
    """A docstring under each field, as `Settings` is the reference of what may be set."""
    module = plugins._module(kind, name)
    for settings in (each for each in vars(module).values() if isinstance(each, type)):
        if issubclass(settings, Section) and settings.__module__ == module.__name__:
            text = Path(module.__file__ or "").read_text(encoding="utf-8")
            own = text.partition(f"class {settings.__name__}(")[2].partition("\n\n\n")[0]
            for field in settings.__annotations__:
                told = own.partition(f"    {field}: ")[2].split('"""')
                assert len(told) > 1, f"{name}: {settings.__name__}.{field}"


WHOLE = [
    ("families", {"edit": "prompt"}, "families.mine.prompt is missing; expected a text"),
    ("families", {"edit": "prompt", "prompt": "x", "draws": "two"},
     "families.mine.draws: 'two'; expected an integer of at least 1"),
    ("families", {"edit": "prompt", "prompt": "x", "draws": True},
     "families.mine.draws: true; expected an integer of at least 1"),
    ("families", {"edit": "prompt", "prompt": "x", "draws": MOST + 1}, f"at most {MOST}"),
    ("families", {"edit": "prompt", "prompt": " "}, "a text that is not empty"),
    ("families", {"edit": "self"}, "families.mine.prompts is missing; expected names"),
    ("families", {"edit": "self", "prompts": {}}, "families.mine.prompts: {}; expected"),
    ("families", {"edit": "self", "prompts": {"Detail": "x"}}, "'Detail'; expected a name"),
    ("families", {"edit": "self", "prompts": {"detail": 1}}, "prompts.detail: 1; expected a text"),
    ("families", {"edit": "self", "prompts": {"a": "x"}, "plan": "What {else}?"}, "mine.plan"),
    ("families", {"edit": "self", "prompts": {"a": "x"}, "plan": "{question"}, "{question"),
    ("families", {"edit": "rewritten", "prompt": "x", "ask": "{question:9999999999}"}, "mine.ask"),
    ("families", {"edit": "template", "template": "Mark."}, "with {question} in it"),
    ("families", {"edit": "blank", "level": 256}, "of at least 0 and at most 255"),
    ("families", {"edit": "filter", "filter": "sharpn"}, "did you mean 'sharpen'"),
    ("families", {"edit": "written", "writer": "nil", "examples": [{"question": "?"}]},
     "mine.examples.0.prompt is missing"),
    ("families", {"edit": "rounds", "prompt": "x", "protocol": "reflct"}, "did you mean 'reflect'"),
    ("benchmarks", {"source": "ladder"}, "benchmarks.mine.items is missing; expected an integer"),
    ("benchmarks", {"source": "ladder", "items": 4, "depth": 15, "seed": 0}, "at most 14"),
    ("benchmarks", {"source": "easy_vqa", "split": "test", "items": 4, "version": 1.0},
     "mine.version: 1.0; expected a text; put it in quotes"),
    ("benchmarks", {"source": "tsv", "file": "x", "format": "open"}, "needs a scorer"),
    ("benchmarks", {"source": "tsv", "file": "x", "labels": "skills"}, "'skills'; expected a list"),
    ("benchmarks", {"source": "table", "columns": COLUMNS}, "expected file: PATH or hf"),
    ("benchmarks", {"source": "table", "file": "x", "columns": {**COLUMNS, "answr": "x"}},
     "benchmarks.mine.columns has no 'answr'; did you mean 'answer'"),
    ("benchmarks", {"source": "table", "hf": {"path": "x"}, "columns": COLUMNS},
     "mine.hf.split is missing"),
    ("benchmarks", {"source": "table", "file": "x", "columns": COLUMNS, "choices": [False]},
     "choices.0: false; expected a text"),
    ("models", {"adapter": "openai", "settings": {"model": "m", "capabilities": ["edt"]}},
     "settings.capabilities.0: 'edt'; did you mean 'edit'"),
    ("models", {"adapter": "openai", "settings": {"model": "m", "timeout": 0}}, "a number above 0"),
    ("models", {"adapter": "openai", "settings": {"model": "m", "edit_template": "x"}}, "{prompt}"),
    ("models", {"adapter": "openai", "settings": {"model": "m", "environment": "A B"}}, "variable"),
    ("models", {"adapter": "hf_chat", "settings": {"path": "a/b", "device": "gpu"}}, "cuda:1"),
    ("models", {"adapter": "pair", "settings": {"editor": {"adapter": "null"}}},
     "models.mine.settings.reader is missing"),
    ("models", {"adapter": "pair", "settings": {
        "editor": {"adapter": "hf_chat", "settings": {"pth": "x"}}, "reader": {"adapter": "null"}}},
     "models.mine.settings.editor.settings has no 'pth'; did you mean 'path'"),
    ("models", {"adapter": "pair", "settings": {
        "editor": {"adapter": "hf_chat", "settings": {"path": 3}}, "reader": {"adapter": "null"}}},
     "models.mine.settings.editor.settings.path: 3; expected a text"),
    ("models", {"adapter": "pair", "settings": {
        "editor": {"adapter": "hf_chat"}, "reader": {"adapter": "null"}}},
     "models.mine.settings.editor.settings.path is missing"),
    ("models", {"adapter": "pair", "settings": {
        "editor": {"adapter": "pair"}, "reader": {"adapter": "null"}}},
     "settings.editor.adapter: 'pair'; "),
    ("models", {"adapter": "pair", "settings": {"editor": "null", "reader": 3}}, "editor: 'null'"),
]  # fmt: skip


def told(axis: str, preset: dict[str, Any]) -> dict[str, Any]:
    """The project's params.yaml with the preset `mine` in use."""
    raw: dict[str, Any] = copy.deepcopy(plain_params())
    raw["models"], raw["benchmarks"] = ["nil"], ["ladder"]
    raw["families"] = ["direct", "duplicate"]
    raw["presets"]["models"]["nil"] = {"adapter": "null"}
    raw["presets"][axis]["mine"] = preset
    raw[axis].append("mine")
    return raw


@pytest.mark.parametrize(("axis", "preset", "said"), WHOLE, ids=[said for _, _, said in WHOLE])
def test_presets_in_use_are_refused_with_their_place(
    axis: str, preset: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(told(axis, preset)))
    config = load(path)
    with pytest.raises(ParamsError) as error:
        config.check_settings()
    assert said in str(error.value)
    assert str(error.value).startswith(f"params.yaml: presets.{axis}.mine")


COMMANDS = [
    ("families", {"edit": "prompt"}, ["plan"], "mine.prompt is missing"),
    ("families", {"edit": "self"}, ["sync"], "mine.prompts is missing"),
    ("benchmarks", {"source": "ladder"}, ["fill"], "mine.items is missing"),
    ("models", {"adapter": "openai"}, ["check", "mine"], "mine.settings.model is missing"),
    ("models", {"adapter": "openai"}, ["serve", "mine"], "mine.settings.model is missing"),
    ("benchmarks", {"source": "ladder"}, ["prepare", "--benchmark", "mine"], "items is missing"),
    ("models", {"adapter": "null", "settings": {"size": "64"}}, ["plan"], "size: '64'; expected"),
]


@pytest.mark.parametrize(("axis", "preset", "arguments", "said"), COMMANDS)
def test_a_command_stops_with_the_line_before_anything_is_changed(
    axis: str, preset: dict[str, Any], arguments: list[str], said: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(told(axis, preset)))
    Path("dvc.yaml").write_text("stages: {}\n")
    monkeypatch.setattr("sys.argv", ["g2u", *arguments])
    if arguments[0] == "prepare":
        monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        run_main(prepare.main if arguments[0] == "prepare" else command.main)
    assert stopped.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if said in line], lines
    assert not any("Traceback" in line for line in lines)


def test_doctor_lists_each_preset_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = told("families", {"edit": "self"})
    raw["presets"]["models"]["nil"] = {"adapter": "null", "settings": {"sise": 3}}
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    bad = [str(finding) for finding in examine() if not finding.is_sound]
    assert any("mine.prompts is missing" in line for line in bad)
    assert any("did you mean 'size'" in line for line in bad)


def test_a_whole_number_stands_for_a_fraction_and_nothing_else_is_converted() -> None:
    assert typed("openai", {"model": "m", "timeout": 3}).model_dump()["timeout"] == 3.0
    raw = {"split": "test", "items": 4, "version": "1.0"}
    assert checked(settings_of("source", "easy_vqa"), raw).model_dump() == raw


class Bare:
    """An adapter of another package that says no settings."""

    @staticmethod
    def load(settings: Any) -> None:
        raise AssertionError(settings)


def test_an_adapter_of_another_package_has_to_say_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Entry:
        dist = None

        def __init__(self, module: Any) -> None:
            self._module = module

        def load(self) -> Any:
            if isinstance(self._module, Exception):
                raise self._module
            return self._module

    found = {"bare": Entry(Bare), "broken": Entry(ImportError("no torch\nhere"))}
    monkeypatch.setattr(plugins, "brought", lambda: found)
    plugins._of_name.cache_clear()
    try:
        with pytest.raises(ParamsError, match="adapter bare does not say which settings it takes"):
            typed("bare", {})
        with pytest.raises(ModelError, match="adapter broken cannot be imported: no torch here"):
            typed("broken", {})
        half = {"editor": {"adapter": "bare"}, "reader": {"adapter": "null"}}
        with pytest.raises(ParamsError, match="adapter bare does not say"):
            typed("pair", half)
    finally:
        plugins._of_name.cache_clear()


COMMIT = "0123456789abcdef0123456789abcdef01234567"
AT = {"path": "a/b", "revision": COMMIT}
REPLIES = [
    ("openai", {"model": "m", "revision": "r"},
     'openai 1 r {"ask_template":null,"edit_extra":{},"edit_template":"{prompt}",'
     '"edit_through":"images","model":"m","picture_mark":"","pictures":"many","seeds":true,"size":null}',
     'openai 1 r {"answer_extra":{},"ask_template":null,"model":"m","picture_mark":"",'
     '"pictures":"many","seeds":true,"size":null}'),
    ("openai",
     {"model": "m", "revision": "r", "seeds": False, "size": "source", "pictures": "one",
      "edit_extra": {"cfg": 4.0, "n": 1, "b": True, "t": "ü", "x": None, "l": [1, 2.5]},
      "answer_extra": {"top_k": 1}, "in_flight": 3, "timeout": 2.5, "retries": 0},
     'openai 1 r {"ask_template":null,"edit_extra":{"b":true,"cfg":4.0,"l":[1,2.5],"n":1,"t":"ü",'
     '"x":null},"edit_template":"{prompt}","edit_through":"images","model":"m",'
     '"picture_mark":"","pictures":"one","seeds":false,"size":"source"}',
     'openai 1 r {"answer_extra":{"top_k":1},"ask_template":null,"model":"m","picture_mark":"",'
     '"pictures":"one","seeds":false,"size":"source"}'),
    ("hf_chat",
     {**AT, "dtype": "bfloat16", "device": "cuda:1", "attention": "sdpa", "compile": True,
      "processor": {"max_pixels": 1003520, "f": 1.0}, "system": "Be short.", "device_map": "auto",
      "max_memory": {0: "20GiB", "cpu": "60GiB"}},
     *[f'hf_chat 1 a/b@{COMMIT} {{"attention":"sdpa","dtype":"bfloat16","processor":{{"f":1.0,'
       '"max_pixels":1003520},"system":"Be short."}'] * 2),
    ("hf_chat", {**AT, "attention": None, "processor": {}, "system": ""},
     *[f'hf_chat 1 a/b@{COMMIT} {{"attention":null,"processor":{{}},"system":""}}'] * 2),
    ("emu3", {**AT, "dtype": "bfloat16"}, *[f'emu3 1 a/b@{COMMIT} {{"dtype":"bfloat16"}}'] * 2),
    ("janus", AT, *[f"janus 1 a/b@{COMMIT} {{}}"] * 2),
    ("diffusers",
     {**AT, "call": {"negative_prompt": " ", "true_cfg_scale": 4.0, "k": 3}, "size": "source",
      "several": True, "offload": "model", "dtype": "float16"},
     *[f'diffusers 1 a/b@{COMMIT} {{"call":{{"k":3,"negative_prompt":" ","true_cfg_scale":4.0}},'
       '"dtype":"float16","several":true,"size":"source"}'] * 2),
    ("diffusers", {**AT, "size": None, "several": False, "offload": None},
     *[f'diffusers 1 a/b@{COMMIT} {{"several":false,"size":null}}'] * 2),
    ("null", {"size": 64}, "null 2 size 64", "null 2 size 64"),
    ("pair", {"editor": {"adapter": "null"},
              "reader": {"adapter": "openai", "settings": {"model": "m", "revision": "r"}}},
     "null 2 size 0",
     'openai 1 r {"answer_extra":{},"ask_template":null,"model":"m","picture_mark":"",'
     '"pictures":"many","seeds":true,"size":null}'),
]  # fmt: skip
"""Adapter, settings, and the identities of edits and answers that stored replies have."""


@pytest.mark.parametrize(("adapter", "settings", "edits", "answers"), REPLIES)
def test_stored_replies_keep_their_names(
    adapter: str, settings: dict[str, Any], edits: str, answers: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    model = plugins.adapter(adapter).load(typed(adapter, settings))
    found = [model.identity(kind).partition(" code ")[0] for kind in ("edit", "answer")]
    assert found == [edits, answers]


BAGEL = (
    'openai 1 r1 {"ask_template":"<|im_start|>user\\n{pictures}\\n{prompt}<|im_end|>\\n<|im_start|>'
    'assistant\\n","edit_extra":{},"edit_template":"<|im_start|>{prompt}<|im_end|>","edit_through":'
    '"chat","model":"ByteDance-Seed/BAGEL-7B-MoT","picture_mark":"<|image_pad|>","pictures":"many",'
    '"seeds":true,"size":null}'
)


def test_replies_of_a_preset_keep_their_name() -> None:
    """That of `bagel` when its prompts were raw; every decisive setting is in it."""
    raw = {
        "model": "ByteDance-Seed/BAGEL-7B-MoT",
        "revision": "r1",
        "capabilities": ["draw", "edit", "answer", "sample"],
        "edit_through": "chat",
        "edit_template": "<|im_start|>{prompt}<|im_end|>",
        "ask_template": "<|im_start|>user\n{pictures}\n{prompt}<|im_end|>\n<|im_start|>assistant\n",
        "picture_mark": "<|image_pad|>",
        "timeout": 1800,
    }
    model = plugins.adapter("openai").load(typed("openai", raw))
    assert model.identity("edit") == BAGEL


class Teller:
    """Draws and answers by what it is asked, without arithmetic that differs by machine."""

    capabilities = frozenset({"draw", "edit", "answer"})

    def identity(self, kind: str) -> str:
        return f"m {kind}"

    def edit(self, requests: list[EditRequest]) -> list[Reply[Picture]]:
        shape = (8, 8, 3)
        return [
            picture_of_pixels(
                np.random.default_rng(request.seed % 1000).integers(0, 255, shape, dtype=np.uint8)
            )
            for request in requests
        ]

    def answer(self, requests: list[AnswerRequest]) -> list[Reply[str]]:
        return ["yes" if place % 2 else "no" for place, _ in enumerate(requests)]


DRAWN: dict[str, tuple[dict[str, Any], str]] = {
    "asked": ({"draws": 2}, "6048706bea20ecff"),
    "draw": ({"template": "See: {question}"}, "4f9aa4c32034cf02"),
    "interleaved": ({"prompt": "Draw: {plan}", "steps": 2, "stops": False}, "18829e7d4ae7c90e"),
    "prompt": ({"prompt": "Enhance.", "draws": 2}, "b7e3b70943df0aed"),
    "rewritten": ({"prompt": "Enhance."}, "3fedeaf53abc419c"),
    "rounds": ({"prompt": "Enhance.", "rounds": 2, "protocol": "answer"}, "5c0e4c1218929b41"),
    "roundtrip": ({}, "f2c995b49802d3e4"),
    "self": ({"prompts": {"yes": "Enhance.", "no": "Blur."}}, "dbc7ac0c03c8f098"),
    "template": ({"template": "Mark: {question}"}, "1c43b89c1544f2d3"),
    "written": ({"writer": "scribe", "sees": True}, "d54ee4756e3e47ba"),
}
"""Settings of each family that asks a model, and the digest of its calls' names."""


@pytest.mark.parametrize("name", DRAWN)
def test_calls_of_families_keep_their_names(name: str, tmp_path: Path) -> None:
    drawn = [picture_of_pixels(np.full((16, 16 + n, 3), 10 * n, np.uint8)) for n in range(3)]
    digests = tuple(picture.digest for picture in drawn)
    asked = [
        Question("a", "Is it red?", format="yes_no", pictures=digests[:1], drawing="Draw it."),
        Question("b", "Which?", pictures=digests[1:], drawing="Mark it."),
    ]
    sampler = Sampler(7, (("guidance", 2.5), ("name", "ddim"), ("own", True), ("steps", 8)))
    calls = brokered(Teller(), FolderStore(tmp_path))  # type: ignore[arg-type]
    settings, names = DRAWN[name]
    pictures = {picture.digest: picture for picture in drawn}
    imagined(plugins.family(name), (asked, pictures), calls, sampler, **settings)
    assert sha256(sorted(calls.settled))[:16] == names
