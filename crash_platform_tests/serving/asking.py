"""The prediction API over small champions, and somebody who asks it without a network."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from crash_platform.pipelines.injuries.answering import Answerer
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.serving.app import Options, create_app
from crash_platform.serving.guarding import AccessError, Guard, Role
from crash_platform.serving.limits import Limits
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located

NOW = datetime(2023, 9, 20, 16, 30, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}
BODY: dict[str, Any] = {
    "crash_date": "2023-09-20",
    "crash_time": "2:05",
    "borough": "Brooklyn",
    "latitude": 40.68,
    "longitude": -73.94,
    "on_street_name": " FULTON   STREET",
    "vehicle_types": ["Bike", "Sedan"],
    "contributing_factors": ["Unsafe Speed"],
}
FIRST = {name: value for name, value in BODY.items() if name != "contributing_factors"}


class OpenGuard:
    """Lets everybody in."""

    is_open = True

    def admit(self, authorization: str | None, role: Role, client: str) -> None:
        """Let it in."""


@dataclass
class StrictGuard:
    """Lets in who has the key of the role; it remembers what it was asked."""

    asked: list[tuple[str | None, Role, str]] = field(default_factory=list)
    error: AccessError | None = None
    is_open: bool = False

    def admit(self, authorization: str | None, role: Role, client: str) -> None:
        """Let it in, or not."""
        self.asked.append((authorization, role, client))
        if self.error is not None:
            raise self.error
        if authorization is None:
            raise AccessError("unauthorized", "A key is needed.")
        if authorization != f"Bearer {role}":
            raise AccessError("forbidden", f"This key is not a {role}'s.")


@dataclass
class Api:
    """The API, and what it wrote down."""

    answerer: Callable[[], Answerer] = champions
    guard: Guard = field(default_factory=OpenGuard)
    limits: Limits = field(default_factory=Limits)
    lines: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    client: str = "127.0.0.1"

    def __post_init__(self) -> None:
        options = Options(self.limits, self.lines.append, lambda: 0.0, self._new_id)
        self.app: FastAPI = create_app(
            self.answerer, self.guard, lambda: NOW, reader(located()), options
        )

    def _new_id(self) -> str:
        self.ids.append(f"id-{len(self.ids)}")
        return self.ids[-1]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                return await http.request(method, path, **more)

        return asyncio.run(asked())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """A GET."""
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """A POST of JSON, or of bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content=content, **{"headers": JSON, **more})


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, whose shape is checked."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields"}
    return response.status_code, body["error"]["code"]


def fields(response: httpx.Response) -> dict[str, str]:
    """What is wrong, by field."""
    told: dict[str, str] = response.json()["error"]["fields"]
    return told
