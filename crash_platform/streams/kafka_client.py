"""Opening Kafka's clients for one topic, and asking the brokers about it.

Events are read and written elsewhere; here is what holds of the topic as a whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from crash_platform.streams.kafka_errors import TRANSIENT, Troubles, Wording
from crash_platform.streams.kafka_settings import (
    DEFAULTS,
    OWNED_PUBLISHING,
    OWNED_READING,
    PUBLISHING,
    READING,
    Options,
    without_secrets,
)
from crash_platform.streams.log import Description, Partition, StreamError

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer
    from confluent_kafka.admin import AdminClient

SLICE = 0.1
"""Seconds between two looks at what the threads of a client report."""

_MASK = 2**63 - 1


class TopicId(Protocol):
    """What is used of ``confluent_kafka.Uuid``."""

    def get_most_significant_bits(self) -> int:
        """The first half, signed."""

    def get_least_significant_bits(self) -> int:
        """The second half, signed."""


@dataclass(frozen=True)
class Topic:
    """One topic of one cluster, with all that opening a client for it takes."""

    name: str
    settings: Options
    deadline: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def __repr__(self) -> str:
        return f"Topic({self.name!r})"

    @property
    def say(self) -> Wording:
        """The sentences about it."""
        return Wording(self.name, self.settings, self.deadline)

    def admin(self, troubles: Troubles) -> "AdminClient":
        """A client that asks questions."""
        from_admin = library("confluent_kafka.admin")
        client: AdminClient = self._opened(
            from_admin.AdminClient, {**DEFAULTS, **self.settings}, troubles
        )
        return client

    def consumer(self, troubles: Troubles, options: Options) -> "Consumer":
        """A client that reads; ``options`` besides those of every reader."""
        reading = {**DEFAULTS, **READING, **options, **self.settings, **OWNED_READING}
        client: Consumer = self._opened(library().Consumer, reading, troubles)
        return client

    def producer(self, troubles: Troubles) -> "Producer":
        """A client that writes, each event once as long as it lives."""
        limit = {"message.timeout.ms": str(max(1, int(self.deadline * 1000)))}
        publishing = {**DEFAULTS, **PUBLISHING, **limit, **self.settings, **OWNED_PUBLISHING}
        client: Producer = self._opened(library().Producer, publishing, troubles)
        return client

    def _opened(self, kind: Any, options: Options, troubles: Troubles) -> Any:
        try:
            return kind({**options, "error_cb": troubles})
        except library().KafkaException as error:
            reason = without_secrets(error.args[0].str(), self.settings)
        raise StreamError(
            f"Kafka's client refuses an option ({reason}): correct CRASH_PLATFORM_KAFKA_OPTIONS."
        )


class Asking:
    """Questions about a topic, each answered or refused within the deadline."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._troubles = Troubles()
        self._admin = topic.admin(self._troubles)

    def describe(self) -> Description:
        """The topic as it is.

        Raises:
            StreamError: by kind.
        """
        name = self._topic.name
        answer = self._answers(self.identity)[name]
        held = self.bounds(sorted(each.id for each in answer.partitions))
        return Description(
            name,
            generation(answer.topic_id),
            tuple(Partition(str(each), first, end - 1) for each, (first, end) in held.items()),
        )

    def identity(self) -> "Mapping[Any, Future[Any]]":
        """Ask for the topic's id and partitions; does not wait for the answer."""
        topics = library().TopicCollection([self._topic.name])
        asked: Mapping[Any, Future[Any]] = self._admin.describe_topics(
            topics, request_timeout=self._topic.deadline
        )
        return asked

    def bounds(self, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Per partition the first position, and the one after the last that may be read.

        Positions from the first transaction on that is still open are not counted.

        Raises:
            StreamError: by kind.
        """
        spec = library("confluent_kafka.admin").OffsetSpec
        first = self._offsets(partitions, spec.earliest())
        end = self._offsets(partitions, spec.latest())
        return {each: (first[each], max(first[each], end[each])) for each in partitions}

    def listen(self) -> None:
        """Take in what the client's threads report, which is told nowhere else and piles up."""
        self._admin.poll(0)

    def _offsets(self, partitions: Sequence[int], spec: Any) -> dict[int, int]:
        kafka = library()
        wanted = {kafka.TopicPartition(self._topic.name, each): spec for each in partitions}
        answers = self._answers(
            lambda: self._admin.list_offsets(
                wanted,
                isolation_level=kafka.IsolationLevel.READ_COMMITTED,
                request_timeout=self._topic.deadline,
            )
        )
        return {place.partition: answer.offset for place, answer in answers.items()}

    def _answers(self, question: "Callable[[], Mapping[Any, Future[Any]]]") -> dict[Any, Any]:
        """The answers to a question, asked again while a broker is only not ready yet."""
        end = self._topic.clock() + self._topic.deadline
        self.listen()
        self._troubles.forget()
        while True:
            answers = question()
            self._wait(answers.values(), end)
            failed = [error for each in answers.values() if (error := each.exception())]
            if not failed:
                return {key: each.result() for key, each in answers.items()}
            self._raise_lasting(failed[0], end)
            self._topic.sleep(SLICE)

    def _wait(self, answers: "Iterable[Future[Any]]", end: float) -> None:
        while True:
            _, open_yet = wait(answers, SLICE)
            self.listen()
            if not open_yet:
                return
            if self._troubles.denied:
                raise self._topic.say.denied(self._troubles.denied)
            if self._topic.clock() >= end:
                raise self._topic.say.late(self._troubles.last)

    def _raise_lasting(self, failure: BaseException, end: float) -> None:
        if not isinstance(failure, library().KafkaException):
            raise failure
        if self._troubles.denied:
            raise self._topic.say.denied(self._troubles.denied)
        error = failure.args[0]
        if error.name() == "_NOENT":
            self._answers(self.identity)  # says so if it is the topic that is missing
        if error.name() not in TRANSIENT:
            raise self._topic.say.of(error)
        if self._topic.clock() >= end:
            raise self._topic.say.late(self._troubles.last or error)


def generation(topic_id: "TopicId | None") -> int:
    """A topic's id as a number from 1 to 2**63 - 1; 1 where the servers give topics no ids.

    Ids are random, so halves laid over each other stay distinct.
    """
    if topic_id is None:
        return 1
    high, low = topic_id.get_most_significant_bits(), topic_id.get_least_significant_bits()
    return ((high ^ low) & _MASK) or 1


def library(module: str = "confluent_kafka") -> ModuleType:
    """Kafka's client.

    Raises:
        StreamError: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "confluent_kafka":
            raise
    raise StreamError(
        "Kafka's client is not installed, which CRASH_PLATFORM_HUB=kafka needs: "
        "pip install 'crash-platform[kafka]'."
    )
