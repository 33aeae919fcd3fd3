"""Messages as rows of bronze: events apart from dead letters. Pure, but for the clock it is given.

Which rows are news is asked by position only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa

from crash_platform.lake.contract import Table
from crash_platform.streams.event import EventModel, RejectedError
from crash_platform.streams.log import Message, Properties, Range
from crash_platform.streams.tables import Stream

Row = dict[str, Any]


@dataclass(frozen=True)
class Landed:
    """Rows on their way to one table."""

    records: Sequence[Row]

    @classmethod
    def none(cls) -> "Landed":
        """No rows."""
        return cls(())

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.records)

    @property
    def days(self) -> set[date]:
        """The days of their arrival."""
        return {record["enqueued_date"] for record in self.records}

    def after(self, positions: Mapping[str, int]) -> "Landed":
        """Those behind the position of their partition."""
        return Landed(
            [r for r in self.records if r["sequence_number"] > positions[r["partition_id"]]]
        )

    def numbered(self, table: Table, landing: int) -> pa.Table:
        """They in the columns of a table, as its landing of that number."""
        columns = {
            column.name: [record[column.name] for record in self.records]
            for column in table.columns
            if column.name != "landing"
        }
        columns["landing"] = [landing] * len(self.records)
        return pa.table(columns, schema=table.schema)


def sorted_out(
    stream: Stream, generation: int, messages: Sequence[Message], now: datetime
) -> tuple[Landed, Landed]:
    """The events among messages, and those that are none, each with its reason."""
    events, dead = list[Row](), list[Row]()
    for message in messages:
        row = _delivered(message, generation, now)
        try:
            event = stream.contract.accept(message)
        except RejectedError as error:
            dead.append(row | _refused(stream.name, message.body, error))
        else:
            events.append(row | event_columns(event, message.body))
    return Landed(events), Landed(dead)


def event_columns(event: EventModel, body: bytes) -> Row:
    """What bronze says of an event besides how it came."""
    return {
        "event_id": event.event_id,
        "event_version": event.event_version,
        "event_date": event.event_date,
        "schema_version": event.schema_version,
        "body": body.decode("utf-8"),
    }


def lost_rows(stream: str, generation: int, lost: Sequence[Range], now: datetime) -> Landed:
    """A dead letter for each range that retention took."""
    rows = []
    for gap in lost:
        count = gap.until - gap.after
        reason = f"positions {gap.after + 1} to {gap.until} were removed before they were landed"
        nothing = Message(gap.partition_id, gap.after + 1, "", now, None, {}, b"")
        refused = _refused(stream, b"", RejectedError("lost", reason))
        more = {"body": None, "lost_count": count, "attempts": 0}
        rows.append(_delivered(nothing, generation, now) | refused | more)
    return Landed(rows)


def _delivered(message: Message, generation: int, now: datetime) -> Row:
    return {
        "hub_generation": generation,
        "partition_id": message.partition_id,
        "sequence_number": message.sequence_number,
        "offset": message.offset,
        "enqueued_at": message.enqueued_at,
        "enqueued_date": message.enqueued_at.date(),
        "partition_key": message.key,
        "properties": properties_text(message.properties),
        "landed_at": now,
    }


def _refused(stream: str, body: bytes, error: RejectedError) -> Row:
    return {
        "stream": stream,
        "body": body,
        "error_class": error.error_class,
        "reason": error.reason,
        "lost_count": 0,
        "attempts": 1,
        "replayed_at": None,
    }


def properties_text(properties: Properties) -> str:
    """Application properties as a JSON object, their names in order."""
    return _text_of(tuple(sorted(properties.items()))) if properties else "{}"


# Most messages of a sender have the same ones, and an encoder takes longer than all the rest.
@lru_cache(maxsize=256)
def _text_of(properties: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(properties), ensure_ascii=False)
