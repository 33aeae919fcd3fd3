"""A hub in memory, a lake in a folder and small champions, with a worker between them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Commit, Store
from crash_platform.modelling.boosting import digest
from crash_platform.modelling.registry import ModelVersion, RegistryError
from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.pipelines.injuries.features import Report
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.pipelines.reports.live.account import Account, Figures, TellingError
from crash_platform.pipelines.reports.live.desk import Desk, Pace
from crash_platform.pipelines.reports.live.places import Locate, locator
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.pipelines.reports.live.worker import Worker
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.streams.log import Event, EventLog
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.modelling.registries import FakeRegistry
from crash_platform_tests.pipelines.injuries.small_model import small_model, small_words

NOW = datetime(2023, 9, 20, 16, 30, tzinfo=UTC)
TODAY = date(2023, 9, 20)
FAST = Pace(commit_every=0.0, wait=0.01, tell_every=0.0, say_every=1e9, model_every=0.0)
Row = dict[str, Any]


def told(event_id: str = "one", version: int = 1, **more: Any) -> Row:
    """A report of today: an afternoon in Queens, a sedan and a bicycle; nothing else is said."""
    report = {
        "event_schema": "crash_report",
        "schema_version": 1,
        "event_id": event_id,
        "event_version": version,
        "crash_date": TODAY.isoformat(),
        "crash_time": "12:05",
        "latitude": 40.7,
        "longitude": -73.9,
        "on_street_name": "GRAND AVENUE",
        "vehicle_types": ["Sedan", "Bike"],
    }
    return {**report, **more}


def event(report: Row | bytes, key: str | None = None) -> Event:
    """A report, or anything else, on its way to the hub."""
    if isinstance(report, bytes):
        return Event(report, key)
    return Event(json.dumps(report).encode(), key or str(report["event_id"]))


@cache
def located() -> Locate:
    """The lookup of boroughs."""
    return locator()


def champions(*feature_sets: str, version: int = 7) -> Answerer:
    """Small champions of these feature sets, by default of both."""
    names = feature_sets or ("first_report", "full_report")
    return Answerer({name: Champion(small_model(name), version) for name in names}, small_words())


class ArtefactRegistry(FakeRegistry):
    """The fake registry, with artefacts, that may be away; it counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.artefacts: dict[tuple[str, int], bytes] = {}
        self.is_away = False
        self.loads = 0

    def crown(self, feature_set: str, artefact: bytes | None = None) -> ModelVersion:
        """Register a small model and make it champion."""
        content = small_model(feature_set).to_bytes() if artefact is None else artefact
        name = f"injury_{feature_set}"
        version = self.add(name, digest(content), {})
        self.artefacts[name, version.version] = content
        self.promote(name, version.version)
        return version

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        if self.is_away:
            raise RegistryError("MLflow does not answer.")
        return super().holder(name, alias)

    def artefact(self, version: ModelVersion) -> bytes:
        self.loads += 1
        return self.artefacts[version.name, version.version]


class KilledError(BaseException):
    """The process ends here, as by kill -9: nobody catches it."""


@dataclass(frozen=True)
class FaultyStore(Store):
    """A store whose next appends fail as told (``None``: do not), before the commit or after."""

    before: list[BaseException | None] = field(default_factory=list)
    after: list[BaseException | None] = field(default_factory=list)

    def append_from(self, table: Any, frame: Frame, read_at: Any, moved_to: Any) -> Commit:
        _raise_next(self.before)
        commit = super().append_from(table, frame, read_at, moved_to)
        _raise_next(self.after)
        return commit


def _raise_next(faults: list[BaseException | None]) -> None:
    fault = faults.pop(0) if faults else None
    if fault is not None:
        raise fault


@dataclass
class Until:
    """Stops as soon as something is so; fails the test if that never comes."""

    is_so: Callable[[], bool]
    asked: int = 0
    waits: list[float] = field(default_factory=list)

    def is_set(self) -> bool:
        self.asked += 1
        assert self.asked < 3_000, "the worker never came to its end"
        return self.is_so()

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        return self.is_set()


class Newsroom:
    """A hub, a lake, champions, and all that a worker says and tells."""

    def __init__(self, folder: Path, partitions: int = 2) -> None:
        self.now = NOW
        self.hub = MemoryLog("crash-reports", partitions, clock=lambda: self.now)
        self.store = FaultyStore(Location(str(folder / "lake")), sleep=lambda _: None)
        self.answerer: Answerer | None = champions()
        self.lines: list[str] = []
        self.figures: list[Figures] = []
        self.is_dagster_away = False
        self.misses = 0
        self.before_answering: Callable[[], object] | None = None

    @classmethod
    def beside(cls, other: "Newsroom") -> "Newsroom":
        """Another worker's view of the same hub and lake, without the other's faults."""
        room = cls(Path(other.store.location.root).parent)
        room.hub = other.hub
        return room

    def heal(self) -> None:
        """Take away every fault that has not struck yet."""
        self.store.before.clear()
        self.store.after.clear()
        self.hub._failures.clear()
        self.answerer, self.before_answering, self.misses = champions(), None, 0

    def publish(self, *reports: Row | bytes, key: str | None = None) -> None:
        """Put reports, or anything else, into the hub."""
        self.hub.publish([event(report, key) for report in reports])

    def publish_in_spite(self, report: Row | bytes, key: str | None = None) -> None:
        """Put a report into the hub while it is out of reach for the worker."""
        failures, self.hub._failures = self.hub._failures, []
        self.publish(report, key=key)
        self.hub._failures = failures

    def desk(self, stop: Any, log: EventLog | None = None, **pace: Any) -> Desk:
        """What a worker works with."""
        seconds = iter(range(10**9))
        return Desk(
            log=log or self.hub,
            table=LiveTable(lambda: self.store, lambda: 0.0),
            answerer=self._answerer,
            read=self._read,
            say=self.lines.append,
            tell=self._tell,
            clock=lambda: self.now + timedelta(milliseconds=40),
            timer=lambda: float(next(seconds)),
            stop=stop,
            pace=replace(FAST, **pace),
        )

    def once(self, **options: Any) -> Account:
        """Score what is there."""
        stop = Until(lambda: False)
        return Worker(self.desk(stop), "live", is_once=True, **options).run()

    def in_spite(self) -> Account:
        """Score what is there while the hub is out of reach for others."""
        failures, self.hub._failures = self.hub._failures, []
        total = self.once()
        self.hub._failures = failures
        return total

    def follow(self, until: Callable[[], bool] | None = None, **options: Any) -> Account:
        """Follow until all is scored, or something else is so."""
        return Worker(self.desk(Until(until or self.is_all_scored)), "live", **options).run()

    def is_all_scored(self) -> bool:
        """Whether the positions in the table are the ends of the hub's partitions."""
        generation = self.hub._generation
        ends = {each.held.partition_id: each.held.last + 1 for each in self.hub._partitions}
        return self.positions(generation) == ends

    def positions(self, generation: int = 1) -> dict[str, int]:
        """The positions in the table, plus one, by partition."""
        names = [each.held.partition_id for each in self.hub._partitions]
        ids = [f"live/{generation}/{name}" for name in names]
        held = self.store.numbers(LIVE_PREDICTIONS, ids)
        return dict(zip(names, (held[each] for each in ids), strict=True))

    def rows(self) -> list[Row]:
        """The table, by id and version."""
        rows = self.store.slice(LIVE_PREDICTIONS).read().to_pylist()
        return sorted(rows, key=lambda row: (row["event_id"], row["event_version"]))

    def scored(self) -> list[tuple[str, int]]:
        """Ids and versions in the table, each as often as it is there."""
        return [(row["event_id"], row["event_version"]) for row in self.rows()]

    def _read(self, report: CrashReportV1) -> Report:
        meddling, self.before_answering = self.before_answering, None
        if meddling is not None:
            meddling()
        return reader(located())(report)

    def _answerer(self) -> Answerer:
        if self.misses:
            self.misses -= 1
            raise NoModelError("No injury model is champion yet.")
        if self.answerer is None:
            raise NoModelError("No injury model is champion yet.")
        return self.answerer

    def _tell(self, figures: Figures) -> None:
        if self.is_dagster_away:
            raise TellingError("Dagster cannot take note.")
        self.figures.append(figures)


def ids(*names: str) -> Sequence[tuple[str, int]]:
    """First versions of reports."""
    return [(name, 1) for name in names]
