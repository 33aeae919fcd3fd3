"""An event log in memory, for tests and for trying things out: nothing is kept.

It has the face of the real logs, and a few handles they have not: retention, re-creation, outages.
"""

import threading
import time
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crash_platform.streams.log import (
    Description,
    Event,
    Following,
    LogUnreachableError,
    Message,
    Partition,
    PositionGoneError,
    Range,
    StreamError,
)

LARGEST = 2**20
"""Bytes that key, properties and body of one event may have together, as in Event Hubs."""

BATCH = 1_000


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryLog:
    """An ``EventLog`` in memory, with handles for tests.

    Unlike the real ones it may be used by several threads, and goes on working after ``close``, so
    that one log can be handed to all who open and close it.
    """

    def __init__(
        self, name: str = "memory", partitions: int = 2, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self.name = name
        self._clock = clock
        self._generation = 1
        self._partitions = [_Partition(str(number)) for number in range(partitions)]
        self._published = 0
        self._failures: list[StreamError] = []
        self._changed = threading.Condition()

    def describe(self) -> Description:
        """Partitions, and what each holds now."""
        with self._changed:
            self._fail_if_told()
            held = tuple(partition.held for partition in self._partitions)
            return Description(self.name, self._generation, held)

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        """The messages of a range in order, in batches.

        Raises:
            PositionGoneError: retention has removed the beginning of the range.
        """
        position = wanted.after
        while True:
            with self._changed:
                self._fail_if_told()
                partition = self._partition(wanted.partition_id)
                _refuse_gone(self.name, partition, position, wanted.until)
                batch = partition.between(position, wanted.until, BATCH)
            if not batch:
                return
            yield batch
            position = batch[-1].sequence_number

    def follow(self, after: Mapping[str, int]) -> Following:
        """Every message after these positions, as it comes.

        Raises:
            PositionGoneError: retention has removed what comes next.
            StreamError: a partition ends before its position.
        """
        with self._changed:
            self._fail_if_told()
            for name, position in after.items():
                _refuse_unfollowable(self.name, self._partition(name), position)
            return _MemoryFollowing(self, after)

    def publish(self, events: Sequence[Event]) -> None:
        """Take all events, or none of them.

        Raises:
            StreamError: an event is larger than the log takes.
        """
        with self._changed:
            self._fail_if_told()
            for event in events:
                _refuse_large(self.name, event)
            for event in events:
                self._target(event.key).append(event, self._clock())
                self._published += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing to let go of."""

    def remove_before(self, partition: str, sequence: int) -> None:
        """Retention: remove the events of a partition whose sequence number is smaller."""
        with self._changed:
            self._partition(partition).remove_before(sequence)

    def recreate(self) -> None:
        """Delete the log and make it anew, empty and of the next generation."""
        with self._changed:
            self._generation += 1
            self._partitions = [_Partition(each.name) for each in self._partitions]
            self._published = 0
            self._changed.notify_all()

    def fail_next(self, error: StreamError, times: int = 1) -> None:
        """Raise an error from the next so many calls, also from one that is waiting."""
        with self._changed:
            self._failures += [error] * times
            self._changed.notify_all()

    def _fail_if_told(self) -> None:
        if self._failures:
            raise self._failures.pop(0)

    def _partition(self, name: str) -> "_Partition":
        for partition in self._partitions:
            if partition.name == name:
                return partition
        raise StreamError(f"The log {self.name} has no partition {name}.")

    def _target(self, key: str | None) -> "_Partition":
        number = self._published if key is None else zlib.crc32(key.encode())
        return self._partitions[number % len(self._partitions)]


@dataclass
class _Partition:
    name: str
    first: int = 0
    size: int = 0
    messages: list[Message] = field(default_factory=list)

    @property
    def held(self) -> Partition:
        return Partition(self.name, self.first, self.first + len(self.messages) - 1)

    def append(self, event: Event, now: datetime) -> None:
        sequence = self.first + len(self.messages)
        properties = dict(event.properties)
        self.messages.append(
            Message(self.name, sequence, str(self.size), now, event.key, properties, event.body)
        )
        self.size += 100 + len(event.body)

    def between(self, after: int, until: int, most: int) -> list[Message]:
        begin = bisect_right(self.messages, after, key=_sequence)
        end = bisect_right(self.messages, until, key=_sequence)
        return self.messages[begin : min(end, begin + most)]

    def remove_before(self, sequence: int) -> None:
        gone = bisect_left(self.messages, sequence, key=_sequence)
        del self.messages[:gone]
        self.first += gone


def _sequence(message: Message) -> int:
    return message.sequence_number


@dataclass
class _MemoryFollowing:
    log: MemoryLog
    after: Mapping[str, int]
    turn: int = 0
    error: StreamError | None = None

    def __post_init__(self) -> None:
        self._positions = dict(self.after)
        self._generation = self.log._generation

    def take(self, most: int, wait: float) -> list[Message]:
        deadline = time.monotonic() + wait
        with self.log._changed:
            while True:
                self._refuse_broken()
                taken = self._ready(most)
                left = deadline - time.monotonic()
                if taken or left <= 0:
                    return taken
                self.log._changed.wait(left)

    def close(self) -> None:
        self.error = StreamError(f"The log {self.log.name} is followed no more: follow it anew.")

    def _refuse_broken(self) -> None:
        try:
            if self.error:
                raise self.error
            self.log._fail_if_told()
            if self._generation != self.log._generation:
                raise LogUnreachableError(
                    f"The log {self.log.name} was deleted while it was followed: follow it anew."
                )
        except StreamError as error:
            self.error = error
            raise

    def _ready(self, most: int) -> list[Message]:
        """What there is, beginning with another partition each time so that none starves."""
        names = list(self._positions)
        self.turn += 1
        taken = list[Message]()
        for number in range(len(names)):
            name = names[(self.turn + number) % len(names)]
            partition = self.log._partition(name)
            batch = partition.between(self._positions[name], partition.held.last, most - len(taken))
            if batch:
                self._positions[name] = batch[-1].sequence_number
                taken += batch
        return taken


def _refuse_gone(log: str, partition: _Partition, after: int, until: int) -> None:
    if after < until and partition.first > after + 1:
        raise PositionGoneError(
            f"Events {after + 1} to {min(until, partition.first - 1)} of partition "
            f"{partition.name} of the log {log} were removed by retention: plan anew."
        )


def _refuse_unfollowable(log: str, partition: _Partition, after: int) -> None:
    last = partition.held.last
    if after > last:
        raise StreamError(
            f"Partition {partition.name} of the log {log} ends at {last}, so it cannot be followed "
            f"after {after}: it was made anew, or the position is of another log."
        )
    if after >= 0:
        _refuse_gone(log, partition, after, max(last, partition.first))


def _refuse_large(log: str, event: Event) -> None:
    texts = [event.key or "", *event.properties, *event.properties.values()]
    size = len(event.body) + sum(len(text.encode()) for text in texts)
    if size > LARGEST:
        raise StreamError(
            f"An event of {size:,} bytes is larger than the log {log} takes ({LARGEST:,} bytes): "
            "send less in one event."
        )
