"""Kafka as an event log, against a broker that the tests start, kill and start again."""

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from crash_platform.streams.kafka import KafkaLog
from crash_platform.streams.log import (
    AccessDeniedError,
    Event,
    LogMissingError,
    LogUnreachableError,
    Message,
    PositionGoneError,
    Range,
    StreamError,
)
from crash_platform.streams.planning import HubReplacedError
from crash_platform_tests.streams.contract import EventLogContract, assert_sentence, filled, read
from crash_platform_tests.streams.kafka_broker import (
    PASSWORD,
    KafkaBroker,
    kafka_broker,
    libraries,
    missing,
)
from crash_platform_tests.streams.logs import bodies, end_of, everything, taken

pytestmark = pytest.mark.kafka

NAMES = (f"topic-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker."""
    if lacking := missing():
        pytest.skip(lacking)
    with kafka_broker(libraries(), tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def topic(broker: KafkaBroker) -> str:
    """The name of an empty topic with two partitions."""
    name = next(NAMES)
    broker.create_topic(name)
    return name


@pytest.fixture
def log(broker: KafkaBroker, topic: str) -> Iterator[KafkaLog]:
    """That topic as a log."""
    opened = KafkaLog(topic, broker.settings)
    yield opened
    opened.close()


@dataclass(frozen=True)
class BrokerHooks:
    """What is done to one topic at the broker."""

    broker: KafkaBroker
    topic: str

    def remove_before(self, partition: str, sequence: int) -> None:
        """Let retention remove what is older than a position."""
        self.broker.delete_records(self.topic, int(partition), sequence)

    def recreate(self) -> None:
        """Delete the topic and make it anew."""
        self.broker.delete_topic(self.topic)
        self.broker.create_topic(self.topic)


class TestKafkaLog(EventLogContract):
    @pytest.fixture
    def log(self, broker: KafkaBroker, topic: str) -> Iterator[KafkaLog]:
        opened = KafkaLog(topic, broker.settings)
        yield opened
        opened.close()

    @pytest.fixture
    def hooks(self, broker: KafkaBroker, topic: str) -> BrokerHooks:
        return BrokerHooks(broker, topic)


# -- transactions


class Transactions:
    """A producer of transactions, as other programs write them."""

    def __init__(self, broker: KafkaBroker, topic: str) -> None:
        from confluent_kafka import Producer

        self._topic = topic
        self._producer = Producer({**broker.settings, "transactional.id": f"of-{topic}"})
        self._producer.init_transactions(30)

    def begin(self, *numbers: int) -> None:
        self._producer.begin_transaction()
        for number in numbers:
            self._producer.produce(self._topic, str(number).encode(), partition=0)
        self._producer.flush(30)

    def commit(self) -> None:
        self._producer.commit_transaction(30)

    def abort(self) -> None:
        self._producer.abort_transaction(30)


def test_an_aborted_transaction_is_a_gap_and_its_markers_end_no_range_early(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    transactions = Transactions(broker, topic)
    transactions.begin(1, 2)
    transactions.commit()
    transactions.begin(3, 4, 5)
    transactions.abort()
    transactions.begin(6)
    transactions.commit()
    held = log.describe().partitions[0]
    assert (held.first, held.last) == (0, 8)
    messages = read(log, Range("0", -1, held.last))
    assert [(m.sequence_number, m.body) for m in messages] == [(0, b"1"), (1, b"2"), (7, b"6")]
    assert [m.sequence_number for m in read(log, Range("0", 0, 7))] == [1, 7]


def test_a_range_of_nothing_but_gaps_ends_soon_and_empty(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    transactions = Transactions(broker, topic)
    transactions.begin(1, 2, 3)
    transactions.abort()
    begun = time.monotonic()
    assert list(log.read(Range("0", -1, 3))) == []
    assert time.monotonic() - begun < 5


def test_an_open_transaction_hides_what_comes_after_it_until_it_ends(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    transactions = Transactions(broker, topic)
    transactions.begin(1)
    transactions.commit()
    transactions.begin(2)
    assert log.describe().partitions[0].last == 1
    assert bodies(read(log, Range("0", -1, 50))) == [b"1"]
    transactions.commit()
    assert log.describe().partitions[0].last == 3
    assert bodies(everything(log)) == [b"1", b"2"]


def test_a_follower_gets_what_was_committed_only(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    transactions = Transactions(broker, topic)
    following = log.follow(end_of(log))
    transactions.begin(1)
    transactions.abort()
    transactions.begin(2)
    assert following.take(5, 1.0) == []
    transactions.commit()
    assert bodies(taken(following, 1)) == [b"2"]
    following.close()


# -- what other producers write


def test_a_tombstone_is_an_event_without_a_body(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    from confluent_kafka import Producer

    producer = Producer(broker.settings)
    headers: list[tuple[str, str | bytes | None]] = [("a", b"\xff"), ("a", b"2"), ("b", None)]
    producer.produce(topic, None, b"\xfe", headers=headers)
    producer.flush(30)
    (message,) = everything(log)
    assert (message.body, message.key) == (b"", "\\xfe")
    assert message.properties == {"a": "\\xff", "a#2": "2", "b": ""}


def test_a_time_that_no_calendar_has_blocks_nothing(broker: KafkaBroker, log: KafkaLog) -> None:
    from confluent_kafka import Producer

    name = next(NAMES)
    never = str(2**63 - 1)
    broker.create_topic(name, options={"message.timestamp.after.max.ms": never})
    producer = Producer(broker.settings)
    producer.produce(name, b"microseconds", timestamp=1_700_000_000_000_000)
    producer.flush(30)
    (message,) = everything(KafkaLog(name, broker.settings))
    assert (message.body, message.enqueued_at.year) == (b"microseconds", 1970)


# -- a topic that goes away


def test_a_missing_topic_is_told_of_at_once_and_never_made(broker: KafkaBroker) -> None:
    log = KafkaLog("nowhere", broker.settings)
    begun = time.monotonic()
    for call in (
        log.describe,
        lambda: list(log.read(Range("0", -1, 5))),
        lambda: log.follow({"0": -1}),
        lambda: log.publish([Event(b"")]),
    ):
        with pytest.raises(LogMissingError, match="no topic nowhere") as refused:
            call()
        assert_sentence(refused.value)
    assert time.monotonic() - begun < 15
    assert "nowhere" not in broker.admin().list_topics(timeout=10).topics
    log.close()


def test_a_follower_notices_that_its_topic_was_deleted(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    following = log.follow({"0": -1, "1": -1})
    assert following.take(1, 0.5) == []
    broker.delete_topic(topic)
    with pytest.raises(LogMissingError):
        taken(following, 1, 40)
    following.close()


def test_a_follower_notices_that_its_topic_was_made_anew(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    following = log.follow({"0": -1, "1": -1})
    assert following.take(1, 0.5) == []
    BrokerHooks(broker, topic).recreate()
    with pytest.raises((HubReplacedError, LogMissingError)):
        taken(following, 1, 40)
    following.close()


def test_one_who_published_before_publishes_to_the_topic_made_anew(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    log.publish([Event(b"old")])
    BrokerHooks(broker, topic).recreate()
    log.publish([Event(b"new")])
    assert bodies(everything(log)) == [b"new"]


def test_retention_that_overtakes_a_reader_is_told_and_nothing_is_skipped(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    body = b"." * 100_000
    log.publish([Event(body, "one key") for _ in range(400)])
    (held,) = [part for part in log.describe().partitions if part.last >= 0]
    small = {"queued.max.messages.kbytes": "512", "queued.min.messages": "2"}
    slow = KafkaLog(topic, {**broker.settings, **small, "fetch.max.bytes": "1000000"})
    reading = slow.read(Range(held.partition_id, -1, held.last))
    seen = [message.sequence_number for message in next(reading)]
    broker.delete_records(topic, int(held.partition_id), 399)
    with pytest.raises(PositionGoneError, match="now begins at 399"):
        seen += [message.sequence_number for batch in reading for message in batch]
    assert seen == list(range(len(seen)))


# -- a broker that goes away


def test_who_signs_in_wrongly_is_told_soon_and_the_password_is_not_repeated(
    broker: KafkaBroker, topic: str
) -> None:
    log = KafkaLog(topic, broker.signed_in("wrong-password"))
    begun = time.monotonic()
    for call in (
        log.describe,
        lambda: list(log.read(Range("0", -1, 5))),
        lambda: log.follow({"0": -1}),
        lambda: log.publish([Event(b"")]),
    ):
        with pytest.raises(AccessDeniedError, match="CRASH_PLATFORM_KAFKA_OPTIONS") as refused:
            call()
        assert_sentence(refused.value)
        assert "wrong-password" not in str(refused.value)
    assert time.monotonic() - begun < 10
    log.close()


def test_who_may_only_read_reads_without_any_right_to_a_consumer_group(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    name, last = filled(log, 5)
    guarded = KafkaLog(topic, broker.signed_in())
    with pytest.raises(AccessDeniedError):
        guarded.describe()
    broker.allow(topic, "READ", "DESCRIBE")
    assert guarded.describe() == log.describe()
    assert len(read(guarded, Range(name, -1, last))) == 5
    following = guarded.follow({name: -1})
    assert len(taken(following, 5)) == 5
    following.close()
    with pytest.raises(AccessDeniedError):
        guarded.publish([Event(b"")])
    guarded.close()


def test_a_broker_that_is_killed_and_comes_back_interrupts_no_reader(
    broker: KafkaBroker, topic: str, log: KafkaLog
) -> None:
    log.publish([Event(b"%06d" % number + b"." * 10_000, "one key") for number in range(3_000)])
    (held,) = [part for part in log.describe().partitions if part.last >= 0]
    small = {"queued.max.messages.kbytes": "1024", "fetch.max.bytes": "1000000"}
    slow = KafkaLog(topic, {**broker.settings, **small}, deadline=60)
    reading = slow.read(Range(held.partition_id, -1, held.last))
    messages = next(reading)
    broker.restart()
    messages += [message for batch in reading for message in batch]
    assert [int(message.body[:6]) for message in messages] == list(range(3_000))


def test_a_broker_that_is_killed_and_comes_back_interrupts_no_follower_and_no_publisher(
    broker: KafkaBroker, topic: str
) -> None:
    log, other = (KafkaLog(topic, broker.settings, deadline=60) for _ in range(2))
    following = log.follow({"0": -1, "1": -1})
    got: list[Message] = []
    restart = threading.Thread(target=broker.restart)
    for number in range(200):
        if number == 50:
            restart.start()
        other.publish([Event(str(number).encode(), "one key")])
        got += following.take(10, 0.01)
    restart.join()
    got += taken(following, 200 - len(got), 60)
    following.close()
    assert [int(message.body) for message in got] == list(range(200))


@pytest.fixture
def stopping(broker: KafkaBroker) -> Iterator[KafkaBroker]:
    """The broker, which a test may leave dead."""
    yield broker
    broker.restart()


def test_nobody_answering_is_told_within_the_deadline(stopping: KafkaBroker, topic: str) -> None:
    log, ready = (KafkaLog(topic, stopping.settings, deadline=2) for _ in range(2))
    ready.publish([Event(b"")])
    stopping.kill()
    for call in (
        log.describe,
        ready.describe,
        lambda: list(log.read(Range("0", -1, 5))),
        lambda: log.follow({"0": -1}),
        lambda: log.publish([Event(b"")]),
        lambda: ready.publish([Event(b"")]),
    ):
        begun = time.monotonic()
        with pytest.raises(LogUnreachableError, match=r"within 2 s.*refused") as refused:
            call()
        assert time.monotonic() - begun < 4
        assert_sentence(refused.value)
    for each in (log, ready):
        each.close()


def test_a_follower_of_a_dead_broker_gets_nothing_and_goes_on_when_it_is_back(
    stopping: KafkaBroker, topic: str
) -> None:
    log = KafkaLog(topic, stopping.settings, deadline=2)
    log.publish([Event(b"x" * 1000) for _ in range(10)])
    following = log.follow({"0": -1, "1": -1})
    assert len(taken(following, 10)) == 10
    stopping.kill()
    assert following.take(1, 3) == []
    with pytest.raises(LogUnreachableError):
        log.publish([Event(b"lost")])
    stopping.start()
    log.publish([Event(b"again")])
    assert bodies(taken(following, 1)) == [b"again"]
    following.close()
    log.close()


def test_an_option_the_client_does_not_know_is_told(broker: KafkaBroker, topic: str) -> None:
    log = KafkaLog(topic, {**broker.signed_in(), "no.such.option": "1"})
    with pytest.raises(StreamError, match=r"no\.such\.option") as refused:
        log.describe()
    assert PASSWORD not in str(refused.value)
