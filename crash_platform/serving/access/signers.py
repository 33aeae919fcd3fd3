"""The keys that an identity provider signs with, fetched when needed. No token is judged here."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crash_platform.serving.guarding import AccessError

if TYPE_CHECKING:
    from jwt import PyJWK

FETCH_TIMEOUT_SECONDS = 3
PAUSE_SECONDS = 30
FRESH_SECONDS = 3_600
STALE_SECONDS = 86_400
log = logging.getLogger(__name__)

Fetch = Callable[[], object]
"""Gets the key set document; raises OSError, ValueError or a PyJWTError where it cannot."""


@dataclass(frozen=True, slots=True)
class _Held:
    at: float
    keys: "Mapping[str, PyJWK]"


class Signers:
    """The provider's public keys by their ids, an hour old at most while it can be reached.

    It is asked again for an id that is not known, once in thirty seconds at most, so that made-up
    ids cannot make the server ask all the time. While it cannot be reached, known keys stay good
    for a day.

    Args:
        fetch: gets the key set document.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._tried_at: float | None = None
        self._failed = False

    def find(self, key_id: str) -> "PyJWK | None":
        """The key of an id; None where the provider has none.

        Raises:
            AccessError: ``unavailable``, as the provider cannot be asked.
        """
        held = self._held
        if held is None or not self._is_good(held, key_id):
            with self._lock:
                held = self._renewed(key_id)
        return held.keys.get(key_id)

    def _is_good(self, held: _Held, key_id: str) -> bool:
        return key_id in held.keys and self._monotonic() - held.at < FRESH_SECONDS

    def _renewed(self, key_id: str) -> _Held:
        if self._held is not None and self._is_good(self._held, key_id):
            return self._held  # another thread has just asked
        now = self._monotonic()
        if self._tried_at is None or now - self._tried_at >= PAUSE_SECONDS:
            self._tried_at = now
            self._held = self._asked(now) or self._held
        held = self._held
        if held is None or now - held.at >= STALE_SECONDS:
            raise _unavailable()
        if self._failed and key_id not in held.keys:
            raise _unavailable()
        return held

    def _asked(self, now: float) -> _Held | None:
        from jwt import PyJWTError

        try:
            keys = signing_keys(self._fetch())
        except (OSError, ValueError, PyJWTError) as error:
            log.error("The signing keys of the identity provider cannot be fetched: %s", error)
            self._failed = True
            return None
        self._failed = False
        return _Held(now, keys)


def signing_keys(document: object) -> "dict[str, PyJWK]":
    """The RSA signing keys of a key set document by their ids; others are left out.

    Raises:
        ValueError: it holds none.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the answer is no key set")
    found = [_signing_key(entry) for entry in entries if isinstance(entry, dict)]
    keys = {key.key_id: key for key in found if key is not None and key.key_id}
    if not keys:
        raise ValueError("the key set holds no RSA key for signatures")
    return keys


def fetch_from(address: str) -> Fetch:
    """Get the key set document from an address; redirects are not followed."""

    def fetch() -> object:
        from jwt import PyJWKClient

        client = PyJWKClient(address, cache_jwk_set=False, timeout=FETCH_TIMEOUT_SECONDS)
        return client.fetch_data()

    return fetch


def _signing_key(entry: dict[str, object]) -> "PyJWK | None":
    from jwt import PyJWK, PyJWTError

    is_for_signing = entry.get("use") in ("sig", None) and entry.get("alg") in ("RS256", None)
    if entry.get("kty") != "RSA" or not is_for_signing or not isinstance(entry.get("kid"), str):
        return None
    try:
        return PyJWK(entry, "RS256")
    except PyJWTError as error:
        log.warning("A signing key of the identity provider cannot be used: %s", error)
        return None


def _unavailable() -> AccessError:
    return AccessError(
        "unavailable",
        "Tokens cannot be checked now, as the identity provider cannot be reached.",
        PAUSE_SECONDS,
    )
