"""A hub, a lake and official records for the tests of the live half."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import stretches
from crash_platform.orchestration.feeds.events import EventsOfDays, days_behind
from crash_platform.orchestration.tables import Recipe
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASHES
from crash_platform.pipelines.reports.feed import report_feed
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import Event
from crash_platform.streams.memory import MemoryLog

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = date(2026, 3, 4)


def report(event_id: str, **more: Any) -> bytes:
    """The body of a crash report, of the fourth of March unless said otherwise."""
    fields = {"event_schema": "crash_report", "schema_version": 1, "event_id": event_id}
    return json.dumps({**fields, "crash_date": DAY.isoformat(), **more}).encode()


@dataclass
class World:
    """The live half without Dagster: publish, land, make what is behind."""

    store: Store
    log: MemoryLog = field(default_factory=lambda: MemoryLog("crash-reports", 2, clock=lambda: NOW))
    engine: DuckDBEngine = field(default_factory=lambda: DuckDBEngine("500MB"))

    def publish(self, *bodies: bytes) -> None:
        """Send reports."""
        self.log.publish([Event(body) for body in bodies])

    def land(self) -> None:
        """Bring what is new to bronze."""
        work = Lander(self.store, report_feed().stream, self.log, lambda: NOW)
        work.land(work.plan(1_000))

    def behind(self) -> list[date]:
        """The days to make anew."""
        return days_behind(report_feed(), self.engine, self.store)

    def make(self, days: Sequence[date]) -> None:
        """Make silver, quarantine and gold of some days."""
        for window in stretches(days):
            events = EventsOfDays(report_feed(), self.engine, self.store, window)
            self.store.replace(report_feed().silver, window, events.silver())
            self.store.replace(report_feed().quarantine, window, events.quarantine())
            for recipe in report_feed().recipes:
                self.store.replace(recipe.table, window, self.frame(recipe, window))

    def frame(self, recipe: Recipe, window: Window) -> Frame:
        """What a recipe makes of a window."""
        slices = {table.name: self.store.slice(table, window) for table in recipe.inputs}
        return recipe.frame(self.engine, self.store, window, slices)

    def report(self, *bodies: bytes) -> None:
        """Send reports, and bring all tables up to date with them."""
        self.publish(*bodies)
        self.land()
        self.make(self.behind())

    def official(self, day: date, *crashes: dict[str, Any]) -> None:
        """Write the official records of a day, which covers it."""
        window = Window(day, day)
        rows = [_official(day, crash) for crash in crashes]
        confirmed = frozenset([day])
        frame = Frame.of(pa.Table.from_pylist(rows, schema=CRASHES.schema), confirmed)
        self.store.replace(CRASHES, window, frame)
        covered = [_blank(CRASH_COVERAGE) | {"crash_date": day}]
        table = pa.Table.from_pylist(covered, schema=CRASH_COVERAGE.schema)
        self.store.replace(CRASH_COVERAGE, window, Frame.of(table))

    def rows(self, table: Table, *names: str) -> list[Any]:
        """The rows of a table in the order of its key: of one column its values, else dicts."""
        keys = [(name, "ascending") for name in table.key]
        rows = self.store.slice(table).read().sort_by(keys).to_pylist()
        if len(names) == 1:
            return [row[names[0]] for row in rows]
        return [{name: row[name] for name in names or row} for row in rows]


def _official(day: date, crash: dict[str, Any]) -> dict[str, Any]:
    more = {"crash_date": day, "pulled_at": NOW, "version": 1, "source": "portal"}
    return _blank(CRASHES) | more | crash


def _blank(table: Table) -> dict[str, Any]:
    blanks = {pa.int64(): 0, pa.bool_(): False, pa.string(): ""}
    return {c.name: None if c.is_nullable else blanks.get(c.type, NOW) for c in table.columns}
