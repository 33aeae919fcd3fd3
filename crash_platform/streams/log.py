"""What every event log is to the platform: partitions with positions, bounded reads, publishing.

Event Hubs, Kafka and the log in memory keep this protocol; no client is imported here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from crash_platform.errors import PlatformError

Properties = Mapping[str, str]


class StreamError(PlatformError):
    """An event log cannot be reached, or refuses what it is asked."""


class LogUnreachableError(StreamError):
    """Nobody answers, or the connection broke: the same call may succeed later."""


class LogMissingError(StreamError):
    """The server answers, but has no log of that name."""


class AccessDeniedError(StreamError):
    """The server refuses the credentials, or what they may do."""


class PositionGoneError(StreamError):
    """A range begins before the oldest event that the log still has."""


@dataclass(frozen=True)
class Event:
    """An event to publish.

    Events of one ``key`` keep their order; without a key any partition will do.
    """

    body: bytes
    key: str | None = None
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as the log holds it.

    Attributes:
        partition_id: the partition, as the log calls it.
        sequence_number: position in the partition: ascending, from 0 on, possibly with gaps.
        offset: what the server calls the position; opaque, never compared.
        enqueued_at: when the log took it (UTC).
        key: the partition key, where the producer gave one.
        properties: application properties (Kafka: headers) as text; bytes that are not UTF-8 come
            as their ``backslashreplace`` form.
        body: the bytes, untouched. An event without a body has none.
    """

    partition_id: str
    sequence_number: int
    offset: str
    enqueued_at: datetime
    key: str | None
    properties: Properties
    body: bytes


@dataclass(frozen=True)
class Partition:
    """What a partition holds: from ``first`` to ``last``; ``last`` is -1 where it never had any.

    All events may have been removed by retention: then ``first`` is ``last + 1``.
    """

    partition_id: str
    first: int
    last: int


@dataclass(frozen=True)
class Description:
    """An event log at a moment.

    Attributes:
        name: of the hub or topic.
        generation: a number from 1 on that another log of the same name, made after this one was
            deleted, does not have: positions hold within one generation only.
        partitions: in the order of their ids (as numbers where they are numbers).
    """

    name: str
    generation: int
    partitions: tuple[Partition, ...]


@dataclass(frozen=True)
class Range:
    """A bounded part of a partition: ``after`` < sequence number <= ``until``."""

    partition_id: str
    after: int
    until: int

    def __post_init__(self) -> None:
        if not -1 <= self.after <= self.until:
            raise ValueError(f"not a range of positions: ({self.after}, {self.until}]")


class Following(Protocol):
    """An open, endless read of all partitions, for one thread."""

    def take(self, most: int, wait: float) -> list[Message]:
        """Up to so many messages: as soon as there is one, or none after ``wait`` seconds.

        Ascending within each partition, never one at or before the positions it began at.

        Raises:
            StreamError: the log cannot be read any more; close this and follow anew.
        """

    def close(self) -> None:
        """Let go of connections and threads; never raises, harmless when repeated."""


class EventLog(Protocol):
    """One hub or topic, as one consumer group. Safe for use by one thread at a time."""

    def describe(self) -> Description:
        """Partitions, and what each holds now.

        Raises:
            StreamError: by kind: unreachable, missing, denied.
        """

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        """The messages of a range in order, in batches; nothing outside it, and it ends.

        Ending without an error means that all of the range that the log has was yielded; positions
        that never held an event of ours (compaction, transactions) are simply missing.

        Raises:
            PositionGoneError: retention has removed the beginning of the range.
            StreamError: the rest of the range could not be read in time.
        """

    def follow(self, after: Mapping[str, int]) -> Following:
        """Every message after these positions (-1: from the oldest), as it comes.

        Args:
            after: the position of every partition to follow.

        Raises:
            StreamError: by kind.
        """

    def publish(self, events: Sequence[Event]) -> None:
        """Send events; returns when the log has taken all of them.

        An error may come after some (or all) were taken: who publishes again may publish twice.

        Raises:
            StreamError: by kind, or because an event is larger than the log takes.
        """

    def close(self) -> None:
        """Let go of connections; harmless when repeated."""
