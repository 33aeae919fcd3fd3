"""The newest events of the feed, ready to be sent, for who comes and for who comes back. Pure."""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from fastapi.sse import format_sse_event

from crash_platform.serving.live.cursor import Cursor
from crash_platform.serving.live.scored import Scored
from crash_platform.serving.live.tail import News


@dataclass(frozen=True, slots=True)
class Entry:
    """A scored report as an event.

    Attributes:
        row: the report.
        id: how far whoever has read it has read.
        wire: the event, encoded once for all who listen.
    """

    row: Scored
    id: str
    wire: bytes


@dataclass(frozen=True)
class Since:
    """What somebody has not read yet; ``is_gap``: and there was more, which is not held."""

    entries: tuple[Entry, ...]
    is_gap: bool = False


@dataclass
class Backlog:
    """The newest events, oldest first; never more than ``most``."""

    most: int
    _entries: deque[Entry] = field(default_factory=deque, init=False, repr=False)
    _cursor: Cursor = field(default=Cursor(0), init=False)
    _left_out: Scored | None = field(default=None, init=False)

    @property
    def cursor(self) -> str:
        """How far who has read everything has read."""
        return str(self._cursor)

    def add(self, news: News) -> tuple[Entry, ...]:
        """Take in what is new; the events of it."""
        if news.before is not None:
            self._entries.clear()
            self._left_out = news.before
        entries = tuple(map(self._entry, news.rows))
        self._entries.extend(entries)
        while len(self._entries) > self.most:
            self._left_out = self._entries.popleft().row
        return entries

    def newest(self, count: int) -> tuple[Entry, ...]:
        """The newest events, newest first."""
        return tuple(islice(reversed(self._entries), count))

    def since(self, cursor: Cursor) -> Since:
        """What follows on a cursor.

        Events have one order, so all until the last one that the cursor covers were read. Where it
        covers none, and not even the last one that is held no more, others were missed.
        """
        unread = deque[Entry]()
        for entry in reversed(self._entries):
            if cursor.covers(entry.row):
                return Since(tuple(unread))
            unread.appendleft(entry)
        is_gap = self._left_out is not None and not cursor.covers(self._left_out)
        return Since(tuple(unread), is_gap)

    def _entry(self, row: Scored) -> Entry:
        before = self._cursor
        is_same = before.generation == row.hub_generation
        positions = dict(before.positions) if is_same else {}
        reached = {**positions, row.partition_id: row.sequence_number}
        self._cursor = Cursor(row.hub_generation, reached)
        told = json.dumps(row.told(), separators=(",", ":"), allow_nan=False)
        where = str(self._cursor)
        return Entry(row, where, format_sse_event(data_str=told, event="report", id=where))


def wire(entries: Iterable[Entry]) -> bytes:
    """Events as they are sent."""
    return b"".join(entry.wire for entry in entries)
