"""What is taken from a reply: a picture, a text with why it ended, log-probabilities.

Forms of vLLM, vLLM-Omni, SGLang, OpenAI and of gateways to other services, as their documents and
bug reports show them.
"""

import asyncio
import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from openai import AsyncOpenAI

from g2u.errors import DataError, in_one_line
from g2u.pictures.decoding import MAX_BYTES, picture_of
from g2u.records import Ending, Interleaved, Picture, Seen, Size, Text, kept, trace_of

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
DATA = re.compile(
    r"data:(?:image/[\w.+-]+|application/octet-stream)?(?:;[\w.=-]+)*;base64,\s*", re.I
)
IN_TEXT = re.compile(DATA.pattern + r"(?:[A-Za-z0-9+/_-]{40,}\r?\n)*[A-Za-z0-9+/_-]+=*", re.I)
"""In running text: whole lines of base64, and what is left of the last."""
LINKED = re.compile(rf"(?:!\[[^\]\n]*\]\()?(?P<data>{IN_TEXT.pattern})\)?", re.I)
"""The same with Markdown's marks of a picture around it."""
ADDRESS = re.compile(r"https?://|/(?!9j/)[\w.~-]+/", re.I)
"""A picture's address; "/9j/" begins the base64 of a JPEG."""
SHOWN = 120
"""Characters of what came instead, in a failure."""


class BrokenReplyError(Exception):
    """A reply without what was asked for; asking again may help."""


def fields(reply: Any) -> Mapping[str, Any]:
    """A reply's fields as the server sent them.

    Raises:
        BrokenReplyError: it is no JSON object, or an error.
    """
    if not hasattr(reply, "to_dict"):
        raise BrokenReplyError(f"not an API reply: {short(reply)}")
    found: dict[str, Any] = reply.to_dict(warnings=False)
    error = found.get("error") or (found if found.get("object") == "error" else None)
    if error:
        raise BrokenReplyError(f"an error in place of a reply: {short(error)}")
    return found


def listed(held: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in a list of a reply; none where there is no list."""
    found = held.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


@dataclass(frozen=True, slots=True)
class Encoded:
    """What may be a picture in a reply: a data URL, base64 or an address."""

    url: str


Part = str | Encoded
"""Of a reply, in its order: words, or a picture."""


def chat_parts(reply: Any) -> list[Part]:
    """The words and pictures of a chat reply: what was thought before a drawing, where vLLM-Omni
    tells it among the metrics; of each choice its content in order, then the pictures beside it. A
    picture that is told twice counts once; a hosted model's reasoning is no part.
    """
    told = fields(reply).get("metrics")
    thought = told.get("think_text") if isinstance(told, dict) else None
    found: list[Part] = [_clean(thought)] if isinstance(thought, str) else []
    for choice in listed(fields(reply), "choices"):
        message = choice.get("message")
        if isinstance(message, dict):
            held = message.get("content")
            for part in held if isinstance(held, list) else [held]:
                found += _in_order(part)
            for part in listed(message, "images"):
                found += map(Encoded, in_part(part))
    return _once(found)


def items_parts(reply: Any) -> list[Part]:
    """The same of a reply of the Responses API."""
    found: list[Part] = []
    for item in listed(fields(reply), "output"):
        if item.get("result"):
            found.append(Encoded(str(item["result"])))
        elif item.get("type") == "message":
            found += [_clean(str(part.get("text") or "")) for part in listed(item, "content")]
    return _once(found)


def _in_order(part: Any) -> Iterator[Part]:
    """Of a part of a message, or its whole content where that is a text."""
    text = part.get("text") if isinstance(part, dict) else part
    if not isinstance(text, str):
        yield from map(Encoded, in_part(part))
        return
    begin = 0
    for shown in LINKED.finditer(text):
        yield _clean(text[begin : shown.start()])
        yield Encoded(shown["data"])
        begin = shown.end()
    yield _clean(text[begin:])


def _once(parts: Iterable[Part]) -> list[Part]:
    """Without empty words, and each picture where it stands first."""
    found: list[Part] = []
    for part in parts:
        if part and (isinstance(part, str) or part not in found):
            found.append(part)
    return found


async def drawn(sdk: AsyncOpenAI, fetches: bool, parts: Sequence[Part], reply: Any) -> Picture:
    """The one picture of a reply, with the words before and after it. Raises as `only` does."""
    found = [part.url for part in parts if isinstance(part, Encoded)]
    picture = await only(sdk, fetches, found, reply)
    place = next(n for n, part in enumerate(parts) if isinstance(part, Encoded))
    before, after = (
        [p for p in side if isinstance(p, str)] for side in (parts[:place], parts[place:])
    )
    return replace(picture, trace=trace_of(before, after))


async def woven(sdk: AsyncOpenAI, fetches: bool, parts: Sequence[Part], reply: Any) -> Interleaved:
    """All parts of a reply.

    Raises:
        BrokenReplyError: it has none.
    """
    if not parts:
        raise BrokenReplyError(f"neither words nor pictures in the reply: {short(reply)}")
    return Interleaved(
        tuple([p if isinstance(p, str) else await _opened(sdk, fetches, p.url) for p in parts])
    )


def seen(shown: Sequence[Picture], reply: Any) -> Seen:
    """What the model was shown: the sizes that were sent, and the tokens that the server counts."""
    usage = fields(reply).get("usage")
    told = usage if isinstance(usage, dict) else {}
    tokens = told.get("prompt_tokens") or told.get("input_tokens")
    sizes = tuple(Size(picture.width, picture.height) for picture in shown)
    return Seen(sizes, tokens if isinstance(tokens, int) and tokens > 0 else None)


def in_part(part: Any) -> Iterator[str]:
    """What may be a picture in a part of a message: a data URL or base64."""
    if not isinstance(part, dict):
        return
    for name in ("image_url", "image", "b64_json"):
        held = part.get(name)
        url = held.get("url") if isinstance(held, dict) else held
        if isinstance(url, str) and url:
            yield url


async def only(
    sdk: AsyncOpenAI, fetches: bool, found: Sequence[str], reply: Any, advice: str = ""
) -> Picture:
    """The one picture among encoded ones, or what its address shows.

    Args:
        sdk: the connection that it came by.
        fetches: whether an address on the server's own host is asked.
        found: data URLs, base64 and addresses.
        reply: all that came, for the message.
        advice: what to set where an address came.

    Raises:
        BrokenReplyError: there is none, or there are several and nothing tells which was asked for.
    """
    distinct = list(dict.fromkeys(found))
    if len(distinct) > 1:
        raise BrokenReplyError(f"{len(distinct)} pictures in the reply; expected the one asked for")
    if not distinct:
        raise BrokenReplyError(f"no picture in the reply: {short(reply)}")
    return await _opened(sdk, fetches, distinct[0], advice)


async def _opened(sdk: AsyncOpenAI, fetches: bool, each: str, advice: str = "") -> Picture:
    """A picture of a reply, or what its address shows."""
    if ADDRESS.match(each):
        if not fetches:
            raise BrokenReplyError(
                f"a picture's address instead of its bytes: {short(each)}; set {advice}"
                "fetch: true, where it is on the server's own host"
            )
        return await _fetched(sdk, each)
    return await asyncio.to_thread(decoded, each)


async def _fetched(sdk: AsyncOpenAI, address: str) -> Picture:
    """What lies at an address, if that is the server's own.

    Raises:
        BrokenReplyError: it is another host's, or no picture comes; redirects are not followed.
    """
    base = str(sdk.base_url)
    whole = urljoin(base, address)
    if urlsplit(whole)[:2] != urlsplit(base)[:2]:
        raise BrokenReplyError(f"a picture's address on another host: {short(address)}")
    raw = bytearray()
    headers = {"Authorization": f"Bearer {sdk.api_key}"}
    try:
        async with (
            httpx.AsyncClient(timeout=None) as client,  # noqa: S113  # the request has a limit
            client.stream("GET", whole, headers=headers) as reply,
        ):
            if reply.status_code != httpx.codes.OK:
                raise BrokenReplyError(f"{reply.status_code} for {short(address)}")
            async for piece in reply.aiter_bytes():
                raw += piece
                if len(raw) > MAX_BYTES:
                    raise BrokenReplyError(f"over {MAX_BYTES} bytes at {short(address)}")
    except httpx.HTTPError as error:
        raise BrokenReplyError(f"{short(address)}: {type(error).__name__}") from None
    return await asyncio.to_thread(picture_of, bytes(raw), "the reply")


def decoded(encoded: str) -> Picture:
    """From a data URL, or base64 of either alphabet, with or without line breaks and padding.

    Raises:
        BrokenReplyError: it is no base64.
        DataError: it is no picture.
    """
    head = DATA.match(encoded)
    lines = encoded[head.end() if head else 0 :].split()
    try:
        return _read("".join(lines), encoded)
    except (BrokenReplyError, DataError):
        if head and len(lines) > 1:  # found in running text, of which the next line may be words
            return _read(lines[0], encoded)
        raise


def _read(plain: str, encoded: str) -> Picture:
    plain = plain.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise BrokenReplyError(f"base64: {error}: {short(encoded)}") from None
    return picture_of(raw, "the reply")


def said(reply: Any) -> Text:
    """The text of a chat reply, with why it ended.

    A reply without a word that came to its budget or was filtered is an empty text that says so.

    Raises:
        BrokenReplyError: there is no text, or the server broke it off.
    """
    choices = listed(fields(reply), "choices")
    if not choices:
        raise BrokenReplyError(f"no choice in the reply: {short(reply)}")
    message, why = choices[0].get("message"), choices[0].get("finish_reason")
    if not isinstance(message, dict):
        raise BrokenReplyError(f"no message in the reply: {short(reply)}")
    text = _text_of(message)
    if why in ("abort", "error"):
        error = choices[0].get("error") or _clean(text)
        raise BrokenReplyError(f"the server broke it off ({why}): {short(error)}")
    thought = message.get("reasoning_content") or message.get("reasoning")
    return _ended(text, ENDINGS.get(str(why).lower(), ""), thought, reply)


def responded(reply: Any) -> Text:
    """The text of a reply of the Responses API, with why it ended.

    Raises:
        BrokenReplyError: there is no text, or the server broke it off.
    """
    held = fields(reply)
    status, why = held.get("status"), held.get("incomplete_details")
    if status in ("failed", "cancelled"):
        raise BrokenReplyError(f"the server broke it off ({status}): {short(reply)}")
    items = listed(held, "output")
    parts = [p for item in items if item.get("type") == "message" for p in listed(item, "content")]
    text = "".join(str(part.get("text") or part.get("refusal") or "") for part in parts)
    told = why.get("reason") if isinstance(why, dict) else "stop" if status == "completed" else None
    thoughts = [part for item in items for part in listed(item, "summary")]
    thought = " ".join(str(part.get("text") or "") for part in thoughts)
    return _ended(text, ENDINGS.get(str(told).lower(), ""), thought, reply)


def _ended(raw: str, ended: Ending, thought: Any, reply: Any) -> Text:
    text = _clean(raw)
    if not text and ended not in ("length", "filter"):
        what = f"reasoning without an answer: {short(thought)}" if thought else short(reply)
        raise BrokenReplyError(f"an empty reply: {what}")
    return Text(text, ended)


def _clean(text: str) -> str:
    return kept(text.translate(CONTROL)).strip()


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


def short(said: Any) -> str:
    """The beginning of what came, in one line; pictures left out."""
    if hasattr(said, "to_dict"):
        said = said.to_dict(warnings=False)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, default=str)
    text = IN_TEXT.sub("(a picture)", text[: 64 * SHOWN])
    line = in_one_line(text[: 2 * SHOWN], 2 * SHOWN)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."
