"""The events of all hubs in one SQLite file: appending, reading from a position, retention.

Knows numbers, times and finished bytes; what a message is made of is said by sections.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crash_platform.streams.hub.positions import Kind, Start
from crash_platform.streams.log import StreamError

FILE = "hub.sqlite"
_SCHEMA = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -8000;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS hub (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    partitions INTEGER NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS extent (
    hub INTEGER NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL,
    next INTEGER NOT NULL, size INTEGER NOT NULL, last_offset INTEGER NOT NULL,
    last_enqueued INTEGER NOT NULL, PRIMARY KEY (hub, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    hub INTEGER NOT NULL, partition INTEGER NOT NULL, sequence INTEGER NOT NULL,
    offset INTEGER NOT NULL, enqueued INTEGER NOT NULL, message BLOB NOT NULL,
    PRIMARY KEY (hub, partition, sequence)
) WITHOUT ROWID;
COMMIT;
"""

Stamp = Callable[[bytes, int, int, int], bytes]


class HubError(StreamError):
    """The local hub cannot be started or told what it was told."""


@dataclass(frozen=True)
class Hub:
    """A hub: ``key`` is its own for ever, ``created_at`` milliseconds since 1970."""

    key: int
    name: str
    partitions: int
    created_at: int


@dataclass(frozen=True)
class Extent:
    """What a partition holds: sequence numbers from ``first`` to before ``next``.

    Attributes:
        first: the oldest kept; equal to ``next`` where none is.
        next: the number the next event gets.
        size: bytes ever stored: the offset the next event gets.
        last_offset: of the newest event; -1 where there never was one.
        last_enqueued: of the newest event, in milliseconds since 1970.
    """

    first: int = 0
    next: int = 0
    size: int = 0
    last_offset: int = -1
    last_enqueued: int = 0


class Log:
    """All hubs of a folder, or of memory where there is none. For use by one thread."""

    def __init__(self, folder: Path | None) -> None:
        """Open the file, and make it where it is missing.

        Raises:
            HubError: another process has it open, or it is not a hub's.
        """
        self._extents: dict[tuple[int, int], Extent] = {}
        where = ":memory:" if folder is None else str(folder / FILE)
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(where, timeout=0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise HubError(f"The hub's folder {folder} cannot be used: {error}.") from error
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._database.close()
            raise HubError(_why_not(folder, error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def hubs(self) -> list[Hub]:
        """Every hub, oldest first."""
        rows = self._rows("SELECT id, name, partitions, created_at FROM hub ORDER BY id")
        return [Hub(*row) for row in rows]

    def create(self, name: str, partitions: int, now: int) -> Hub:
        """Make a hub that is not there yet."""
        with self._transaction():
            key = self._insert(name, partitions, now)
        return Hub(key, name, partitions, now)

    def recreate(self, hub: Hub, now: int) -> Hub:
        """Drop a hub with its events and make it anew, later than it was made before."""
        created_at = max(now, hub.created_at + 1)
        with self._transaction():
            for table, column in (("event", "hub"), ("extent", "hub"), ("hub", "id")):
                self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (hub.key,))
            key = self._insert(hub.name, hub.partitions, created_at)
        for partition in range(hub.partitions):
            self._extents.pop((hub.key, partition), None)
        return Hub(key, hub.name, hub.partitions, created_at)

    def _insert(self, name: str, partitions: int, created_at: int) -> int:
        made = self._database.execute(
            "INSERT INTO hub (name, partitions, created_at) VALUES (?, ?, ?)",
            (name, partitions, created_at),
        )
        key = made.lastrowid
        if key is None:
            raise AssertionError("an inserted row has an id")
        return key

    def extent(self, hub: Hub, partition: int) -> Extent:
        """What a partition holds now."""
        known = self._extents.get((hub.key, partition))
        if known is None:
            found = self._rows(
                "SELECT first, next, size, last_offset, last_enqueued FROM extent"
                " WHERE hub = ? AND partition = ?",
                hub.key, partition,
            )  # fmt: skip
            known = Extent(*found[0]) if found else Extent()
            self._extents[hub.key, partition] = known
        return known

    def append(
        self, hub: Hub, partition: int, messages: Sequence[bytes], now: int, stamp: Stamp
    ) -> Extent:
        """Add messages in order, all or none, each as ``stamp`` makes it of its position.

        Times never run backwards in a partition, whatever the clock does.

        Raises:
            CodecError: ``stamp`` refuses a message; nothing is stored.
        """
        before = self.extent(hub, partition)
        enqueued = max(now, before.last_enqueued)
        rows, offset, last = [], before.size, before.last_offset
        for sequence, message in enumerate(messages, before.next):
            stored = stamp(message, sequence, offset, enqueued)
            rows.append((hub.key, partition, sequence, offset, enqueued, stored))
            offset, last = offset + len(stored), offset
        after = Extent(before.first, before.next + len(rows), offset, last, enqueued)
        with self._transaction():
            self._database.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._keep(hub, partition, after)
        self._extents[hub.key, partition] = after
        return after

    def read(
        self, hub: Hub, partition: int, sequence: int, most: int, most_bytes: int
    ) -> list[tuple[int, bytes]]:
        """The next events from a sequence number on: at least one, if there is one.

        Ends after ``most`` events, or when ``most_bytes`` are reached.
        """
        query = (
            "SELECT sequence, message FROM event"
            " WHERE hub = ? AND partition = ? AND sequence >= ? ORDER BY sequence LIMIT ?"
        )
        found: list[tuple[int, bytes]] = []
        size = 0
        values = (hub.key, partition, sequence, most)
        with closing(self._database.execute(query, values)) as rows:
            for number, message in rows:
                found.append((number, message))
                size += len(message)
                if size >= most_bytes:
                    break
        return found

    def find(self, hub: Hub, partition: int, start: Start) -> int:
        """The sequence number a reader begins with."""
        extent = self.extent(hub, partition)
        if start.value is None:
            return extent.next
        wanted = start.value if start.inclusive else start.value + 1
        if start.kind is Kind.SEQUENCE:
            return max(wanted, extent.first)
        column = "offset" if start.kind is Kind.OFFSET else "enqueued"
        return self._first_from(hub, partition, column, wanted)

    def _first_from(self, hub: Hub, partition: int, column: str, wanted: int) -> int:
        """The first event whose ``column``, which never falls, has reached a value: by halving."""
        extent = self.extent(hub, partition)
        low, high = extent.first, extent.next
        query = f"SELECT {column} FROM event WHERE hub = ? AND partition = ? AND sequence = ?"
        while low < high:
            middle = (low + high) // 2
            ((value,),) = self._rows(query, hub.key, partition, middle)
            low, high = (low, middle) if value >= wanted else (middle + 1, high)
        return low

    def remove_before(self, hub: Hub, partition: int, sequence: int) -> None:
        """Forget the events before a sequence number; numbers are never given again."""
        extent = self.extent(hub, partition)
        first = min(max(extent.first, sequence), extent.next)
        if first == extent.first:
            return
        after = replace(extent, first=first)
        with self._transaction():
            self._database.execute(
                "DELETE FROM event WHERE hub = ? AND partition = ? AND sequence < ?",
                (hub.key, partition, first),
            )
            self._keep(hub, partition, after)
        self._extents[hub.key, partition] = after

    def remove_older(self, hub: Hub, partition: int, moment: int, most: int) -> bool:
        """Forget up to ``most`` events that were enqueued before a moment; whether that was all."""
        limit = self.extent(hub, partition).first + most
        kept = self._first_from(hub, partition, "enqueued", moment)
        self.remove_before(hub, partition, min(kept, limit))
        return kept <= limit

    def _keep(self, hub: Hub, partition: int, extent: Extent) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO extent VALUES (?, ?, ?, ?, ?, ?, ?)",
            (hub.key, partition, extent.first, extent.next, extent.size, extent.last_offset,
             extent.last_enqueued),
        )  # fmt: skip

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._database.execute(query, values)) as found:
            return found.fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _why_not(folder: Path | None, error: sqlite3.Error) -> str:
    if error.sqlite_errorname.startswith("SQLITE_BUSY"):
        return f"The folder {folder} is in use by another local hub: stop that one first."
    return f"The folder {folder} holds no log of a local hub ({error}): choose another folder."
