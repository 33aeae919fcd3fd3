"""The one JSON shape in which the API refuses: a code, a sentence, what is wrong field by field.

Never what was sent, never anything of the inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from crash_platform.errors import PlatformError
from crash_platform.pipelines.injuries.answering import NoModelError
from crash_platform.serving.guarding import STATUS, AccessError

JSON = "application/json"
LONGEST_NAME = 64
MOST_FIELDS = 20
UNPROCESSABLE, UNAVAILABLE = 422, 503
_OF_HTTP = {
    404: ("not_found", "There is nothing at this path."),
    405: ("method_not_allowed", "This path does not take that method."),
}
_OTHER = ("bad_request", "The request cannot be understood.")


class Problem(BaseModel):
    """What went wrong."""

    code: str = Field(description="For programs.", examples=["invalid"])
    message: str = Field(description="For people, one sentence.")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="What is wrong with which field; `3.crash_time` is of the fourth report.",
        examples=[{"crash_time": "a time is H:MM or HH:MM"}],
    )


class ErrorBody(BaseModel):
    """Every refusal."""

    error: Problem


@dataclass
class RefusedError(PlatformError):
    """A request that is not answered.

    Attributes:
        status: of HTTP.
        code: why, for programs.
        message: why, for people.
        fields: what is wrong, by field.
        headers: that the answer has besides.
    """

    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.message)


def refusal(error: RefusedError) -> Response:
    """The answer to a request that is refused."""
    problem = Problem(code=error.code, message=error.message, fields=dict(error.fields))
    content = ErrorBody(error=problem).model_dump_json()
    return Response(content, error.status, dict(error.headers), JSON)


def handle_errors(app: FastAPI) -> None:
    """Have the app refuse in the one shape, whatever refuses."""

    async def refused(_: Request, error: Exception) -> Response:
        return refusal(as_refused(error))

    for kind in (RefusedError, AccessError, NoModelError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)


def as_refused(error: Exception) -> RefusedError:
    """What is answered to an error that somebody can mend; any other is raised again."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, AccessError):
        return _not_let_in(error)
    if isinstance(error, NoModelError):
        return RefusedError(UNAVAILABLE, "no_model", str(error))
    if isinstance(error, RequestValidationError):
        return invalid({str(each["loc"][-1]): str(each["msg"]) for each in error.errors()})
    if isinstance(error, HTTPException):
        code, message = _OF_HTTP.get(error.status_code, _OTHER)
        return RefusedError(error.status_code, code, message, {}, error.headers or {})
    raise error


def invalid(fields: Mapping[str, str]) -> RefusedError:
    """The refusal of a body or a query of which some fields cannot be used."""
    shown = {name[:LONGEST_NAME]: why for name, why in list(fields.items())[:MOST_FIELDS]}
    more = f" and {len(fields) - MOST_FIELDS} more" if len(fields) > MOST_FIELDS else ""
    names = ", ".join(shown)
    return RefusedError(
        UNPROCESSABLE, "invalid", f"The request cannot be used; mend: {names}{more}.", shown
    )


def _not_let_in(error: AccessError) -> RefusedError:
    headers = {"WWW-Authenticate": "Bearer"} if error.code == "unauthorized" else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return RefusedError(STATUS[error.code], error.code, error.message, {}, headers)
