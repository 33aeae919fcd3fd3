"""From bronze to one row per event: the newest version of each, wherever and whenever it came.

Pure but for reading the lake. Which days are behind is read from the tables, never remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.contract import Table, Window, broken_rules
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import days_in
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.streams.event import EventContract
from crash_platform.streams.tables import EVENT, POSITION

AT = ", ".join(column.name for column in POSITION)
RANKED = (
    f"SELECT event_id, event_date, enqueued_date, {AT}, row_number() OVER (PARTITION BY event_id "
    f"ORDER BY event_version DESC, enqueued_at, {AT}) AS place FROM {{source}}"
)
"""Of a version delivered twice the first delivery counts, so that a repetition changes nothing."""

NEWEST_OF_DAYS = (
    Step(
        "touched",
        "SELECT event_id FROM landed WHERE event_date IN (SELECT run_day FROM run_days)",
    ),
    Step(
        "versions",
        "SELECT * FROM landed WHERE event_id IN (SELECT event_id FROM touched)",
    ),
    Step("ranked", RANKED.format(source="versions")),
    Step(
        "newest",
        f"SELECT {AT}, enqueued_date FROM ranked WHERE place = 1 "
        "AND event_date IN (SELECT run_day FROM run_days)",
    ),
)
CHOSEN = "SELECT landed.* FROM landed INNER JOIN newest ON " + " AND ".join(
    f"landed.{column.name} = newest.{column.name}" for column in POSITION
)
BEHIND = (
    Step("ranked", RANKED.format(source="landed")),
    Step("newest", f"SELECT event_id, event_date, {AT} FROM ranked WHERE place = 1"),
    Step("held", "SELECT * FROM kept UNION ALL SELECT * FROM refused"),
    Step(
        "differing",
        "SELECT * FROM (SELECT * FROM newest EXCEPT SELECT * FROM held) missing UNION ALL "
        "SELECT * FROM (SELECT * FROM held EXCEPT SELECT * FROM newest) superfluous",
    ),
    Step("behind", "SELECT DISTINCT event_date FROM differing"),
)


@dataclass(frozen=True)
class EventsOfDays:
    """The events that are about the days of a window, ready to be sorted into tables."""

    feed: Feed
    engine: Engine
    store: Store
    window: Window

    def silver(self) -> Frame:
        """The rows of silver, computed when opened."""
        names = ", ".join(self.feed.silver.schema.names)
        return self._frame(self.feed.silver, f"SELECT {names} FROM judged WHERE broken_rules = ''")

    def quarantine(self) -> Frame:
        """The rows of silver's quarantine, computed when opened."""
        table, names = self.feed.quarantine, ", ".join(f"events.{each.name}" for each in EVENT)
        refused = (
            f"SELECT {names}, events.event_date AS {table.day_column}, judged.broken_rules, "
            "events.body FROM judged INNER JOIN events ON judged.event_id = events.event_id "
            "WHERE judged.broken_rules <> ''"
        )
        return self._frame(table, refused)

    def newest(self) -> pa.Table:
        """The newest version of every event, with its fields: what silver's SQL reads."""
        bronze = self.feed.stream.table
        inputs: dict[str, Input] = {
            "landed": self.store.slice(bronze),
            "run_days": pa.table({"run_day": pa.array(days_in(self.window), pa.date32())}),
        }
        newest = self.engine.stream(inputs, NEWEST_OF_DAYS).read_all()
        if not newest.num_rows:
            return events_schema(self.feed).empty_table()
        came = pc.min_max(newest["enqueued_date"]).as_py()
        read = {
            "landed": self.store.slice(bronze, Window(came["min"], came["max"])),
            "newest": newest.drop_columns(["enqueued_date"]),
        }
        rows = self.engine.stream(read, [Step("wanted", CHOSEN)]).read_all()
        return parsed(self.feed, rows)

    def _frame(self, table: Table, sql: str) -> Frame:
        judged = Step("judged", broken_rules(self.feed.silver.rules, "typed"))
        steps = (*self.feed.steps(), judged, Step("sorted_out", sql))

        def opened() -> pa.RecordBatchReader:
            return self.engine.stream({"events": self.newest()}, steps, table.schema.names)

        is_known = self.store.version(self.feed.stream.table) is not None
        empty = frozenset(days_in(self.window)) if is_known else frozenset()
        return Frame(table.schema, opened, empty)


def events_schema(feed: Feed) -> pa.Schema:
    """The columns of ``events``."""
    fixed = [pa.field(column.name, column.type) for column in EVENT]
    days = [pa.field("event_date", pa.date32()), pa.field("enqueued_date", pa.date32())]
    more = [*days, pa.field("body", pa.string())]
    return pa.schema([*fixed, *more, *feed.fields])


def parsed(feed: Feed, rows: pa.Table) -> pa.Table:
    """Rows of bronze with the fields of their events."""
    contract: EventContract = feed.stream.contract
    records = [_record(feed, contract, row) for row in rows.to_pylist()]
    return pa.Table.from_pylist(records, schema=events_schema(feed))


def _record(feed: Feed, contract: EventContract, row: Mapping[str, Any]) -> dict[str, Any]:
    event = contract.parse(row["body"].encode("utf-8"))
    said = {"source": event.source, "is_simulated": event.is_simulated}
    return {**row, **said, **feed.record(event)}


def days_behind(feed: Feed, engine: Engine, store: Store) -> list[date]:
    """The days in which silver is not what bronze says, in order."""
    inputs: dict[str, Input] = {
        "landed": store.slice(feed.stream.table),
        "kept": _held(store, feed.silver),
        "refused": _held(store, feed.quarantine),
    }
    found = engine.stream(inputs, BEHIND).read_all()["event_date"].to_pylist()
    more = feed.behind(engine, store) if feed.behind else ()
    return sorted({*found, *more})


def _held(store: Store, table: Table) -> pa.Table:
    names = ["event_id", table.day_column, *(column.name for column in POSITION)]
    rows = store.slice(table).read(names)
    return rows.rename_columns(["event_id", "event_date", *names[2:]])
