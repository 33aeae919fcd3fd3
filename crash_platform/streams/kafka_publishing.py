"""Writing events to a Kafka topic, each once as long as the publisher lives.

What events say is none of its business.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crash_platform.streams.kafka_client import SLICE, Topic, library
from crash_platform.streams.kafka_errors import Troubles
from crash_platform.streams.log import Event, StreamError

if TYPE_CHECKING:
    import confluent_kafka as ck


class Publisher:
    """An open producer. After an error it is of no more use: close it and open another."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._troubles = Troubles()
        self._failed: list[ck.KafkaError] = []
        self._producer: ck.Producer = topic.producer(self._troubles)

    def publish(self, events: Sequence[Event]) -> None:
        """See ``EventLog.publish``."""
        try:
            self._producer.poll(0)
            self._troubles.forget()
            for event in events:
                self._hand_over(event)
            while self._producer.flush(SLICE):
                self._raise_denied()
        except library().KafkaException as error:
            raise self._error(error.args[0]) from None
        if self._failed:
            raise self._error(self._failed[0])

    def close(self) -> None:
        """Let go of connections; drops what was not sent."""
        self._producer.purge()
        self._producer.close()

    def _hand_over(self, event: Event) -> None:
        key = None if event.key is None else _bytes(event.key)
        headers: list[tuple[str, str | bytes | None]] = [
            (name, _bytes(value)) for name, value in event.properties.items()
        ]
        while not self._failed:
            try:
                self._producer.produce(
                    self._topic.name, event.body, key, headers=headers, on_delivery=self._delivered
                )
            except BufferError:  # the client's queue is full
                self._producer.poll(SLICE)
                self._raise_denied()
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: "ck.KafkaError | None", _: "ck.Message") -> None:
        if error is not None:
            self._failed.append(error)

    def _raise_denied(self) -> None:
        if self._troubles.denied:
            raise self._topic.say.denied(self._troubles.denied)

    def _error(self, error: "ck.KafkaError") -> StreamError:
        self._raise_denied()
        if error.name() == "_MSG_TIMED_OUT":
            return self._topic.say.late(self._troubles.last or error)
        return self._topic.say.of(error)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
