"""How much the API takes: bytes, reports, seconds; and the reading of a body within that.

What a body says is not looked at here.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from crash_platform.serving.errors import JSON, RefusedError

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FORM: Final = "application/x-www-form-urlencoded"
"""What a browser sends a form as."""
HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 10.0
_NAMES: Final = {JSON: "JSON", FORM: "form data"}


@dataclass(frozen=True)
class Limits:
    """The limits of one request.

    Attributes:
        body_bytes: of one report.
        batch_bytes: of many reports; 1,000 that say all they can say need about 500 KB.
        batch_reports: reports in one request.
        body_seconds: in which a body has to come.
    """

    body_bytes: int = 256 * 1024
    batch_bytes: int = 1024 * 1024
    batch_reports: int = 1_000
    body_seconds: float = 10.0


async def read_body(request: Request, most: int, seconds: float, media: str = JSON) -> bytes:
    """The body of a request of one media type, read no further than it may be long.

    Raises:
        RefusedError: it says to be something else than plainly that, or is too long or too slow.
    """
    _refuse_other_media(request, media)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(most)) or int(length) > most):
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise RefusedError(
            408, "too_slow", f"The body did not come within {seconds:g} seconds: send it again."
        ) from None
    return bytes(body)


def limited_heads(
    most: int = HEAD_BYTES, seconds: float = HEAD_SECONDS
) -> "type[HttpToolsProtocol]":
    """What uvicorn's ``http`` setting takes, so that no head of a request is without end.

    Its own reader of heads takes in whatever comes, before anybody is asked who it is. This one
    closes the connection of a head that is too long or too slow.

    Args:
        most: bytes of a request line and its headers; those that come in one piece may be more.
        seconds: in which they have to come; on a new connection, from its beginning on.
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class LimitedHeads(HttpToolsProtocol):
        taken: int | None = 0
        """Bytes of the head so far; None behind it."""
        timer: asyncio.TimerHandle

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.timer = self.loop.call_later(seconds, transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self.timer.cancel()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.taken = 0

        def on_headers_complete(self) -> None:
            self.taken = None
            self.timer.cancel()
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.taken is None:
                return
            self.taken += len(data)
            if self.taken > most:
                self.transport.abort()
            elif self.timer.cancelled():
                self.timer = self.loop.call_later(seconds, self.transport.close)

    return LimitedHeads


def _refuse_other_media(request: Request, media: str) -> None:
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if told != media or encoding != "identity":
        raise RefusedError(
            415,
            "unsupported_media_type",
            f"Only plain {_NAMES.get(media, media)} is taken: send Content-Type: {media}, not "
            "compressed.",
        )


def _too_large(most: int) -> RefusedError:
    return RefusedError(
        413, "too_large", f"The body is larger than {most:,} bytes: send less at a time."
    )
