"""The guard of the prediction API, put together: keys, Entra tokens, roles, rates. No HTTP here."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from crash_platform.errors import PlatformError
from crash_platform.serving.access.entra import Entra
from crash_platform.serving.access.files import KeyFile
from crash_platform.serving.access.keys import KeysError, id_of, opens
from crash_platform.serving.access.rates import Rates
from crash_platform.serving.access.ring import CHECK_SECONDS, KeyRing
from crash_platform.serving.access.rules import (
    DEFAULT_LIMITS,
    Caller,
    Limits,
    bearer,
    covers,
    forbidden,
    is_loopback,
    too_many,
    unauthorized,
)
from crash_platform.serving.guarding import AccessError, Role

KEYS_FILE, RATES_FILE = "keys.json", "request_rates.sqlite"
log = logging.getLogger(__name__)


class AccessSettingsError(PlatformError):
    """What the guard is asked to be contradicts itself."""


class AccessGuard:
    """Lets requests in by key or Entra token, by role, and so many in a minute.

    Open is a guard without any key (also none that is revoked) and without Entra: it lets in
    whoever asks from this machine, and nobody else. Once it has seen a key, or a key file that
    cannot be read, it stays closed for as long as it lives: a file that vanishes opens nothing.

    Args:
        ring: the keys.
        rates: the counts of requests.
        now: the present time, with a zone.
        entra: checks Entra tokens; None: such tokens are refused.
        limits: requests in a minute by role.
    """

    def __init__(
        self,
        ring: KeyRing,
        rates: Rates,
        now: Callable[[], datetime],
        *,
        entra: Entra | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if min(limits.reader, limits.scorer, limits.admin, limits.open) < 1:
            raise AccessSettingsError("A limit of requests per minute is 1 or more.")
        self._ring = ring
        self._rates = rates
        self._now = now
        self._entra = entra
        self._limits = limits
        self._is_closed = entra is not None

    @property
    def is_open(self) -> bool:
        """Whether anybody on this machine may ask anything; keys that cannot be read: no."""
        if not self._is_closed:
            try:
                is_closed = bool(self._ring.keys())
            except KeysError:  # the ring has logged it
                is_closed = True
            # Never set to False: another thread may have seen a key meanwhile.
            if is_closed:
                self._is_closed = True
        return not self._is_closed

    @property
    def are_rates_shared(self) -> bool:
        """Whether limits hold over all processes, or only within each (the log says why)."""
        return self._rates.is_shared

    def admit(self, authorization: str | None, role: Role, client: str) -> None:
        """Let a request in, or raise; waits 3 s at most, and only for Entra's signing keys.

        Args:
            authorization: the header of that name, as it came.
            role: what is needed; an admin may do all, a scorer all that a reader may.
            client: the address that asks.

        Raises:
            AccessError: it is not let in. ``unavailable``: keys or tokens cannot be checked now.
        """
        if self.is_open:
            if not is_loopback(client):
                raise AccessError(
                    "unauthorized",
                    "This server has no keys and answers its own machine only: "
                    "`crash-platform keys create` makes a key.",
                )
            self._count(f"client:{client}", self._limits.open)
            return
        caller = self._caller(bearer(authorization))
        if caller is None:
            raise unauthorized()
        self._count(caller.who, self._limits.of(caller.role))
        if not covers(caller.role, role):
            raise forbidden(role)

    def admit_at_once(self, authorization: str | None, role: Role, client: str) -> bool:
        """Let a request in if nothing has to be waited for; False: ask ``admit``.

        Only who may come in for certain does: by a key, with requests that are counted already.

        Raises:
            AccessError: ``unavailable``, as keys cannot be checked now.
        """
        if self.is_open:
            return is_loopback(client) and self._rates.take_ahead(f"client:{client}")
        token = bearer(authorization)
        key_id = None if token is None else id_of(token)
        caller = None if token is None or key_id is None else self._holder(token, key_id)
        return (
            caller is not None and covers(caller.role, role) and self._rates.take_ahead(caller.who)
        )

    def close(self) -> None:
        """Close the file of the counts."""
        self._rates.close()

    def _caller(self, token: str | None) -> Caller | None:
        if token is None:
            return None
        if (key_id := id_of(token)) is not None:
            return self._holder(token, key_id)
        if self._entra is not None and token.count(".") == 2:  # noqa: PLR2004
            return self._entra.caller(token)
        return None

    def _holder(self, text: str, key_id: str) -> Caller | None:
        """Who holds a key; None where it is unknown, wrong, expired or revoked."""
        try:
            key = self._ring.keys().get(key_id)
        except KeysError:  # the ring has logged it
            raise AccessError(
                "unavailable",
                "Keys cannot be checked now, as the server cannot read its own; its log says why.",
                int(CHECK_SECONDS),
            ) from None
        if not opens(key, text, self._now()) or key is None:
            return None
        return Caller(f"key:{key_id}", key.role)

    def _count(self, who: str, limit: int) -> None:
        seconds = self._rates.take(who, limit)
        if seconds is not None:
            raise too_many(seconds, limit)


def open_guard(
    home: Path,
    *,
    entra: Entra | None = None,
    limits: Limits = DEFAULT_LIMITS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
) -> AccessGuard:
    """The guard of the keys and counts in the home folder.

    Args:
        home: the platform's home folder.
        entra: checks Entra tokens (`access_entra.entra_of` the settings); None: there are none.
        limits: requests in a minute by role.
        now: the present time, with a zone.
        monotonic: seconds of a clock that never goes back.

    Raises:
        PlatformError: the keys cannot be read, or a limit is none.
    """
    ring = KeyRing(KeyFile(home / KEYS_FILE), monotonic)
    ring.keys()  # what cannot be read is said to whoever starts the server
    return AccessGuard(ring, Rates(home / RATES_FILE, now), now, entra=entra, limits=limits)
