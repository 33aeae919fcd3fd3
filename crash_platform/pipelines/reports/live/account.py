"""What a worker did, in numbers: counted commit by commit, told now and then, summed up at the end.

Nothing is printed here, and Dagster is not known here: who tells is handed in.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil

from crash_platform.errors import PlatformError
from crash_platform.pipelines.reports.live.scoring import MILLISECOND, SortedOut

LATENCIES = 10_000
"""Of so many reports, the last ones, latencies are kept for the percentiles."""


class TellingError(PlatformError):
    """Whoever keeps account of predictions cannot be told."""


@dataclass(frozen=True)
class Figures:
    """What there is to tell of a while.

    Attributes:
        rows_of_days: rows added in that while, by the day of the crash.
        scored_total: rows since the worker was started; likewise the next three.
        duplicates: deliveries of what was scored before.
        withdrawn: reports that were taken back.
        poison: messages that are no reports, by the kind of their defect.
        latency_ms: from the hub's taking a report to its row's commit, in that while: the median
            and the 99th percentile, milliseconds.
        lag: reports that are known to wait still.
        model_versions: the champions, by feature set.
    """

    rows_of_days: Mapping[date, int]
    scored_total: int
    duplicates: int
    withdrawn: int
    poison: Mapping[str, int]
    latency_ms: tuple[float, float]
    lag: int
    model_versions: Mapping[str, int]


Tell = Callable[[Figures], None]
"""Takes note of figures; raises ``TellingError`` if it cannot, and is asked again later."""


@dataclass
class Account:
    """Counts of a while, or of a worker's whole life."""

    commits: int = 0
    duplicates: int = 0
    withdrawn: int = 0
    days: Counter[date] = field(default_factory=Counter)
    poison: Counter[str] = field(default_factory=Counter)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES))

    @property
    def scored(self) -> int:
        """Rows that were added."""
        return self.days.total()

    @property
    def passed_over(self) -> int:
        """Messages that gave no row."""
        return self.duplicates + self.withdrawn + self.poison.total()

    def add(self, done: SortedOut, committed_at: datetime) -> None:
        """Count a commit."""
        self.commits += 1
        self.duplicates += done.duplicates
        self.withdrawn += done.withdrawn
        self.poison += done.poison
        self.days += Counter(each.report.crash_date for each in done.news)
        taken = (each.message.enqueued_at for each in done.news)
        self.latencies.extend((committed_at - each) / MILLISECOND for each in taken)

    def latency(self) -> tuple[float, float]:
        """Median and 99th percentile, milliseconds; 0 where nothing was scored."""
        return percentile(self.latencies, 0.5), percentile(self.latencies, 0.99)

    def in_words(self) -> str:
        """The counts as a part of a sentence."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.poison.items()))
        median, late = self.latency()
        return (
            f"{self.scored:,} scored ({median:,.0f} ms at the median, {late:,.0f} ms at the 99th "
            f"percentile), {self.duplicates} delivered twice, {self.withdrawn} withdrawn, "
            f"{self.poison.total()} that are no reports" + (f" ({kinds})" if kinds else "")
        )


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that is not below a share (0-1) of the values; 0 of none."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else 0.0
