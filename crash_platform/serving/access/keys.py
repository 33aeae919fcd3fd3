"""API keys as values: made, recognised and judged. Where they are kept is not known here.

A key reads ``cp_<id>_<secret>``. Kept is the SHA-256 of the whole text, so the id, which differs
for every key, salts it. No slow hash is needed: slowness protects what people choose and others
can guess, and nobody guesses 256 random bits; a slow one would cost every request 50 ms.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crash_platform.errors import PlatformError
from crash_platform.serving.guarding import Role

KEY = re.compile(r"cp_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
ID_BYTES, SECRET_BYTES = 6, 32
LONGEST_NAME = 80
LONGEST_DAYS = 3650
NO_DIGEST: Final = "0" * 64
"""What an unknown key is compared with, so that it takes as long as a known one."""

State = Literal["valid", "expired", "revoked"]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class KeysError(PlatformError):
    """Keys cannot be made, found, read or written."""


class Key(BaseModel):
    """A key as it is kept: everything but its secret. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    name: Name
    role: Role
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None = None

    def state(self, now: datetime) -> State:
        """Whether the key still opens anything at a moment."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now < self.expires_at else "expired"


def mint(
    name: str,
    role: Role,
    days: int,
    now: datetime,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Key]:
    """Make a key: its text, which is to be shown once, and what is kept of it.

    Raises:
        KeysError: the name or the number of days cannot be used.
    """
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise KeysError(f"A key's name is one line of 1 to {LONGEST_NAME} printable characters.")
    if not 1 <= days <= LONGEST_DAYS:
        raise KeysError(f"A key is valid for 1 to {LONGEST_DAYS} days, not {days}.")
    key_id = random(ID_BYTES).hex()
    secret = urlsafe_b64encode(random(SECRET_BYTES)).rstrip(b"=").decode()
    text = f"cp_{key_id}_{secret}"
    expires_at = now + timedelta(days=days)
    kept = Key(
        id=key_id,
        name=name,
        role=role,
        sha256=digest(text),
        created_at=now,
        expires_at=expires_at,
    )
    return text, kept


def digest(text: str) -> str:
    """What is kept of a key's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def id_of(text: str) -> str | None:
    """The id in a key's text; None where the text is no key."""
    found = KEY.fullmatch(text)
    return None if found is None else found.group(1)


def opens(key: Key | None, text: str, now: datetime) -> bool:
    """Whether a text is the kept key and the key is valid; as long for an unknown key (None)."""
    is_same = hmac.compare_digest(digest(text), NO_DIGEST if key is None else key.sha256)
    return is_same and key is not None and key.state(now) == "valid"
