"""What people open in a browser, beside the API: pages, their door, static files; put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from crash_platform.serving.errors import RefusedError, as_refused, refusal
from crash_platform.serving.guarding import AccessError, Guard
from crash_platform.serving.pages.doors import SignInNeeded
from crash_platform.serving.pages.page import STATIC, Pages
from crash_platform.serving.pages.sign_in import sign_in_routes

READERS_PAGE: Final = "/overview"
"""Where somebody begins who may read and not report."""


@dataclass(frozen=True)
class Site:
    """What every page works with.

    Attributes:
        pages: makes pages.
        guard: who may open them.
    """

    pages: Pages
    guard: Guard


def add_site(app: FastAPI, site: Site, rooms: Sequence[Callable[[Site], APIRouter]]) -> None:
    """Add the pages of some rooms to the API's app.

    What is refused is a page for a browser, and JSON for a program.
    """
    for routes in (sign_in_routes, *rooms):
        app.include_router(routes(site), include_in_schema=False)
    app.mount("/static", Static(directory=STATIC))

    async def refused(request: Request, error: Exception) -> Response:
        if isinstance(error, SignInNeeded) and wants_page(request):
            return RedirectResponse(error.address, 303)
        if _is_reader_at_the_form(request, error):
            return RedirectResponse(READERS_PAGE, 303)
        told = as_refused(error)
        return refusal_page(site.pages, told) if wants_page(request) else refusal(told)

    for kind in list(app.exception_handlers):
        if isinstance(kind, type) and issubclass(kind, Exception):
            app.add_exception_handler(kind, refused)
    app.add_exception_handler(SignInNeeded, refused)


def _is_reader_at_the_form(request: Request, error: Exception) -> bool:
    """Whether somebody who may only read came to the start page, which is a form to send."""
    is_start = request.method == "GET" and request.url.path == "/" and wants_page(request)
    return is_start and isinstance(error, AccessError) and error.code == "forbidden"


class Static(StaticFiles):
    """Files that a browser keeps, and asks about each time: they change with the platform."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that it has not changed."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def wants_page(request: Request) -> bool:
    """Whether it is a browser that asks: programs do not ask for HTML first."""
    return request.headers.get("accept", "").startswith("text/html")


def refusal_page(pages: Pages, error: RefusedError) -> Response:
    """A refusal as people read it."""
    values = {"message": error.message, "status": error.status, "fields": dict(error.fields)}
    page = pages.show("pages/refused.html", "", values, error.status)
    page.headers.update(error.headers)
    return page
