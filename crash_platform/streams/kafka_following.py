"""Following all partitions of a Kafka topic without end.

Bounded ranges are read elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crash_platform.streams.kafka_client import Asking, Topic, generation, library
from crash_platform.streams.kafka_errors import DENIED, MISSING, Troubles
from crash_platform.streams.kafka_messages import message, taken
from crash_platform.streams.kafka_reading import SLICE, number, out_of_bounds, position_error
from crash_platform.streams.kafka_settings import Options
from crash_platform.streams.log import Message, Range, StreamError
from crash_platform.streams.planning import HubReplacedError

if TYPE_CHECKING:
    import confluent_kafka as ck

LOOK = 10.0
"""Seconds between two looks at whether a followed topic is still the same."""

ENDLESS: Options = {"enable.partition.eof": "false"}


class KafkaFollowing:
    """An open read of all partitions; a broker that is away for a while only brings silence.

    Args:
        topic: what to follow.
        asking: questions about it; they tell a deleted topic from a silent one.
        after: the position of every partition to follow.
    """

    def __init__(self, topic: Topic, asking: Asking, after: Mapping[str, int]) -> None:
        self._topic = topic
        self._asking = asking
        self._reached = checked(topic, asking, after)
        self._watch = _Watch(topic, asking)
        self._troubles = Troubles()
        self._consumer: ck.Consumer | None = topic.consumer(self._troubles, ENDLESS)
        kafka = library()
        self._consumer.assign(
            [
                kafka.TopicPartition(
                    topic.name, each, position + 1 if position >= 0 else kafka.OFFSET_BEGINNING
                )
                for each, position in self._reached.items()
            ]
        )

    def take(self, most: int, wait: float) -> list[Message]:
        """See ``Following.take``."""
        if self._consumer is None:
            raise StreamError(f"Following the topic {self._topic.name} was ended: follow it anew.")
        end = self._topic.clock() + wait
        while True:
            self._watch.look()
            left = max(0.0, end - self._topic.clock())
            messages = self._news(taken(self._consumer, most, min(SLICE, left)))
            if messages:
                return messages
            if self._troubles.denied:
                raise self._topic.say.denied(self._troubles.denied)
            if self._topic.clock() >= end:
                return []

    def _news(self, raw: "Iterable[ck.Message]") -> list[Message]:
        messages = []
        for each in raw:
            error = each.error()
            if error is not None:
                self._raise_lasting(each, error)
                continue
            partition, offset = each.partition() or 0, each.offset() or 0
            if offset > self._reached[partition]:
                self._reached[partition] = offset
                messages.append(message(each))
        return messages

    def _raise_lasting(self, raw: "ck.Message", error: "ck.KafkaError") -> None:
        if error.name() == "_AUTO_OFFSET_RESET":
            partition = raw.partition() or 0
            after = self._reached[partition]
            wanted = Range(str(partition), after, after)
            raise position_error(self._topic, self._asking, wanted, error)
        if error.fatal() or error.name() in DENIED | MISSING:
            raise self._topic.say.of(error)

    def close(self) -> None:
        """See ``Following.close``."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None


class _Watch:
    """Notices that a followed topic was deleted, of which the client itself says nothing."""

    def __init__(self, topic: Topic, asking: Asking) -> None:
        self._topic = topic
        self._asking = asking
        self._generation: int | None = None
        self._next = topic.clock() + LOOK
        self._asked = asking.identity()[topic.name]

    def look(self) -> None:
        """Never waits; no answer, or any other failure than a missing topic, says nothing.

        Raises:
            LogMissingError: the topic is not there any more.
            HubReplacedError: another topic has its name.
        """
        self._asking.listen()
        if self._asked.done():
            self._judge()
        if self._topic.clock() >= self._next and self._asked.done():
            self._next = self._topic.clock() + LOOK
            self._asked = self._asking.identity()[self._topic.name]

    def _judge(self) -> None:
        failure = self._asked.exception()
        if failure is not None:
            if isinstance(failure, library().KafkaException) and failure.args[0].name() in MISSING:
                raise self._topic.say.missing()
            return
        found = generation(self._asked.result().topic_id)
        if self._generation not in (None, found):
            raise HubReplacedError(
                f"The topic {self._topic.name} was deleted and made anew while it was followed, so "
                "positions in it no longer mean anything: follow the new one from its start."
            )
        self._generation = found


def checked(topic: Topic, asking: Asking, after: Mapping[str, int]) -> dict[int, int]:
    """Positions to follow from, by the number of the partition.

    Raises:
        StreamError: the log cannot be asked, or does not have what comes after them.
    """
    reached = {number(topic, name): position for name, position in after.items()}
    for partition, held in asking.bounds(list(reached)).items():
        position = reached[partition]
        wanted = Range(str(partition), position, max(position, held[1] - 1))
        if position >= 0 and (refusal := out_of_bounds(topic, wanted, held)):
            raise refusal
    return reached
