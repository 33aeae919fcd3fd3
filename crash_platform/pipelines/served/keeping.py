"""The thread beside a server that brings its answers to the lake, every few seconds, come what may.

How lines are moved is said in ``moving``; here is when, and what is said when it cannot be.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final, Self

from deltalake.exceptions import CommitFailedError

from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import LocationError
from crash_platform.pipelines.reports.live.tidying import Tidying
from crash_platform.pipelines.reports.live.trouble import Trouble
from crash_platform.pipelines.served.moving import Moved, Mover, ServedTable
from crash_platform.pipelines.served.spool import Spool

EVERY_SECONDS: Final = 5.0
TOLD_EVERY_SECONDS: Final = 60.0
CLOSING_SECONDS: Final = 30.0
WAITING: Final = "Answers wait on disk; none is lost."
AWAY: Final = (LakeError, LocationError, CommitFailedError, OSError)


class Keeper:
    """Moves what a spool holds until it is closed, and says aloud what is lost.

    Args:
        spool: to which this process appends.
        table: where it goes.
        say: takes a line.
        timer: seconds that only grow.
        every: seconds between two moves, more than 0.
    """

    def __init__(
        self,
        spool: Spool,
        table: ServedTable,
        say: Callable[[str], None],
        timer: Callable[[], float],
        every: float = EVERY_SECONDS,
    ) -> None:
        self._spool, self._say, self._timer, self._every = spool, say, timer, every
        self._mover = Mover(spool.folder, table, say)
        self._tidying = Tidying(table.tidy, timer)
        self._outage = Trouble(say, timer, "The lake takes answers again")
        self._closing = Event()
        self._told_lost, self._told_at = 0, -TOLD_EVERY_SECONDS
        self._thread: Thread | None = None

    def start(self) -> Self:
        """Begin, in the background."""
        self._thread = Thread(target=self._keep, name="served-predictions", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Bring what there is to the lake once more, and stop; the rest waits for the next."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        self._spool.close()
        is_ours = self._thread is None or not self._thread.is_alive()
        while is_ours and self._outage.count == 0 and self.turn() == 0:
            pass  # more is waiting than one commit takes
        self._tell_lost(is_due=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def turn(self) -> float:
        """Move what there is to one commit; seconds until the next one is due."""
        self._tell_lost(is_due=self._timer() - self._told_at >= TOLD_EVERY_SECONDS)
        try:
            self._spool.measure()
            moved = self._moved()
        except AWAY as error:
            return max(self._every, self._outage.met(error, f"{_sentence(error)} {WAITING}"))
        self._outage.over()
        return 0.0 if moved.is_behind else self._every

    def _moved(self) -> Moved:
        moved = self._mover.move()
        if moved.rows:
            self._tidying.added(moved.days)
        return moved

    def _keep(self) -> None:
        try:
            wait = self._every
            while not self._closing.wait(wait):
                wait = self.turn()
        finally:
            if not self._closing.is_set():
                self._say(
                    "Answers are not brought to the lake any more, by a mistake of the server's: "
                    "they wait on disk; start it again."
                )

    def _tell_lost(self, *, is_due: bool) -> None:
        lost = self._spool.lost
        if is_due and lost > self._told_lost:
            self._say(
                f"{lost - self._told_lost:,} predictions were answered and not written down "
                f"({lost:,} since the start): {self._spool.trouble}."
            )
            self._told_lost, self._told_at = lost, self._timer()


def _sentence(error: Exception) -> str:
    if isinstance(error, CommitFailedError):
        return "Another server moved the same answers."
    return str(error) if isinstance(error, LakeError | LocationError) else f"{error}."
