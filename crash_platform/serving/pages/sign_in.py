"""Signing in to the pages with a key, and out again. The key stays in the browser, in a cookie."""

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crash_platform.serving.errors import RefusedError
from crash_platform.serving.guarding import AccessError
from crash_platform.serving.pages.doors import (
    COOKIE,
    SIGN_IN,
    inner_path,
    is_https,
    refuse_other_sites,
)

if TYPE_CHECKING:
    from crash_platform.serving.site import Site

MOST_BYTES: Final = 32 * 1024
MOST_FIELDS: Final = 4
SECONDS: Final = 10.0
NOT_VALID: Final = "This key is not valid, or has been revoked: check it, or ask for another."


def sign_in_routes(site: "Site") -> APIRouter:
    """``GET`` and ``POST /sign-in``, ``POST /sign-out``."""
    router = APIRouter()

    @router.get(SIGN_IN)
    async def ask(request: Request) -> Response:
        return _form(site, inner_path(request.query_params.get("next", "/")), "")

    @router.post(SIGN_IN)
    async def enter(request: Request) -> Response:
        refuse_other_sites(request)
        told = _told(await _body(request))
        key, path = told.get("key", [""])[0].strip(), inner_path(told.get("next", ["/"])[0])
        if not (key.isascii() and key.isprintable()):
            return _form(site, path, NOT_VALID)
        client = request.client.host if request.client else "unknown"
        try:
            await run_sync(site.guard.admit, f"Bearer {key}", "reader", client)
        except AccessError as error:
            if error.code != "unauthorized":
                raise
            return _form(site, path, NOT_VALID)
        answer = RedirectResponse(path, 303)
        answer.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=is_https(request))
        return answer

    @router.post("/sign-out")
    async def leave(request: Request) -> Response:
        refuse_other_sites(request)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return router


def _form(site: "Site", path: str, problem: str) -> Response:
    values = {"next": path, "problem": problem}
    return site.pages.show("pages/sign_in.html", SIGN_IN, values, 401 if problem else 200)


def _told(body: str) -> dict[str, list[str]]:
    try:
        return parse_qs(body, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _unreadable() from None


def _unreadable() -> RefusedError:
    return RefusedError(422, "invalid", "The form cannot be read: send it again.")


async def _body(request: Request) -> str:
    """The form, read no further than it may be long."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise RefusedError(413, "too_large", "The form is too large.")
        return body.decode("ascii")
    except TimeoutError:
        raise RefusedError(408, "too_slow", "The form came too slowly: send it again.") from None
    except UnicodeDecodeError:
        raise _unreadable() from None
