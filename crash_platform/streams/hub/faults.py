"""What can be made to go wrong on purpose, so that tests meet it.

The hub asks what is to go wrong now; it never decides.
"""

import time
from collections.abc import Callable
from threading import Lock

from crash_platform.streams.hub.positions import Refusal

Drop = Callable[[], None]
DetachAll = Callable[[Refusal], None]


class Faults:
    """Faults to come, for one or more hubs. Every method may be called from any thread.

    Nothing goes wrong until it is asked for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` says how many seconds passed, for refusing connections for a while."""
        self._clock = clock
        self._lock = Lock()
        self._bound: list[tuple[Drop, DetachAll]] = []
        self._lost_acks = 0
        self._transfers_left: int | None = None
        self._refused_until = 0.0
        self._denied = False
        self._management_delay = 0.0
        self._refused_links: list[Refusal] = []

    def lose_acks(self, count: int = 1) -> None:
        """Store what is published next, then drop the connection instead of saying so."""
        with self._lock:
            self._lost_acks = count

    def drop_connections(self) -> None:
        """Drop every open connection now, without a word."""
        for drop, _ in self._hubs():
            drop()

    def drop_after(self, transfers: int) -> None:
        """Drop one connection when so many messages (or parts) more have come or gone on links.

        Requests to the hub and their answers are not counted. The message that reaches the number
        is lost.
        """
        with self._lock:
            self._transfers_left = transfers

    def refuse_connections(self, seconds: float | None = None) -> None:
        """Hang up on whoever connects: for so long, or until ``accept_connections``."""
        with self._lock:
            self._refused_until = float("inf") if seconds is None else self._clock() + seconds

    def accept_connections(self) -> None:
        """Let connections in again."""
        with self._lock:
            self._refused_until = 0.0

    def deny_access(self, *, denied: bool = True) -> None:
        """Refuse every token (401) and every link (``amqp:unauthorized-access``)."""
        with self._lock:
            self._denied = denied

    def delay_management(self, seconds: float) -> None:
        """Answer requests about hubs and partitions this much later."""
        with self._lock:
            self._management_delay = seconds

    def detach_links(self, condition: str, description: str = "on purpose") -> None:
        """Detach all readers and publishers now, with a condition."""
        for _, detach in self._hubs():
            detach(Refusal(condition, description))

    def refuse_links(self, condition: str, description: str = "on purpose", count: int = 1) -> None:
        """Refuse the next ``count`` readers or publishers with a condition."""
        with self._lock:
            self._refused_links = [Refusal(condition, description)] * count

    def bind(self, drop: Drop, detach: DetachAll) -> None:
        """A hub says how its connections are dropped and its links detached."""
        with self._lock:
            self._bound.append((drop, detach))

    def unbind(self, drop: Drop, detach: DetachAll) -> None:
        """A hub has stopped."""
        with self._lock:
            self._bound.remove((drop, detach))

    def _hubs(self) -> list[tuple[Drop, DetachAll]]:
        with self._lock:
            return list(self._bound)

    def takes_ack(self) -> bool:
        """Whether the acknowledgement due now is to be lost."""
        with self._lock:
            taken = self._lost_acks > 0
            self._lost_acks -= taken
            return taken

    def takes_transfer(self) -> bool:
        """Whether the transfer due now is to be lost, with its connection."""
        with self._lock:
            if self._transfers_left is None:
                return False
            self._transfers_left -= 1
            if self._transfers_left > 0:
                return False
            self._transfers_left = None
            return True

    def refuses_connection(self) -> bool:
        """Whether who connects now is hung up on."""
        with self._lock:
            return self._clock() < self._refused_until

    def denies(self) -> bool:
        """Whether access is denied."""
        with self._lock:
            return self._denied

    def management_delay(self) -> float:
        """Seconds to wait before an answer."""
        with self._lock:
            return self._management_delay

    def refuses_link(self) -> Refusal | None:
        """Why the link that is opened now is refused, if it is."""
        with self._lock:
            return self._refused_links.pop() if self._refused_links else None
