"""The page that says what the numbers are, and what they are not. It reads nothing."""

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from crash_platform.serving.pages.doors import page_admission
from crash_platform.serving.pages.page import Link

if TYPE_CHECKING:
    from crash_platform.serving.site import Site

ABOUT: Final = Link("/about", "About", "About")


def about_routes(site: "Site") -> APIRouter:
    """``GET /about``."""
    router = APIRouter()

    @router.get(ABOUT.path, dependencies=[Depends(page_admission(site.guard, "reader"))])
    async def about() -> Response:
        return site.pages.show("pages/about.html", ABOUT.path, {})

    return router
