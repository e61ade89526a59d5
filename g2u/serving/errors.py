"""Refusals: one line each, in OpenAI's form."""

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from g2u.serving.limits import LINE


def form(status: int, said: str) -> dict[str, object]:
    """OpenAI's form of an error; `said` is made one line of at most `LINE` characters."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    line = " ".join(said.split())[:LINE]
    return {"error": {"message": line, "type": kind, "param": None, "code": status}}


def refusal(error: HTTPException) -> JSONResponse:
    """The error as a response."""
    return JSONResponse(form(error.status_code, error.detail), error.status_code, error.headers)


def misfit(error: ValidationError) -> HTTPException:
    """What does not fit, first and innermost: 400 where it is no JSON, 422 where it is another.

    A content is a text or a list: of a list that does not fit, that it is no text is not told.
    """
    every = error.errors(include_url=False, include_context=False, include_input=False)
    found = max(every, key=lambda each: (len(each["loc"]), each["type"] != "string_type"))
    if found["type"] == "json_invalid":
        return HTTPException(400, found["msg"])
    steps = [step for step in found["loc"] if isinstance(step, int) or step.isidentifier()]
    place = ".".join(map(str, steps))
    said = found["msg"].removeprefix("Value error, ")
    return HTTPException(422, f"{place}: {said}" if place else said)
