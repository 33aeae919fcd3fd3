"""From the outbox to the hub: a thread that goes on until every report was taken.

What a report says is none of its business.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Self

from crash_platform.serving.reporting.outbox import Outbox, OutboxError, Parcel
from crash_platform.streams.log import (
    AccessDeniedError,
    Event,
    EventLog,
    LogMissingError,
    LogUnreachableError,
    StreamError,
)

IDLE_SECONDS: Final = 30.0
"""How often it looks for what a process that was killed has left behind."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSALS: Final = 6
"""How often a hub may refuse one report before it counts as refused for good, five minutes on."""
REFUSED_PAUSE: Final = 10.0
LOOK_SECONDS: Final = 0.1
CLOSING_SECONDS: Final = 5.0
AWAY = (LogUnreachableError, LogMissingError, AccessDeniedError)
"""The hub's or its settings' fault, which somebody can mend: no report is given up for it."""


class Sender:
    """Sends what waits in an outbox, in the background and for as long as it takes.

    The same report is sent again with the same id and version, so a second delivery changes
    nothing behind the hub.

    Args:
        outbox: what is to be sent.
        log: the hub; used by the sender's thread alone.
        say: prints a line: a hub that goes and comes back, a report that is refused for good.
        timer: seconds that only grow.
        closing_seconds: how long ``close`` waits for a hub that says nothing.
    """

    def __init__(
        self,
        outbox: Outbox,
        log: EventLog,
        say: Callable[[str], None],
        *,
        timer: Callable[[], float] = time.monotonic,
        closing_seconds: float = CLOSING_SECONDS,
    ) -> None:
        self._outbox, self._log, self._say, self._timer = outbox, log, say, timer
        self._closing_seconds = closing_seconds
        self._changed = threading.Condition()
        self._is_nudged = self._is_closing = False
        self._is_known_well = False
        self._trouble: str | None = None
        self._pause = FIRST_PAUSE
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Send in a thread of its own until ``close``."""
        self._thread = threading.Thread(target=self._run, name="report-sender", daemon=True)
        self._thread.start()
        return self

    def nudge(self) -> None:
        """There is something new to send."""
        with self._changed:
            self._is_nudged = True
            self._changed.notify_all()

    def wait_for(self, event_id: str, version: int, seconds: float) -> None:
        """Wait until a report was sent, or could not be, or the time is over.

        Raises:
            OutboxError: the outbox cannot be read.
        """
        until = self._timer() + seconds
        while not self._outbox.was_tried(event_id, version):
            left = until - self._timer()
            if left <= 0:
                return
            with self._changed:
                # Another process may send it, who tells nobody here.
                self._changed.wait(min(left, LOOK_SECONDS))

    def close(self) -> None:
        """End the thread; what is under way when the hub says nothing stays in the outbox."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(self._closing_seconds)
        # A thread that waits for a silent hub uses the log still; it ends with the process.
        if self._thread is None or not self._thread.is_alive():
            self._log.close()

    def send_waiting(self) -> float:
        """Send everything that is due; how many seconds to rest before the next time."""
        try:
            while not self._is_closing and (parcel := self._outbox.take()) is not None:
                if not self._is_sent(parcel):
                    return self._longer_pause()
                self._tell_all()
        except OutboxError as error:
            self._tell(str(error))
            return self._longer_pause()
        return IDLE_SECONDS

    def _is_sent(self, parcel: Parcel) -> bool:
        """Send one report; whether the hub is there, which may have refused it."""
        try:
            self._probe()
            self._log.publish([Event(parcel.body, parcel.key)])
        except AWAY as error:
            self._is_known_well = False
            self._outbox.put_back(parcel)
            self._tell(f"{error} Reports wait in the outbox until then.")
            return False
        except StreamError as error:
            self._refused(parcel, str(error))
        else:
            self._outbox.sent(parcel)
            self._well()
        return True

    def _probe(self) -> None:
        """Ask a hub that may be away: that ends at once, while publishing tries for half a minute.

        Raises:
            LogUnreachableError: it is away.
        """
        if self._is_known_well:
            return
        try:
            self._log.describe()
        except (AccessDeniedError, LogMissingError):
            return  # who may only send may not ask

    def _refused(self, parcel: Parcel, reason: str) -> None:
        is_last = parcel.attempts + 1 >= REFUSALS
        again = timedelta(seconds=REFUSED_PAUSE * 2**parcel.attempts)
        self._outbox.refused(parcel, reason, None if is_last else again)
        if is_last:
            self._say(f"The report {parcel.event_id} is refused for good: {reason}")

    def _well(self) -> None:
        if self._trouble:
            self._say("Reports are sent to the hub again.")
        self._trouble, self._pause, self._is_known_well = None, FIRST_PAUSE, True

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble

    def _longer_pause(self) -> float:
        self._tell_all()
        pause, self._pause = self._pause, min(LONGEST_PAUSE, self._pause * 2)
        return pause

    def _tell_all(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._is_closing:
            rest = self._timer() + self.send_waiting()
            with self._changed:
                while not (self._is_nudged or self._is_closing) and rest > self._timer():
                    self._changed.wait(rest - self._timer())
                self._is_nudged = False
