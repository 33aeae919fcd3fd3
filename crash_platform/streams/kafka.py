"""A Kafka topic as an event log; with ``event_hubs_kafka`` an event hub by its Kafka endpoint.

Offsets are sequence numbers. Nothing is kept in consumer groups, no topic is ever made.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from crash_platform.streams.kafka_client import Asking, Topic
from crash_platform.streams.kafka_following import KafkaFollowing
from crash_platform.streams.kafka_publishing import Publisher
from crash_platform.streams.kafka_reading import read_range
from crash_platform.streams.kafka_settings import checked, event_hubs_kafka
from crash_platform.streams.log import Description, Event, Message, Range, StreamError

__all__ = ["KafkaFollowing", "KafkaLog", "event_hubs_kafka"]


class KafkaLog:
    """One topic; an ``EventLog``. Opens connections when first asked.

    Only what was committed is read: transactions that were aborted leave gaps, one that is still
    open hides what comes after it. ``enqueued_at`` is the broker's time where the topic says
    ``message.timestamp.type=LogAppendTime``, and else what the producer claims.

    Args:
        topic: its name.
        settings: options of librdkafka, ``bootstrap.servers`` among them. Never printed: they may
            hold a password.
        deadline: seconds after which nobody is waited for any longer who says nothing.
        clock: seconds of a clock that never goes back.
        sleep: waits so many seconds.

    Raises:
        StreamError: the settings name no servers, or set what is the platform's to set.
    """

    def __init__(
        self,
        topic: str,
        settings: Mapping[str, str],
        *,
        deadline: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._topic = Topic(topic, checked(settings), deadline, clock, sleep)
        self._asking: Asking | None = None
        self._publisher: Publisher | None = None

    def __repr__(self) -> str:
        return f"KafkaLog({self._topic.name!r})"

    def describe(self) -> Description:
        """See ``EventLog.describe``."""
        return self._ask().describe()

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        """See ``EventLog.read``."""
        return read_range(self._topic, self._ask(), wanted)

    def follow(self, after: Mapping[str, int]) -> KafkaFollowing:
        """See ``EventLog.follow``. A broker that is away for a while brings silence, no error."""
        return KafkaFollowing(self._topic, self._ask(), after)

    def publish(self, events: Sequence[Event]) -> None:
        """See ``EventLog.publish``. Keys are placed as Kafka's Java clients place them."""
        if not events:
            return
        if self._publisher is None:
            self._publisher = Publisher(self._topic)
        try:
            self._publisher.publish(events)
        except StreamError:
            self._let_go_of_publisher()
            raise

    def close(self) -> None:
        """See ``EventLog.close``; harmless, and it may be used again afterwards."""
        self._let_go_of_publisher()
        self._asking = None

    def _ask(self) -> Asking:
        if self._asking is None:
            self._asking = Asking(self._topic)
        return self._asking

    def _let_go_of_publisher(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None
