"""The Kafka log over the cluster that its client can play itself: no broker, no topic ids.

What needs a real broker is in test_kafka.
"""

import itertools
import sys
from collections.abc import Iterator

import pytest

from crash_platform.streams.kafka import KafkaLog
from crash_platform.streams.log import Event, LogUnreachableError, Message, Range, StreamError
from crash_platform_tests.streams.contract import assert_sentence
from crash_platform_tests.streams.logs import bodies, taken

NAMES = (f"topic-{number}" for number in itertools.count())
NOBODY = {"bootstrap.servers": "127.0.0.1:1"}
PARTITIONS = range(4)


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    """The address of a cluster that lives as long as the producer that plays it."""
    pytest.importorskip("confluent_kafka", reason="needs crash-platform[kafka]")
    from confluent_kafka import Producer

    options = {"bootstrap.servers": "nobody", "test.mock.num.brokers": "1", "log_level": "0"}
    cluster = Producer(options)
    brokers = cluster.list_topics(timeout=10).brokers.values()
    yield {"bootstrap.servers": ",".join(f"{each.host}:{each.port}" for each in brokers)}
    cluster.close()


@pytest.fixture
def log(settings: dict[str, str]) -> Iterator[KafkaLog]:
    """An empty topic of four partitions."""
    opened = KafkaLog(made(settings), settings, deadline=5)
    yield opened
    opened.close()


def made(settings: dict[str, str]) -> str:
    """The name of a new topic: this cluster makes one when it is asked for it."""
    from confluent_kafka import Producer

    name = next(NAMES)
    with Producer(settings) as asking:
        asking.list_topics(name, timeout=10)
    return name


def read(log: KafkaLog, wanted: Range) -> list[Message]:
    return [message for batch in log.read(wanted) for message in batch]


def test_what_is_published_is_read_as_it_was(log: KafkaLog) -> None:
    log.publish([Event(b"\xff{}", "Ω", {"source": "Ω web"})])
    (message,) = [m for p in PARTITIONS for m in read(log, Range(str(p), -1, 10))]
    assert (message.body, message.key, message.properties) == (b"\xff{}", "Ω", {"source": "Ω web"})
    assert (message.sequence_number, message.offset) == (0, "0")


def test_ranges_are_read_exactly_and_end(log: KafkaLog) -> None:
    log.publish([Event(str(number).encode(), "one key") for number in range(20)])
    (name,) = [str(p) for p in PARTITIONS if read(log, Range(str(p), -1, 0))]
    for after, until in [(-1, 19), (4, 9), (18, 19), (15, 70), (19, 70), (3, 3)]:
        found = bodies(read(log, Range(name, after, until)))
        assert found == [str(n).encode() for n in range(after + 1, min(until, 19) + 1)]


@pytest.mark.slow
def test_a_follower_gets_what_is_there_and_what_comes(log: KafkaLog) -> None:
    log.publish([Event(b"old", "one key")])
    following = log.follow(dict.fromkeys(map(str, PARTITIONS), -1))
    assert bodies(taken(following, 1)) == [b"old"]
    log.publish([Event(b"new", "one key")])
    assert bodies(taken(following, 1)) == [b"new"]
    assert following.take(5, 0) == []
    following.close()
    following.close()
    with pytest.raises(StreamError, match="follow it anew"):
        following.take(1, 0)


def test_more_events_than_the_client_holds_are_published(settings: dict[str, str]) -> None:
    few = {**settings, "queue.buffering.max.messages": "10"}
    log = KafkaLog(made(settings), few, deadline=5)
    log.publish([Event(str(number).encode(), "one key") for number in range(100)])
    found = [m for p in PARTITIONS for m in read(log, Range(str(p), -1, 200))]
    assert bodies(found) == [str(number).encode() for number in range(100)]
    log.close()


def test_an_event_that_is_too_large_is_refused_and_the_next_is_taken(log: KafkaLog) -> None:
    with pytest.raises(StreamError, match=r"larger than the topic .* takes") as refused:
        log.publish([Event(b"." * 2**21)])
    assert_sentence(refused.value)
    log.publish([Event(b"small")])


@pytest.mark.parametrize("wanted", ["x", "-1", "٣", ""])
def test_a_partition_that_is_no_number_is_refused(log: KafkaLog, wanted: str) -> None:
    with pytest.raises(StreamError, match="are numbers"):
        next(log.read(Range(wanted, -1, 5)))


def test_nobody_answering_is_told_within_the_deadline(settings: dict[str, str]) -> None:
    log = KafkaLog("reports", NOBODY, deadline=0.5)
    with pytest.raises(
        LogUnreachableError, match=r"127\.0\.0\.1:1 .* within 0\.5 s.*refused"
    ) as no:
        log.describe()
    assert_sentence(no.value)


def test_a_closed_log_may_be_used_again(log: KafkaLog) -> None:
    log.publish([Event(b"one", "key")])
    log.close()
    log.close()
    log.publish([Event(b"two", "key")])
    assert len([m for p in PARTITIONS for m in read(log, Range(str(p), -1, 10))]) == 2


def test_an_option_the_client_refuses_is_named_and_no_value_repeated(
    settings: dict[str, str],
) -> None:
    more = {"sasl.password": "planted", "security.protocol": "planted too"}
    log = KafkaLog("reports", {**settings, **more})
    with pytest.raises(StreamError, match=r"security\.protocol") as refused:
        log.describe()
    assert_sentence(refused.value)
    assert "planted" not in str(refused.value)
    assert "planted" not in repr(log)


def test_without_its_client_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delitem(sys.modules, "confluent_kafka.admin", raising=False)
    log = KafkaLog("reports", NOBODY)
    for call in (log.describe, lambda: log.publish([Event(b"")])):
        with pytest.raises(StreamError, match=r"pip install 'crash-platform\[kafka\]'"):
            call()
