"""What a body may hold, as pydantic models: strict types, bounded numbers and texts.

A field that a request does not know is refused, not ignored: in an answer because it would change
nothing, in an edit only if it is no scalar, as sampler settings are further fields of the body.
"""

import math
import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from starlette.exceptions import HTTPException

from g2u.records import Scalar
from g2u.serving import limits
from g2u.serving.errors import misfit

SEEDS = 2**63
SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
Text = Annotated[str, Field(max_length=limits.TEXT)]
Side = Annotated[int, Field(ge=1, le=limits.SIDE)]


def _objection(name: str, value: object) -> str:
    """What keeps a further field from being a sampler setting; empty where it is one."""
    if not SETTING.fullmatch(name):
        return f"{name[:80]!r} cannot be the name of a setting"
    match value:
        case str() if len(value) > limits.TEXT:
            return f"{name}: expected at most {limits.TEXT} characters"
        case int() if not -SEEDS <= value < SEEDS:
            return f"{name}: expected at most 63 bits"
        case float() if not math.isfinite(value):
            return f"{name}: expected a finite number"
        case None | str() | int() | float():
            return ""
    return f"{name}: expected text, a number, true or false"


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Asked(Body):
    """Fields of every request; further ones are settings."""

    model_config = ConfigDict(extra="allow")

    model: Text
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    user: Text | None = None
    """Who asks; without effect."""
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] | None = None
    size: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,3}x[1-9][0-9]{0,3}|auto)$")] | None = None
    width: Side | None = None
    height: Side | None = None
    steps: Annotated[int, Field(ge=1, le=limits.STEPS)] | None = None
    num_inference_steps: Annotated[int, Field(ge=1, le=limits.STEPS)] | None = None

    @model_validator(mode="after")
    def _settings_are_few_scalars(self) -> Self:
        further = self.model_extra or {}
        if len(further) > limits.SETTINGS:
            raise ValueError(f"expected at most {limits.SETTINGS} settings")
        for name, value in further.items():
            if said := _objection(name, value):
                raise ValueError(said)
        return self

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.size is None or self.size == "auto":
            return self
        if self.width is not None or self.height is not None:
            raise ValueError("size: given beside width and height")
        width, _, height = self.size.partition("x")
        if max(int(width), int(height)) > limits.SIDE:
            raise ValueError(f"size: expected at most {limits.SIDE}x{limits.SIDE}")
        self.width, self.height = int(width), int(height)
        return self

    def settings(self, *declared: str) -> dict[str, Scalar]:
        """Sampler settings: what is set of the further fields and of those `declared`."""
        names = ("width", "height", "steps", "num_inference_steps", *declared)
        found = {**(self.model_extra or {}), **{name: getattr(self, name) for name in names}}
        return {name: value for name, value in sorted(found.items()) if value is not None}


class Edit(Asked):
    """Of /v1/images/edits, without its files, and /v1/images/generations."""

    prompt: Annotated[Text, Field(min_length=1)]
    response_format: Literal["b64_json"] | None = None


class TextPart(Body):
    """A text of a message."""

    type: Literal["text"]
    text: Text


class Url(Body):
    """A picture as data: URL."""

    url: Annotated[str, Field(max_length=limits.PICTURE_BYTES * 4 // 3 + 100)]
    detail: Literal["auto", "low", "high"] | None = None
    """Without effect: pictures reach the model as they are."""


class PicturePart(Body):
    """A picture of a message."""

    type: Literal["image_url"]
    image_url: Url


Part = Annotated[TextPart | PicturePart, Field(discriminator="type")]
Parts = Annotated[list[Part], Field(min_length=1, max_length=limits.PARTS, fail_fast=True)]


class Message(Body):
    """A turn."""

    role: Literal["user", "assistant"]
    content: Text | Parts


class Chat(Asked):
    """Of /v1/chat/completions."""

    messages: Annotated[
        list[Message], Field(min_length=1, max_length=limits.MESSAGES, fail_fast=True)
    ]
    modalities: Annotated[list[Literal["text", "image"]], Field(max_length=2)] | None = None
    stream: Literal[False] | None = None
    temperature: Annotated[float, Field(ge=0, le=limits.TEMPERATURE)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=limits.TOKENS)] | None = Field(
        None, validation_alias=AliasChoices("max_tokens", "max_completion_tokens")
    )
    prompt_logprobs: Annotated[int, Field(ge=0, le=0)] | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None

    def draws(self) -> bool:
        """Whether a picture is asked for."""
        return "image" in (self.modalities or ())


M = TypeVar("M", bound=Body)


def validated(kind: type[M], body: bytes | bytearray | dict[str, Any]) -> M:
    """The body, checked; fields that come as a form are a dict.

    Raises:
        HTTPException: 400, it is not JSON; 413, too many parts to look at; 422, it does not fit.
    """
    try:
        if isinstance(body, dict):
            return kind.model_validate(body)
        if sum(body.count(mark) for mark in b",[{") > limits.MARKS:
            raise HTTPException(413, f"expected at most {limits.MARKS} commas and brackets")
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise misfit(error) from None
