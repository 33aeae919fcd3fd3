"""One meaning in both engines: every table made from a stream, cell by cell, and every promise."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame, conform
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.feeds.events import EventsOfDays, days_behind
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.promises import promise_inputs
from crash_platform.pipelines.catalogue import feeds, promises
from crash_platform.settings import FIRST_DAY
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import Event
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.pipelines.crashes.parity import differing_cells, offenders
from crash_platform_tests.pipelines.reports.worlds import World, report

pytestmark = pytest.mark.spark

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
WINDOW = Window(FIRST_DAY, date(2026, 3, 6))
DUCKDB = DuckDBEngine()
REPORTS = (
    report("plain", crash_time="7:40", borough=" brooklyn ", latitude=40.7, longitude=-73.9),
    report("nothing said"),
    report("lists", vehicle_types=["Sedan", "Bike é"], contributing_factors=[]),
    report("far", latitude=52.5, longitude=13.4, borough="Atlantis"),
    report("old", crash_date="2026-01-01"),
    report("edge", crash_date="2026-02-03"),
    report("tomorrow", crash_date="2026-03-06"),
    report("hurt", persons_injured=2, persons_killed=0),
    report("unhurt", persons_injured=0, persons_killed=0, on_street_name=" A \t B "),
    report("twice", event_version=2, crash_time="23:59"),
    report("twice", event_version=1, crash_time="0:00"),
    report("back", is_withdrawn=True),
    report("known", collision_id=7),
)


def reading(event_id: str, **more: Any) -> bytes:
    fields = {"event_schema": "weather_reading", "schema_version": 1, "event_id": event_id}
    said = {"city": "Troy", "observed_at": "2026-03-05T11:59:59.999999Z", "temperature": 3.3}
    return json.dumps({**fields, **said, "humidity": 50, **more}).encode()


READINGS = (
    reading("plain"),
    reading("zone", observed_at="2026-03-05T00:00:00+05:00", temperature=-12.25),
    reading("edge", observed_at="2026-03-05T10:05:00Z", humidity=100),
    reading("late", observed_at="2026-03-05T01:02:03Z", humidity=0.1),
    reading("hot", temperature=61),
    reading("no city", city="  "),
    reading("no figure", temperature=None, humidity=None),
    reading("twice", event_version=2, temperature=1),
    reading("twice", event_version=1, temperature=2),
)
BODIES = {"crashes": REPORTS, "weather": READINGS}


@pytest.fixture(scope="module")
def spark() -> SparkEngine:
    return spark_or_skip()


@pytest.fixture(params=sorted(BODIES))
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Feed, Store]:
    """A stream landed in bronze, beside the official records of one day."""
    feed, store = feeds()[request.param], Store(Location(str(tmp_path)))
    World(store).official(date(2026, 3, 3), {"collision_id": 7})
    log = MemoryLog("hub", 2, clock=lambda: NOW)
    log.publish([Event(body) for body in BODIES[request.param]])
    lander = Lander(store, feed.stream, log, lambda: NOW)
    lander.land(lander.plan(100))
    return feed, store


def frames(feed: Feed, engine: Engine, store: Store) -> Iterator[tuple[Table, Frame]]:
    """Every table of a feed, in the order of making."""
    events = EventsOfDays(feed, engine, store, WINDOW)
    yield feed.silver, events.silver()
    yield feed.quarantine, events.quarantine()
    for recipe in feed.recipes:
        slices = {table.name: store.slice(table, WINDOW) for table in recipe.inputs}
        yield recipe.table, recipe.frame(engine, store, WINDOW, slices)


def rows(table: Table, frame: Frame) -> pa.Table:
    """A frame's rows in the contract's types, by key."""
    batches = [conform(batch, table.schema, table.path) for batch in frame.open()]
    found = pa.Table.from_batches(batches, table.schema)
    return found.sort_by([(name, "ascending") for name in table.key])


def test_every_table_is_the_same_on_both_engines(
    lake: tuple[Feed, Store], spark: SparkEngine
) -> None:
    feed, store = lake
    both = zip(frames(feed, DUCKDB, store), frames(feed, spark, store), strict=True)
    for (table, ours), (_, theirs) in both:
        made = rows(table, ours)
        assert made.num_rows
        assert differing_cells(made, rows(table, theirs)) == {}
        assert days_behind(feed, DUCKDB, store) == days_behind(feed, spark, store) != []
        store.replace(table, WINDOW, Frame.of(made))
    assert days_behind(feed, spark, store) == []


def test_every_promise_finds_the_same_on_both_engines(
    lake: tuple[Feed, Store], spark: SparkEngine
) -> None:
    feed, store = lake
    tables = {feed.stream.table, *feed.made}
    found = 0
    for promise in (each for each in promises() if each.table in tables):
        inputs = promise_inputs(promise, store, WINDOW)
        ours = offenders(promise, DUCKDB, inputs)
        assert ours == offenders(promise, spark, inputs), promise.name
        found += len(ours)
    assert found, "nothing is made yet, so something must be missed"
