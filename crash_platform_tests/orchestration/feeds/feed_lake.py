"""A feed on a lake in a temporary folder, its hub in memory, run by Dagster in this process."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import dagster as dg

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import stretches
from crash_platform.orchestration.feeds.checks import feed_checks
from crash_platform.orchestration.feeds.events import EventsOfDays, days_behind
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.feeds.hubs import HubResource
from crash_platform.orchestration.feeds.kit import feed_definitions
from crash_platform.orchestration.feeds.landing import Account, LandingConfig, land
from crash_platform.orchestration.feeds.sensors import feed_sensor
from crash_platform.orchestration.io_manager import DeltaIOManager
from crash_platform.orchestration.progress import progress_logger
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.runs import Outcome, materialise
from crash_platform.orchestration.tables import key_of
from crash_platform.streams.log import Event, EventLog
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.tables import DEAD_LETTERS, Stream

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


def hub_of(log: EventLog) -> HubResource:
    """A resource that opens this log, whatever stream is asked for."""

    class OneHub(HubResource):
        def open(self, stream: Stream, *, hosting: bool = False) -> EventLog:
            del stream, hosting
            return log

    return OneHub()


@dataclass
class FeedLake:
    """A feed, its hub and its tables.

    ``now`` is the hub's clock: when what is published next arrives.
    """

    feed: Feed
    root: str
    instance: dg.DagsterInstance
    checks: Sequence[dg.AssetChecksDefinition] = ()
    shared_log: MemoryLog | None = None
    now: datetime = NOON
    cursor: str | None = None

    @cached_property
    def log(self) -> MemoryLog:
        """The hub."""
        return self.shared_log or MemoryLog(self.feed.stream.name, 2, clock=lambda: self.now)

    @cached_property
    def hub(self) -> HubResource:
        """The hub as a resource."""
        return hub_of(self.log)

    @property
    def store(self) -> Store:
        """The tables."""
        return LakeResource(root=self.root).store()

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The feed with its checks: those that are given, or those of every feed."""
        lake, tables = LakeResource(root=self.root), (self.feed.stream.table, *self.feed.made)
        shared = dg.Definitions(
            resources={
                "lake": lake,
                "engine": EngineResource(),
                "hubs": self.hub,
                "lake_io": DeltaIOManager((*tables, DEAD_LETTERS), lake),
            },
            loggers={"progress": progress_logger},
        )
        checks = dg.Definitions(asset_checks=self.checks or feed_checks(self.feed))
        return dg.Definitions.merge(shared, feed_definitions(self.feed), checks)

    def publish(self, *bodies: bytes, key: str | None = "key") -> None:
        """Send messages; those of one key keep their order."""
        self.log.publish([Event(each, key) for each in bodies])

    def land(self, **config: Any) -> Account:
        """Land what is new, without a run."""
        return land(self.feed.stream, LandingConfig(**config), self.store, self.hub)

    def run_landing(self) -> Outcome:
        """Land what is new, in a run of the day on which the messages came."""
        day = self.now.date()
        bronze = [key_of(self.feed.stream.table)]
        return materialise(self.definitions, self.instance, Window(day, day), bronze)

    def run(self, first: date, last: date | None = None) -> Outcome:
        """Make every table below bronze for some days, in one run."""
        assets = [key_of(table) for table in self.feed.made]
        return materialise(self.definitions, self.instance, Window(first, last or first), assets)

    def behind(self) -> list[date]:
        """The days to make anew."""
        return days_behind(self.feed, DuckDBEngine(), self.store)

    def make(self, days: Sequence[date] | None = None) -> None:
        """Make every table below bronze for some days, or those that are behind, without a run."""
        for window in stretches(self.behind() if days is None else days):
            events = EventsOfDays(self.feed, DuckDBEngine(), self.store, window)
            self.store.replace(self.feed.silver, window, events.silver())
            self.store.replace(self.feed.quarantine, window, events.quarantine())
            for recipe in self.feed.recipes:
                slices = {table.name: self.store.slice(table, window) for table in recipe.inputs}
                made = recipe.frame(DuckDBEngine(), self.store, window, slices)
                self.store.replace(recipe.table, window, made)

    def tick(self, at: float | None = None) -> Any:
        """What the sensor asks for; its cursor is kept as Dagster keeps it."""
        sensor = feed_sensor(self.feed, lambda: self.now.timestamp() if at is None else at)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            definitions=self.definitions,
            resources={
                "lake": LakeResource(root=self.root),
                "engine": EngineResource(),
                "hubs": self.hub,
            },
        )
        answer = sensor.evaluate_tick(context)
        self.cursor = answer.cursor
        return answer

    def carry_out(self, request: dg.RunRequest) -> Any:
        """The run that a request asks for; it may fail."""
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            run_config=request.run_config,
            tags=request.tags,
            asset_selection=request.asset_selection,
            raise_on_error=False,
        )

    def rows(self, table: Table, *names: str) -> list[tuple[Any, ...]]:
        """Some cells of all rows, in order."""
        read = self.store.slice(table).read().to_pylist()
        return sorted((tuple(row[name] for name in names) for row in read), key=str)
