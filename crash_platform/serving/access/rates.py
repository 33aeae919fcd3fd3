"""How often a caller may ask, counted over all processes of a server. Who asks is not known here.

The window slides: a caller's count is that of this minute plus the share of the minute before
that still lies within the last sixty seconds. A burst at the turn of a minute therefore does not
count twice, and each caller costs one row. Where much is allowed, a process counts some requests
ahead of their being made, and lets them in without the file: never more than without that, and in
a minute at most a five-hundredth less per process.
"""

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from crash_platform.serving.access.files import locked

MINUTE_MS: Final = 60_000
WAIT_FOR_LOCK_SECONDS = 0.1
POLL_SECONDS = 0.0001
POLLS = 500
TRY_AGAIN_SECONDS = 10
KEPT_MINUTES = 60
AHEAD_OF, MOST_AHEAD = 500, 64
Asked = dict[str, str | int]
log = logging.getLogger(__name__)

MAKE = """
CREATE TABLE IF NOT EXISTS asked (
  who TEXT PRIMARY KEY, minute INTEGER NOT NULL, count INTEGER NOT NULL, before INTEGER NOT NULL
) WITHOUT ROWID"""
# Processes may cross a turn of the minute in either order: one minute back counts as this one.
COUNT = "CASE WHEN :minute - minute IN (0, -1) THEN count ELSE 0 END"
BEFORE = "CASE :minute - minute WHEN 0 THEN before WHEN -1 THEN before WHEN 1 THEN count ELSE 0 END"
MINUTE = "CASE :minute - minute WHEN -1 THEN minute ELSE :minute END"
TAKE = f"""
INSERT INTO asked VALUES (:who, :minute, :some, 0)
ON CONFLICT (who) DO UPDATE SET count = :some + {COUNT}, before = {BEFORE}, minute = {MINUTE}
WHERE ({BEFORE}) * (60000 - :ms) + (:some + {COUNT}) * 60000 <= :most * 60000
RETURNING 1"""
LOOK = f"SELECT {COUNT}, {BEFORE} FROM asked WHERE who = :who"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as a minute since 1970 and the milliseconds that have gone by of it."""

    minute: int
    ms: int

    @classmethod
    def of(cls, at: datetime) -> "Moment":
        """The moment of a time with a zone."""
        minute, ms = divmod(int(at.timestamp() * 1000), MINUTE_MS)
        return cls(minute, ms)


class Asks(NamedTuple):
    """What a caller has asked that is refused now: in this minute, and in the one before."""

    now: int
    before: int


@dataclass
class Ahead:
    """Requests that are counted but not made yet, by caller; void when their minute is over."""

    _minute: int = -1
    _left: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def use(self, who: str, minute: int) -> bool:
        """Make one of them; False where none is left."""
        with self._lock:
            left = self._left.get(who, 0) if minute == self._minute else 0
            if left:
                self._left[who] = left - 1
        return left > 0

    def add(self, who: str, minute: int, count: int) -> None:
        """Keep some for later."""
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._left.clear()
            self._left[who] = self._left.get(who, 0) + count


def counted_at_once(most: int) -> int:
    """How many requests of a caller are counted together where so many are allowed in a minute."""
    return min(MOST_AHEAD, max(1, most // AHEAD_OF))


def wait_seconds(count: int, before: int, most: int, ms: int) -> int:
    """Whole seconds until one more may be asked, if nothing is asked meanwhile; at least 1.

    Args:
        count: asked in this minute.
        before: asked in the minute before.
        most: allowed in a minute.
        ms: milliseconds gone by of this minute.
    """
    if count < most:
        free_at = _free_at(before, most - count - 1)
    else:
        free_at = MINUTE_MS + _free_at(count, most - 1)
    return max(1, math.ceil((free_at - ms) / 1000))


def _free_at(before: int, room: int) -> float:
    """Milliseconds into a minute when what still counts of the one before fits into a room."""
    return MINUTE_MS * (1 - min(1.0, room / before)) if before else 0.0


class Rates:
    """Counts requests in a small SQLite file that all processes of a server share.

    Where the file cannot be used, each process counts by itself, the log says so, and the file is
    tried again after ten seconds. It is opened by the first request, so that a process started by a
    fork opens its own.

    Args:
        path: the file; made where it is missing, and thrown away without harm.
        now: the present time, with a zone.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._shared: sqlite3.Connection | None = None
        self._alone: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._lost_at: float | None = None
        self._ahead = Ahead()

    @property
    def is_shared(self) -> bool:
        """Whether the counts held over all processes when last asked."""
        return self._lost_at is None

    def take(self, who: str, most: int) -> int | None:
        """Count one request; a refused one does not count.

        Args:
            who: the caller.
            most: requests allowed in a minute, 1 or more.

        Returns:
            None where it is allowed, else the whole seconds after which to ask again.
        """
        now = self._now()
        at = Moment.of(now)
        if self._ahead.use(who, at.minute):
            return None
        some = counted_at_once(most)
        asked: Asked = {"who": who, "most": most, "minute": at.minute, "ms": at.ms, "some": some}
        with self._lock:
            found = self._take(asked, now.timestamp())
        if isinstance(found, Asks):
            return wait_seconds(*found, most, at.ms)
        if found > 1:
            self._ahead.add(who, at.minute, found - 1)
        return None

    def take_ahead(self, who: str) -> bool:
        """Make a request that is counted already, without waiting; False: ``take`` has to count."""
        return self._ahead.use(who, Moment.of(self._now()).minute)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            for connection in (self._shared, self._alone):
                if connection is not None:
                    connection.close()
            self._shared = self._alone = self._inode = None

    def _take(self, asked: Asked, seconds: float) -> int | Asks:
        if self._lost_at is None or abs(seconds - self._lost_at) >= TRY_AGAIN_SECONDS:
            try:
                found = self._take_shared(asked)
            except (OSError, sqlite3.Error) as error:
                self._lose(error, seconds)
            else:
                if self._lost_at is not None:
                    log.warning("Requests are counted over all processes again.")
                self._lost_at = None
                return found
        if self._alone is None:
            self._alone = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._alone.execute(MAKE)
        return _take(self._alone, asked)

    def _take_shared(self, asked: Asked) -> int | Asks:
        """Count in the file, waiting a twentieth of a second or more for other processes."""
        connection = self._connection(int(asked["minute"]))
        for _ in range(POLLS):
            try:
                return _take(connection, asked)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            self._sleep(POLL_SECONDS)
        return _take(connection, asked)

    def _connection(self, minute: int) -> sqlite3.Connection:
        """The connection to the file that lies at the path now."""
        inode = _inode(self._path)
        if self._shared is not None and self._inode == inode:
            return self._shared
        if self._shared is not None:
            log.warning("%s was replaced or removed: all counts begin anew.", self._path)
        self._forget()
        self._shared = _opened(self._path, minute)
        self._inode = _inode(self._path)
        return self._shared

    def _lose(self, error: Exception, seconds: float) -> None:
        log.error(
            "%s cannot be used (%s): until it can, each process counts requests by itself, so "
            "that limits hold per process only; it is tried again in %d s, and if that does not "
            "help, mend its permissions or remove it.",
            self._path,
            error,
            TRY_AGAIN_SECONDS,
        )
        self._lost_at = seconds
        self._forget()

    def _forget(self) -> None:
        if self._shared is not None:
            with suppress(sqlite3.Error):
                self._shared.close()
        self._shared = self._inode = None


def _take(connection: sqlite3.Connection, asked: Asked) -> int | Asks:
    """Count some requests in one statement, or one; what was counted already where none may be."""
    # All rows are fetched, as the statement commits only when it has come to its end.
    for some in dict.fromkeys((asked["some"], 1)):
        if connection.execute(TAKE, {**asked, "some": some}).fetchall():
            return int(some)
    [(count, before)] = connection.execute(LOOK, asked).fetchall()
    return Asks(count, before)


def _opened(path: Path, minute: int) -> sqlite3.Connection:
    """Open the file, made anew where it is missing, and forget who asked long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that turn WAL on at once would find the database locked, without waiting.
    with locked(path.with_suffix(".lock")):
        path.touch(0o600)
        connection = sqlite3.connect(
            path, timeout=WAIT_FOR_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # Counts of a minute need not outlive a power cut.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(MAKE)
            connection.execute("DELETE FROM asked WHERE minute < ?", [minute - KEPT_MINUTES])
            # SQLite's own waiting starts with 1 ms and grows: far longer than a count takes.
            connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
