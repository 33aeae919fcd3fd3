"""``GET /live``, the page of the feed, and ``GET /live/events``, the feed itself."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import LocationError
from crash_platform.serving.errors import RefusedError
from crash_platform.serving.live.backlog import Entry
from crash_platform.serving.live.cursor import cursor_of
from crash_platform.serving.live.feed import Live
from crash_platform.serving.live.scored import duration, plain, shown
from crash_platform.serving.live.stream import EventStream
from crash_platform.serving.pages.doors import page_admission

if TYPE_CHECKING:
    from crash_platform.serving.site import Site

ROWS: Final = 50
MOST_ROWS: Final = 200
"""Rows that the page comes with, and that it holds at most."""
MINUTE: Final = timedelta(minutes=1)


def live_routes(live: Live) -> Callable[["Site"], APIRouter]:
    """The routes of the feed; both need a reader's key."""

    def routes(site: "Site") -> APIRouter:
        router, admit = APIRouter(), page_admission(site.guard, "reader")

        @router.get("/live", dependencies=[Depends(admit)])
        async def page() -> Response:
            newest = await run_sync(live.newest, ROWS)
            values = {
                "rows": [row_of(entry) for entry in newest.entries],
                "summary": summary(newest.entries, live.clock()),
                "cursor": newest.cursor,
                "most": MOST_ROWS,
                "made_at": f"{live.clock():%Y-%m-%d %H:%M:%S} UTC",
            }
            return site.pages.show("live/live.html", "/live", values)

        @router.get("/live/events", dependencies=[Depends(admit)])
        async def events(request: Request, after: str | None = None) -> Response:
            refuse_other_sites_listening(request)
            # Where the table cannot be read, the stream says so, and goes on when it can.
            with suppress(LakeError, LocationError):
                await run_sync(live.refresh)
            cursor = cursor_of(request.headers.get("last-event-id") or after)
            return EventStream(live, cursor, partial(admit, request))

        return router

    return routes


def refuse_other_sites_listening(request: Request) -> None:
    """Refuse a page of another site: it could read nothing, but would take the place of others.

    Raises:
        RefusedError: a browser says that it is another site that asks.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise RefusedError(403, "cross_site", "The live feed is for pages of this site only.")


def row_of(entry: Entry) -> dict[str, Any]:
    """A report as the page shows it."""
    values = entry.row.values
    return {
        **shown(values),
        "at": plain(values["enqueued_at"]),
        "scored_at": plain(values["scored_at"]),
        "share": values["probability"],
        "milliseconds": values["latency_ms"],
        "is_flagged": values["is_predicted_injury"],
        "is_simulated": values["is_simulated"],
    }


def summary(entries: Sequence[Entry], now: datetime) -> dict[str, str]:
    """What the reports on a page come to; a dash where there are none."""
    rows = [entry.row.values for entry in entries]
    recent = sum(now - row["scored_at"] < MINUTE for row in rows)
    if not rows:
        return {"minute": "0", "flagged": "–", "latency": "–", "count": "0"}  # noqa: RUF001
    more = " or more" if recent == ROWS else ""
    return {
        "minute": f"{recent}{more}",
        "flagged": f"{100 * sum(row['is_predicted_injury'] for row in rows) / len(rows):.0f} %",
        "latency": duration(median(row["latency_ms"] for row in rows)),
        "count": str(len(rows)),
    }
