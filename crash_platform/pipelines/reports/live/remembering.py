"""Which versions of which reports were scored already, by the days of their crashes.

The table is the truth; this is the part of it that is asked again and again, in memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from crash_platform.lake.contract import Window

RECENT_DAYS = 7
MOST = 200_000
"""Reports that are remembered, at about 150 bytes each."""

Scored = Callable[[Window], Iterable[tuple[date, str, int]]]


class Remembered:
    """Versions of reports that were scored: the crashes of the last days, and others when asked.

    A day's reports are read from the table once, when a report of it comes. Of more than ``most``
    reports, the days that were not asked for longest are forgotten, and read again if need be.

    Args:
        scored: reads day, id and version of what was scored, of the crashes of some days.
        today: up to the day after it, the days of a week are read at once.
        most: how many reports are kept, apart from the day asked for last.

    Raises:
        LakeError: what was scored cannot be read.
    """

    def __init__(self, scored: Scored, today: date, most: int = MOST) -> None:
        self._scored, self._most = scored, most
        self._days: OrderedDict[date, set[tuple[str, int]]] = OrderedDict()
        self._read(Window(today - timedelta(days=RECENT_DAYS), today + timedelta(days=1)))

    def __len__(self) -> int:
        return sum(map(len, self._days.values()))

    def has(self, day: date, event_id: str, version: int) -> bool:
        """Whether that version of a report was scored, as of that day or of any day in memory.

        Raises:
            LakeError: what was scored of that day cannot be read.
        """
        if day not in self._days:
            self._read(Window(day, day))
        self._days.move_to_end(day)
        return any((event_id, version) in known for known in self._days.values())

    def add(self, day: date, event_id: str, version: int) -> None:
        """Remember what was scored just now."""
        self._days.setdefault(day, set()).add((event_id, version))

    def forget(self) -> None:
        """Forget the days that were not asked for longest, as far as there are too many reports."""
        size = len(self)
        while size > self._most and len(self._days) > 1:
            size -= len(self._days.popitem(last=False)[1])

    def _read(self, window: Window) -> None:
        for number in range((window.last - window.first).days + 1):
            self._days.setdefault(window.first + timedelta(days=number), set())
        for day, event_id, version in self._scored(window):
            self._days[day].add((event_id, version))
