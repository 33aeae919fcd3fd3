"""What scoring live reports needs at hand, and what it writes down of itself now and then.

How reports are read, scored and committed is said in ``session``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.pipelines.injuries.features import Report
from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.pipelines.reports.live.account import Account, Figures, Tell, TellingError
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.pipelines.reports.live.scoring import SortedOut
from crash_platform.pipelines.reports.live.tidying import COMMITS
from crash_platform.pipelines.reports.live.trouble import Say
from crash_platform.streams.log import EventLog


class Stop(Protocol):
    """Whether to stop, as ``threading.Event`` says it."""

    def is_set(self) -> bool:
        """Whether it is time to stop."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until it is time to stop; whether it is."""


@dataclass(frozen=True)
class Pace:
    """How often things are done, in seconds.

    Attributes:
        most: reports in one commit, at most.
        tidy_after: commits of one day after which their files are put together.
    """

    commit_every: float = 0.25
    wait: float = 0.5
    most: int = 2_000
    tell_every: float = 10.0
    say_every: float = 60.0
    look_every: float = 60.0
    model_every: float = 1.0
    tidy_after: int = COMMITS


@dataclass(frozen=True)
class Desk:
    """What a worker works with.

    Attributes:
        log: the hub of the reports.
        table: where predictions go.
        answerer: gives the champions of the moment at once, or ``NoModelError``.
        read: takes a report for the feature function.
        say: prints a line.
        tell: takes note of figures.
        clock: tells the moment (UTC).
        timer: tells seconds, from anywhere on.
        stop: whether to stop.
        pace: how often what is done.
    """

    log: EventLog
    table: LiveTable
    answerer: Callable[[], Answerer]
    read: Callable[[CrashReportV1], Report]
    say: Say
    tell: Tell
    clock: Callable[[], datetime]
    timer: Callable[[], float]
    stop: Stop
    pace: Pace = Pace()

    def versions(self) -> dict[str, int]:
        """The champions of the moment; none before the first."""
        try:
            return self.answerer().versions
        except NoModelError:
            return {}


class Books:
    """The accounts of a worker: of its whole life, since it last told, since it last printed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.total, self._untold, self._unsaid = Account(), Account(), Account()
        self._told_at = self._said_at = desk.timer()
        self._is_deaf = False

    def add(self, done: SortedOut, committed_at: datetime) -> None:
        """Count a commit."""
        for account in (self.total, self._untold, self._unsaid):
            account.add(done, committed_at)

    def now_and_then(self, lag: int) -> None:
        """Tell and print what was done, if it is time and there is something.

        Args:
            lag: reports that are known to wait.
        """
        now, pace = self._desk.timer(), self._desk.pace
        if self._untold.scored and now - self._told_at >= pace.tell_every:
            self._tell(lag)
            self._told_at = now
        if self._unsaid.commits and now - self._said_at >= pace.say_every:
            self._desk.say(f"{self._unsaid.in_words()}; {lag:,} wait.")
            self._unsaid, self._said_at = Account(), now

    def close(self, lag: int = 0) -> None:
        """Tell what was not told yet."""
        if self._untold.scored:
            self._tell(lag)

    def _tell(self, lag: int) -> None:
        total = self.total
        figures = Figures(
            dict(self._untold.days),
            total.scored,
            total.duplicates,
            total.withdrawn,
            dict(total.poison),
            self._untold.latency(),
            lag,
            self._desk.versions(),
        )
        try:
            self._desk.tell(figures)
        except TellingError as error:
            if not self._is_deaf:
                self._desk.say(str(error))
            self._is_deaf = True
            return
        self._untold, self._is_deaf = Account(), False
