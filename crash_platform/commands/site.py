"""What `serve` has beside the API: the pages, and everything they work with. Wiring only."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from crash_platform.settings import Settings

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from crash_platform.lake.store import Store
    from crash_platform.orchestration.check_history import CheckHistory
    from crash_platform.serving.dashboards.figure import Dashboard
    from crash_platform.serving.guarding import Guard
    from crash_platform.serving.live.feed import Live
    from crash_platform.serving.pages.page import Link
    from crash_platform.serving.predictions.service import Service
    from crash_platform.serving.reporting.desk import Desk
    from crash_platform.serving.site import Site

    Room = Callable[[Site], APIRouter]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Pages:
    """The pages of a server, ready to be added to its API.

    Attributes:
        add: adds them to an app.
        live: the feed, whose streams end before the server waits for its connections.
    """

    add: Callable[["FastAPI"], None]
    live: "Live"


@contextmanager
def opened_pages(settings: Settings, service: "Service", say: Say) -> Iterator[Pages]:
    """The pages over the lake, hub and Dagster's state of the settings, until the block ends.

    Raises:
        PlatformError: the lake's address, the hub's or the outbox cannot be used.
    """
    from crash_platform.orchestration.lakes import open_lasting_store
    from crash_platform.serving.live.feed import open_live
    from crash_platform.serving.reporting.desk import open_reporting

    store = open_lasting_store(settings)
    boards = dashboards(settings)
    with ExitStack() as held:
        desk = held.enter_context(open_reporting(settings, service, store, now, say))
        live = held.enter_context(open_live(store, now, say))
        wires = _Wires(store, boards, say)
        yield Pages(partial(wires.add, service.guard, desk, live), live)


@dataclass(frozen=True)
class _Wires:
    """What the rooms of the site have in common: the lake, the dashboards, the log."""

    store: "Store"
    boards: "tuple[Dashboard, ...]"
    say: Say

    def add(self, guard: "Guard", desk: "Desk", live: "Live", app: "FastAPI") -> None:
        """Add the whole site to an app."""
        from crash_platform.serving.pages.as_of import DataAsOf
        from crash_platform.serving.pages.page import Pages
        from crash_platform.serving.site import Site, add_site

        as_of = DataAsOf(self.store, time.monotonic, self.say)
        pages = Pages(self._links(), as_of, lambda: not guard.is_open)
        add_site(app, Site(pages, guard), self._rooms(desk, live))

    def _links(self) -> "tuple[Link, ...]":
        from crash_platform.serving.pages.about import ABOUT
        from crash_platform.serving.pages.page import Link

        return (
            Link("/", "Report a crash", "Reports"),
            Link("/reports", "My reports", "Reports"),
            Link("/live", "Live", "Reports"),
            *(Link(each.path, each.label, each.group) for each in self.boards),
            ABOUT,
        )

    def _rooms(self, desk: "Desk", live: "Live") -> "tuple[Room, ...]":
        from crash_platform.serving.dashboards.pictures import picture_routes
        from crash_platform.serving.dashboards.routes import dashboard_routes
        from crash_platform.serving.live.routes import live_routes
        from crash_platform.serving.pages.about import about_routes
        from crash_platform.serving.reporting.routes import reporting_routes

        return (
            reporting_routes(desk),
            live_routes(live),
            dashboard_routes(self.boards, self.store, self.say),
            picture_routes(self.store, self.say),
            about_routes,
        )


def dashboards(settings: Settings) -> "tuple[Dashboard, ...]":
    """Every dashboard, in the order of the navigation."""
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.catalogue import feeds
    from crash_platform.serving.dashboards.causes import causes
    from crash_platform.serving.dashboards.hotspots import hotspots
    from crash_platform.serving.dashboards.hub_lag import stream_states
    from crash_platform.serving.dashboards.model import model
    from crash_platform.serving.dashboards.overview import overview
    from crash_platform.serving.dashboards.quality import quality
    from crash_platform.serving.dashboards.streams import streams

    watch = stream_states(
        settings, [feed.stream for feed in feeds().values()], lambda: open_store(settings)
    )
    return (
        overview(),
        hotspots(),
        causes(),
        model(),
        quality(partial(check_histories, settings)),
        streams(watch),
    )


def check_histories(settings: Settings) -> "list[CheckHistory]":
    """What Dagster remembers of every check."""
    from crash_platform.orchestration.check_history import histories
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.catalogue import checks

    specs = [spec for check in checks() for spec in check.check_specs]
    with instance_at(settings.dagster_home) as instance:
        return histories(instance, specs)


def now() -> datetime:
    """The present moment (UTC)."""
    return datetime.now(UTC)
