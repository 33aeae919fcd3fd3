"""Who sent a report, as far as this site knows: a random number in a cookie, and nothing else."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crash_platform.serving.pages.doors import is_https

COOKIE: Final = "crash_platform_visitor"
DAYS: Final = 30
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Visitor:
    """A browser that was here before, or is now.

    Attributes:
        token: 128 random bits in hex; known to the browser alone.
    """

    token: str = field(repr=False)

    @property
    def digest(self) -> str:
        """What is kept of it: enough to recognise the browser, useless to pose as it."""
        return hashlib.sha256(self.token.encode()).hexdigest()


def visitor_of(request: Request) -> Visitor | None:
    """The visitor who asks; none without a cookie of ours."""
    token = request.cookies.get(COOKIE, "")
    return Visitor(token) if _TOKEN.fullmatch(token) else None


def remember(response: Response, visitor: Visitor, request: Request) -> None:
    """Have the browser bring its number again for another 30 days."""
    response.set_cookie(
        COOKIE,
        visitor.token,
        max_age=DAYS * 24 * 3600,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_https(request),
    )
