"""What is sent for a request, and what is taken from the reply.

Fields as documented by the OpenAI API reference (images/edits, chat/completions), and by vLLM
(prompt_logprobs, continue_final_message) and vLLM-Omni (pictures in chat replies; sampler fields of
/v1/images/edits).
"""

import asyncio
import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openai import AsyncOpenAI
from PIL import Image

from g2u.errors import in_one_line
from g2u.pictures.decoding import picture_of, picture_of_pixels, pixels_of, png_of
from g2u.records import (
    AnswerRequest,
    EditRequest,
    Ending,
    Picture,
    ScoreRequest,
    Text,
    Turn,
    kept,
)

Settings = Mapping[str, Any]
ENDINGS: dict[str, Ending] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length"), "length"),
    **dict.fromkeys(
        ("content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
        "filter",
    ),
}
"""How servers say why a reply ended: OpenAI, vLLM, SGLang, TGI, and gateways to Anthropic's and
Google's models.
"""
CONTROL = dict.fromkeys({*range(32)} - set(map(ord, "\t\n\r")))
"""Characters that no answer holds."""
DATA = re.compile(r"data:(?:image/[\w.+-]+|application/octet-stream)(?:;[\w.=-]+)*;base64,", re.I)
IN_TEXT = re.compile(DATA.pattern + r"[A-Za-z0-9+/_=-]+", re.I)
SHOWN = 120
"""Characters of what came instead, in a failure."""


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
        files = [(f"{i}.png", png_of(each), "image/png") for i, each in enumerate(shown)]
        reply = await sdk.images.edit(image=files[0] if len(files) == 1 else files, **asked)
    else:
        reply = await sdk.images.generate(**asked)
    held = _listed(_fields(reply), "data")
    found = [each["b64_json"] for each in held if each.get("b64_json")]
    address = next((each["url"] for each in held if each.get("url")), None)
    if not found and address:
        raise BrokenReplyError(
            f"a picture's address instead of its bytes: {_short(address)}; where the server takes "
            "it, set edit_extra: {response_format: b64_json}"
        )
    return await asyncio.to_thread(_only, found, reply)


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
    for choice in _listed(_fields(reply), "choices"):
        message = choice.get("message")
        if not isinstance(message, dict):
            continue
        held = message.get("content")
        if isinstance(held, str):
            found += IN_TEXT.findall(held)
        for part in [*(held if isinstance(held, list) else []), *_listed(message, "images")]:
            found += _in_part(part)
    return await asyncio.to_thread(_only, found, reply)


async def answer(sdk: AsyncOpenAI, settings: Settings, request: AnswerRequest) -> Text:
    """POST /chat/completions.

    A reply without a word that came to its budget or was filtered is an empty text that says so.
    """
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
    choices = _listed(_fields(reply), "choices")
    if not choices:
        raise BrokenReplyError(f"no choice in the reply: {_short(reply)}")
    message, why = choices[0].get("message"), choices[0].get("finish_reason")
    if not isinstance(message, dict):
        raise BrokenReplyError(f"no message in the reply: {_short(reply)}")
    ended = ENDINGS.get(str(why).lower(), "")
    text = kept(_text_of(message).translate(CONTROL)).strip()
    if why in ("abort", "error"):
        raise BrokenReplyError(f"the server broke it off ({why}): {_short(text)}")
    if not text and ended not in ("length", "filter"):
        thought = message.get("reasoning_content") or message.get("reasoning")
        what = f"reasoning without an answer: {_short(thought)}" if thought else _short(reply)
        raise BrokenReplyError(f"an empty reply: {what}")
    return Text(text, ended)


def _text_of(message: Mapping[str, Any]) -> str:
    """The words of a message: its content, text or parts, or its refusal."""
    held = message.get("content")
    if isinstance(held, list):
        parts = [p.get("text") if isinstance(p, dict) else p for p in held]
        held = "".join(part for part in parts if isinstance(part, str))
    if isinstance(held, str) and held.strip():
        return held
    refusal = message.get("refusal")
    return refusal if isinstance(refusal, str) else ""


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
    held = _fields(reply).get("prompt_logprobs")
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


def _fields(reply: Any) -> Mapping[str, Any]:
    """A reply's fields as the server sent them.

    Raises:
        BrokenReplyError: it is no JSON object, or an error.
    """
    if not hasattr(reply, "to_dict"):
        raise BrokenReplyError(f"not an API reply: {_short(reply)}")
    found: dict[str, Any] = reply.to_dict(warnings=False)
    if found.get("error"):
        raise BrokenReplyError(f"an error in place of a reply: {_short(found['error'])}")
    return found


def _listed(held: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in a list of a reply; none where there is no list."""
    found = held.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _in_part(part: Any) -> Iterator[str]:
    """What may be a picture in a part of a message: a data URL or base64."""
    if not isinstance(part, dict):
        return
    for name in ("image_url", "image", "b64_json"):
        held = part.get(name)
        url = held.get("url") if isinstance(held, dict) else held
        if isinstance(url, str) and url:
            yield url


def _only(found: Sequence[str], reply: Any) -> Picture:
    """The one picture among encoded ones.

    Raises:
        BrokenReplyError: there is none, or there are several and nothing tells which was asked for.
    """
    distinct = list(dict.fromkeys(found))
    if len(distinct) == 1:
        return _decoded(distinct[0])
    if distinct:
        raise BrokenReplyError(f"{len(distinct)} pictures in the reply; expected the one asked for")
    raise BrokenReplyError(f"no picture in the reply: {_short(reply)}")


def _decoded(encoded: str) -> Picture:
    """From a data URL, or base64 of either alphabet, with or without line breaks and padding."""
    if re.match(r"https?://", encoded):
        raise BrokenReplyError(f"a picture's address instead of its bytes: {_short(encoded)}")
    head = DATA.match(encoded)
    plain = re.sub(r"\s+", "", encoded[head.end() :] if head else encoded)
    plain = plain.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise BrokenReplyError(f"base64: {error}: {_short(encoded)}") from None
    return picture_of(raw, "the reply")


def _short(said: Any) -> str:
    """The beginning of what came, in one line; pictures left out."""
    if hasattr(said, "to_dict"):
        said = said.to_dict(warnings=False)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, default=str)
    text = IN_TEXT.sub("(a picture)", text[: 64 * SHOWN])
    line = in_one_line(text[: 2 * SHOWN], 2 * SHOWN)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."
