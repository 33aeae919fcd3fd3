"""How far the data reach, asked of the lake now and then. How it is shown: ``page``."""

from collections.abc import Callable
from threading import Lock
from typing import Final

import pyarrow.compute as pc

from crash_platform.errors import PlatformError
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE
from crash_platform.serving.pages.page import AsOf

SECONDS: Final = 30.0


class DataAsOf:
    """Knows how far official records reach; looks again when what it knows is half a minute old.

    Args:
        store: the lake.
        timer: seconds that only grow.
    """

    def __init__(self, store: Store, timer: Callable[[], float]) -> None:
        self._store, self._timer = store, timer
        self._lock = Lock()
        self._looked_at: float | None = None
        self._known = AsOf(None, None)

    def __call__(self) -> AsOf:
        """Newest day and pull of the last half minute; where they cannot be read, why."""
        with self._lock:
            now = self._timer()
            if self._looked_at is None or now - self._looked_at >= SECONDS:
                self._known, self._looked_at = _look(self._store), now
            return self._known


def _look(store: Store) -> AsOf:
    try:
        rows = store.slice(CRASH_COVERAGE).read(["crash_date", "last_pulled_at"])
    except PlatformError as error:
        return AsOf(None, None, str(error))
    if not rows.num_rows:
        return AsOf(None, None)
    pulled = pc.max(rows["last_pulled_at"]).as_py()
    return AsOf(pc.max(rows["crash_date"]).as_py().isoformat(), f"{pulled:%Y-%m-%d %H:%M}")
