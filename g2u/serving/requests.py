"""What comes over HTTP, as requests of g2u: pictures decoded under limits, settings as scalars."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import TypeVar

from pydantic_core import from_json
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header
from starlette.exceptions import HTTPException

from g2u.errors import DataError
from g2u.pictures.decoding import picture_of
from g2u.records import AnswerRequest, EditRequest, Picture, Scalar, ScoreRequest, Turn
from g2u.serving import limits
from g2u.serving.bodies import Asked, Chat, Edit, PicturePart, validated

JPEG_SCAN = b"\xff\xda"
DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)
TEXT_FIELDS = ("model", "prompt", "size", "response_format", "user")
"""Of a form; what other fields spell is a number where it is one."""
DEFAULTS: dict[str, Scalar] = {
    "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0, "logprobs": False, "n": 1,
}  # fmt: skip
"""Fields of an answer that clients send although they change nothing at these values."""


def edit_of_json(body: bytearray, name: str, media: str) -> EditRequest:
    """A picture from text alone: /v1/images/generations.

    Raises:
        HTTPException: the body does not fit.
    """
    del media
    asked = _known(validated(Edit, body), name)
    return _edit(asked, (), asked.prompt)


def edit_of_form(body: bytearray, name: str, media: str) -> EditRequest:
    """An edit of the pictures that a form holds as files: /v1/images/edits.

    Raises:
        HTTPException: the form or a picture does not fit.
    """
    fields: dict[str, Scalar] = {}
    files: list[bytes] = []
    ends: list[bool] = []

    def on_field(field: Field) -> None:
        key, value = _utf8(field.field_name), _utf8(field.value)
        if key in ("image", "image[]"):
            raise HTTPException(422, f"{key}: expected a file")
        if key in fields:
            raise HTTPException(400, f"{key}: given twice")
        if len(fields) > 2 * limits.SETTINGS:
            raise HTTPException(413, f"expected at most {limits.SETTINGS} settings")
        fields[key] = value if key in TEXT_FIELDS else _spelled(value)

    def on_file(file: File) -> None:
        if file.field_name not in (b"image", b"image[]"):
            raise HTTPException(422, f"{_utf8(file.field_name)}: this file is not served")
        if len(files) == limits.PICTURES:
            raise HTTPException(413, f"expected at most {limits.PICTURES} pictures")
        file.file_object.seek(0)
        files.append(file.file_object.read())

    config = {"MAX_MEMORY_FILE_SIZE": limits.BODY, "UPLOAD_ERROR_ON_BAD_CTE": True}
    boundary = parse_options_header(media)[1].get(b"boundary")
    try:
        parser = FormParser(
            "multipart/form-data", on_field, on_file, lambda: ends.append(True), boundary or None,
            config=config,
        )  # fmt: skip
        parser.write(bytes(body))
        parser.finalize()
    except FormParserError as error:
        raise HTTPException(400, f"not a whole form: {error}") from None
    if not ends:
        raise HTTPException(400, "not a whole form: its last boundary is missing")
    asked = _known(validated(Edit, dict(fields)), name)
    if not files:
        raise HTTPException(422, "image: expected at least one file")
    album = Album()
    return _edit(asked, tuple(album.added(data) for data in files), asked.prompt)


def chat(body: bytearray, name: str, media: str) -> EditRequest | AnswerRequest | ScoreRequest:
    """What the messages ask for: a picture, the log-probabilities of their end, or a text.

    Raises:
        HTTPException: the body or a picture does not fit.
    """
    del media
    asked = _known(validated(Chat, body), name)
    turns = _turns(asked)
    if asked.draws():
        if asked.prompt_logprobs is not None:
            raise HTTPException(422, "prompt_logprobs: not served with a picture")
        parts = [part for turn in turns for part in turn.parts]
        prompt = "\n".join(part for part in parts if isinstance(part, str))
        if not prompt:
            raise HTTPException(422, "messages: expected a text to draw by")
        return _edit(asked, tuple(p for p in parts if isinstance(p, Picture)), prompt)
    for setting, value in asked.settings().items():
        if value != DEFAULTS.get(setting):
            raise HTTPException(422, f"{setting}: not served with a text")
    if asked.prompt_logprobs is not None:
        return _score(turns)
    if asked.continue_final_message or asked.add_generation_prompt is False:
        raise HTTPException(422, "continue_final_message: served with prompt_logprobs alone")
    temperature = asked.temperature or 0.0
    seed = asked.seed or 0
    return AnswerRequest(turns, asked.max_tokens or 64, temperature, seed if temperature else 0)


def _score(turns: Sequence[Turn]) -> ScoreRequest:
    *before, last = turns
    if last.role != "assistant" or not before:
        raise HTTPException(422, "prompt_logprobs: the last message is no given reply")
    if not all(isinstance(part, str) for part in last.parts):
        raise HTTPException(422, "prompt_logprobs: the given reply holds a picture")
    text = "".join(str(part) for part in last.parts)
    if len(text) > limits.CONTINUATION:
        raise HTTPException(422, f"the given reply: at most {limits.CONTINUATION} characters")
    return ScoreRequest(tuple(before), text)


def _edit(asked: Edit | Chat, pictures: tuple[Picture, ...], prompt: str) -> EditRequest:
    declared = ("temperature", "max_tokens") if isinstance(asked, Chat) else ()
    settings = asked.settings(*declared)
    return EditRequest((*pictures, prompt), asked.seed or 0, tuple(sorted(settings.items())))


A = TypeVar("A", bound=Asked)


def _known(asked: A, name: str) -> A:
    if asked.model != name:
        raise HTTPException(404, f"The model {asked.model[:80]!r} does not exist; it is {name}")
    return asked


def _turns(asked: Chat) -> tuple[Turn, ...]:
    album, turns, characters = Album(), [], 0
    for message in asked.messages:
        parts: list[str | Picture] = []
        held = message.content
        for part in [held] if isinstance(held, str) else held:
            if isinstance(part, PicturePart):
                parts.append(album.added(_data(part.image_url.url)))
                continue
            text = part if isinstance(part, str) else part.text
            characters += len(text)
            parts.append(text)
        turns.append(Turn(message.role, tuple(parts)))
    if characters > limits.TEXTS:
        raise HTTPException(413, f"{characters} characters; expected at most {limits.TEXTS}")
    return tuple(turns)


class Album:
    """The pictures of one request, counted as they are decoded."""

    def __init__(self) -> None:
        self._left, self._count = limits.PIXELS, 0

    def added(self, encoded: bytes) -> Picture:
        """The picture, decoded once.

        Raises:
            HTTPException: it is no whole picture, or one too many or too large.
        """
        self._count += 1
        if self._count > limits.PICTURES:
            raise HTTPException(413, f"expected at most {limits.PICTURES} pictures")
        if len(encoded) > limits.PICTURE_BYTES:
            raise HTTPException(413, f"a picture: expected at most {limits.PICTURE_BYTES} bytes")
        if encoded.count(JPEG_SCAN) > limits.SCANS and encoded.startswith(b"\xff\xd8"):
            raise HTTPException(413, f"a picture: expected at most {limits.SCANS} scans")
        where, most = f"picture {self._count}", min(self._left, limits.PICTURE_PIXELS)
        if most < limits.PICTURE_PIXELS:
            where += f" ({limits.PIXELS - most} pixels are before it)"
        try:
            picture = picture_of(encoded, where, most)
        except DataError as error:
            raise HTTPException(400, str(error)) from None
        self._left -= picture.width * picture.height
        return picture


def _data(url: str) -> bytes:
    found = DATA_URL.match(url)
    if not found:
        raise HTTPException(400, "image_url: expected data:image/...;base64,...: none is fetched")
    try:
        return base64.b64decode(url[found.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(400, f"image_url: {error}") from None


def _utf8(value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"a field of the form: {error}") from None


def _spelled(text: str) -> Scalar:
    """The number, true or false that a form's text spells as JSON would; else the text."""
    try:
        value = from_json(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
