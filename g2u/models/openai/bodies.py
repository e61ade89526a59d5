"""What is sent for a request.

Fields as documented by the OpenAI API reference (images/edits, chat/completions, responses), and by
vLLM (prompt_logprobs, continue_final_message) and vLLM-Omni (pictures in chat replies; sampler
fields of /v1/images/edits). What is taken from replies: replies.py.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from openai import AsyncOpenAI
from PIL import Image

from g2u.models.openai.replies import (
    IN_TEXT,
    BrokenReplyError,
    fields,
    in_part,
    listed,
    only,
    responded,
    said,
    trailing,
)
from g2u.pictures.decoding import picture_of_pixels, pixels_of, png_of
from g2u.records import AnswerRequest, EditRequest, Picture, ScoreRequest, Text, Turn

Settings = Mapping[str, Any]


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
        files = [(f"{i}.png", png_of(each), "image/png") for i, each in enumerate(shown)]
        reply = await sdk.images.edit(image=files[0] if len(files) == 1 else files, **asked)
    else:
        reply = await sdk.images.generate(**asked)
    held = listed(fields(reply), "data")
    found = [each["b64_json"] for each in held if each.get("b64_json")]
    found = found or [each["url"] for each in held if each.get("url")]
    advice = "edit_extra: {response_format: b64_json}, where the server takes it, or "
    return await only(sdk, settings["fetch"], found, reply, advice)


async def chat_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Picture:
    """POST /chat/completions with modalities ["image"]."""
    shown = _shown(settings, request.pictures)
    body = {"modalities": ["image"], **_edit_body(settings, request)}
    if shown and settings["size"]:
        body = {"width": shown[0].width, "height": shown[0].height, **body}
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    content = [*map(_part, shown), {"type": "text", "text": prompt}]
    messages: Any = [{"role": "user", "content": content}]
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, extra_body=body
    )
    found = []
    for choice in listed(fields(reply), "choices"):
        message = choice.get("message")
        if not isinstance(message, dict):
            continue
        held = message.get("content")
        if isinstance(held, str):
            found += IN_TEXT.findall(held)
        for part in [*(held if isinstance(held, list) else []), *listed(message, "images")]:
            found += in_part(part)
    return await only(sdk, settings["fetch"], found, reply)


async def responses_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Picture:
    """POST /responses with the tool image_generation; sampler settings are the tool's."""
    shown = _shown(settings, request.pictures)
    tool = {"type": "image_generation", **dict(request.settings)}
    if shown and settings["size"]:
        tool["size"] = f"{shown[0].width}x{shown[0].height}"
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    given: Any = [_item("user", [*map(_part, shown), _text(prompt)])]
    tools: Any = [tool]
    reply = await sdk.responses.create(
        model=settings["model"], input=given, tools=tools, extra_body=settings["edit_extra"]
    )
    items = listed(fields(reply), "output")
    found = [str(each["result"]) for each in items if each.get("result")]
    return await only(sdk, settings["fetch"], found, reply)


async def answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> Text:
    """POST /chat/completions."""
    body = dict(settings["answer_extra"])
    if settings["seeds"] and request.temperature:
        body["seed"] = request.seed
    messages: Any = _messages(settings, request.turns)
    asked: dict[str, Any] = _told(settings, request, settings["answer_tokens"])
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, extra_body=body, **asked
    )
    return said(reply)


async def responses_answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> Text:
    """POST /responses; it takes no seed."""
    asked = _told(settings, request, settings["answer_tokens"] and "max_output_tokens")
    if settings["answer_system"]:
        asked["instructions"] = settings["answer_system"]
    bare = {**settings, "answer_system": ""}
    given: Any = [_item(m["role"], m["content"]) for m in _messages(bare, request.turns)]
    reply = await sdk.responses.create(
        model=settings["model"], input=given, extra_body=settings["answer_extra"], **asked
    )
    return responded(reply)


def _told(settings: Settings, request: AnswerRequest, tokens: str | None) -> dict[str, Any]:
    """Budget and temperature, as far as the server takes them."""
    found: dict[str, Any] = {tokens: request.max_tokens} if tokens else {}
    if settings["answer_temperature"]:
        found["temperature"] = request.temperature
    return found


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
    held = fields(reply).get("prompt_logprobs")
    if not isinstance(held, list):
        raise BrokenReplyError("no prompt_logprobs; is this vLLM, or g2u serve?")
    return trailing(held, request.continuation)


def _edit_body(settings: Settings, request: EditRequest) -> dict[str, Any]:
    body = {**settings["edit_extra"], **dict(request.settings)}
    if settings["seeds"]:
        body["seed"] = request.seed % 2**31  # OpenAI-compatible servers read 32 bits
    return body


def _messages(settings: Settings, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    system = settings["answer_system"]
    found: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        pictures = [part for part in turn.parts if isinstance(part, Picture)]
        template = settings["ask_template"]
        if settings["pictures"] == "one" or (template and turn.role == "user"):
            shown = _shown(settings, pictures)
            text = "\n".join(part for part in turn.parts if isinstance(part, str))
            if template and turn.role == "user":
                marks = settings["picture_mark"] * len(shown)
                text = template.replace("{pictures}", marks).replace("{prompt}", text)
            content = [*map(_part, shown), {"type": "text", "text": text}]
        else:
            content = [
                _part(part) if isinstance(part, Picture) else _text(part) for part in turn.parts
            ]
        is_plain = turn.role == "assistant" and not pictures
        plain = "\n".join(part for part in turn.parts if isinstance(part, str))
        found.append({"role": turn.role, "content": plain if is_plain else content})
    return found


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _part(picture: Picture) -> dict[str, Any]:
    encoded = base64.b64encode(png_of(picture)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}


def _item(role: str, content: str | list[dict[str, Any]]) -> dict[str, Any]:
    """A message in the form of the Responses API."""
    if isinstance(content, str):
        return {"role": role, "content": content}
    parts = [
        {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "auto"}
        if part["type"] == "image_url"
        else {"type": "input_text", "text": part["text"]}
        for part in content
    ]
    return {"role": role, "content": parts}


def _shown(settings: Settings, pictures: Sequence[Picture]) -> Sequence[Picture]:
    """The pictures; side by side in one where the server takes one."""
    if settings["pictures"] == "many" or len(pictures) < 2:
        return pictures
    images = [pixels_of(picture) for picture in pictures]
    height = max(image.height for image in images)
    sheet = Image.new("RGB", (sum(image.width for image in images), height), (255, 255, 255))
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width
    return [picture_of_pixels(sheet)]
