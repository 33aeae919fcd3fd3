"""The live feed of a process: one thread that looks at the table while somebody listens.

What is read is the tail's business, what is sent the stream's.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Final

from crash_platform.errors import PlatformError
from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import LocationError
from crash_platform.lake.store import Store
from crash_platform.serving.errors import RefusedError
from crash_platform.serving.live.backlog import Backlog, Entry, Since
from crash_platform.serving.live.cursor import Cursor
from crash_platform.serving.live.listener import Beat, Listener
from crash_platform.serving.live.tail import Tail

UNAVAILABLE: Final = 503
ENDING_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Pace:
    """How often things are done, in seconds, and how much is held.

    Attributes:
        look_every: between two looks at the table.
        beat_every: after so long a silence it is said that all is well.
        admit_every: after that it is asked again whether who listens may.
        end_after: a stream that was told to end and cannot is cut then.
        listeners: at once, at most.
        backlog: events held for who comes and who comes back.
        waiting: events that wait for one who listens, at most.
    """

    look_every: float = 1.0
    beat_every: float = 15.0
    admit_every: float = 30.0
    end_after: float = 2.0
    listeners: int = 100
    backlog: int = 500
    waiting: int = 500


@dataclass(frozen=True)
class Newest:
    """The newest reports, newest first, and the cursor behind which the feed goes on."""

    entries: tuple[Entry, ...]
    cursor: str


class Live(AbstractContextManager["Live"]):
    """The feed of scored reports.

    Args:
        open_store: opens the lake; asked again every ten minutes, as sign-ins end.
        clock: now (UTC).
        say: takes a line for the log.
        pace: how often things are done.
        timer: seconds that only grow.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        pace: Pace | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pace, self.clock = pace or Pace(), clock
        self._say, self._timer = say, timer
        self._tail = Tail(open_store, timer, self.pace.backlog)
        self._looking = Lock()
        self._looked_at: float | None = None
        self._failed_at: float | None = None
        # What follows is guarded by the condition, which is never held while anything is read.
        self._changed = Condition()
        self._backlog = Backlog(self.pace.backlog)
        self._listeners: set[Listener] = set()
        self._thread: Thread | None = None
        self._is_closed = False

    @property
    def beat(self) -> Beat:
        """How the feed is."""
        return Beat(is_reading=self._failed_at is None)

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def newest(self, count: int) -> Newest:
        """The newest reports; reads the table, so not to be called in an event loop.

        Raises:
            RefusedError: the table cannot be read now.
        """
        try:
            self.refresh()
        except (LakeError, LocationError):
            raise RefusedError(
                UNAVAILABLE,
                "unavailable",
                "The live predictions cannot be read now, and the server's log says why: try "
                "again in a minute.",
                {},
                {"Retry-After": "60"},
            ) from None
        with self._changed:
            return Newest(self._backlog.newest(count), self._backlog.cursor)

    def refresh(self) -> None:
        """Look at the table, unless it was looked at just now.

        Raises:
            LakeError: it cannot be read; that is logged once, until it can again.
            LocationError: the lake cannot be opened; likewise.
        """
        with self._looking:
            now = self._timer()
            if self._looked_at is not None and now - self._looked_at < self.pace.look_every / 2:
                return
            try:
                news = self._tail.look()
            except (LakeError, LocationError) as error:
                self._tail.forget()
                self._failed(error, now)
                raise
            self._looked_at = now
            self._well(now)
            with self._changed:
                entries = self._backlog.add(news)
                for listener in self._listeners if entries else ():
                    listener.offer(entries, is_cut=news.before is not None)

    def join(self, after: Cursor | None) -> Listener:
        """Begin to listen, in the running event loop; ``leave`` when done.

        Args:
            after: how far was read; None: begin with what comes from now on.

        Raises:
            RefusedError: too many listen, or the server ends.
        """
        with self._changed:
            if self._is_closed or len(self._listeners) >= self.pace.listeners:
                raise RefusedError(
                    UNAVAILABLE,
                    "too_many_listeners",
                    "Too many listen to the live feed: come again in a minute, or reload /live.",
                    {},
                    {"Retry-After": "60"},
                )
            since = Since(()) if after is None else self._backlog.since(after)
            listener = Listener(since, after, self.pace.waiting)
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = Thread(target=self._watch, name="live-feed", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more."""
        with self._changed:
            self._listeners.discard(listener)

    @property
    def cursor(self) -> str:
        """How far who has read everything has read."""
        with self._changed:
            return self._backlog.cursor

    def close(self) -> None:
        """End every stream and the thread; from any thread, also from an event loop."""
        with self._changed:
            self._is_closed = True
            for listener in self._listeners:
                listener.end()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(ENDING_SECONDS)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _watch(self) -> None:
        try:
            while self._is_wanted():
                try:
                    self.refresh()
                except (LakeError, LocationError):
                    continue  # it was logged; the next look may do
        finally:
            # Also after a bug: who listens comes back, and then there is another thread.
            with self._changed:
                self._thread = None
                for listener in self._listeners:
                    listener.end()

    def _is_wanted(self) -> bool:
        """Wait for the next look, and as long as nobody listens; False: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, self.pace.look_every)
            self._changed.wait_for(lambda: self._is_closed or bool(self._listeners))
            return not self._is_closed

    def _failed(self, error: PlatformError, now: float) -> None:
        if self._failed_at is None:
            self._say(f"The live feed stands still: {error} It is tried again every second.")
            self._failed_at = now
            self._tell()

    def _well(self, now: float) -> None:
        if self._failed_at is not None:
            self._say(f"The live feed goes on after {now - self._failed_at:,.0f} s.")
            self._failed_at = None
            self._tell()

    def _tell(self) -> None:
        with self._changed:
            for listener in self._listeners:
                listener.notice(self.beat)


def open_live(store: Store, clock: Callable[[], datetime], say: Callable[[str], None]) -> Live:
    """The live feed of a lake; close it before the server waits for its streams to end.

    Args:
        store: the lake.
        clock: now (UTC).
        say: takes a line for the log.
    """
    return Live(lambda: store, clock, say)
