from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.lake.contract import Window
from crash_platform.orchestration.calendar import days_in
from crash_platform.settings import FIRST_DAY
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.orchestration.feeds.parcels import (
    DAILY_PARCELS,
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_9,
    FEED,
    PARCELS,
    parcel,
)

Sent = tuple[str, int, int, int]
"""Name, version, days after the first, weight."""


def silver(lake: FeedLake) -> list[tuple[Any, ...]]:
    return lake.rows(PARCELS, "event_id", "event_version", "sent_date", "weight")


def gold(lake: FeedLake) -> dict[date, tuple[int, int]]:
    rows = lake.rows(DAILY_PARCELS, "sent_date", "parcel_count", "weight")
    return {day: (count, weight) for day, count, weight in rows}


def arrived(lake: FeedLake, *bodies: bytes) -> list[date]:
    """Land messages; the days that are behind then."""
    lake.publish(*bodies)
    lake.land()
    return lake.behind()


def test_nothing_is_behind_before_anything_came(parcels: FeedLake) -> None:
    assert parcels.behind() == []


def test_exactly_the_days_of_what_came_are_behind_until_they_are_made(parcels: FeedLake) -> None:
    assert arrived(parcels, parcel("a"), parcel("b", DAY_9), parcel("c", DAY_9)) == [DAY_1, DAY_9]
    parcels.make([DAY_1])
    assert parcels.behind() == [DAY_9]
    parcels.make([DAY_9])
    assert parcels.behind() == []
    assert silver(parcels) == [
        ("a", 1, DAY_1, 100),
        ("b", 1, DAY_9, 100),
        ("c", 1, DAY_9, 100),
    ]
    assert gold(parcels) == {DAY_1: (1, 100), DAY_9: (2, 200)}


def test_an_event_delivered_twice_is_there_once_and_leaves_nothing_to_do(parcels: FeedLake) -> None:
    arrived(parcels, parcel("a"), parcel("a"))
    parcels.make()
    first = parcels.rows(PARCELS, "event_id", "sequence_number")
    assert first == [("a", 0)]
    assert arrived(parcels, parcel("a")) == []
    parcels.make([DAY_1])
    assert parcels.rows(PARCELS, "event_id", "sequence_number") == first


def test_the_newest_version_holds_in_whatever_order_versions_come(parcels: FeedLake) -> None:
    arrived(parcels, parcel("a", weight=3, version=3), parcel("a", weight=1))
    parcels.make()
    assert silver(parcels) == [("a", 3, DAY_1, 3)]
    assert arrived(parcels, parcel("a", weight=2, version=2)) == []
    assert arrived(parcels, parcel("a", weight=4, version=4)) == [DAY_1]
    parcels.make()
    assert silver(parcels) == [("a", 4, DAY_1, 4)]


@pytest.mark.slow
def test_a_correction_can_move_an_event_to_another_day(parcels: FeedLake) -> None:
    arrived(parcels, parcel("a"), parcel("b", DAY_2))
    parcels.make()
    assert arrived(parcels, parcel("a", DAY_9, version=2)) == [DAY_1, DAY_9]
    parcels.make([DAY_9])
    assert parcels.behind() == [DAY_1]
    parcels.make()
    assert silver(parcels) == [("a", 2, DAY_9, 100), ("b", 1, DAY_2, 100)]
    assert gold(parcels) == {DAY_2: (1, 100), DAY_9: (1, 100)}


@pytest.mark.slow
def test_a_superseded_version_that_comes_late_does_not_bring_an_event_back(
    parcels: FeedLake,
) -> None:
    arrived(parcels, parcel("a", DAY_9, version=2))
    parcels.make()
    assert arrived(parcels, parcel("a", DAY_1)) == []
    parcels.make([DAY_1, DAY_9])
    assert silver(parcels) == [("a", 2, DAY_9, 100)]


def test_an_event_that_breaks_a_rule_is_quarantined_in_its_raw_form(parcels: FeedLake) -> None:
    raw = parcel("a", weight=0)
    arrived(parcels, raw, parcel("b"))
    parcels.make()
    quarantined = parcels.rows(FEED.quarantine, "event_id", "sent_date", "broken_rules", "body")
    assert quarantined == [("a", DAY_1, "it_weighs_something", raw.decode())]
    assert silver(parcels) == [("b", 1, DAY_1, 100)]


@pytest.mark.slow
def test_a_correction_leaves_or_enters_quarantine(parcels: FeedLake) -> None:
    arrived(parcels, parcel("a", weight=0), parcel("b"))
    parcels.make()
    assert arrived(parcels, parcel("a", version=2), parcel("b", weight=-1, version=2)) == [DAY_1]
    parcels.make()
    assert silver(parcels) == [("a", 2, DAY_1, 100)]
    assert parcels.rows(FEED.quarantine, "event_id", "event_version") == [("b", 2)]
    assert parcels.behind() == []


def test_days_come_in_order_and_each_once(parcels: FeedLake) -> None:
    sent = {"a": DAY_9, "b": DAY_3, "c": DAY_1, "d": DAY_3}
    assert arrived(parcels, *(parcel(name, day) for name, day in sent.items())) == [
        DAY_1,
        DAY_3,
        DAY_9,
    ]


def test_events_of_the_first_day_of_the_calendar_can_come_years_later(parcels: FeedLake) -> None:
    assert arrived(parcels, parcel("a", FIRST_DAY)) == [FIRST_DAY]
    parcels.make()
    assert silver(parcels) == [("a", 1, FIRST_DAY, 100)]


def test_an_event_says_where_it_came_from_and_when(parcels: FeedLake) -> None:
    arrived(parcels, parcel("a"))
    parcels.make()
    [row] = parcels.store.slice(PARCELS).read().to_pylist()
    assert row["enqueued_at"] == parcels.now
    assert (row["hub_generation"], row["sequence_number"]) == (1, 0)
    assert (row["source"], row["is_simulated"]) == (None, False)


def newest(sent: Sequence[Sent]) -> dict[str, tuple[int, date, int]]:
    """What holds at last, by the plainest reading: the highest version, of these the first."""
    found: dict[str, tuple[int, date, int]] = {}
    for name, version, days, weight in sent:
        if name not in found or version > found[name][0]:
            found[name] = (version, DAY_1 + timedelta(days=days), weight)
    return found


sent_things = st.tuples(
    st.sampled_from("abc"), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2)
)
schedules = st.lists(
    st.tuples(st.lists(sent_things, max_size=5), st.sampled_from(["none", "some", "all"])),
    min_size=1,
    max_size=3,
)


@pytest.mark.slow
@given(schedule=schedules)
@settings(max_examples=4, deadline=None)
def test_made_bit_by_bit_is_what_made_at_once_would_be(
    schedule: list[tuple[list[Sent], str]],
) -> None:
    with TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        bits = FeedLake(FEED, str(Path(folder) / "bits"), instance)
        for batch, made in schedule:
            bits.publish(*(body_of(each) for each in batch))
            bits.land()
            behind = bits.behind()
            bits.make({"none": [], "some": behind[:1], "all": behind}[made])
        bits.make()
        assert bits.behind() == []
        whole = FeedLake(FEED, str(Path(folder) / "whole"), instance, shared_log=bits.log)
        whole.land()
        whole.make(days_in(Window(DAY_1, DAY_3)))
        for table in FEED.made:
            names = table.schema.names
            assert bits.rows(table, *names) == whole.rows(table, *names)
        everything = newest([each for batch, _ in schedule for each in batch])
        kept = {name: row for name, row in everything.items() if row[2] > 0}
        assert {row[0]: row[1:] for row in silver(bits)} == kept
        refused = {name for name, *_ in bits.rows(FEED.quarantine, "event_id")}
        assert refused == set(everything) - set(kept)


def body_of(sent: Sent) -> bytes:
    name, version, days, weight = sent
    return parcel(name, DAY_1 + timedelta(days=days), weight, version)
