"""Factors and vehicles: a crash counts once in each row it belongs to, never more."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.tables import TABLES
from crash_platform.serving.dashboards.causes import causes
from crash_platform_tests.serving.dashboards.figures import (
    Row,
    asked_by_default,
    lake,
    note_of,
    rows_of,
)

CAUSES = causes()
MAY, JULY = date(2021, 5, 3), date(2021, 7, 5)
ASKED: dict[str, Any] = {
    "first_day": date(2021, 1, 1),
    "last_day": date(2021, 12, 31),
    "factor": "Glare",
    "per": "month",
}
CAR, BIKE, TRUCK = "Sedan", "Bicycle", "Box truck"


def crash(number: int, factors: list[str], vehicles: list[str], **cells: Any) -> Row:
    return {
        "collision_id": number,
        "crash_date": MAY,
        "contributing_factors": factors,
        "vehicle_types": vehicles,
        "is_injury_crash": False,
        "persons_injured": 0,
        **cells,
    }


HURT = {"is_injury_crash": True, "persons_injured": 2, "persons_killed": 1}
CRASHES = [
    crash(1, ["Glare", "Glare"], [CAR, CAR, "Passenger vehicle"], **HURT),
    crash(2, ["Glare", "Unspecified"], [CAR, BIKE], is_injury_crash=True, persons_injured=1),
    crash(3, ["Unspecified", "Unspecified"], [CAR, TRUCK]),
    crash(4, ["Unspecified"], ["A word of tomorrow"], is_injury_crash=None, persons_injured=None),
    crash(5, [], []),
    crash(6, ["Glare"], [CAR], crash_date=JULY),
    crash(7, ["Illness"], [BIKE], crash_date=JULY, **HURT),
    crash(8, ["Glare"], [CAR], crash_date=date(2020, 5, 3)),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return lake(tmp_path, {"silver/crashes": CRASHES}, TABLES)


def test_a_crash_counts_once_for_each_factor_whatever_its_vehicles(store: Store) -> None:
    found = rows_of(CAUSES, "factors", store, **ASKED)
    assert [tuple(row.values()) for row in found] == [
        ("Glare", 3, 3 / 7, 2 / 3, 3, 1),
        ("Unspecified", 3, 3 / 7, 1 / 3, 1, 0),
        ("Illness", 1, 1 / 7, 1.0, 2, 1),
        ("NONE REPORTED", 1, 1 / 7, 0.0, 0, 0),
    ]
    assert note_of(CAUSES, "factors", store, **ASKED) == (
        "3 of 7 crashes (42.9%) name no factor at all: "
        "all of their vehicles are unspecified, or none is reported."
    )


def test_only_the_fifteen_most_frequent_factors_are_shown(tmp_path: Path) -> None:
    crashes = [crash(n, [f"Factor {m:02}" for m in range(n, 20)], [CAR]) for n in range(20)]
    store = lake(tmp_path, {"silver/crashes": crashes}, TABLES)
    found = rows_of(CAUSES, "factors", store, **ASKED)
    assert [row["crash_count"] for row in found] == list(range(20, 5, -1))
    assert found[0]["contributing_factor"] == "Factor 19"


def test_a_crash_counts_once_for_each_vehicle_group(store: Store) -> None:
    found = rows_of(CAUSES, "vehicles", store, **ASKED)
    assert [tuple(row.values()) for row in found] == [
        ("car", 4, 4 / 7, 0.5, 3, 1),
        ("bicycle", 2, 2 / 7, 1.0, 3, 1),
        ("NONE REPORTED", 1, 1 / 7, 0.0, 0, 0),
        ("other", 1, 1 / 7, 0.0, 0, 0),
        ("truck", 1, 1 / 7, 0.0, 0, 0),
    ]


def test_a_factor_is_a_share_of_its_period_and_a_month_without_crashes_a_gap(store: Store) -> None:
    found = rows_of(CAUSES, "factor", store, **ASKED)
    assert [tuple(row.values()) for row in found] == [
        ("2021-05", 0.4, 2, 1.0, 5),
        ("2021-06", None, None, None, None),
        ("2021-07", 0.5, 1, 0.0, 2),
    ]
    assert note_of(CAUSES, "factor", store, **ASKED) == "Shown: Glare."
    none = rows_of(CAUSES, "factor", store, **{**ASKED, "factor": "NONE REPORTED", "per": "year"})
    assert [(row["period"], row["crash_count"], row["all_crashes"]) for row in none] == [
        ("2021", 1, 7)
    ]


def pair(factor: str, group: str, crashes: int, injuries: int = 0, day: date = MAY) -> Row:
    return {
        "crash_date": day,
        "contributing_factor": factor,
        "vehicle_group": group,
        "crash_count": crashes,
        "injury_crash_count": injuries,
        "persons_injured": injuries,
    }


PAIRS = [
    pair("Glare", "car", 12, 3),
    pair("Glare", "car", 8, 2, JULY),
    pair("Glare", "car", 500, 500, date(2020, 5, 3)),
    pair("Glare", "bicycle", 19, 19),
    pair("Unspecified", "car", 100, 10),
]


def test_pairs_say_how_often_people_are_hurt_where_there_are_enough_crashes(
    tmp_path: Path,
) -> None:
    store = lake(tmp_path, {"gold/crash_factors": PAIRS}, TABLES)
    found = rows_of(CAUSES, "pairs", store, **ASKED)
    names = ("contributing_factor", "vehicle_group", "injury_share", "crash_count")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("Unspecified", "car", 0.1, 100),
        ("Glare", "car", 0.25, 20),
        ("Glare", "bicycle", None, 19),
    ]


def test_the_factors_that_name_nothing_are_offered_last(tmp_path: Path) -> None:
    more = [pair("NONE REPORTED", "car", 300), pair("Illness", "car", 1)]
    store = lake(tmp_path, {"gold/crash_factors": [*PAIRS, *more]}, TABLES)
    assert asked_by_default(CAUSES, store)["factor"] == "Glare"


def test_an_empty_lake_answers_with_nothing(tmp_path: Path) -> None:
    store = lake(tmp_path, {}, TABLES)
    asked = asked_by_default(CAUSES, store)
    for figure in CAUSES.figures:
        for factor in (None, "", "Glare"):
            given = {**asked, "factor": factor}
            assert rows_of(CAUSES, figure.name, store, **given) == []
            assert note_of(CAUSES, figure.name, store, **given) == ""
