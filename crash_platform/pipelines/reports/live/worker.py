"""The worker that scores live reports as they come, again and again, until it is told to stop.

It survives outages of hub, registry and lake. How one stretch between two outages goes is said in
``session``; nothing here knows Dagster.
"""

from dataclasses import dataclass, field

from deltalake.exceptions import CommitFailedError

from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import LocationError
from crash_platform.pipelines.injuries.answering import versions_in_words
from crash_platform.pipelines.reports.live.account import Account
from crash_platform.pipelines.reports.live.beginning import Beginning, begin
from crash_platform.pipelines.reports.live.desk import Books, Desk
from crash_platform.pipelines.reports.live.session import Session
from crash_platform.pipelines.reports.live.trouble import Outages
from crash_platform.streams.log import (
    AccessDeniedError,
    LogMissingError,
    LogUnreachableError,
    StreamError,
)
from crash_platform.streams.planning import (
    STRICT,
    Accepting,
    EventsLostError,
    HubReplacedError,
)

ONCE_ATTEMPTS = 5
FINAL = (AccessDeniedError, LogMissingError, HubReplacedError, EventsLostError)
"""What waiting does not mend."""


@dataclass
class Worker:
    """Scores the reports of a hub.

    Several may run at once: of two commits over the same positions one is refused, and whose it
    was begins anew where the other one is. So each version of a report is scored once.

    Attributes:
        desk: what it works with.
        group: the consumer group, as people call it.
        accepting: what a person said to go on after; holds for the first beginning only.
        from_now: skip what waits at the beginning.
        is_once: end when all that waits at the beginning is scored. Then nobody is waited for in
            vain: without a champion, or while the hub stays away, it ends with an error.
    """

    desk: Desk
    group: str
    accepting: Accepting = STRICT
    from_now: bool = False
    is_once: bool = False
    _has_begun: bool = field(default=False, init=False, repr=False)

    def run(self) -> Account:
        """Score until stopped; what was done.

        Raises:
            StreamError: the hub refuses, is not there, was replaced, or lost reports.
            LakeError: the table cannot be written, and waiting did not mend it.
            NoModelError: there is no champion, and it is not to wait for one.
        """
        desk, books = self.desk, Books(self.desk)
        outages = Outages(desk.say, desk.timer, ONCE_ATTEMPTS if self.is_once else None)
        try:
            is_done = False
            while not is_done and not desk.stop.is_set():
                is_done = self._stretch(books, outages) and self.is_once
        finally:
            books.close()
            total = books.total
            desk.say(f"Stopped: {total.in_words()}; {total.commits:,} commits.")
        return books.total

    def _stretch(self, books: Books, outages: Outages) -> bool:
        """Score until something happens; whether that was the end of the session, not a failure."""
        try:
            self._score(books, outages)
        except FINAL:
            raise
        except LogUnreachableError as error:
            delay = outages.hub.met(error, f"{error} Waiting for it; nothing is lost.")
        except StreamError as error:
            delay = outages.odd.met(error, f"{error} Following anew.")
        except (LakeError, LocationError) as error:
            delay = outages.lake.met(error, f"{error} Trying again; nothing is lost.")
        except CommitFailedError:
            delay = outages.overtaken()
        else:
            return True
        self.desk.stop.wait(delay)
        return False

    def _score(self, books: Books, outages: Outages) -> None:
        desk, is_first = self.desk, not self._has_begun
        accepting = self.accepting if is_first else STRICT
        beginning = begin(desk.log, desk.table, accepting, from_now=self.from_now and is_first)
        if is_first:
            desk.say(self._first_line(beginning))
        self._has_begun = True
        session = Session(desk, beginning, books, outages, waits=not self.is_once)
        if self.is_once:
            session.run_once()
        else:
            session.run()

    def _first_line(self, beginning: Beginning) -> str:
        return (
            f"Scoring {beginning.log.name} (consumer group {self.group}) "
            f"{beginning.in_words()}; champions: {versions_in_words(self.desk.versions())}."
        )
