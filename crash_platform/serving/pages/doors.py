"""Who may open a page: the key in a cookie, and only forms of this site. The guard decides.

The prediction API never looks at cookies, so no other site can use a browser's key with it.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request

from crash_platform.serving.admission import Admit, refuse_others
from crash_platform.serving.errors import RefusedError
from crash_platform.serving.guarding import AccessError, Guard, Role

COOKIE: Final = "crash_platform_key"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN: Final = "/sign-in"
LONGEST_PATH: Final = 2_000
"""Characters of an address that somebody is led back to; of a longer one, to the start page."""


class SignInNeeded(AccessError):  # noqa: N818
    """Nobody is signed in; the page to come back to is ``path``."""

    def __init__(self, path: str) -> None:
        super().__init__("unauthorized", "Sign in with a key first.")
        self.path = path

    @property
    def address(self) -> str:
        """Where to sign in."""
        return f"{SIGN_IN}?next={quote(self.path)}"


def page_admission(guard: Guard, role: Role) -> Admit:
    """The dependency of a page, a form, a figure or a feed that needs a role."""

    async def admit(request: Request) -> None:
        refuse_other_sites(request)
        client = request.client.host if request.client else "unknown"
        if guard.is_open:
            refuse_others(client, request.headers.get("host", ""))
        key = request.cookies.get(COOKIE)
        header = f"Bearer {key}" if key else None
        try:
            await run_sync(guard.admit, header, role, client)
        except AccessError as error:
            if error.code == "unauthorized":
                raise SignInNeeded(came_for(request)) from None
            raise

    return admit


def refuse_other_sites(request: Request) -> None:
    """Refuse what a page of another site makes a browser send.

    Browsers say where a request comes from (`Sec-Fetch-Site`; older ones `Origin`, or `Referer`),
    and a page cannot change what they say. What says none of it is no browser.
    """
    if request.method in SAFE:
        return
    told = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", request.headers.get("referer"))
    if told is not None:
        is_ours = told in ("same-origin", "none")
    else:
        is_ours = origin is None or _is_at(origin, request.headers.get("host", ""))
    if not is_ours:
        raise RefusedError(
            403, "cross_site", "The form was sent by another site: open it here and send it again."
        )


def _is_at(address: str, host: str) -> bool:
    """Whether an address is of a host (with its port); one that cannot be read is of none."""
    try:
        named = urlsplit(address).netloc
    except ValueError:
        return False
    return bool(named) and named.lower() == host.lower()


def is_https(request: Request) -> bool:
    """Whether a browser's own connection is HTTPS, which may end at a proxy before the server.

    For the flags of cookies only, as anybody can say so: who lies keeps a cookie from no one else.
    """
    proxied = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return "https" in (request.url.scheme, proxied)


def came_for(request: Request) -> str:
    """The page somebody came for, to lead back to it; forms begin again at their page."""
    if request.method not in SAFE:
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return inner_path(f"{request.url.path}{query}")


def inner_path(told: str) -> str:
    """A path of this site; anything else a link could bring leads to the start page."""
    is_inner = told.startswith("/") and not told.startswith("//")
    is_plain = "\\" not in told and told.isprintable() and len(told) <= LONGEST_PATH
    return told if is_inner and is_plain else "/"
