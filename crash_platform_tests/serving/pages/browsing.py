"""A site of a few pages of its own, and somebody who browses it without a network."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response

from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.serving.app import create_app
from crash_platform.serving.guarding import Guard
from crash_platform.serving.pages.doors import page_admission
from crash_platform.serving.pages.page import AsOf, Link, Pages
from crash_platform.serving.site import Site, add_site
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located
from crash_platform_tests.serving.asking import NOW, OpenGuard

HTML = {"Accept": "text/html,application/xhtml+xml"}
FORM = {**HTML, "Content-Type": "application/x-www-form-urlencoded"}
LINKS = (Link("/", "Report", "Reports"), Link("/overview", "Overview", "Crashes"))


def room(site: Site) -> APIRouter:
    """A page to read, a form to send."""
    router = APIRouter()

    @router.get("/overview", dependencies=[Depends(page_admission(site.guard, "reader"))])
    async def overview() -> Response:
        values = {"message": "read <b>this</b>", "status": 200, "fields": {}}
        return site.pages.show("pages/refused.html", "/overview", values)

    @router.post("/reports", dependencies=[Depends(page_admission(site.guard, "scorer"))])
    async def report() -> Response:
        return Response("taken")

    return router


@dataclass
class Browser:
    """Somebody with cookies, at a site."""

    guard: Guard = field(default_factory=OpenGuard)
    as_of: Callable[[], AsOf] = lambda: AsOf("2022-12-31", "2026-01-02 03:04")
    client: str = "127.0.0.1"
    scheme: str = "http"
    rooms: tuple[Callable[[Site], APIRouter], ...] = (room,)

    def __post_init__(self) -> None:
        self.app: FastAPI = create_app(champions, self.guard, lambda: NOW, reader(located()))
        pages = Pages(LINKS, self.as_of, lambda: not self.guard.is_open)
        add_site(self.app, Site(pages, self.guard), self.rooms)
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; cookies are kept."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.client, 1))
            base = f"{self.scheme}://localhost"
            async with httpx.AsyncClient(
                transport=transport, base_url=base, cookies=self.cookies
            ) as http:
                answer = await http.request(method, path, **{"headers": HTML, **more})
                self.cookies = http.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Open a page."""
        return self.ask("GET", path, **more)

    def send(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form."""
        return self.ask("POST", path, data=form, headers={**FORM, **headers})
