"""The keys as a running server knows them: read again when their file changes, never written."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crash_platform.serving.access.files import KeyFile, Stamp
from crash_platform.serving.access.keys import Key, KeysError

CHECK_SECONDS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    stamp: Stamp | None
    keys: Mapping[str, Key]
    problem: str | None = None


class KeyRing:
    """The keys of a file, at most a second old.

    Args:
        file: where they are kept.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, file: KeyFile, monotonic: Callable[[], float]) -> None:
        self._file = file
        self._monotonic = monotonic
        self._seen: _Seen | None = None
        self._lock = threading.Lock()

    def keys(self) -> Mapping[str, Key]:
        """All keys by their ids.

        Raises:
            KeysError: the file cannot be used; nothing read before counts any more, as a key
                may have been revoked since. Its text names the file: for logs, not for callers.
        """
        seen = self._seen
        if seen is None or self._monotonic() - seen.at >= CHECK_SECONDS:
            with self._lock:
                seen = self._looked(self._seen, self._monotonic())
                self._seen = seen
        if seen.problem is not None:
            raise KeysError(seen.problem)
        return seen.keys

    def _looked(self, before: _Seen | None, now: float) -> _Seen:
        try:
            stamp = self._file.stamp()
            if before is not None and before.problem is None and before.stamp == stamp:
                return _Seen(now, stamp, before.keys)
            # The stamp is older than what is read: a change in between is seen the next time.
            keys = {key.id: key for key in self._file.read()}
        except KeysError as error:
            if before is None or before.problem != str(error):
                log.error("Nobody with a key is let in: %s", error)
            return _Seen(now, None, {}, str(error))
        if before is not None:
            log.info("The keys were read anew: there are %d.", len(keys))
        return _Seen(now, stamp, keys)
