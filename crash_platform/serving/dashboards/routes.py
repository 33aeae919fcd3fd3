"""The dashboards as pages and files over HTTP. What they show is made elsewhere."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from crash_platform.errors import PlatformError
from crash_platform.lake.store import Store
from crash_platform.serving.dashboards.downloads import File, csv_file, parquet_file
from crash_platform.serving.dashboards.figure import Dashboard
from crash_platform.serving.dashboards.reading import Reader
from crash_platform.serving.dashboards.remembering import Memory
from crash_platform.serving.dashboards.showing import show
from crash_platform.serving.errors import UNAVAILABLE, RefusedError
from crash_platform.serving.pages.doors import page_admission

if TYPE_CHECKING:
    from crash_platform.serving.site import Site

AT_ONCE: Final = 2
"""Dashboards that are read at the same time; others wait, and never in the way of predictions."""
FILES: Final = {"csv": csv_file, "parquet": parquet_file}
UNREADABLE: Final = (
    "The tables of this page cannot be read now: try again in a minute, or ask the operator, "
    "whose log says why."
)


def _unsaid(_: str) -> None:
    """Nobody reads the log."""


def dashboard_routes(
    dashboards: Sequence[Dashboard], store: Store, say: Callable[[str], None] = _unsaid
) -> Callable[["Site"], APIRouter]:
    """``GET`` of every dashboard, and of ``<dashboard>/<figure>.csv`` and ``.parquet``.

    Args:
        dashboards: in any order.
        store: the lake they read.
        say: takes a line about what keeps the lake from being read; visitors are not told where
            it lies.
    """

    def routes(site: "Site") -> APIRouter:
        router = APIRouter(dependencies=[Depends(page_admission(site.guard, "reader"))])
        desk = Desk(site, Reader(store, Memory(time.monotonic)), say)
        for dashboard in dashboards:
            _add(router, desk, dashboard)
        return router

    return routes


@dataclass(frozen=True)
class Desk:
    """Where dashboards are read for whoever asks.

    Attributes:
        site: makes pages.
        reader: reads the lake.
        say: takes a line for the operator.
    """

    site: "Site"
    reader: Reader
    say: Callable[[str], None]
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_ONCE))

    async def work(self, answer: Callable[[], Response]) -> Response:
        """An answer that is made in a thread; 503 where the lake cannot be read."""
        try:
            return await run_sync(answer, limiter=self.threads)
        except RefusedError:
            raise
        except PlatformError as error:
            self.say(str(error))
            raise RefusedError(UNAVAILABLE, "unavailable", UNREADABLE) from error

    def page(self, dashboard: Dashboard, query: str) -> Response:
        """The page of a dashboard."""
        answer = self.reader.read(dashboard, query, dashboard.figures)
        values = {**answer.below, "shown": show(dashboard, answer)}
        return self.site.pages.show("dashboards/dashboard.html", dashboard.path, values)

    def file(self, dashboard: Dashboard, name: str, kind: str, query: str) -> Response:
        """The file of a figure.

        Raises:
            RefusedError: there is no such figure, or nothing of it yet.
        """
        figure = next((each for each in dashboard.figures if each.name == name), None)
        if figure is None or kind not in FILES:
            raise RefusedError(404, "not_found", "There is no such download.")
        answer = self.reader.read(dashboard, query, [figure])
        rows = answer.rows[name]
        if rows is None:
            raise RefusedError(404, "not_found", "There is nothing to download yet.")
        return _attached(FILES[kind](dashboard, figure, answer.asked, rows))


def _add(router: APIRouter, desk: Desk, dashboard: Dashboard) -> None:
    async def page(request: Request) -> Response:
        return await desk.work(partial(desk.page, dashboard, request.url.query))

    async def file(request: Request, figure: str, kind: str) -> Response:
        return await desk.work(partial(desk.file, dashboard, figure, kind, request.url.query))

    router.add_api_route(dashboard.path, page, methods=["GET"])
    router.add_api_route(f"{dashboard.path}/{{figure}}.{{kind}}", file, methods=["GET"])


def _attached(file: File) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, 200, headers, file.media_type)
