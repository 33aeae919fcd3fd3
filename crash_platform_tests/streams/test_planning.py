"""What is read next follows from what a log holds and how far it was read; loss is never silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.log import Description, Partition, Range
from crash_platform.streams.planning import (
    Accepting,
    EventsLostError,
    HubReplacedError,
    Progress,
    plan,
)


def log(*held: tuple[int, int], generation: int = 7) -> Description:
    parts = tuple(Partition(str(n), first, last) for n, (first, last) in enumerate(held))
    return Description("hub", generation, parts)


def test_a_log_never_read_is_read_from_its_oldest_event() -> None:
    planned = plan(log((0, 9), (5, 5), (0, -1)), Progress(0, {}), 100)
    assert planned.ranges == (Range("0", -1, 9), Range("1", 4, 5))
    assert (planned.generation, planned.lost) == (7, ())
    assert planned.lag == {"0": 10, "1": 1, "2": 0}


def test_a_plan_takes_up_where_reading_ended() -> None:
    planned = plan(log((0, 9), (0, 3)), Progress(7, {"0": 4, "1": 3}), 100)
    assert planned.ranges == (Range("0", 4, 9),)


def test_a_plan_takes_no_more_of_a_partition_than_the_limit() -> None:
    planned = plan(log((0, 99)), Progress(7, {"0": 9}), 20)
    assert planned.ranges == (Range("0", 9, 29),)
    assert planned.lag == {"0": 90}


def test_nothing_new_is_no_range() -> None:
    assert plan(log((0, 9), (4, 3)), Progress(7, {"0": 9, "1": 3}), 10).ranges == ()


def test_another_generation_stops_the_reading() -> None:
    with pytest.raises(HubReplacedError, match="hub was deleted and made anew"):
        plan(log((0, 9)), Progress(6, {}), 10)
    accepted = plan(log((0, 9)), Progress(6, {}), 10, Accepting(new_hub=True))
    assert accepted.ranges == (Range("0", -1, 9),)


def test_a_partition_that_ends_before_what_was_read_stops_the_reading() -> None:
    with pytest.raises(HubReplacedError, match="Partition 0 of the hub hub ends at 3"):
        plan(log((0, 3)), Progress(7, {"0": 4}), 10)


def test_a_gap_stops_the_reading_and_names_what_is_lost() -> None:
    with pytest.raises(EventsLostError, match="5 to 7 of partition 0"):
        plan(log((8, 9)), Progress(7, {"0": 4}), 10)


def test_a_gap_that_is_accepted_is_in_the_plan() -> None:
    planned = plan(log((8, 9)), Progress(7, {"0": 4}), 10, Accepting(loss=True))
    assert planned.lost == (Range("0", 4, 7),)
    assert planned.ranges == (Range("0", 7, 9),)


def test_a_partition_emptied_after_it_was_read_is_no_gap() -> None:
    assert plan(log((5, 4)), Progress(7, {"0": 4}), 10).lost == ()


def test_events_gone_before_the_first_reading_are_not_owed() -> None:
    assert plan(log((8, 9)), Progress(7, {}), 10).ranges == (Range("0", 7, 9),)


@given(st.integers(0, 50), st.integers(-1, 50), st.integers(1, 30))
def test_plans_that_are_carried_out_come_to_the_end_without_gap_or_overlap(
    first: int, more: int, limit: int
) -> None:
    held, progress, read = log((first, first + more)), Progress(0, {}), list[int]()
    while ranges := plan(held, progress, limit).ranges:
        assert ranges[0].until - ranges[0].after <= limit
        read += range(ranges[0].after + 1, ranges[0].until + 1)
        progress = Progress(7, {"0": ranges[0].until})
    assert read == list(range(first, first + more + 1))
