"""The rules of access as pure functions: who may do what, and what a header holds. No state."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from crash_platform.serving.guarding import AccessError, Role

RANK: Final[dict[Role, int]] = {"reader": 0, "scorer": 1, "admin": 2}
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)", re.ASCII)
LONGEST_HEADER = 16_384


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose key or token is good.

    Args:
        who: a name that is no secret and differs from every other caller's; rates count by it.
        role: the highest that was given; None is a good token without any.
    """

    who: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests in a minute by role; ``open`` is for an address that asks a server without keys."""

    reader: int = 600
    scorer: int = 600
    admin: int = 600
    open: int = 600

    def of(self, role: Role | None) -> int:
        """What a role may ask in a minute; a caller without a role counts as a reader."""
        return {"reader": self.reader, "scorer": self.scorer, "admin": self.admin}[role or "reader"]


DEFAULT_LIMITS: Final = Limits()


def covers(held: Role | None, needed: Role) -> bool:
    """Whether a role includes another: an admin may do all, a scorer all that a reader may."""
    return held is not None and RANK[held] >= RANK[needed]


def bearer(authorization: str | None) -> str | None:
    """The token of an ``Authorization: Bearer`` header; None where it holds none."""
    if authorization is None or len(authorization) > LONGEST_HEADER:
        return None
    found = BEARER.fullmatch(authorization)
    return None if found is None else found.group(1)


def is_loopback(client: str) -> bool:
    """Whether an address is of this machine itself."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None)
    return (inner or address).is_loopback


def unauthorized() -> AccessError:
    """The one refusal of whoever is not known: it does not tell what was wrong with a key."""
    return AccessError(
        "unauthorized",
        "A valid key is needed: send it as 'Authorization: Bearer <key>'; "
        "`crash-platform keys create` makes one.",
    )


def forbidden(needed: Role) -> AccessError:
    """The refusal of whoever is known but may not do this."""
    return AccessError("forbidden", f"This needs the role {needed}, which this caller lacks.")


def too_many(seconds: int, limit: int) -> AccessError:
    """The refusal of whoever asks too often."""
    return AccessError(
        "too_many_requests",
        f"More than {limit} requests in a minute: ask again in {seconds} s.",
        seconds,
    )
