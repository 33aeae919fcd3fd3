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
UNREADABLE: Final = (
    f"How far the data reach ({CRASH_COVERAGE.path}) cannot be read now: try again in a minute, or "
    "ask the operator, whose log says why."
)
"""Said on every page, the open ones too: where the lake lies is for the operator."""


def _unsaid(_: str) -> None:
    """Nobody reads the log."""


class DataAsOf:
    """Knows how far official records reach; looks again when what it knows is half a minute old.

    Args:
        store: the lake.
        timer: seconds that only grow.
        say: takes a line about what keeps the lake from being read.
    """

    def __init__(
        self, store: Store, timer: Callable[[], float], say: Callable[[str], None] = _unsaid
    ) -> None:
        self._store, self._timer, self._say = store, timer, say
        self._lock = Lock()
        self._looked_at: float | None = None
        self._known = AsOf(None, None)
        self._told = ""

    def __call__(self) -> AsOf:
        """Newest day and pull of the last half minute; where they cannot be read, why."""
        with self._lock:
            now = self._timer()
            if self._looked_at is None or now - self._looked_at >= SECONDS:
                self._known, self._looked_at = self._look(), now
            return self._known

    def _look(self) -> AsOf:
        try:
            rows = self._store.slice(CRASH_COVERAGE).read(["crash_date", "last_pulled_at"])
        except PlatformError as error:
            self._tell(str(error))
            return AsOf(None, None, UNREADABLE)
        self._told = ""
        if not rows.num_rows:
            return AsOf(None, None)
        pulled = pc.max(rows["last_pulled_at"]).as_py()
        return AsOf(pc.max(rows["crash_date"]).as_py().isoformat(), f"{pulled:%Y-%m-%d %H:%M}")

    def _tell(self, trouble: str) -> None:
        """Say what is wrong, once as long as it stays the same."""
        if trouble != self._told:
            self._say(trouble)
        self._told = trouble
