"""A lake in a folder with live predictions, a feed over it that looks quickly, an app with both."""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from fastapi import FastAPI

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.serving.guarding import Guard
from crash_platform.serving.live.feed import Live, Pace
from crash_platform.serving.live.routes import live_routes
from crash_platform.serving.live.scored import Scored
from crash_platform.serving.pages.page import AsOf, Link, Pages
from crash_platform.serving.site import Site, add_site
from crash_platform_tests.serving.asking import Api, OpenGuard

NOW = datetime(2023, 9, 20, 16, 30, tzinfo=UTC)
TODAY = date(2023, 9, 20)
QUICK = Pace(look_every=0.05, beat_every=0.2, admit_every=0.2, end_after=0.2)
Row = dict[str, Any]


def row(number: int, partition: str = "0", **more: Any) -> Row:
    """A scored report at a position, scored so many seconds after now."""
    at = NOW + timedelta(seconds=number)
    return {
        "event_id": f"{partition}-{number}",
        "event_version": 1,
        "crash_date": TODAY,
        "collision_id": None,
        "crash_time": "9:05",
        "borough": "STATEN ISLAND",
        "latitude": 40.6,
        "longitude": -74.1,
        "on_street_name": "BAY STREET",
        "vehicle_types": ["Sedan", "Bike"],
        "contributing_factors": None,
        "feature_set": "first_report",
        "model_version": 7,
        "model_as_of_date": TODAY,
        "probability": 0.42,
        "threshold": 0.4,
        "is_predicted_injury": True,
        "is_simulated": False,
        "source": "web",
        "enqueued_at": at - timedelta(milliseconds=250),
        "scored_at": at,
        "latency_ms": 250.0,
        "hub_generation": 1,
        "partition_id": partition,
        "sequence_number": number,
        **more,
    }


def scored(number: int, partition: str = "0", **more: Any) -> Scored:
    """The same, as the feed has it."""
    return Scored(row(number, partition, **more))


@dataclass
class Lake:
    """A lake that takes live predictions."""

    folder: Path
    store: Store = field(init=False)
    commits: int = 0

    def __post_init__(self) -> None:
        self.store = Store(Location(str(self.folder / "lake")), sleep=lambda _: None)

    def commit(self, *rows: Row) -> None:
        """Add rows in one commit."""
        table = pa.Table.from_pylist(list(rows), schema=LIVE_PREDICTIONS.schema)
        self.commits += 1
        self.store.append_once(LIVE_PREDICTIONS, Frame.of(table), "test", self.commits)

    def tidy(self) -> None:
        """Put the files of the day together, as the worker does."""
        self.store.compact(LIVE_PREDICTIONS, Window(TODAY, TODAY))


@dataclass
class Scene:
    """The feed over a lake, and an app that serves it."""

    lake: Lake
    guard: Guard = field(default_factory=OpenGuard)
    pace: Pace = QUICK
    lines: list[str] = field(default_factory=list)
    live: Live = field(init=False)
    api: Api = field(init=False)

    def __post_init__(self) -> None:
        self.live = Live(lambda: self.lake.store, lambda: NOW, self.lines.append, self.pace)
        self.api = Api(guard=self.guard)
        pages = Pages([Link("/live", "Live", "Now")], lambda: AsOf(None, None))
        add_site(self.api.app, Site(pages, self.guard), [live_routes(self.live)])

    @property
    def app(self) -> FastAPI:
        """The app."""
        return self.api.app


@dataclass
class Event:
    """A server-sent event as a browser reads it."""

    name: str = "message"
    data: Any = None
    id: str | None = None
    retry: int | None = None
    comments: list[str] = field(default_factory=list)


def parsed(lines: Iterator[bytes]) -> Iterator[Event]:
    """Events of the lines of a stream."""
    event, is_empty = Event(), True
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if not line:
            if not is_empty:
                yield event
            event, is_empty = Event(), True
            continue
        is_empty = False
        name, _, value = line.partition(": ")
        match name:
            case "event":
                event.name = value
            case "data":
                event.data = json.loads(value)
            case "id":
                event.id = value
            case "retry":
                event.retry = int(value)
            case _:
                event.comments.append(value)


class Listening:
    """Somebody who listens over the network."""

    def __init__(self, port: int, path: str = "/live/events", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", path, headers=told)
        self.answer = self.connection.getresponse()
        self.events = parsed(iter(self.answer.readline, b""))
        self.last_id: str | None = None

    def until(self, name: str) -> Event:
        """The next event of a name."""
        for event in self.events:
            self.last_id = event.id or self.last_id
            if event.name == name:
                return event
        raise EOFError(f"the stream ended without {name}")

    def reports(self, count: int) -> list[str]:
        """The ids of the next reports."""
        return [self.until("report").data["event_id"] for _ in range(count)]

    def rest(self) -> list[Event]:
        """All until the stream ends."""
        return list(self.events)

    def close(self) -> None:
        """Leave."""
        self.answer.close()
        self.connection.close()


@contextmanager
def listening(port: int, path: str = "/live/events", **headers: str) -> Iterator[Listening]:
    """Somebody who listens, for a while."""
    listener = Listening(port, path, **headers)
    try:
        yield listener
    finally:
        listener.close()


def wait_for(is_so: Any, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it never came to be so"
        time.sleep(0.01)


def ids(rows: Sequence[Scored]) -> list[str]:
    """The ids of reports."""
    return [each.values["event_id"] for each in rows]
