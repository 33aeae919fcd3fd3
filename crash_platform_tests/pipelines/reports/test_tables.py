"""Reports become silver and the view of now: the newest version of each, until the record is in."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports import tables as t
from crash_platform_tests.pipelines.reports.worlds import DAY, NOW, World, report

BEFORE = DAY - timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Store(Location(str(tmp_path))))


def test_a_report_is_typed_and_cleaned(world: World) -> None:
    world.report(
        report(
            "a",
            crash_time="7:40",
            borough=" brooklyn ",
            latitude=40.7,
            longitude=-73.9,
            on_street_name="  ATLANTIC   AVENUE ",
            persons_injured=1,
            vehicle_types=["Sedan", "Bike"],
            source="web",
        )
    )
    (row,) = world.rows(t.REPORTED_CRASHES)
    assert row["crashed_at"] == datetime(2026, 3, 4, 7, 40)  # noqa: DTZ001
    assert (row["borough"], row["on_street_name"]) == ("BROOKLYN", "ATLANTIC AVENUE")
    assert (row["latitude"], row["longitude"]) == (40.7, -73.9)
    assert (row["vehicle_types"], row["contributing_factors"]) == (["Sedan", "Bike"], None)
    assert (row["is_injury_crash"], row["source"], row["is_simulated"]) == (True, "web", False)


@pytest.mark.parametrize(
    ("said", "column", "expected"),
    [
        ({"borough": "Atlantis"}, "borough", None),
        ({"latitude": 0.0, "longitude": 0.0}, "latitude", None),
        ({"latitude": 52.5, "longitude": 13.4}, "longitude", None),
        ({"persons_injured": 0, "persons_killed": 0}, "is_injury_crash", False),
        ({"persons_injured": 0}, "is_injury_crash", None),
        ({"persons_killed": 1}, "is_injury_crash", True),
        ({}, "crashed_at", None),
    ],
)
def test_what_cannot_be_used_is_taken_for_not_said(
    world: World, said: dict[str, Any], column: str, expected: object
) -> None:
    world.report(report("a", **said))
    assert world.rows(t.REPORTED_CRASHES, column) == [expected]


def test_the_newest_version_wins_in_whatever_order_they_come(world: World) -> None:
    world.report(report("a", event_version=2, persons_injured=2), report("b", persons_injured=1))
    world.report(report("a", event_version=1, persons_injured=0))
    world.report(report("b", event_version=3, persons_injured=3), report("b", event_version=2))
    assert world.rows(t.REPORTED_CRASHES, "persons_injured") == [2, 3]
    assert world.behind() == []


def test_a_report_delivered_twice_is_there_once(world: World) -> None:
    world.report(report("a"), report("a"))
    world.report(report("a"))
    assert world.rows(t.REPORTED_CRASHES, "sequence_number") == [0]


@pytest.mark.slow
def test_a_correction_that_moves_the_day_leaves_the_old_one(world: World) -> None:
    world.report(report("a"))
    world.publish(report("a", event_version=2, crash_date=BEFORE.isoformat()))
    world.land()
    assert world.behind() == [BEFORE, DAY]
    world.make(world.behind())
    assert world.rows(t.REPORTED_CRASHES, "crash_date") == [BEFORE]
    assert world.rows(t.CRASHES_NOW, "crash_date") == [BEFORE]


@pytest.mark.slow
def test_old_crashes_and_crashes_of_tomorrow_are_quarantined(world: World) -> None:
    old, tomorrow = date(2026, 2, 2), date(2026, 3, 6)
    world.report(
        report("old", crash_date=old.isoformat()),
        report("just", crash_date=(old + timedelta(days=1)).isoformat()),
        report("tomorrow", crash_date=tomorrow.isoformat()),
    )
    assert world.rows(t.REPORTED_CRASHES, "event_id") == ["just"]
    assert world.rows(t.QUARANTINED_REPORTS, "event_id", "broken_rules") == [
        {"event_id": "old", "broken_rules": "is_of_these_days"},
        {"event_id": "tomorrow", "broken_rules": "happened_before_it_was_reported"},
    ]
    assert world.behind() == []


@pytest.mark.slow
def test_reports_stand_in_until_the_day_is_covered(world: World) -> None:
    world.report(report("a", crash_time="17:05"), report("b"))
    assert world.rows(t.CRASHES_NOW, "crash_key", "is_final", "crash_time") == [
        {"crash_key": "report:a", "is_final": False, "crash_time": "17:05"},
        {"crash_key": "report:b", "is_final": False, "crash_time": None},
    ]
    crashed_at = datetime(2026, 3, 4, 17, 0)  # noqa: DTZ001
    world.official(DAY, {"collision_id": 7, "crashed_at": crashed_at})
    assert world.behind() == [DAY]
    world.make([DAY])
    assert world.rows(t.CRASHES_NOW, "crash_key", "is_final", "crash_time") == [
        {"crash_key": "official:7", "is_final": True, "crash_time": "17:00"}
    ]
    assert len(world.rows(t.REPORTED_CRASHES)) == 2
    assert world.behind() == []


@pytest.mark.slow
def test_a_report_whose_record_is_filed_under_another_day_gives_way(world: World) -> None:
    world.report(report("a", collision_id=7), report("b", collision_id=8))
    world.official(BEFORE, {"collision_id": 7})
    assert world.behind() == [BEFORE, DAY]
    world.make(world.behind())
    assert world.rows(t.CRASHES_NOW, "crash_key") == ["official:7", "report:b"]


def test_a_withdrawn_report_leaves_the_view_and_stays_in_silver(world: World) -> None:
    world.report(report("a"))
    world.report(report("a", event_version=2, is_withdrawn=True))
    assert world.rows(t.CRASHES_NOW) == []
    assert world.rows(t.REPORTED_CRASHES, "is_withdrawn") == [True]
    assert world.behind() == []


def test_a_corrected_record_is_seen_as_behind(world: World) -> None:
    world.official(DAY, {"collision_id": 7, "persons_injured": 0})
    world.make(world.behind())
    world.official(DAY, {"collision_id": 7, "persons_injured": 2, "version": 2})
    assert world.behind() == [DAY]
    world.make([DAY])
    assert world.rows(t.CRASHES_NOW, "persons_injured", "record_version") == [
        {"persons_injured": 2, "record_version": 2}
    ]


def test_an_empty_lake_has_nothing_behind(world: World) -> None:
    assert world.behind() == []


def test_a_silver_table_made_anew_is_behind_in_every_day(world: World) -> None:
    world.publish(report("a"), report("b", crash_date=BEFORE.isoformat()))
    world.land()
    assert world.behind() == [BEFORE, DAY]
    assert NOW.date() not in world.behind()
