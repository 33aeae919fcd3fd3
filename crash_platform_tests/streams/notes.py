"""A small kind of event for the tests of the room: a note of a day."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from crash_platform.lake.store import Store
from crash_platform.streams.event import EventContract, EventModel
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import Event, EventLog
from crash_platform.streams.tables import DEAD_LETTERS, Stream, event_table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class NoteV1(EventModel):
    """A note."""

    event_schema: Literal["note"] = "note"
    schema_version: Literal[1] = 1
    noted_on: date
    weight: float | None = None

    @property
    def event_date(self) -> date:
        """Its day."""
        return self.noted_on


class NoteV2(NoteV1):
    """A note of the next version."""

    schema_version: Literal[2] = 2  # type: ignore[assignment]


NOTES = EventContract("note", {1: NoteV1})
NOTES_OF_BOTH_VERSIONS = EventContract("note", {1: NoteV1, 2: NoteV2})
TABLE = event_table("notes", "notes")
STREAM = Stream("notes", lambda settings: "notes", NOTES, TABLE)


def note(name: str, **more: Any) -> bytes:
    """The body of a note."""
    fields = {"event_schema": "note", "schema_version": 1, "event_id": name}
    return json.dumps({**fields, "noted_on": "2026-02-28", **more}).encode()


def publish(log: EventLog, *bodies: bytes, key: str | None = "k") -> None:
    """Send bodies, by default all to one partition."""
    log.publish([Event(body, key) for body in bodies])


def lander(store: Store, log: EventLog, stream: Stream = STREAM, **more: Any) -> Lander:
    """What lands notes."""
    return Lander(store, stream, log, lambda: NOW, **more)


def landed(store: Store) -> list[str]:
    """The ids in bronze, sorted."""
    return sorted(store.slice(TABLE).read(["event_id"])["event_id"].to_pylist())


def dead(store: Store) -> list[tuple[bytes | None, str]]:
    """Bodies and classes of the dead letters, by position."""
    rows = store.slice(DEAD_LETTERS).read().sort_by("sequence_number").to_pylist()
    return [(row["body"], row["error_class"]) for row in rows]


def positions(store: Store) -> Sequence[tuple[str, int]]:
    """Every position of bronze and of the dead letters, sorted."""
    names = ["partition_id", "sequence_number"]
    rows = [*store.slice(TABLE).read(names).to_pylist()]
    rows += store.slice(DEAD_LETTERS).read(names).to_pylist()
    return sorted((row["partition_id"], row["sequence_number"]) for row in rows)
