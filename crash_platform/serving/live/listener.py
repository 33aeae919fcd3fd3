"""One who listens to the feed: what waits to be sent to it, and when it is over. No HTTP here."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from crash_platform.serving.live.backlog import Entry, Since
from crash_platform.serving.live.cursor import Cursor


@dataclass(frozen=True)
class Beat:
    """That the server is well, said now and then; ``is_reading``: and its table can be read."""

    is_reading: bool


@dataclass(eq=False)
class Listener:
    """Waits for events, in the event loop in which it was made.

    It holds so many events and no more: who reads more slowly than they come is over.

    Attributes:
        since: what it has not read yet when it comes, taken from the backlog.
        after: how far it has read; what this covers is not sent again.
        most: events that wait at most.
    """

    since: Since
    after: Cursor | None
    most: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    is_too_slow: bool = field(default=False, init=False)
    over: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _waiting: deque[Entry] = field(default_factory=deque, init=False)
    _beat: Beat | None = field(default=None, init=False)
    _something: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def offer(self, entries: Sequence[Entry], is_cut: bool) -> None:
        """Hand over new events; from any thread.

        Args:
            entries: in order.
            is_cut: there were more before them, which are not handed over.
        """
        self.loop.call_soon_threadsafe(self._take_in, entries, is_cut)

    def notice(self, beat: Beat) -> None:
        """Have something said besides, soon; from any thread."""
        self.loop.call_soon_threadsafe(self._note, beat)

    def end(self) -> None:
        """End it; from any thread."""
        self.loop.call_soon_threadsafe(self._end)

    async def next(self, seconds: float) -> tuple[tuple[Entry, ...], Beat | None]:
        """What waits, once there is something, it is over, or so many seconds have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return (), None
        entries, beat = tuple(self._waiting), self._beat
        self._waiting.clear()
        self._beat = None
        if not self.over.is_set():
            self._something.clear()
        return entries, beat

    def _take_in(self, entries: Sequence[Entry], is_cut: bool) -> None:
        if self.over.is_set():
            return
        after = self.after
        news = [each for each in entries if after is None or not after.covers(each.row)]
        if is_cut or len(self._waiting) + len(news) > self.most:
            self.is_too_slow = True
            self._end()
            return
        self._waiting.extend(news)
        self._something.set()

    def _note(self, beat: Beat) -> None:
        self._beat = beat
        self._something.set()

    def _end(self) -> None:
        if self.is_too_slow:
            self._waiting.clear()
        self.over.set()
        self._something.set()
