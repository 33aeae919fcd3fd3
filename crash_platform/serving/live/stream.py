"""The feed as server-sent events to one browser: beginning, events, signs of life, the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import anyio
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from crash_platform.serving.guarding import AccessError
from crash_platform.serving.live.backlog import wire
from crash_platform.serving.live.cursor import Cursor
from crash_platform.serving.live.feed import Live
from crash_platform.serving.live.listener import Beat, Listener
from crash_platform.serving.live.scored import plain

RETRY_MILLISECONDS = 3_000
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
"""The second keeps a proxy from holding events back."""


class EventStream(StreamingResponse):
    """Sends the feed until the browser leaves, is too slow, may no more, or the server ends.

    Args:
        live: the feed.
        after: how far the browser has read.
        admit: asks once more whether it may; raises ``AccessError`` if not.
    """

    def __init__(
        self, live: Live, after: Cursor | None, admit: Callable[[], Awaitable[None]]
    ) -> None:
        self._live, self._after, self._admit = live, after, admit
        super().__init__(content=(), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Listen, and send what comes."""
        listener = self._live.join(self._after)
        try:
            self.body_iterator = self._events(listener)
            with anyio.CancelScope() as whole:
                warden = asyncio.create_task(self._wait_for_end(listener, whole))
                try:
                    await super().__call__(scope, receive, send)
                finally:
                    warden.cancel()
                    with suppress(asyncio.CancelledError):
                        await warden
        finally:
            self._live.leave(listener)

    async def _events(self, listener: Listener) -> AsyncIterator[bytes]:
        yield self._beginning(listener)
        while True:
            entries, beat = await listener.next(self._live.pace.beat_every)
            if listener.over.is_set():
                # Whoever was too slow goes on with what comes from now on.
                left_out = self._gap(self._live.cursor) if listener.is_too_slow else b""
                yield wire(entries) + left_out
                return
            spoken = b"" if entries and beat is None else self._sign(beat or self._live.beat)
            yield wire(entries) + spoken

    def _beginning(self, listener: Listener) -> bytes:
        """How soon to come back, from where on the feed goes, and what was not read yet."""
        where = str(self._after) if self._after else self._live.cursor
        begun = format_sse_event(retry=RETRY_MILLISECONDS, id=where)
        gap = self._gap() if listener.since.is_gap else b""
        return begun + gap + wire(listener.since.entries) + self._sign(self._live.beat)

    def _sign(self, beat: Beat) -> bytes:
        """A sign of life: a comment for proxies, an event for the page, which sees no comments."""
        told = {"at": plain(self._live.clock()), "is_reading": beat.is_reading}
        return format_sse_event(comment="alive", event="beat", data_str=json.dumps(told))

    def _gap(self, goes_on: str | None = None) -> bytes:
        """That reports were left out."""
        return format_sse_event(event="gap", data_str="{}", id=goes_on)

    async def _wait_for_end(self, listener: Listener, whole: anyio.CancelScope) -> None:
        """See to it that the stream ends when it is over, even if nobody reads it."""
        try:
            while not listener.over.is_set() and await self._may_stay(listener):
                pass
        finally:
            listener.end()  # also after a bug: nobody listens on unasked
        await asyncio.sleep(self._live.pace.end_after)
        whole.cancel()

    async def _may_stay(self, listener: Listener) -> bool:
        """Whether it may still listen, asked after a while; or it is over before."""
        try:
            async with asyncio.timeout(self._live.pace.admit_every):
                await listener.over.wait()
        except TimeoutError:
            try:
                await self._admit()
            except AccessError as error:
                # Known all the same: only asked too often, for which nobody is sent away.
                return error.code == "too_many_requests"
        return True
