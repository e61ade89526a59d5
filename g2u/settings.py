"""Settings as typed sections, and what is wrong with them as one line with its place.

What params.yaml says, and what each benchmark, edit family and adapter takes of it, are classes
made from `Section`. `checked` is the one way from values of YAML to such a class.
"""

import difflib
import math
import reprlib
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeVar, Union, get_args, get_origin

import annotated_types
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import (
    CoreSchema,
    ErrorDetails,
    InitErrorDetails,
    PydanticCustomError,
    core_schema,
)

from g2u.errors import ParamsError, in_one_line, unknown_name

FILE = "params.yaml"
"""Where settings are from, for messages."""
MOST = 2**63 - 1
"""Of a count: what Python can step through."""
Positive = Annotated[int, Field(ge=1, le=MOST)]
NotNegative = Annotated[int, Field(ge=0, le=MOST)]
KEY = "[key]"
"""pydantic's step to a name of a mapping, as told from its value."""
UNKNOWN, UNFIT = "unknown", "unfit"
"""Kinds of errors that are raised here; an unknown name says more than what is missing or wrong."""


def unfit(said: str, kind: str = UNFIT) -> PydanticCustomError:
    """The error of a value; its line goes on with `said` after the place."""
    return PydanticCustomError(kind, "{said}", {"said": said})


class Section(BaseModel):
    """Settings: frozen, of exact types (a whole number stands for a float), no unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, raw: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse names that no field has; say of a field that is missing what is expected."""
        if not isinstance(raw, dict | cls):
            raise unfit(f": {_shown(raw)}; expected {_kind(cls)}")
        if isinstance(raw, dict) and cls.model_config.get("extra") == "forbid":
            for name in raw:
                if name not in cls.model_fields:
                    raise unfit(unknown_name("", str(name), cls.model_fields), UNKNOWN)
        try:
            return check(raw)
        except ValidationError as error:
            found = [cls._told(problem) for problem in error.errors(include_url=False)]
        raise ValidationError.from_exception_data(cls.__name__, found)

    @classmethod
    def _told(cls, problem: ErrorDetails) -> InitErrorDetails:
        said = unfit(problem["msg"], problem["type"])
        if problem["type"] == "missing":
            field = cls.model_fields[str(problem["loc"][0])]
            said = unfit(f" is missing; expected {_kind(field.annotation, field.metadata)}")
        elif problem["type"] not in (UNKNOWN, UNFIT):
            said = unfit(f": {in_one_line(problem['msg'].lower())}")
        return InitErrorDetails(type=said, loc=problem["loc"], input=problem["input"])

    @field_validator("*", mode="wrap")
    @classmethod
    def _value(cls, raw: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Say of a value that does not fit what is expected; inner sections say it themselves."""
        try:
            return check(raw)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            if any(problem["type"] in (UNKNOWN, UNFIT) for problem in problems):
                raise
            field = cls.model_fields[str(info.field_name)]
            steps = problems[0]["loc"]
            value, kind, metadata, place = _innermost(raw, field.annotation, field.metadata, steps)
            what = f"the name {_shown(value)}" if KEY in steps else _shown(value)
            said = unfit(f": {what}; {_expected(value, kind, metadata)}")
            found = InitErrorDetails(type=said, loc=place, input=value)
        raise ValidationError.from_exception_data(cls.__name__, [found])


S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Annotates a text that has to be one of names which are found out when they are needed."""

    names: Callable[[], Iterable[str]]

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The text's, and then whether it is one of the names."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, name: str) -> str:
        if name not in self.names():
            raise PydanticCustomError("literal_error", "not a known name")
        return name


@dataclass(frozen=True, slots=True)
class Form:
    """Annotates a text of a certain form."""

    fits: Callable[[str], object]
    """True of the texts that have it."""
    said: str
    """What is expected, in words."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The text's, and then whether it has the form."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, text: str) -> str:
        if not self.fits(text):
            raise PydanticCustomError("form", "of another form")
        return text


def holding(place: str) -> Form:
    """The form of a text in which `place`, such as "{question}", stands for something."""
    return Form(lambda text: place in text, f"a text with {place} in it")


def formatted(*names: str) -> Form:
    """The form of a text that `str.format` takes, with no fields but these."""

    def fits(text: str) -> bool:
        try:
            parts = list(Formatter().parse(text))
        except ValueError:
            return False
        fields = [part[1:] for part in parts if part[1] is not None]
        return all(name in names and not spec and not form for name, spec, form in fields)

    known = " and ".join(f"{{{name}}}" for name in names)
    return Form(fits, f"a text whose only fields are {known} (other braces are doubled)")


Text = Annotated[str, Form(str.strip, "a text that is not empty")]


def checked(kind: type[S], raw: Any, place: str = "", file: str = FILE) -> S:
    """Values of YAML as a section.

    Args:
        kind: the section.
        raw: its values.
        place: dotted keys that lead to it in the file; empty = the whole file.
        file: for messages.

    Raises:
        ParamsError: file, place, what is there and what is expected, in one line; for an unknown
            name the nearest known one.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    problem = next((each for each in problems if each["type"] == UNKNOWN), problems[0])
    where = ".".join([*filter(None, [place]), *(str(part) for part in problem["loc"])])
    raise ParamsError(in_one_line(f"{file}: {where or 'top level'}{problem['msg']}", 400))


def _shown(value: Any) -> str:
    """As in YAML."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else reprlib.repr(value)


def _innermost(
    value: Any, kind: Any, metadata: list[Any], steps: Sequence[int | str]
) -> tuple[Any, Any, list[Any], tuple[int | str, ...]]:
    """What of a list or mapping does not fit: value, type, constraints and the way to it."""
    place: list[int | str] = []
    for number, step in enumerate(steps):
        kind, metadata = _bare(kind, metadata)
        inner = get_args(kind)
        if get_origin(kind) is list and isinstance(value, list) and isinstance(step, int):
            value, kind = value[step], inner[0]
        elif get_origin(kind) is dict and KEY in steps[number + 1 : number + 2]:
            name = next((key for key in value if key == step), step)  # False, of 0
            return name, inner[0], [], tuple(place)
        elif get_origin(kind) is dict and isinstance(value, dict) and step in value:
            value, kind = value[step], inner[1]
        else:
            break
        place.append(step)
        metadata = []
    return value, kind, metadata, tuple(place)


def _bare(kind: Any, metadata: Iterable[Any]) -> tuple[Any, list[Any]]:
    """A type without `Annotated`, and without None where one other is left, and its constraints."""
    found = list(metadata)
    while True:
        others = [each for each in get_args(kind) if each is not types.NoneType]
        if get_origin(kind) is Annotated:
            kind, *further = get_args(kind)
            found += further
        elif get_origin(kind) in (Union, types.UnionType) and len(others) == 1:
            (kind,) = others
        else:
            return kind, found


def _expected(value: Any, kind: Any, metadata: list[Any]) -> str:
    """What is expected instead of a value; of a misspelt name, the nearest."""
    names = _names_of(*_bare(kind, metadata))
    near = difflib.get_close_matches(value[:80], names, n=1) if isinstance(value, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    most = f", at most {MOST}" if isinstance(value, int) and value > MOST else ""
    said = _kind(kind, metadata)
    if isinstance(value, float) and not math.isfinite(value):
        said = f"{said}, finite"
    is_text = "a text" in said and not isinstance(value, str | list | dict | None)
    return f"{hint}expected {said}{most}{'; put it in quotes' if is_text else ''}"


def _names_of(kind: Any, metadata: Iterable[Any]) -> list[str]:
    """The names that a text may be; none where it is free."""
    for each in metadata:
        if isinstance(each, OneOf):
            return sorted(each.names())
    return [str(name) for name in get_args(kind)] if get_origin(kind) is Literal else []


def _kind(kind: Any, metadata: Iterable[Any] = ()) -> str:
    """A type and its constraints in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        parts = [_kind(each, metadata) for each in inner if each is not types.NoneType]
        return " or ".join([*parts, *(["null"] if types.NoneType in inner else [])])
    bare, found = _bare(kind, metadata)
    flat = [part for each in found for part in getattr(each, "metadata", None) or [each]]
    origin, inner = get_origin(bare), get_args(bare)
    names = _names_of(bare, flat)
    if names:
        return f"one of {', '.join(names)}"
    if origin is list:
        return f"a list{_size(flat)} (of each: {_kind(inner[0])})"
    if origin is dict:
        return (
            "names and values"
            if inner[1] in (Any, JsonValue)
            else f"names, each with {_kind(inner[1])}"
        )
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return f"names and values ({', '.join(bare.model_fields)})"
    if bare is JsonValue:
        return "a value as JSON has them"
    form = next((each.said for each in flat if isinstance(each, Form)), "")
    words = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
    said = form or words.get(bare, "another value")
    if bare is str and any(isinstance(each, annotated_types.MinLen) for each in flat):
        return f"{said} that is not empty"
    return f"{said}{_range(flat)}"


def _size(constraints: Iterable[Any]) -> str:
    least = [each.min_length for each in constraints if isinstance(each, annotated_types.MinLen)]
    most = [each.max_length for each in constraints if isinstance(each, annotated_types.MaxLen)]
    if least and least == most:
        return f" of {least[0]}"
    return f" of at least {least[0]}" if least else ""


def _range(constraints: Iterable[Any]) -> str:
    said = ""
    for each in constraints:
        if isinstance(each, annotated_types.Ge):
            said += f" of at least {each.ge}"
        elif isinstance(each, annotated_types.Gt):
            said += f" above {each.gt}"
        elif isinstance(each, annotated_types.Le) and each.le != MOST:
            said += f"{' and' if said else ' of'} at most {each.le}"
        elif isinstance(each, annotated_types.Lt):
            said += f"{' and' if said else ''} below {each.lt}"
    return said
