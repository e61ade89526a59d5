"""What is sent for a request.

Fields as documented by the OpenAI API reference (images/edits, chat/completions, responses), and by
vLLM (prompt_logprobs, continue_final_message) and vLLM-Omni (pictures in chat replies; sampler
fields of /v1/images/edits). What is taken from replies: replies.py.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from openai import AsyncOpenAI
from PIL import Image

from g2u.models.openai.replies import (
    BrokenReplyError,
    Part,
    chat_parts,
    drawn,
    fields,
    items_parts,
    listed,
    only,
    responded,
    said,
    seen,
    trailing,
    woven,
)
from g2u.pictures.decoding import picture_of_pixels, pixels_of, png_of
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Interleaved,
    InterleaveRequest,
    Picture,
    ScoreRequest,
    Text,
    Turn,
    has_places,
)

Settings = Mapping[str, Any]


Drawn = Picture | Interleaved


async def images_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Drawn:
    """POST /images/edits, or /images/generations where no picture is given.

    Raises:
        BrokenReplyError: texts and pictures are asked for, which this route never gives.
    """
    if isinstance(request, InterleaveRequest):
        raise BrokenReplyError(
            "/images/edits gives one picture; set edit_through: chat or responses to interleave"
        )
    shown = _sent(settings, request.pictures, settings["edit_sends"])
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
    picture = await only(sdk, settings["fetch"], found, reply, advice)
    return replace(picture, seen=seen(shown, reply))


async def chat_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Drawn:
    """POST /chat/completions with modalities ["image"], or ["text", "image"] to interleave."""
    shown = _sent(settings, request.pictures, settings["edit_sends"])
    wanted = ["text", "image"] if isinstance(request, InterleaveRequest) else ["image"]
    body = {"modalities": wanted, **_edit_body(settings, request)}
    if shown and settings["size"]:
        body = {"width": shown[0].width, "height": shown[0].height, **body}
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    content = [*map(_part, shown), {"type": "text", "text": prompt}]
    messages: Any = [{"role": "user", "content": content}]
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, extra_body=body
    )
    return await _taken(sdk, settings, request, shown, chat_parts(reply), reply)


async def responses_edit(sdk: AsyncOpenAI, settings: Settings, request: EditRequest) -> Drawn:
    """POST /responses with the tool image_generation; sampler settings are the tool's."""
    shown = _sent(settings, request.pictures, settings["edit_sends"])
    tool = {"type": "image_generation", **dict(request.settings)}
    if shown and settings["size"]:
        tool["size"] = f"{shown[0].width}x{shown[0].height}"
    prompt = settings["edit_template"].replace("{prompt}", request.prompt)
    given: Any = [_item("user", [*map(_part, shown), _text(prompt)])]
    tools: Any = [tool]
    reply = await sdk.responses.create(
        model=settings["model"], input=given, tools=tools, extra_body=settings["edit_extra"]
    )
    return await _taken(sdk, settings, request, shown, items_parts(reply), reply)


async def _taken(
    sdk: AsyncOpenAI,
    settings: Settings,
    request: EditRequest,
    shown: Sequence[Picture],
    parts: Sequence[Part],
    reply: Any,
) -> Drawn:
    """What was asked for, of the parts of a reply."""
    if isinstance(request, InterleaveRequest):
        found = await woven(sdk, settings["fetch"], parts, reply)
        told = seen(shown, reply)
        return Interleaved(
            tuple(p if isinstance(p, str) else replace(p, seen=told) for p in found.parts)
        )
    picture = await drawn(sdk, settings["fetch"], parts, reply)
    return replace(picture, seen=seen(shown, reply))


async def answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> Text:
    """POST /chat/completions."""
    body = dict(settings["answer_extra"])
    if settings["seeds"] and request.temperature:
        body["seed"] = request.seed
    told, shown = _messages(settings, request.turns)
    messages: Any = told
    asked: dict[str, Any] = _told(settings, request, settings["answer_tokens"])
    reply = await sdk.chat.completions.create(
        model=settings["model"], messages=messages, extra_body=body, **asked
    )
    text = said(reply)
    return Text(text, text.ended, seen(shown, reply))


async def responses_answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> Text:
    """POST /responses; it takes no seed."""
    asked = _told(settings, request, settings["answer_tokens"] and "max_output_tokens")
    if settings["answer_system"]:
        asked["instructions"] = settings["answer_system"]
    messages, shown = _messages({**settings, "answer_system": ""}, request.turns)
    given: Any = [_item(each["role"], each["content"]) for each in messages]
    reply = await sdk.responses.create(
        model=settings["model"], input=given, extra_body=settings["answer_extra"], **asked
    )
    text = responded(reply)
    return Text(text, text.ended, seen(shown, reply))


def _told(settings: Settings, request: AnswerRequest, tokens: str | None) -> dict[str, Any]:
    """Budget and temperature, as far as the server takes them."""
    found: dict[str, Any] = {tokens: request.max_tokens} if tokens else {}
    if settings["answer_temperature"]:
        found["temperature"] = request.temperature
    return found


async def score(sdk: AsyncOpenAI, settings: Settings, request: ScoreRequest) -> tuple[float, ...]:
    """POST /chat/completions that goes on with the given reply, for its prompt_logprobs."""
    told, _ = _messages(settings, request.turns)
    messages: Any = [*told, {"role": "assistant", "content": request.continuation}]
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


def _messages(
    settings: Settings, turns: Sequence[Turn]
) -> tuple[list[dict[str, Any]], list[Picture]]:
    """The messages, and the pictures in them."""
    system, sends = settings["answer_system"], settings["answer_sends"]
    sent: list[Picture] = []
    found: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        pictures = [part for part in turn.parts if isinstance(part, Picture)]
        shown = _sent(settings, pictures, sends)
        sent += shown
        template = settings["ask_template"]
        if settings["pictures"] == "one" or (template and turn.role == "user"):
            text = "\n".join(part for part in turn.parts if isinstance(part, str))
            if template and turn.role == "user":
                marks, mark = settings["picture_mark"] * len(shown), settings["picture_mark"]
                if mark and settings["pictures"] == "many" and has_places(turn):
                    marks, text = "", _marked(turn, mark)
                text = template.replace("{pictures}", marks).replace("{prompt}", text)
            content = [*map(_part, shown), {"type": "text", "text": text}]
        else:
            left = iter(shown)
            content = [
                _part(next(left)) if isinstance(part, Picture) else _text(part)
                for part in turn.parts
            ]
        is_plain = turn.role == "assistant" and not pictures
        plain = "\n".join(part for part in turn.parts if isinstance(part, str))
        found.append({"role": turn.role, "content": plain if is_plain else content})
    return found, sent


def _marked(turn: Turn, mark: str) -> str:
    """The text of a raw prompt with a mark where each picture stands."""
    found, is_text = "", False
    for part in turn.parts:
        is_next = isinstance(part, str)
        found += ("\n" if is_text and is_next else "") + (str(part) if is_next else mark)
        is_text = is_next
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


def _sent(settings: Settings, pictures: Sequence[Picture], sends: str) -> list[Picture]:
    """The pictures as they go out: of the size that the settings say, whichever arm they are of."""
    return [_sized(picture, sends) for picture in _shown(settings, pictures)]


def _sized(picture: Picture, sends: str) -> Picture:
    """What `sends` makes of it: see `SENT`; "longest" scales down alone."""
    rule, _, told = sends.partition(" ")
    width, height = picture.width, picture.height
    if rule == "exact":
        width, height = map(int, told.split("x"))
    elif rule == "longest" and max(width, height) > int(told):
        share = int(told) / max(width, height)
        width, height = (max(1, round(side * share)) for side in (width, height))
    if (width, height) == (picture.width, picture.height):
        return picture
    return picture_of_pixels(pixels_of(picture).resize((width, height), Image.Resampling.BICUBIC))


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
