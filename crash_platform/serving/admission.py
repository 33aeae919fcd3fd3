"""Asks the guard before anything of a request is read. The decision is the guard's."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated, Protocol, runtime_checkable
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from crash_platform.serving.guarding import AccessError, Guard, Role

BEARER = HTTPBearer(auto_error=False, description="A key of this platform, or an Entra ID token.")
Admit = Callable[..., Awaitable[None]]


@runtime_checkable
class PromptGuard(Protocol):
    """A guard that can let some requests in without waiting."""

    def admit_at_once(self, authorization: str | None, role: Role, client: str) -> bool:
        """Let a request in at once; False: it has to be asked as any guard is."""


def admission(guard: Guard, role: Role) -> Admit:
    """The dependency of a path that needs a role."""
    prompt = guard if isinstance(guard, PromptGuard) else None

    async def admit(
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    ) -> None:
        client = request.client.host if request.client else "unknown"
        if guard.is_open:
            refuse_others(client, request.headers.get("host", ""))
        header = request.headers.get("authorization")
        if prompt is not None and prompt.admit_at_once(header, role, client):
            return
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


@lru_cache(maxsize=1024)
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
