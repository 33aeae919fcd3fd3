"""The edge of the app: every request gets an id, an answer, its headers, and one line in the log.

A line never holds a body, a query, a header, an address, or a path that is not one of the app's.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crash_platform.serving.errors import RefusedError, refusal
from crash_platform.serving.headers import secured

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
DESCRIPTION = "/openapi.json"
"""The one path that is no route of ours."""
GONE = 499
"""What the log says of a client that left before its answer; nobody is sent that."""


@dataclass(frozen=True)
class Book:
    """How requests are written down.

    Attributes:
        say: takes a line.
        clock: now (UTC).
        timer: seconds that only grow.
        new_id: an id for a request.
    """

    say: Callable[[str], None]
    clock: Callable[[], datetime]
    timer: Callable[[], float]
    new_id: Callable[[], str]


@dataclass
class _Exchange:
    """One request on its way, and what was answered so far."""

    scope: Scope
    request_id: str
    status: int = 0
    is_read: bool = field(default=False)

    def __post_init__(self) -> None:
        told = Headers(scope=self.scope)
        self.is_read = told.get("content-length", "0") == "0" and "transfer-encoding" not in told

    def receiving(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                self.is_read = True
            return message

        return received

    def sending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                headers = secured(list(message["headers"]), self.request_id)
                # Of a body that nobody read, the rest would have to be taken in before the next.
                closing = [] if self.is_read else [(b"connection", b"close")]
                message = {**message, "headers": [*headers, *closing]}
            await send(message)

        return sent

    def told(self) -> tuple[str, str]:
        """Method and path, as far as they are the app's and not the client's words."""
        method, route = self.scope["method"], self.scope.get("route")
        path = getattr(route, "path", None)
        if path is None:
            path = DESCRIPTION if self.scope["path"] == DESCRIPTION else "(none)"
        return method if method in METHODS else "OTHER", path


class Edge:
    """Everything passes here on its way in and out; what nobody caught is answered with 500."""

    def __init__(self, app: ASGIApp, book: Book) -> None:
        self._app, self._book = app, book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, exchange = self._book.timer(), _Exchange(scope, self._book.new_id())
        # Whoever writes something down about the request calls it as its answer does.
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        try:
            await self._answer(exchange, receive, send)
        finally:
            milliseconds = (self._book.timer() - started) * 1000
            method, path = exchange.told()
            self._book.say(
                f"{self._book.clock():%Y-%m-%dT%H:%M:%SZ} {method} {path} "
                f"{exchange.status or GONE} {milliseconds:.1f} ms {exchange.request_id}"
            )

    async def _answer(self, exchange: _Exchange, receive: Receive, send: Send) -> None:
        sending = exchange.sending(send)
        try:
            await self._app(exchange.scope, exchange.receiving(receive), sending)
        except ClientDisconnect:
            return  # nobody is there to be answered; the log says so
        # The one place where any bug ends: a stranger is told 500, the operator where it was.
        except Exception as error:
            self._book.say(_where(error, exchange.request_id))
            if exchange.status:
                raise
            answer = refusal(_internal(exchange.request_id))
            await answer(exchange.scope, receive, sending)


def _internal(request_id: str) -> RefusedError:
    return RefusedError(
        500,
        "internal",
        f"Something went wrong here: tell the operator the id {request_id}.",
    )


def _where(error: Exception, request_id: str) -> str:
    """Kind and place of a bug; not its message, which may hold what was sent."""
    places = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return "\n".join([f"{type(error).__name__} in request {request_id}, last call last:", *places])
