"""What is sent for a request, and what is taken from the reply.

Fields as documented by the OpenAI API reference (images/edits, chat/completions), and by vLLM
(prompt_logprobs, continue_final_message) and vLLM-Omni (pictures in chat replies; sampler fields of
/v1/images/edits).
"""

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any

from openai import AsyncOpenAI
from PIL import Image

from g2u.pictures import encode_png, picture_of, pixels_of
from g2u.records import AnswerRequest, EditRequest, Picture, ScoreRequest, Turn

Settings = Mapping[str, Any]


class BrokenReplyError(Exception):
    """A reply without what was asked for; asking again may help."""


async def images_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Picture:
    """POST /images/edits, or /images/generations where no picture is given."""
    shown = _shown(settings, request.pictures)
    body = _edit_body(settings, request)
    size = f"{shown[0].width}x{shown[0].height}" if shown and settings["size"] else None
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    asked: dict[str, Any] = {"model": settings["model"], "prompt": prompt, "extra_body": body}
    if size:
        asked["size"] = size
    if shown:
        files = [(f"{i}.png", encode_png(image), "image/png") for i, image in enumerate(shown)]
        reply = await sdk.images.edit(image=files[0] if len(files) == 1 else files, **asked)
    else:
        reply = await sdk.images.generate(**asked)
    found = reply.data[0] if reply.data else None
    if found is None or not found.b64_json:
        raise BrokenReplyError("no picture in the reply (b64_json)")
    return _decoded(found.b64_json)


async def chat_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Picture:
    """POST /chat/completions with modalities ["image"]."""
    shown = _shown(settings, request.pictures)
    body = {"modalities": ["image"], **_edit_body(settings, request)}
    if shown and settings["size"]:
        body = {"width": shown[0].width, "height": shown[0].height, **body}
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    content = [*(_part(image) for image in shown), {"type": "text", "text": prompt}]
    messages: Any = [{"role": "user", "content": content}]
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, extra_body=body
    )
    for choice in reply.choices or []:
        held: Any = choice.message.content
        further = getattr(choice.message, "images", None)
        for part in [*(held if isinstance(held, list) else []), *(further or [])]:
            url = (part.get("image_url") or {}).get("url", "") if isinstance(part, dict) else ""
            if url.startswith("data:image"):
                return _decoded(url.partition(",")[2])
    raise BrokenReplyError("no picture in the chat reply")


async def answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> str:
    """POST /chat/completions."""
    body = dict(settings["answer_extra"])
    if settings["seeds"] and request.temperature:
        body["seed"] = request.seed
    messages: Any = _messages(settings, request.turns)
    reply = await sdk.chat.completions.create(
        model=settings["model"],
        messages=messages,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        extra_body=body,
    )
    text = reply.choices[0].message.content if reply.choices else None
    if not isinstance(text, str) or not text.strip():
        raise BrokenReplyError("an empty reply")
    return text.strip()


async def score(sdk: AsyncOpenAI, settings: Settings, request: ScoreRequest) -> tuple[float, ...]:
    """POST /chat/completions that goes on with the given reply, for its prompt_logprobs."""
    messages: Any = [
        *_messages(settings, request.turns),
        {"role": "assistant", "content": request.continuation},
    ]
    body = {
        **settings["answer_extra"],
        "prompt_logprobs": 0,
        "add_generation_prompt": False,
        "continue_final_message": True,
    }
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, max_tokens=1, extra_body=body
    )
    held = (reply.model_extra or {}).get("prompt_logprobs")
    if not isinstance(held, list):
        raise BrokenReplyError("no prompt_logprobs; is this vLLM, or g2u serve?")
    return trailing(held, request.continuation)


def trailing(held: Sequence[Any], text: str) -> tuple[float, ...]:
    """Log-probabilities of the last tokens that spell `text`; tokens may spell nothing (parts of a
    character).

    Args:
        held: one entry per prompt token: None, or {token id: {logprob, decoded_token}}.
        text: what the last tokens spell.

    Raises:
        BrokenReplyError: they do not, or a number is not finite.
    """
    found: list[float] = []
    left = text
    for entry in reversed(held):
        if not left:
            break
        token = next(iter(entry.values()), None) if isinstance(entry, dict) else None
        spelt = token.get("decoded_token") if isinstance(token, dict) else None
        if spelt is None or not left.endswith(spelt):
            break
        value = token.get("logprob") if isinstance(token, dict) else None
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise BrokenReplyError(f"a log-probability of {value}")
        found.append(float(value))
        left = left.removesuffix(spelt)
    if left or not found:
        raise BrokenReplyError("the prompt_logprobs do not spell the given reply")
    return tuple(reversed(found))


def _edit_body(settings: Settings, request: EditRequest) -> dict[str, Any]:
    body = {**settings["edit_extra"], **dict(request.settings)}
    if settings["seeds"]:
        body["seed"] = request.seed % 2**31  # OpenAI-compatible servers read 32 bits
    return body


def _messages(settings: Settings, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    found = []
    for turn in turns:
        pictures = [part for part in turn.parts if isinstance(part, Picture)]
        template = settings["ask_template"]
        if settings["pictures"] == "one" or (template and turn.role == "user"):
            shown = _shown(settings, pictures)
            text = "\n".join(part for part in turn.parts if isinstance(part, str))
            if template and turn.role == "user":
                marks = settings["picture_mark"] * len(shown)
                text = template.replace("{pictures}", marks).replace("{prompt}", text)
            content = [*(_part(image) for image in shown), {"type": "text", "text": text}]
        else:
            content = [
                _part(pixels_of(part)) if isinstance(part, Picture) else _text(part)
                for part in turn.parts
            ]
        is_plain = turn.role == "assistant" and not pictures
        plain = "\n".join(part for part in turn.parts if isinstance(part, str))
        found.append({"role": turn.role, "content": plain if is_plain else content})
    return found


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _part(image: Image.Image) -> dict[str, Any]:
    encoded = base64.b64encode(encode_png(image)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}


def _shown(settings: Settings, pictures: Sequence[Picture]) -> list[Image.Image]:
    """The pictures; side by side in one where the server takes one."""
    images = [pixels_of(picture) for picture in pictures]
    if settings["pictures"] == "many" or len(images) < 2:
        return images
    height = max(image.height for image in images)
    sheet = Image.new("RGB", (sum(image.width for image in images), height), (255, 255, 255))
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width
    return [sheet]


def _decoded(encoded: str) -> Picture:
    try:
        return picture_of(base64.b64decode(encoded, validate=True), "the reply")
    except binascii.Error as error:
        raise BrokenReplyError(f"base64: {error}") from None
