"""Reading one range of a partition to its end, over as many connections as it takes."""

import threading
import time
from functools import partial
from typing import Any

from crash_platform.streams.event_hubs_client import Client, refuse_gone
from crash_platform.streams.event_hubs_deadline import within
from crash_platform.streams.event_hubs_errors import client_errors
from crash_platform.streams.event_hubs_links import Receiver, Start
from crash_platform.streams.event_hubs_message import message_of
from crash_platform.streams.log import Message, Range

MOST = 1_000
"""Messages of one batch, and on their way to us at once, at most."""

SILENCE = 2.0
"""Seconds without a message after which the hub is asked whether there will be one."""

GOODBYE = 0.5


class RangeReader:
    """A range that its partition holds, read batch by batch.

    After an error the next batch is read over another connection, from where the last one ended.
    """

    def __init__(self, client: Client, wanted: Range) -> None:
        self._client, self._wanted = client, wanted
        self._position = wanted.after
        self._link: _Link | None = None

    @property
    def is_done(self) -> bool:
        """Whether all of the range was read."""
        return self._position >= self._wanted.until

    def next_batch(self) -> list[Message]:
        """The next messages; none only where the range holds no more.

        Raises:
            PositionGoneError: retention was faster.
            StreamError: by kind; call again to go on.
        """
        try:
            return self._next_batch()
        except client_errors() as error:
            self.close()
            raise self._client.told(error, self._wanted.partition_id) from error

    def close(self) -> None:
        """Let go of the connection."""
        link, self._link = self._link, None
        if link is not None:
            link.end()

    def _next_batch(self) -> list[Message]:
        begun, has_asked = time.monotonic(), False
        while True:
            batch = self._new(self._turn(begun + self._client.deadline - time.monotonic()))
            if batch or self.is_done:
                return batch
            if not has_asked and time.monotonic() > begun + SILENCE:
                self._ask_whether_more_comes()
                has_asked = True

    def _turn(self, seconds: float) -> list[Any]:
        wanted = min(MOST, self._wanted.until - self._position)
        if self._link is None:
            start = Start(self._wanted.partition_id, self._position)
            self._link = _Link(self._client, start, wanted)
        return within(seconds, partial(self._link.turn, wanted))

    def _new(self, raw: list[Any]) -> list[Message]:
        """The messages of the range among those that came: an idle hub may repeat its last."""
        batch = list[Message]()
        name, position = self._wanted.partition_id, self._position
        for message in (message_of(name, each) for each in raw):
            if message.sequence_number <= position:
                continue
            if message.sequence_number > position + 1:
                self._client.refuse_lost(name, position, message.sequence_number)
            position = message.sequence_number
            if position <= self._wanted.until:
                batch.append(message)
        self._position = position
        return batch

    def _ask_whether_more_comes(self) -> None:
        held = self._client.partition(self._wanted.partition_id)
        place = self._client.place
        refuse_gone(place, held, self._position, self._wanted.until)
        if held.last < self._wanted.until:
            raise place.beyond(held.partition_id)


class _Link:
    """A receiver whose turns are taken in threads that may get stuck in it."""

    def __init__(self, client: Client, start: Start, credit: int) -> None:
        self._raw = list[Any]()
        self._receiver: Receiver = client.receiver(start, credit, self._raw.append)
        self._busy = threading.Lock()
        self._has_ended = False

    def turn(self, frames: int) -> list[Any]:
        """What came in one turn; nothing where it took the turn to open."""
        with self._busy:
            try:
                self._receiver.turn(frames)
            finally:
                if self._has_ended:
                    self._receiver.close()
        came = self._raw[:]
        self._raw.clear()
        return came

    def end(self) -> None:
        """Close the receiver; a thread that is stuck in it does so when it comes free."""
        self._has_ended = True
        if self._busy.acquire(timeout=GOODBYE):
            self._receiver.close()
            self._busy.release()
