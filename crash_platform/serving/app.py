"""The prediction API as one app, put together from its parts. What a part does is in its file."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fastapi import FastAPI

from crash_platform.pipelines.injuries.answering import Answerer
from crash_platform.serving.errors import ErrorBody, handle_errors
from crash_platform.serving.guarding import Guard
from crash_platform.serving.health import health_routes
from crash_platform.serving.limits import Limits
from crash_platform.serving.predictions.invocations import invocation_routes
from crash_platform.serving.predictions.log import AnswerLog, NoLog
from crash_platform.serving.predictions.predict import predict_routes
from crash_platform.serving.predictions.service import Read, Service
from crash_platform.serving.request_log import Book, Edge

_REFUSALS: Final[Mapping[int, str]] = {
    401: "No key, or none that holds",
    403: "The key may not do this",
    408: "The body came too slowly",
    413: "Too many bytes or reports",
    415: "Not JSON",
    422: "Fields that cannot be used",
    429: "Too many requests; Retry-After says when to come again",
    500: "A mistake of the server",
    503: "No champion is loaded, or the guard cannot decide",
}


def _unsaid(_: str) -> None:
    """Nobody reads the log."""


@dataclass(frozen=True)
class Options:
    """What may be other than usual.

    Attributes:
        limits: how much one request may bring.
        log: takes one line per request, and where a bug was.
        timer: seconds that only grow.
        new_id: an id for a request, which nobody can guess from others.
        answers: takes note of every answer.
    """

    limits: Limits = field(default_factory=Limits)
    log: Callable[[str], None] = _unsaid
    timer: Callable[[], float] = time.perf_counter
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    answers: AnswerLog = field(default_factory=NoLog)


def create_app(
    champions: Callable[[], Answerer],
    guard: Guard,
    clock: Callable[[], datetime],
    read: Read,
    options: Options | None = None,
) -> FastAPI:
    """The prediction API over champions that may change at any time.

    Args:
        champions: the champions of this moment, at once; raises ``NoModelError`` without any.
        guard: who may ask.
        clock: now, with its time zone (UTC).
        read: from a report as it is told to what the feature function reads
            (``pipelines.reports.live.reading.reader``).
        options: limits and log.
    """
    chosen = options or Options()
    service = Service(champions, guard, clock, read, chosen.limits, chosen.answers)
    app = FastAPI(
        title="crash_platform predictions",
        description="How likely a crash in New York City is to have injured or killed somebody.",
        # The pages of these would need scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Spans and metrics would carry addresses and queries to wherever the process sends them.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={status: {"model": ErrorBody, "description": why} for status, why in _told()},
    )
    for routes in (predict_routes, invocation_routes, health_routes):
        app.include_router(routes(service))
    handle_errors(app)
    app.add_middleware(Edge, book=Book(chosen.log, clock, chosen.timer, chosen.new_id))
    return app


def _told() -> list[tuple[int | str, Any]]:
    return list(_REFUSALS.items())
