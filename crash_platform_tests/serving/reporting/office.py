"""A desk over a hub in memory, a lake in a folder and small champions, and browsers before it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.answering import Answerer
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.serving.app import Options, create_app
from crash_platform.serving.guarding import Guard
from crash_platform.serving.limits import Limits
from crash_platform.serving.pages.page import AsOf, Link, Pages
from crash_platform.serving.predictions.service import Service
from crash_platform.serving.reporting.desk import Desk
from crash_platform.serving.reporting.outbox import Outbox
from crash_platform.serving.reporting.routes import reporting_routes
from crash_platform.serving.reporting.sending import Sender
from crash_platform.serving.site import Site, add_site
from crash_platform.streams.log import EventLog
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located
from crash_platform_tests.serving.asking import OpenGuard

NOW = datetime(2023, 9, 20, 16, 30, tzinfo=UTC)
HTML = {"Accept": "text/html,application/xhtml+xml"}
FORM = {**HTML, "Content-Type": "application/x-www-form-urlencoded"}
LINKS = (Link("/", "Report", "Reports"), Link("/reports", "Your reports", "Reports"))
TOLD = {
    "form": "0" * 32,
    "crash_date": "2023-09-20",
    "crash_time": "12:05",
    "borough": "BROOKLYN",
    "on_street_name": "FULTON STREET",
    "latitude": "40.68",
    "longitude": "-73.94",
    "vehicle_1": "Sedan",
    "vehicle_3": "Bike",
    "factor_1": "Unsafe Speed",
    "persons_injured": "1",
}


def sent(hub: MemoryLog) -> list[dict[str, Any]]:
    """Every event in a hub, in the order of the partitions."""
    return [json.loads(each.body) for part in hub._partitions for each in part.messages]


@dataclass
class Office:
    """Everything behind the pages; the sender works when it is told to, or in its thread."""

    folder: Path
    hub: MemoryLog = field(default_factory=lambda: MemoryLog("crash-reports"))
    log: EventLog | None = None
    answerer: Callable[[], Answerer] = champions
    guard: Guard = field(default_factory=OpenGuard)
    limits: Limits = field(default_factory=Limits)
    wait_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.now, self.lines, self.requests = NOW, list[str](), list[str]()
        self.store = Store(Location(str(self.folder / "lake")), sleep=lambda _: None)
        self.outbox = Outbox(self.folder / "web_reports.sqlite", lambda: self.now)
        self.sender = Sender(self.outbox, self.log or self.hub, self.lines.append)
        read = reader(located())
        service = Service(self.answerer, self.guard, lambda: self.now, read, self.limits)
        self.desk = Desk(
            service,
            self.outbox,
            self.sender,
            self.store,
            lambda: self.now,
            self.lines.append,
            wait_seconds=self.wait_seconds,
        )
        options = Options(self.limits, self.requests.append)
        self.app = create_app(self.answerer, self.guard, lambda: self.now, read, options)
        pages = Pages(LINKS, lambda: AsOf(None, None))
        add_site(self.app, Site(pages, self.guard), [reporting_routes(self.desk)])

    @contextmanager
    def sending(self) -> Iterator[None]:
        """The sender in its thread."""
        self.sender.start()
        try:
            yield
        finally:
            self.sender.close()


@dataclass
class Browser:
    """Somebody with cookies."""

    office: Office
    scheme: str = "http"
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; cookies are kept."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.office.app, client=("127.0.0.1", 1))
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

    def send(self, form: Mapping[str, str], **headers: str) -> httpx.Response:
        """Send the report form."""
        return self.post("/reports", urlencode(form).encode(), **headers)

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Send a body as a form."""
        return self.ask("POST", path, content=body, headers={**FORM, **headers})

    def report(self, **more: str) -> str:
        """Report a crash; the path of its page."""
        answer = self.send({**TOLD, **more})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]
