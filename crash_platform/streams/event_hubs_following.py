"""An endless read of an event hub: a thread per partition, and a queue between them and the taker.

The taker decodes and checks; the threads only move what the client hands them.
"""

import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

from crash_platform.streams.event_hubs_client import Client
from crash_platform.streams.event_hubs_links import Start
from crash_platform.streams.event_hubs_message import message_of
from crash_platform.streams.log import Message, StreamError

CREDIT = 300
TURN = 8
"""Frames that are read at least before a thread looks whether it should end."""

QUEUED = 2_000
"""Messages that wait for the taker at most; then the threads wait, and so does the service."""

LOOK = 0.2
FAREWELL = 3.0
"""Seconds that closing waits for the threads to say goodbye; they need about one."""


class EventHubsFollowing:
    """Every message after positions, as it comes."""

    def __init__(self, client: Client, after: Mapping[str, int]) -> None:
        self._client = client
        self._positions = dict(after)
        self._opened_by = time.monotonic() + client.deadline
        self._error: StreamError | None = None
        self._arrived = queue.Queue[tuple[str, Any]](QUEUED)
        self._readers = [
            _Reader(client, name, position, self._arrived) for name, position in after.items()
        ]
        for reader in self._readers:
            reader.start()

    def take(self, most: int, wait: float) -> list[Message]:
        """Up to so many messages: as soon as there is one, or none after ``wait`` seconds.

        Raises:
            StreamError: a partition cannot be read any more; close this and follow anew.
        """
        deadline = time.monotonic() + wait
        while True:
            self._refuse_broken()
            taken = self._ready(most, max(0.0, deadline - time.monotonic()))
            if taken or time.monotonic() >= deadline:
                return taken

    def close(self) -> None:
        """Let go of connections and threads."""
        for reader in self._readers:
            reader.stop.set()
        until = time.monotonic() + FAREWELL
        for reader in self._readers:
            reader.join(max(0.0, until - time.monotonic()))

    def _ready(self, most: int, wait: float) -> list[Message]:
        taken = list[Message]()
        while len(taken) < most:
            try:
                name, raw = self._next(wait if not taken else 0.0)
            except queue.Empty:
                break
            if isinstance(raw, Exception):
                self._error = self._client.told(raw, name)
                break
            message = message_of(name, raw)
            if self._is_new(message):
                taken.append(message)
        if not taken:
            self._refuse_broken()
        return taken

    def _next(self, wait: float) -> tuple[str, Any]:
        return self._arrived.get(timeout=min(wait, 1.0)) if wait else self._arrived.get_nowait()

    def _is_new(self, message: Message) -> bool:
        """Whether a message is one to hand on; it may be old, as an idle hub repeats its last."""
        name, sequence = message.partition_id, message.sequence_number
        position = self._positions[name]
        if sequence <= position:
            return False
        if position >= 0 and sequence > position + 1:
            self._refuse_hole(name, position, sequence)
        self._positions[name] = sequence
        return True

    def _refuse_hole(self, name: str, after: int, before: int) -> None:
        try:
            self._client.refuse_lost(name, after, before)
        except StreamError as error:
            self._error = error
            raise

    def _refuse_broken(self) -> None:
        if self._error is None and time.monotonic() > self._opened_by:
            late = [reader.name for reader in self._readers if not reader.is_open]
            if late:
                self._error = self._client.place.silent(self._client.deadline)
        if self._error is not None:
            raise self._error


class _Reader(threading.Thread):
    """Moves the messages of one partition into the queue, until it is stopped or fails."""

    def __init__(
        self, client: Client, name: str, after: int, arrived: "queue.Queue[tuple[str, Any]]"
    ) -> None:
        super().__init__(daemon=True, name=name)
        self.stop = threading.Event()
        self._arrived = arrived
        self._receiver = client.receiver(Start(name, after), CREDIT, self._put)

    @property
    def is_open(self) -> bool:
        """Whether the service has let it in."""
        return self._receiver.is_open

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self._receiver.turn(TURN)
        except Exception as error:  # not swallowed: it is raised to who takes
            self._put(error)
        finally:
            self._receiver.close()

    def _put(self, what: Any) -> None:
        while not self.stop.is_set():
            try:
                self._arrived.put((self.name, what), timeout=LOOK)
            except queue.Full:
                continue
            return
