"""Every path of the whole server, and who may ask it: none forgotten, none open by accident."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from crash_platform.commands.site import opened_pages
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.serving.access.rules import RANK
from crash_platform.serving.app import create_app
from crash_platform.serving.guarding import AccessError, Role
from crash_platform.serving.limits import Limits
from crash_platform.serving.pages.doors import COOKIE
from crash_platform.serving.predictions.service import Service
from crash_platform.settings import Settings
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located
from crash_platform_tests.serving.asking import NOW

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/openapi.json"),
    ("GET", "/sign-in"),
    ("POST", "/sign-out"),
}
SIGN_IN = ("POST", "/sign-in")
"""Asks for a key by its nature: what it refuses is tested beside it."""
SCORERS = {
    ("POST", "/predict"),
    ("POST", "/predict/batch"),
    ("POST", "/invocations"),
    ("GET", "/"),
    ("POST", "/reports"),
    ("POST", "/reports/{event_id}/withdraw"),
}
ENDLESS = {("GET", "/live/events")}
"""An answer that would not end here; the refusals are looked at all the same."""
ROLES: tuple[Role, ...] = ("reader", "scorer", "admin")


class Roles:
    """Knows a key of each role, named like it."""

    is_open = False

    def admit(self, authorization: str | None, role: Role, client: str) -> None:
        """Let it in if its role covers what is needed."""
        held = (authorization or "").removeprefix("Bearer ")
        if held not in ROLES:
            raise AccessError("unauthorized", "A key is needed.")
        if RANK[held] < RANK[role]:
            raise AccessError("forbidden", f"This needs the role {role}.")


@contextmanager
def whole_server(home: Path, guard: Any) -> Iterator[FastAPI]:
    """Everything that `serve` serves, over an empty lake and a hub that is away."""
    settings = Settings(home=home, hub_port=1)
    read = reader(located())
    service = Service(champions, guard, lambda: NOW, read, Limits())
    app = create_app(champions, guard, lambda: NOW, read)
    with opened_pages(settings, service, lambda _: None) as pages:
        pages.add(app)
        yield app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with whole_server(tmp_path_factory.mktemp("home"), Roles()) as app:
        yield app


def paths(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path of an app; static files apart."""
    found, mounts = set(), set()
    for route in app.routes:
        if isinstance(route, Mount):
            mounts.add(route.path)
            continue
        for each in route.original_router.routes if is_room(route) else [route]:
            found |= {(method, each.path) for method in each.methods - {"HEAD"}}
    assert mounts == {"/static"}
    return found - {SIGN_IN}


def is_room(route: Any) -> bool:
    """Whether a route of an app is a router of several."""
    return hasattr(route, "original_router")


def status(app: FastAPI, method: str, path: str, held: Role | None) -> int:
    """What a path answers somebody with a key of a role, sent as programs and as pages send it."""
    url = re.sub(r"\{[a-z_]+\}", "x", path)
    headers = {"Authorization": f"Bearer {held}"} if held else {}
    cookies = {COOKIE: held} if held else {}

    async def asked() -> int:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", cookies=cookies
        ) as http:
            return (await http.request(method, url, headers=headers)).status_code

    import asyncio

    return asyncio.run(asked())


def needed(method: str, path: str) -> Role:
    """The role that a path has to ask for."""
    return "scorer" if (method, path) in SCORERS else "reader"


def test_every_path_is_refused_without_a_key_but_those_that_are_meant_for_all(
    server: FastAPI,
) -> None:
    every = paths(server)
    assert every >= PUBLIC | SCORERS | ENDLESS
    open_to_all = {each for each in every if status(server, *each, None) != 401}
    assert open_to_all == PUBLIC


def test_a_reader_may_read_and_nothing_else(server: FastAPI) -> None:
    refused = {
        each for each in paths(server) - ENDLESS if status(server, *each, "reader") in (401, 403)
    }
    assert refused == SCORERS


@pytest.mark.parametrize("held", ["scorer", "admin"])
def test_scorers_and_admins_are_refused_nothing(server: FastAPI, held: Role) -> None:
    answers = {each: status(server, *each, held) for each in paths(server) - ENDLESS}
    assert {each: code for each, code in answers.items() if code in (401, 403) or code >= 500} == {}
