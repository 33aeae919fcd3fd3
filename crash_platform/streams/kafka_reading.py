"""Reading bounded ranges of a Kafka topic.

How far a stream was read is kept in the lake, never in a consumer group.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from crash_platform.streams.kafka_client import Asking, Topic, library
from crash_platform.streams.kafka_errors import NEEDLESS, TRANSIENT, ClientError, Troubles
from crash_platform.streams.kafka_messages import message, taken
from crash_platform.streams.kafka_settings import Options
from crash_platform.streams.log import Message, Range, StreamError

if TYPE_CHECKING:
    import confluent_kafka as ck

BATCH = 1000
SLICE = 0.5
"""Seconds of one wait inside the client; between two, what its threads report is looked at."""

BOUNDED: Options = {"enable.partition.eof": "true", "fetch.wait.max.ms": "50"}
"""The end of a partition is told with the first fetch that waited in vain: let that be soon."""


def read_range(topic: Topic, asking: Asking, wanted: Range) -> Iterator[list[Message]]:
    """The messages of a range; see ``EventLog.read``."""
    if wanted.after == wanted.until:
        return
    partition = number(topic, wanted.partition_id)
    first, end = asking.bounds([partition])[partition]
    if wanted.after + 1 < first:
        raise topic.say.gone(wanted, first)
    last = min(wanted.until, end - 1)
    if wanted.after < last:
        yield from _Bounded(topic, asking, wanted, last).batches()


class _Bounded:
    """One range on its way, up to a last position that the log has."""

    def __init__(self, topic: Topic, asking: Asking, wanted: Range, last: int) -> None:
        self._topic = topic
        self._asking = asking
        self._wanted = wanted
        self._last = last
        self._reached = wanted.after
        self._ended = False

    def batches(self) -> Iterator[list[Message]]:
        topic, wanted = self._topic, self._wanted
        partition = number(topic, wanted.partition_id)
        troubles = Troubles()
        with closing(topic.consumer(troubles, BOUNDED)) as consumer:
            start = library().TopicPartition(topic.name, partition, wanted.after + 1)
            consumer.assign([start])
            limit = topic.clock() + topic.deadline
            while not self._ended:
                messages = self._sorted(taken(consumer, BATCH, SLICE))
                if messages:
                    yield messages
                    limit, troubles.last = topic.clock() + topic.deadline, None
                elif troubles.denied:
                    raise topic.say.denied(troubles.denied)
                elif topic.clock() >= limit:
                    self._raise_silent(troubles)

    def _sorted(self, raw: "Iterable[ck.Message]") -> list[Message]:
        """Those within the range, and whether it is at its end."""
        messages = []
        for each in raw:
            error, offset = each.error(), each.offset() or 0
            if error is None:
                self._ended |= offset >= self._last
                if self._reached < offset <= self._last:
                    self._reached = offset
                    messages.append(message(each))
            elif error.name() == "_PARTITION_EOF":
                # Short of the last position it is none: a new leader may still be catching up.
                self._ended |= offset > self._last
            elif error.name() == "_AUTO_OFFSET_RESET":
                rest = Range(self._wanted.partition_id, self._reached, self._wanted.until)
                raise position_error(self._topic, self._asking, rest, error)
            elif error.name() not in TRANSIENT | NEEDLESS:
                raise self._topic.say.of(error)
        return messages

    def _raise_silent(self, troubles: Troubles) -> None:
        if troubles.last:
            raise self._topic.say.late(troubles.last)
        self._asking.describe()
        raise self._topic.say.silent(self._wanted)


def position_error(topic: Topic, asking: Asking, wanted: Range, error: ClientError) -> StreamError:
    """Why the brokers refuse the position after which a range begins."""
    partition = number(topic, wanted.partition_id)
    return out_of_bounds(topic, wanted, asking.bounds([partition])[partition]) or topic.say.of(
        error
    )


def out_of_bounds(topic: Topic, wanted: Range, held: tuple[int, int]) -> StreamError | None:
    """What is wrong with beginning after a range's ``after``; None if nothing is.

    Args:
        topic: where.
        wanted: the range.
        held: the first position there is, and the one after the last.
    """
    first, end = held
    if wanted.after + 1 < first:
        return topic.say.gone(wanted, first)
    return topic.say.beyond(wanted, end) if wanted.after + 1 > end else None


def number(topic: Topic, partition_id: str) -> int:
    """The number of a partition.

    Raises:
        StreamError: it is none.
    """
    if not (partition_id.isascii() and partition_id.isdigit()):
        raise StreamError(
            f"Partitions of the Kafka topic {topic.name} are numbers, {partition_id!r} is none: "
            "plan anew."
        )
    return int(partition_id)
