from datetime import UTC, datetime

import pytest

from crash_platform.streams.log import Event, LogUnreachableError, StreamError
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.streams.contract import EventLogContract
from crash_platform_tests.streams.logs import bodies, end_of, everything


class TestMemoryLog(EventLogContract):
    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog("numbers", 3)

    @pytest.fixture
    def hooks(self, log: MemoryLog) -> MemoryLog:
        return log


def test_the_clock_is_an_argument() -> None:
    moment = datetime(2026, 7, 4, 12, 0, tzinfo=UTC)
    log = MemoryLog(clock=lambda: moment)
    log.publish([Event(b"now")])
    assert [message.enqueued_at for message in everything(log)] == [moment]


def test_an_offset_is_not_the_sequence_number() -> None:
    log = MemoryLog("numbers", 1)
    log.publish([Event(b"one"), Event(b"two")])
    assert [message.offset for message in everything(log)] == ["0", "103"]


def test_events_without_a_key_are_spread_over_the_partitions() -> None:
    log = MemoryLog("numbers", 4)
    log.publish([Event(b"") for _ in range(8)])
    assert end_of(log) == {"0": 1, "1": 1, "2": 1, "3": 1}


def test_the_next_calls_fail_as_often_as_told() -> None:
    log = MemoryLog()
    log.fail_next(LogUnreachableError("The wire was cut: mend it."), times=2)
    for _ in range(2):
        with pytest.raises(LogUnreachableError, match="wire"):
            log.publish([Event(b"lost?")])
    log.publish([Event(b"kept")])
    assert bodies(everything(log)) == [b"kept"]


def test_a_follower_that_failed_once_stays_failed_and_another_goes_on() -> None:
    log = MemoryLog("numbers", 1)
    log.publish([Event(b"one")])
    following = log.follow({"0": -1})
    log.fail_next(LogUnreachableError("The wire was cut: mend it."))
    for _ in range(2):
        with pytest.raises(LogUnreachableError, match="wire"):
            following.take(1, 0)
    assert bodies(log.follow({"0": -1}).take(5, 0)) == [b"one"]


def test_a_follower_of_a_log_made_anew_is_told() -> None:
    log = MemoryLog()
    following = log.follow({"0": -1})
    log.recreate()
    with pytest.raises(LogUnreachableError, match="follow it anew"):
        following.take(1, 0)


def test_a_position_behind_the_end_is_refused() -> None:
    with pytest.raises(StreamError, match="ends at -1, so it cannot be followed after 7"):
        MemoryLog().follow({"0": 7})


def test_a_partition_that_is_not_there_is_refused() -> None:
    with pytest.raises(StreamError, match="has no partition 9"):
        MemoryLog().follow({"9": -1})


def test_a_busy_partition_does_not_starve_the_others() -> None:
    log = MemoryLog("numbers", 2)
    log.publish([Event(b"") for _ in range(20)])
    following = log.follow({"0": -1, "1": -1})
    seen = [{message.partition_id for message in following.take(3, 0)} for _ in range(2)]
    assert seen == [{"1"}, {"0"}]
