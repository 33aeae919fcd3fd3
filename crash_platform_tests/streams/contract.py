"""What every event log must do alike: tests that each implementation's own file subclasses.

They know nothing of Event Hubs or Kafka. A subclass gives the fixtures ``log`` and, where its
server can do it, ``hooks``; all else comes from here.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from crash_platform.streams.log import (
    Event,
    EventLog,
    Following,
    Message,
    PositionGoneError,
    Range,
    StreamError,
)
from crash_platform_tests.streams.logs import bodies, end_of, everything, taken

PATIENCE = 30.0
"""Seconds that a follower is given for what should be there at once."""


class Hooks(Protocol):
    """What a person does to a log behind its readers' backs."""

    def remove_before(self, partition: str, sequence: int) -> None:
        """Let retention remove what is older than a position."""

    def recreate(self) -> None:
        """Delete the log and make it anew with as many partitions."""


class EventLogContract:
    """The tests. Subclass it as ``TestSomething`` and override the fixtures."""

    @pytest.fixture
    def log(self) -> Iterator[EventLog]:
        """An empty log of a name of its own, with two partitions or more; closed afterwards."""
        raise NotImplementedError

    @pytest.fixture
    def hooks(self, log: EventLog) -> Hooks:
        """The server's side of that log."""
        pytest.skip("the server has no such handle")

    # -- what it holds

    def test_an_empty_log_has_partitions_that_end_at_minus_one(self, log: EventLog) -> None:
        held = log.describe()
        assert held.generation >= 1
        assert len(held.partitions) >= 2
        assert [(part.first, part.last) for part in held.partitions] == [
            (0, -1) for _ in held.partitions
        ]

    def test_partitions_come_in_the_order_of_their_numbers(self, log: EventLog) -> None:
        names = [part.partition_id for part in log.describe().partitions]
        assert names == [str(number) for number in range(len(names))]

    def test_after_publishing_the_partitions_hold_that_many_more(self, log: EventLog) -> None:
        before = log.describe()
        log.publish([Event(f"event {number}".encode()) for number in range(10)])
        after = log.describe()
        assert sum(part.last + 1 for part in after.partitions) == 10
        assert after.generation == before.generation
        assert {part.first for part in after.partitions} == {0}

    def test_publishing_nothing_changes_nothing(self, log: EventLog) -> None:
        log.publish([])
        assert {part.last for part in log.describe().partitions} == {-1}

    # -- reading a range

    def test_a_range_is_read_exactly(self, log: EventLog) -> None:
        name, last = filled(log, 20)
        assert last == 19
        for after, until in [(-1, 19), (-1, 0), (4, 9), (18, 19), (0, 18)]:
            messages = read(log, Range(name, after, until))
            assert [m.sequence_number for m in messages] == list(range(after + 1, until + 1))
            assert bodies(messages) == [str(n).encode() for n in range(after + 1, until + 1)]

    def test_an_empty_range_yields_no_batch(self, log: EventLog) -> None:
        name, last = filled(log, 3)
        assert list(log.read(Range(name, last, last))) == []
        assert list(log.read(Range(name, 0, 0))) == []

    def test_no_batch_is_empty(self, log: EventLog) -> None:
        name, last = filled(log, 3)
        assert all(log.read(Range(name, -1, last)))

    def test_a_range_beyond_the_end_ends_where_the_log_ends(self, log: EventLog) -> None:
        name, last = filled(log, 3)
        assert len(read(log, Range(name, -1, last + 50))) == 3
        assert read(log, Range(name, last, last + 50)) == []

    def test_the_range_of_a_partition_that_never_had_any_yields_nothing(
        self, log: EventLog
    ) -> None:
        name = log.describe().partitions[0].partition_id
        assert list(log.read(Range(name, -1, 5))) == []

    def test_the_same_range_is_read_twice_alike(self, log: EventLog) -> None:
        name, last = filled(log, 5)
        wanted = Range(name, 0, last)
        first = read(log, wanted)
        log.publish([Event(b"later", "one key")])
        assert read(log, wanted) == first

    def test_a_reader_that_stops_early_does_no_harm(self, log: EventLog) -> None:
        name, last = filled(log, 5)
        reading = log.read(Range(name, -1, last))
        next(reading)
        del reading
        assert len(read(log, Range(name, -1, last))) == 5

    # -- what a message is

    def test_a_message_is_what_was_published(self, log: EventLog) -> None:
        begun = datetime.now(UTC)
        log.publish([Event(b'{"a": 1}', "Queens", {"is_simulated": "true", "straße": "Ω 🚲"})])
        (message,) = everything(log)
        assert message.body == b'{"a": 1}'
        assert message.key == "Queens"
        assert message.properties == {"is_simulated": "true", "straße": "Ω 🚲"}
        assert (message.sequence_number, type(message.offset)) == (0, str)
        assert message.enqueued_at.utcoffset() == timedelta(0)
        assert abs(message.enqueued_at - begun) < timedelta(minutes=5)
        assert message.partition_id in {part.partition_id for part in log.describe().partitions}

    @pytest.mark.parametrize(
        "body",
        [b"", "Ωmega 🚲\n".encode(), bytes(range(256)), b"\x00", b"\xff\xfe not text", b" "],
        ids=["empty", "unicode", "every byte", "nul", "not utf-8", "blank"],
    )
    def test_a_body_comes_back_byte_for_byte(self, log: EventLog, body: bytes) -> None:
        log.publish([Event(body, "key")])
        assert bodies(everything(log)) == [body]

    def test_a_body_of_900_kilobytes_comes_back(self, log: EventLog) -> None:
        body = bytes(range(256)) * 3_600
        log.publish([Event(body, "key"), Event(b"small", "key")])
        assert bodies(everything(log)) == [body, b"small"]

    def test_an_event_needs_no_key_and_no_properties(self, log: EventLog) -> None:
        log.publish([Event(b"bare")])
        (message,) = everything(log)
        assert (message.key, dict(message.properties)) == (None, {})

    def test_a_key_of_other_than_latin_letters_comes_back(self, log: EventLog) -> None:
        log.publish([Event(b"body", "Ωmega 🚲")])
        assert [message.key for message in everything(log)] == ["Ωmega 🚲"]

    # -- order

    def test_events_of_a_key_share_a_partition_and_keep_their_order(self, log: EventLog) -> None:
        keys = [f"key {number}" for number in range(7)]
        log.publish([Event(f"{number}".encode(), keys[number % 7]) for number in range(70)])
        log.publish([Event(f"{number}".encode(), keys[number % 7]) for number in range(70, 105)])
        messages = everything(log)
        for remainder, key in enumerate(keys):
            own = [message for message in messages if message.key == key]
            assert len({message.partition_id for message in own}) == 1
            assert [int(message.body) for message in own] == list(range(remainder, 105, 7))

    def test_many_events_are_published_at_once_and_none_is_lost(self, log: EventLog) -> None:
        padding = b"." * 500
        log.publish([Event(str(number).encode() + padding) for number in range(5_000)])
        found = sorted(int(body.rstrip(b".")) for body in bodies(everything(log)))
        assert found == list(range(5_000))

    # -- refusals

    def test_an_event_larger_than_the_log_takes_is_refused_in_a_sentence(
        self, log: EventLog
    ) -> None:
        with pytest.raises(StreamError, match=r"larger than .* takes") as refused:
            log.publish([Event(b"x" * (3 * 2**20), "key")])
        assert_sentence(refused.value)
        log.publish([Event(b"small", "key")])
        assert bodies(everything(log)) == [b"small"]

    # -- retention and re-creation

    def test_after_retention_the_partition_begins_later(self, log: EventLog, hooks: Hooks) -> None:
        name, last = filled(log, 10)
        hooks.remove_before(name, 4)
        (held,) = [part for part in log.describe().partitions if part.partition_id == name]
        assert (held.first, held.last) == (4, last)
        assert [m.sequence_number for m in read(log, Range(name, 3, last))] == list(range(4, 10))

    def test_a_range_that_begins_before_the_oldest_event_is_refused(
        self, log: EventLog, hooks: Hooks
    ) -> None:
        name, last = filled(log, 10)
        hooks.remove_before(name, 4)
        for after, until in [(2, last), (-1, last), (0, 2)]:
            with pytest.raises(PositionGoneError) as refused:
                read(log, Range(name, after, until))
            assert_sentence(refused.value)

    def test_a_partition_that_lost_all_events_begins_after_its_end(
        self, log: EventLog, hooks: Hooks
    ) -> None:
        name, last = filled(log, 10)
        hooks.remove_before(name, last + 1)
        (held,) = [part for part in log.describe().partitions if part.partition_id == name]
        assert (held.first, held.last) == (last + 1, last)
        assert read(log, Range(name, last, last)) == []
        with pytest.raises(PositionGoneError):
            read(log, Range(name, 3, last))

    def test_a_log_made_anew_is_of_another_generation_and_empty(
        self, log: EventLog, hooks: Hooks
    ) -> None:
        filled(log, 3)
        before = log.describe()
        hooks.recreate()
        after = log.describe()
        assert after.generation != before.generation
        assert after.generation >= 1
        assert {(part.first, part.last) for part in after.partitions} == {(0, -1)}

    # -- following

    def test_a_follower_gets_what_is_there_and_what_comes(self, log: EventLog) -> None:
        log.publish([Event(f"old {number}".encode(), f"key {number}") for number in range(6)])
        following = log.follow(dict.fromkeys(end_of(log), -1))
        try:
            old = taken(following, 6, PATIENCE)
            log.publish([Event(f"new {number}".encode(), f"key {number}") for number in range(6)])
            new = taken(following, 6, PATIENCE)
        finally:
            following.close()
        assert sorted(bodies(old)) == [f"old {number}".encode() for number in range(6)]
        assert sorted(bodies(new)) == [f"new {number}".encode() for number in range(6)]
        assert_ascending(old + new)

    def test_a_follower_begins_after_its_positions(self, log: EventLog) -> None:
        name, _ = filled(log, 10)
        following = log.follow(end_of(log) | {name: 6})
        try:
            assert [m.sequence_number for m in taken(following, 3, PATIENCE)] == [7, 8, 9]
            assert following.take(10, 0.5) == []
        finally:
            following.close()

    def test_a_follower_at_the_end_waits_and_gets_nothing_old(self, log: EventLog) -> None:
        filled(log, 5)
        following = log.follow(end_of(log))
        try:
            begun = time.monotonic()
            assert following.take(10, 1.0) == []
            assert 0.9 < time.monotonic() - begun < 5.0
            log.publish([Event(b"new", "one key")])
            assert bodies(taken(following, 1, PATIENCE)) == [b"new"]
        finally:
            following.close()

    def test_a_follower_takes_no_more_than_it_asks_for(self, log: EventLog) -> None:
        name, _ = filled(log, 10)
        following = log.follow(end_of(log) | {name: -1})
        try:
            messages = list[Message]()
            deadline = time.monotonic() + PATIENCE
            while len(messages) < 10 and time.monotonic() < deadline:
                batch = following.take(3, 1.0)
                assert len(batch) <= 3
                messages += batch
        finally:
            following.close()
        assert [message.sequence_number for message in messages] == list(range(10))

    def test_a_follower_that_waits_is_given_an_event_as_it_comes(self, log: EventLog) -> None:
        log.publish([Event(b"warm", "one key")])
        following = log.follow(end_of(log))
        try:
            following.take(1, 1.0)
            sending = threading.Timer(0.5, log.publish, [[Event(b"now", "one key")]])
            sending.start()
            begun = time.monotonic()
            messages = following.take(10, PATIENCE)
            waited = time.monotonic() - begun
            sending.join()
        finally:
            following.close()
        assert bodies(messages) == [b"now"]
        assert waited < 10

    def test_a_follower_cannot_begin_before_the_oldest_event(
        self, log: EventLog, hooks: Hooks
    ) -> None:
        name, _ = filled(log, 10)
        hooks.remove_before(name, 4)
        with pytest.raises(PositionGoneError) as refused:
            follow_and_take(log, end_of(log) | {name: 1})
        assert_sentence(refused.value)

    def test_a_follower_from_the_oldest_begins_where_retention_left_off(
        self, log: EventLog, hooks: Hooks
    ) -> None:
        name, _ = filled(log, 10)
        hooks.remove_before(name, 4)
        messages = follow_and_take(log, end_of(log) | {name: -1})
        assert messages[0].sequence_number == 4

    def test_closing_twice_is_harmless(self, log: EventLog) -> None:
        following = log.follow(end_of(log))
        following.close()
        following.close()
        log.close()
        log.close()


def filled(log: EventLog, count: int) -> tuple[str, int]:
    """Publish the numbers from 0 on under one key; the partition's name and last position."""
    log.publish([Event(str(number).encode(), "one key") for number in range(count)])
    (held,) = [part for part in log.describe().partitions if part.last >= 0]
    return held.partition_id, held.last


def read(log: EventLog, wanted: Range) -> list[Message]:
    return [message for batch in log.read(wanted) for message in batch]


def follow_and_take(log: EventLog, after: dict[str, int]) -> list[Message]:
    following: Following = log.follow(after)
    try:
        return taken(following, 1, PATIENCE)
    finally:
        following.close()


def assert_ascending(messages: Sequence[Message]) -> None:
    last = dict[str, int]()
    for message in messages:
        assert message.sequence_number > last.get(message.partition_id, -1)
        last[message.partition_id] = message.sequence_number


def assert_sentence(error: Exception) -> None:
    """The text is one sentence or two, on one line, that ends as one does."""
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert 20 < len(text) < 400
