"""How servers route a request to their model: what they take, ignore, default and refuse.

`ROUTINGS`: `plain` drops nothing; the others follow public sources, named beside each.
"""

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from tests.models.emulator.mind import Asked, Pixels

Body = Mapping[str, Any]


class RefusedError(Exception):
    """A request that the server does not take."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


def decoded(raw: bytes) -> Pixels:
    """The pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))


@dataclass(slots=True)
class Messages:
    """What messages hold."""

    text: str = ""
    system: str = ""
    pictures: tuple[Pixels, ...] = ()
    last: str = ""
    """The text of the last message, where it is the assistant's."""
    turns: int = 0


def messages_of(body: Body) -> Messages:
    """Texts joined by line breaks, pictures decoded; only data: URLs."""
    found = Messages(turns=len(body["messages"]))
    texts: list[str] = []
    for message in body["messages"]:
        held = message["content"]
        parts = [{"type": "text", "text": held}] if isinstance(held, str) else held
        words = [part["text"] for part in parts if part["type"] in ("text", "input_text")]
        if message["role"] == "system":
            found.system = "\n".join(words)
        elif message["role"] == "assistant":
            found.last = "\n".join(words)
        else:
            texts += words
        urls = [p["image_url"] for p in parts if p["type"] in ("image_url", "input_image")]
        found.pictures += tuple(_picture(u if isinstance(u, str) else u["url"]) for u in urls)
    found.text = "\n".join(texts)
    return found


def _picture(url: str) -> Pixels:
    try:
        return decoded(base64.b64decode(url.partition(",")[2], validate=True))
    except (binascii.Error, OSError) as error:
        raise RefusedError(400, f"image_url: {error}") from None


def size_of(body: Body) -> tuple[int, int] | None:
    """Width and height, or "WxH"; None where neither is told, or "auto"."""
    if body.get("width") and body.get("height"):
        return int(body["width"]), int(body["height"])
    size = str(body.get("size") or "auto")
    if size == "auto":
        return None
    width, _, height = size.partition("x")
    return int(width), int(height)


def guided(body: Body) -> dict[str, Any]:
    """Steps and guidance under the names that vLLM-Omni's pipelines read: BAGEL's, SenseNova-U1's,
    OmniGen2's (guidance_scale_2 is the image's, pipeline_omnigen2.py 1765203), or the common ones.
    """
    names = {
        "text_guidance": ("cfg_text_scale", "cfg_scale", "true_cfg_scale", "guidance_scale"),
        "image_guidance": ("cfg_img_scale", "img_cfg_scale", "guidance_scale_2"),
    }
    found = {
        field: float(body[name])
        for field, all_names in names.items()
        for name in all_names[::-1]
        if body.get(name) is not None
    }
    steps = body.get("num_inference_steps")
    return found if steps is None else {**found, "steps": int(steps)}


class Plain:
    """Everything that is asked arrives. Routes and forms are vLLM-Omni's."""

    follows = "vLLM-Omni's forms, with nothing left out"
    kinds: tuple[str, ...] = ("text",)
    """What comes where no modalities are asked for."""
    beside = False
    """Whether the pictures of a chat reply lie beside its words, in `images`."""

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        """POST /v1/images/edits, and /v1/images/generations without files."""
        pictures = tuple(map(decoded, files))
        seed = int(form.get("seed") or 0)
        size = size_of(form)
        return Asked("edit", pictures, form["prompt"], seed=seed, size=size, **guided(form))

    def chat(self, body: Body) -> list[Asked]:
        """POST /v1/chat/completions: what is asked for, in the order of the choices."""
        wanted = body.get("modalities") or self.kinds
        held = messages_of(body)
        if body.get("prompt_logprobs") is not None:
            return [Asked("score", held.pictures, held.text, held.system, continuation=held.last)]
        asked = {"text": self._said, "image": self._drawn}
        return [asked[kind](body, held) for kind in ("text", "image") if kind in wanted]

    def _said(self, body: Body, held: Messages) -> Asked:
        most = body.get("max_completion_tokens") or body.get("max_tokens") or 8192
        heat = float(body.get("temperature") or 0)
        seed = int(body.get("seed") or 0)
        return Asked("answer", held.pictures, held.text, held.system, seed, heat, int(most))

    def _drawn(self, body: Body, held: Messages) -> Asked:
        seed, size = int(body.get("seed") or 0), size_of(body)
        return Asked("edit", held.pictures, held.text, held.system, seed, size=size, **guided(body))


class TwoStages(Plain):
    """BAGEL behind vLLM-Omni, a stage that reads and one that draws."""

    follows = (
        "github.com/vllm-project/vllm-omni: vllm_omni/entrypoints/openai/serving_chat.py 00a3619 "
        "(_create_chat_completion), api_server.py 005fd8e (edit_images), deploy/bagel.yaml 1d41caa"
    )
    kinds = ("text", "image")
    most = 4

    def chat(self, body: Body) -> list[Asked]:
        wanted = set(body.get("modalities") or self.kinds)
        if unknown := wanted - {"text", "image"}:
            raise RefusedError(
                400,
                f"Unsupported output modalities {', '.join(sorted(unknown))} for this model. "
                "Supported modalities: image, text",
            )
        held = messages_of(body)
        if "image" in wanted and not held.text:
            raise RefusedError(400, "No text prompt found in messages")
        if "image" in wanted:  # the first reference, for both kinds; the stage's own seed
            held.pictures = held.pictures[:1]
            body = {**body, "seed": 52}
        elif len(held.pictures) > self.most:
            raise RefusedError(400, f"At most {self.most} image(s) may be provided in one prompt.")
        asked = {"text": self._said, "image": self._drawn}
        return [asked[kind](body, held) for kind in ("text", "image") if kind in wanted]

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        named = ("guidance_scale", "true_cfg_scale", "num_inference_steps", "seed", "size")
        known = {name: form[name] for name in named if form.get(name) is not None}
        return super().edit({"prompt": form["prompt"], **known}, files[:1])


class OneStage(TwoStages):
    """BAGEL behind vLLM-Omni, one pipeline that does both."""

    follows = (
        "github.com/vllm-project/vllm-omni: vllm_omni/entrypoints/openai/serving_chat.py 00a3619 "
        "(_create_diffusion_chat_completion), vllm_omni/diffusion/models/bagel/pipeline_bagel.py "
        "013f304"
    )

    def chat(self, body: Body) -> list[Asked]:
        held = messages_of(body)
        held.system, held.pictures = "", held.pictures[:1]
        if "text" in (body.get("modalities") or ()):
            return [Asked("answer", held.pictures, held.text, max_tokens=500)]
        return [self._drawn(body, held)]


class Diffusion(Plain):
    """A pipeline of vLLM-Omni that draws from all its pictures: OmniGen2, SenseNova-U1, FLUX.2,
    Qwen-Image-Edit-2511; and HunyuanImage-3, whose first stage reads. Answers go the plain way.
    """

    follows = (
        "github.com/vllm-project/vllm-omni: vllm_omni/entrypoints/openai/serving_chat.py 00a3619 "
        "(_create_diffusion_chat_completion, generate_diffusion_images), api_server.py 005fd8e "
        "(edit_images)"
    )
    of_form = (
        "negative_prompt", "num_inference_steps", "guidance_scale", "true_cfg_scale", "seed",
        "size",
    )  # fmt: skip
    """Fields of /v1/images/edits that reach the pipeline; the others are dropped without a word."""

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        known = {name: form[name] for name in self.of_form if form.get(name) is not None}
        return super().edit({"prompt": form["prompt"], **known}, files)


class Vllm(Plain):
    """vLLM itself: it reads, and has no routes that draw."""

    follows = "github.com/vllm-project/vllm: the OpenAI-compatible server, chat/completions alone"

    def chat(self, body: Body) -> list[Asked]:
        return super().chat({**body, "modalities": ["text"]})

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        raise RefusedError(404, "Not Found")


class Sglang(Plain):
    """SGLang's diffusion server: edits by form, understanding of one picture by chat."""

    follows = (
        "github.com/sgl-project/sglang: python/sglang/multimodal_gen/runtime/entrypoints/openai/"
        "image_api.py 0230ddc (edits), chat_api.py 2026ed0 (chat_completions)"
    )
    refuses = {"top_p": (None, 1.0), "top_k": (None, -1), "repetition_penalty": (None, 1.0)}

    def chat(self, body: Body) -> list[Asked]:
        for name, allowed in self.refuses.items():
            if body.get(name) not in allowed:
                raise RefusedError(400, f"BAGEL Understanding does not support {name}")
        if body.get("logprobs") or body.get("prompt_logprobs") is not None:
            raise RefusedError(400, "BAGEL Understanding does not support logprobs")
        held = messages_of(body)
        if held.turns != 1:
            raise RefusedError(400, "BAGEL Understanding requires exactly one user turn")
        if len(held.pictures) != 1:
            raise RefusedError(400, "BAGEL Understanding requires exactly one image_url")
        return [self._said(body, held)]

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        named = ("guidance_scale", "true_cfg_scale", "num_inference_steps", "seed", "size")
        known = {name: form[name] for name in named if form.get(name) is not None}
        return super().edit({"prompt": form["prompt"], **known}, files)


class Interleaving(Plain):
    """A model that interleaves by itself: text and image asked for together are one reply."""

    follows = (
        "vLLM-Omni's form of a message's parts (vllm_omni/entrypoints/openai/serving_chat.py "
        "00a3619), in the order of the reply; no released server that interleaves was found"
    )

    def chat(self, body: Body) -> list[Asked]:
        if set(body.get("modalities") or ()) != {"text", "image"}:
            return super().chat(body)
        return [replace(self._drawn(body, messages_of(body)), kind="interleave")]


class Hosted(Plain):
    """A hosted service of reasoning readers and an image model."""

    follows = "OpenAI's API reference: chat/completions, responses, images/edits"
    beside = True
    of_form = ("model", "prompt", "size", "quality", "background", "input_fidelity", "n")
    """Fields of an edit; others are refused."""
    drawn = (1024, 1024)
    """What `auto` gives here."""

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        for name in form:
            if name not in self.of_form:
                raise RefusedError(400, f"Unknown parameter: '{name}'.", "unknown_parameter")
        asked = super().edit(form, files)
        return replace(asked, size=asked.size or self.drawn)

    def chat(self, body: Body) -> list[Asked]:
        if "max_tokens" in body:
            raise RefusedError(
                400,
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "unsupported_parameter",
            )
        if body.get("temperature", 1) != 1:
            raise RefusedError(
                400,
                "Unsupported value: 'temperature' does not support 0 with this model. Only the "
                "default (1) value is supported.",
                "unsupported_value",
            )
        return super().chat({k: v for k, v in body.items() if k not in ("temperature", "seed")})

    def respond(self, body: Body) -> Asked:
        """POST /v1/responses."""
        told = (
            [{"role": "system", "content": body["instructions"]}] if "instructions" in body else []
        )
        (asked,) = self.chat(
            {
                "messages": [*told, *body["input"]],
                "max_completion_tokens": body.get("max_output_tokens"),
                "temperature": body.get("temperature", 1),
                "modalities": ["image" if body.get("tools") else "text"],
            }
        )
        return asked


class Gateway(Plain):
    """A gateway to image models of Google's: one message, words as its content, pictures beside."""

    follows = (
        "openrouter.ai/docs/features/multimodal/image-generation: chat/completions with modalities "
        "[image, text]"
    )
    beside = True

    def chat(self, body: Body) -> list[Asked]:
        if "image" not in (body.get("modalities") or ()):
            return super().chat(body)
        return [self._drawn(body, messages_of(body))]

    def edit(self, form: Body, files: Sequence[bytes]) -> Asked:
        raise RefusedError(404, "Not Found")


ROUTINGS: dict[str, Plain] = {
    "plain": Plain(),
    "vllm-omni, two stages": TwoStages(),
    "vllm-omni, one stage": OneStage(),
    "vllm-omni, diffusion": Diffusion(),
    "vllm": Vllm(),
    "sglang": Sglang(),
    "interleaving": Interleaving(),
    "hosted": Hosted(),
    "gateway": Gateway(),
}
