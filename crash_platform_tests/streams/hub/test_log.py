"""The log at rest: appending, finding a position, forgetting, coming back."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.hub.log import FILE, Extent, Hub, HubError, Log
from crash_platform.streams.hub.positions import OLDEST, Kind, Start


def plain(message: bytes, _sequence: int, _offset: int, _enqueued: int) -> bytes:
    return message


def told(message: bytes, sequence: int, offset: int, enqueued: int) -> bytes:
    return b"%s %d %d %d" % (message, sequence, offset, enqueued)


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log(None)
    yield log
    log.close()


@pytest.fixture
def hub(log: Log) -> Hub:
    return log.create("crashes", 2, 1_000)


def everything(log: Log, hub: Hub, partition: int, start: int = 0) -> list[tuple[int, bytes]]:
    return log.read(hub, partition, start, 10_000, 2**30)


def test_an_event_is_stamped_with_number_byte_offset_and_time(log: Log, hub: Hub) -> None:
    log.append(hub, 0, [b"a", b"bcd"], 5_000, told)
    log.append(hub, 0, [b"e"], 6_000, told)

    assert everything(log, hub, 0) == [
        (0, b"a 0 0 5000"),
        (1, b"bcd 1 10 5000"),
        (2, b"e 2 23 6000"),
    ]
    assert log.extent(hub, 0) == Extent(0, 3, 34, 23, 6_000)
    assert log.extent(hub, 1) == Extent()


def test_time_never_runs_backwards_in_a_partition(log: Log, hub: Hub) -> None:
    log.append(hub, 0, [b"a"], 5_000, told)
    log.append(hub, 0, [b"b"], 4_000, told)

    assert everything(log, hub, 0)[1] == (1, b"b 1 10 5000")


def test_a_batch_is_stored_whole_or_not_at_all(log: Log, hub: Hub) -> None:
    def refuse(message: bytes, sequence: int, offset: int, enqueued: int) -> bytes:
        if message == b"bad":
            raise ValueError
        return told(message, sequence, offset, enqueued)

    with pytest.raises(ValueError):  # noqa: PT011 - our own
        log.append(hub, 0, [b"a", b"bad"], 1, refuse)

    assert everything(log, hub, 0) == []
    assert log.extent(hub, 0) == Extent()


def test_reading_stops_at_the_count_or_at_the_bytes_but_gives_one(log: Log, hub: Hub) -> None:
    log.append(hub, 0, [b"x" * 100] * 5, 1, plain)

    assert [number for number, _ in log.read(hub, 0, 1, 2, 10_000)] == [1, 2]
    assert [number for number, _ in log.read(hub, 0, 1, 9, 150)] == [1, 2]
    assert [number for number, _ in log.read(hub, 0, 3, 9, 1)] == [3]
    assert log.read(hub, 0, 5, 9, 10_000) == []


SIZES = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=25)


@given(SIZES, st.integers(-1, 900), st.sampled_from(list(Kind)), st.booleans(), st.integers(0, 9))
def test_a_position_is_found_as_by_looking_at_every_event(
    sizes: list[tuple[int, int]], value: int, kind: Kind, inclusive: bool, forgotten: int
) -> None:
    log = Log(None)
    hub, now = log.create("crashes", 1, 0), 0
    places = []
    for size, pause in sizes:
        now += pause
        before = log.extent(hub, 0)
        log.append(hub, 0, [b"x" * size], now, plain)
        places.append({Kind.SEQUENCE: before.next, Kind.OFFSET: before.size, Kind.TIME: now})
    log.remove_before(hub, 0, forgotten)
    first = log.extent(hub, 0).first

    found = log.find(hub, 0, Start(kind, value, inclusive=inclusive))
    log.close()

    behind = [
        number
        for number, place in enumerate(places)
        if number >= first and (place[kind] >= value if inclusive else place[kind] > value)
    ]
    wanted = behind[0] if behind else len(places)
    if kind is Kind.SEQUENCE:
        wanted = max(value if inclusive else value + 1, first)
    assert found == wanted


def test_the_end_is_where_the_next_event_goes(log: Log, hub: Hub) -> None:
    log.append(hub, 0, [b"a", b"b"], 1, plain)

    assert log.find(hub, 0, Start(Kind.OFFSET, None, inclusive=False)) == 2
    assert log.find(hub, 0, OLDEST) == 0


def test_forgetting_moves_the_beginning_and_never_gives_a_number_twice(log: Log, hub: Hub) -> None:
    log.append(hub, 0, [b"a", b"b", b"c"], 1, plain)

    log.remove_before(hub, 0, 2)
    assert everything(log, hub, 0) == [(2, b"c")]
    log.remove_before(hub, 0, 1)
    log.remove_before(hub, 0, 99)

    assert log.extent(hub, 0).first == log.extent(hub, 0).next == 3
    log.append(hub, 0, [b"d"], 2, plain)
    assert everything(log, hub, 0) == [(3, b"d")]


def test_events_are_forgotten_by_age_a_part_at_a_time(log: Log, hub: Hub) -> None:
    for now in range(10):
        log.append(hub, 0, [b"x"], now, plain)

    assert log.remove_older(hub, 0, moment=7, most=5) is False
    assert log.extent(hub, 0).first == 5
    assert log.remove_older(hub, 0, moment=7, most=5) is True
    assert log.extent(hub, 0).first == 7


def test_a_hub_made_anew_is_empty_later_and_another(log: Log, hub: Hub) -> None:
    other = log.create("weather", 1, 1_000)
    log.append(hub, 0, [b"a"], 1, plain)
    log.append(other, 0, [b"kept"], 1, plain)

    anew = log.recreate(hub, now=500)

    assert (anew.key != hub.key, anew.created_at) == (True, 1_001)
    assert log.extent(anew, 0) == Extent()
    assert everything(log, anew, 0) == everything(log, hub, 0) == []
    assert everything(log, other, 0) == [(0, b"kept")]
    assert log.hubs() == [other, anew]


def test_everything_is_there_after_coming_back(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "folder")
    hub = log.create("crashes", 2, 1_000)
    log.append(hub, 1, [b"a", b"b"], 7, plain)
    log.remove_before(hub, 1, 1)
    before = log.extent(hub, 1)
    log.close()

    again = Log(tmp_path / "new" / "folder")
    assert again.hubs() == [hub]
    assert again.extent(hub, 1) == before
    assert everything(again, hub, 1) == [(1, b"b")]
    again.close()


def test_two_logs_of_one_folder_are_one_too_many(tmp_path: Path) -> None:
    log = Log(tmp_path)

    with pytest.raises(HubError, match="in use by another local hub"):
        Log(tmp_path)

    log.close()
    Log(tmp_path).close()


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)

    with pytest.raises(HubError, match="holds no log of a local hub"):
        Log(tmp_path)

    assert (tmp_path / FILE).read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(HubError, match="cannot be used"):
        Log(tmp_path / "file" / "folder")


def test_a_failed_write_leaves_numbers_as_they_were(log: Log, hub: Hub) -> None:
    def clash(_message: bytes, _sequence: int, _offset: int, _enqueued: int) -> bytes:
        return None  # type: ignore[return-value]

    with pytest.raises((sqlite3.Error, TypeError)):
        log.append(hub, 0, [b"a"], 1, clash)
    log.append(hub, 0, [b"b"], 1, plain)

    assert everything(log, hub, 0) == [(0, b"b")]
