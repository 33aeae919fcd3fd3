"""Asks the guard before anything of a request is read. The decision is the guard's."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from crash_platform.serving.guarding import AccessError, Guard, Role

BEARER = HTTPBearer(auto_error=False, description="A key of this platform, or an Entra ID token.")
Admit = Callable[..., Awaitable[None]]


def admission(guard: Guard, role: Role) -> Admit:
    """The dependency of a path that needs a role."""

    async def admit(
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    ) -> None:
        client = request.client.host if request.client else "unknown"
        if guard.is_open:
            refuse_others(client, request.headers.get("host", ""))
        header = request.headers.get("authorization")
        # In a thread of its own: the guard may wait for a lock or for Entra ID.
        await run_sync(guard.admit, header, role, client)

    return admit


def refuse_others(client: str, host: str) -> None:
    """While nobody needs a key, only this machine is answered, and only under its own name.

    The name keeps out a page of another site that lets its own name lead to this machine, and a
    proxy that carries the whole world here.
    """
    if not (is_loopback(client) and is_loopback(_hostname(host))):
        raise AccessError(
            "forbidden",
            "Without keys only programs of this machine are answered, at 127.0.0.1 or localhost: "
            "make a key with crash-platform keys create.",
        )


def is_loopback(host: str) -> bool:
    """Whether a name or an address leads to this machine and nowhere else."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None)
    return (inner or address).is_loopback


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
