from collections.abc import Mapping
from typing import Any

import pytest

from crash_platform.orchestration.feeds.checks import feed_checks, feed_promises
from crash_platform.orchestration.promises import Promise
from crash_platform_tests.orchestration.feeds.examined import (
    Case,
    Row,
    assert_broken_by,
    faults,
    look_at,
)
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.orchestration.feeds.parcels import (
    DAY_1,
    DAY_2,
    DAY_9,
    FEED,
    STREAM,
    parcel,
)

PROMISES: Mapping[str, Promise] = {promise.name: promise for promise in feed_promises(FEED)}
AT = {"hub_generation": 1, "partition_id": "0"}


def landed(sequence: int, **cells: Any) -> Row:
    """A row of bronze: by default the first version of an event of its own."""
    event = {"event_id": str(sequence), "event_version": 1, "event_date": DAY_1}
    return {**AT, "sequence_number": sequence, **event, **cells}


def kept(sequence: int, **cells: Any) -> Row:
    """A row of silver, and of the quarantine."""
    row = {"event_id": str(sequence), "sent_date": DAY_1}
    return {**AT, "sequence_number": sequence, **row, **cells}


def dead(sequence: int, **cells: Any) -> Row:
    """A dead letter."""
    said = {"stream": "parcels", "lost_count": 0, "error_class": "empty", "reason": "nothing there"}
    return {**AT, "sequence_number": sequence, **said, **cells}


BRONZE = [landed(0), landed(1), landed(2, event_id="0", event_version=2)]
SILVER = {"landed": BRONZE, "kept": [kept(1)], "refused": [kept(2, event_id="0")]}
ONE_DEAD = [dead(1), dead(2, stream="letters"), dead(3, lost_count=9)]
CASES = {
    "every_position_is_landed_once": Case(
        {
            "landed": [
                landed(0),
                landed(1),
                landed(0, partition_id="1"),
                landed(0, hub_generation=2),
            ]
        },
        ((({"landed": [landed(0), landed(1), landed(0)]}), [{"sequence_number": 0, "times": 2}]),),
    ),
    "few_messages_are_dead": Case(
        {
            "landed": [landed(number) for number in range(100, 199)],
            "dead_letters": [*ONE_DEAD, dead(100, replayed_at=0)],
        },
        (
            (
                {"dead_letters": [*ONE_DEAD, dead(4)]},
                [{"sequence_number": 1}, {"sequence_number": 4}],
            ),
            ({"landed": []}, [{"sequence_number": 1}]),
        ),
    ),
    "nothing_was_lost_to_retention": Case(
        {"dead_letters": [dead(1), dead(2, stream="letters", lost_count=3)]},
        (({"dead_letters": [dead(2, lost_count=3)]}, [{"sequence_number": 2, "lost_count": 3}]),),
    ),
    "no_event_is_lost_between_bronze_and_silver": Case(
        SILVER,
        (
            ({"kept": []}, [{"event_id": "1", "times": 0}]),
            ({"refused": []}, [{"event_id": "0", "times": 0}]),
            ({"kept": [kept(1), kept(1)]}, [{"event_id": "1", "times": 2}]),
            ({"kept": [kept(1), kept(2, event_id="0")]}, [{"event_id": "0", "times": 2}]),
            (
                {"refused": [kept(0)]},
                [
                    {"event_id": "0", "bronze_sequence_number": 2, "times": 0},
                    {"event_id": "0", "bronze_sequence_number": None, "times": 1},
                ],
            ),
            (
                {"kept": [kept(1), kept(7)]},
                [{"event_id": "7", "bronze_sequence_number": None, "times": 1}],
            ),
            (
                {"landed": [*BRONZE, landed(3, event_id="1", event_version=2, event_date=DAY_9)]},
                [{"event_id": "1", "event_date": DAY_1, "times": 1}],
            ),
        ),
    ),
    "every_event_is_there_once": Case(
        {
            "landed": [landed(0), landed(1)],
            "kept": [kept(0), kept(1)],
            "whole_table": [kept(0), kept(1), kept(7, sent_date=DAY_9), kept(8, sent_date=DAY_9)],
        },
        (
            ({"whole_table": [kept(0), kept(0)]}, [{"event_id": "0", "times": 2}]),
            (
                {"whole_table": [kept(0), kept(0, sent_date=DAY_9)]},
                [{"event_id": "0", "times": 2, "first_day": DAY_1, "last_day": DAY_9}],
            ),
            (
                {"whole_table": [kept(0), kept(1), kept(7, event_id="1")]},
                [{"event_id": "1", "times": 2}],
            ),
        ),
    ),
}


def test_every_promise_has_a_case() -> None:
    assert list(CASES) == list(PROMISES)


@pytest.mark.parametrize("name", CASES)
def test_a_promise_is_kept_by_good_tables(name: str) -> None:
    assert look_at(PROMISES[name], CASES[name].kept, [DAY_1]).is_kept


@pytest.mark.parametrize(("name", "number"), faults(CASES))
def test_a_promise_is_broken_by_each_fault_and_names_the_offenders(name: str, number: int) -> None:
    assert_broken_by(PROMISES[name], CASES[name], number, [DAY_1])


@pytest.mark.parametrize("name", CASES)
def test_tables_without_rows_break_no_promise(name: str) -> None:
    assert look_at(PROMISES[name], {key: [] for key in CASES[name].kept}, [DAY_1]).is_kept


def test_days_outside_the_run_may_still_wait_for_theirs() -> None:
    promise = PROMISES["no_event_is_lost_between_bronze_and_silver"]
    waiting = [*BRONZE, landed(3, event_date=DAY_2)]
    assert look_at(promise, {**SILVER, "landed": waiting}, [DAY_1]).is_kept
    assert not look_at(promise, {**SILVER, "landed": waiting}, [DAY_1, DAY_2]).is_kept


def test_an_event_that_left_a_day_which_still_waits_for_its_run_is_not_there_twice() -> None:
    promise = PROMISES["every_event_is_there_once"]
    new, old = kept(1, event_id="0", sent_date=DAY_9), kept(0)
    moved = {
        "landed": [landed(0), landed(1, event_id="0", event_version=2, event_date=DAY_9)],
        "kept": [new],
        "whole_table": [new, old],
    }
    assert look_at(promise, moved, [DAY_9]).is_kept
    assert not look_at(promise, {**moved, "kept": [old]}, [DAY_1]).is_kept


def test_of_a_version_delivered_twice_the_first_delivery_is_the_one_to_keep() -> None:
    promise = PROMISES["no_event_is_lost_between_bronze_and_silver"]
    twice = {"landed": [landed(0), landed(1, event_id="0")], "kept": [kept(0)], "refused": []}
    assert look_at(promise, twice, [DAY_1]).is_kept
    second = {**twice, "kept": [kept(1, event_id="0")]}
    assert not look_at(promise, second, [DAY_1]).is_kept


def test_dead_letters_only_warn() -> None:
    specs = [spec for check in feed_checks(FEED) for spec in check.check_specs]
    assert {spec.name: spec.blocking for spec in specs} == {
        "every_position_is_landed_once": True,
        "few_messages_are_dead": False,
        "nothing_was_lost_to_retention": False,
        "no_event_is_lost_between_bronze_and_silver": True,
        "every_event_is_there_once": True,
    }
    bronze = [promise.name for promise in PROMISES.values() if promise.table == STREAM.table]
    assert bronze == list(CASES)[:3]


def test_a_landing_with_poison_warns_and_succeeds(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), b"junk")
    outcome = parcels.run_landing()
    assert outcome.kept == 2
    assert outcome.broken == (
        "bronze/parcels: few_messages_are_dead: Broken 1 times in 2 rows of 2024-03-10 (too many).",
    )


def test_a_run_below_bronze_is_held_to_its_promises(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b", weight=0), parcel("c", DAY_9))
    parcels.land()
    outcome = parcels.run(DAY_1)
    assert (outcome.kept, outcome.broken) == (2, ())
