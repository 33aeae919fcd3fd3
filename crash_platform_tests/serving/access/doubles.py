"""Stand-ins the tests of access share: a clock that is set by hand and an identity provider."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from crash_platform.serving.access.entra import Entra
from crash_platform.serving.access.files import KeyFile
from crash_platform.serving.access.guard import KEYS_FILE, AccessGuard, open_guard
from crash_platform.serving.access.keys import Key, mint
from crash_platform.serving.access.rules import DEFAULT_LIMITS, Limits
from crash_platform.serving.guarding import AccessError, Guard, Role

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
AUDIENCE = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
MakeGuard = Callable[..., AccessGuard]
HERE = "127.0.0.1"
ELSEWHERE = "192.0.2.7"


@dataclass
class Clock:
    """A clock that only moves when it is told to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Provider:
    """An identity provider: its key set as a document, and tokens signed with its keys."""

    def __init__(self) -> None:
        self.key_ids = ["first"]
        self.is_down = False
        self.asked = 0

    def fetch(self) -> object:
        self.asked += 1
        if self.is_down:
            raise OSError("no route to host")
        return self.document()

    def document(self) -> dict[str, Any]:
        return {"keys": [public_entry(key_id) for key_id in self.key_ids]}


def public_entry(key_id: str) -> dict[str, Any]:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(key_id).public_key(), as_dict=True)
    return {**public, "kid": key_id, "use": "sig"}


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """One key per name."""
    return generate_private_key(65537, 2048)


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; a claim changed to None is left out."""
    now = int(time.time())
    good = {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": AUDIENCE,
        "iat": now,
        "nbf": now - 5,
        "exp": now + 3600,
        "oid": "caller-1",
        "roles": ["scorer"],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(key_id: str = "first", *, named: str | None = None, **changes: Any) -> str:
    """A token signed with a key; its header may name another."""
    headers = {"kid": named or key_id}
    # Signed as bytes: whoever issues a token need not keep to the rules of PyJWT.
    content = json.dumps(claims(**changes)).encode()
    return jwt.PyJWS().encode(content, rsa_key(key_id), algorithm="RS256", headers=headers)


def entra(provider: Provider, clock: Clock) -> Entra:
    return Entra(TENANT, AUDIENCE, fetch=provider.fetch, monotonic=clock.monotonic)


@contextmanager
def guards() -> Iterator[MakeGuard]:
    """Makes guards of a home folder, and closes them all in the end."""
    made: list[AccessGuard] = []

    def make(
        home: Path,
        clock: Clock,
        *,
        with_entra: Entra | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> AccessGuard:
        made.append(
            open_guard(
                home, entra=with_entra, limits=limits, now=clock.now, monotonic=clock.monotonic
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def refusal(
    guarded: Guard, header: str | None, needed: Role = "reader", client: str = HERE
) -> AccessError:
    """How a request is refused, as it must be."""
    with pytest.raises(AccessError) as refused:
        guarded.admit(header, needed, client)
    return refused.value


def key_file(home: Path) -> KeyFile:
    return KeyFile(home / KEYS_FILE)


def add_key(home: Path, role: Role = "scorer", days: int = 30) -> tuple[str, Key]:
    """Make a key as of noon and keep it; the text of it."""
    text, key = mint("dispatch", role, days, NOON)
    key_file(home).add(key)
    return text, key


def secret_of(text: str) -> str:
    """The secret of a key, which may hold underscores itself."""
    return text.split("_", 2)[2]
