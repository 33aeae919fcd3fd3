"""A table that a process beside Dagster's runs appends to, for as long as it lives.

What is appended, and which numbers move with it, is said by each such table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store

STORE_SECONDS: Final = 1800.0
"""How long a lake is used before it is opened anew: a sign-in to Azure holds for an hour."""


@dataclass
class TableBeside:
    """One table, for one thread; the lake is opened when it is needed.

    Attributes:
        table: its contract.
        open_store: opens the lake, signing in where it must.
        timer: tells seconds.
    """

    table: ClassVar[Table]
    open_store: Callable[[], Store]
    timer: Callable[[], float]
    _store: Store | None = field(default=None, init=False, repr=False)
    _opened_at: float = field(default=0.0, init=False, repr=False)

    def tidy(self, day: date) -> None:
        """Put the files of a day together; no row changes.

        Raises:
            LakeError: the table cannot be rewritten; it is as before then.
        """
        self._opened().compact(self.table, Window(day, day))

    def _opened(self) -> Store:
        if self._store is None or self.timer() - self._opened_at > STORE_SECONDS:
            self._store, self._opened_at = self.open_store(), self.timer()
        return self._store
