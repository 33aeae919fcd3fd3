from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import h3
import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Input
from crash_platform.lake.contract import Table
from crash_platform.orchestration.tables import Recipe
from crash_platform.pipelines.crashes.recipes import recipes, vehicle_groups
from crash_platform.pipelines.crashes.tables import (
    CASUALTIES,
    CRASH_COVERAGE,
    CRASH_FACTORS,
    CRASH_HOTSPOTS,
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    DAILY_CRASHES,
    HOURLY_CRASHES,
    QUARANTINED_CRASHES,
)
from crash_platform_tests.pipelines.crashes.raw_crashes import (
    DAY,
    PULLED_AT,
    Row,
    bronze,
    bronze_row,
    raw,
    rows_of,
    run,
)

RECIPES: Mapping[Table, Recipe] = {recipe.table: recipe for recipe in recipes()}
NEXT_DAY = DAY + timedelta(days=1)
NO_ONE = dict.fromkeys(CASUALTIES, 0)


def crash(number: int, **cells: Any) -> Row:
    """A row of silver: no place, no vehicle, nobody hurt, counts all there."""
    return {
        "collision_id": number,
        "crash_date": DAY,
        **NO_ONE,
        "is_injury_crash": False,
        "contributing_factors": [],
        "vehicle_types": [],
        "coordinates_issue": "missing",
        "version": 1,
        **cells,
    }


def gold(table: Table, crashes: Sequence[Row]) -> list[Row]:
    """The rows of a gold table that is made of silver alone."""
    inputs: dict[str, Input] = {"crashes": rows_of(CRASHES, crashes), **vehicle_groups()}
    if table == CRASH_HOTSPOTS:
        inputs |= cells_of(inputs)
    return run(inputs, RECIPES[table].steps(), table)


def cells_of(inputs: Mapping[str, Input]) -> Mapping[str, pa.Table]:
    """The H3 lookup as the recipe prepares it; it never asks the lake."""
    prepared = RECIPES[CRASH_HOTSPOTS].prepared
    assert prepared is not None
    return prepared(DuckDBEngine(), None, inputs)  # type: ignore[arg-type]


HURT = {"persons_injured": 2, "cyclists_injured": 2, "is_injury_crash": True}
IN_MANHATTAN = {"latitude": 40.758, "longitude": -73.9855, "coordinates_issue": None}


def test_daily_crashes_add_up_by_day_and_borough() -> None:
    unsaid = dict.fromkeys(CASUALTIES, None)
    made = gold(
        DAILY_CRASHES,
        [
            crash(1, borough="BRONX", **HURT),
            crash(2, borough="BRONX", borough_located="QUEENS", **IN_MANHATTAN),
            crash(3, borough_located="QUEENS", **IN_MANHATTAN),
            crash(4, **{**unsaid, "persons_killed": 1}, is_injury_crash=True),
            crash(5, crash_date=NEXT_DAY, **unsaid | {"is_injury_crash": None}),
        ],
    )
    names = ("crash_date", "borough", "crash_count", "injury_crash_count", "injury_share")
    assert [tuple(row[name] for name in names) for row in made] == [
        (DAY, "BRONX", 2, 1, 0.5),
        (DAY, "QUEENS", 1, 0, 0.0),
        (DAY, "UNKNOWN", 1, 1, 1.0),
        (NEXT_DAY, "UNKNOWN", 1, 0, 0.0),
    ]
    assert [(row["located_count"], row["located_share"]) for row in made] == [
        (1, 0.5),
        (1, 1.0),
        (0, 0.0),
        (0, 0.0),
    ]
    sums = [{name: row[name] for name in CASUALTIES if row[name]} for row in made]
    assert sums == [{"persons_injured": 2, "cyclists_injured": 2}, {}, {"persons_killed": 1}, {}]


def test_hourly_crashes_add_up_by_day_borough_and_hour_and_keep_those_without_a_time() -> None:
    eight = datetime.combine(DAY, time(8, 5))
    made = gold(
        HOURLY_CRASHES,
        [
            crash(1, borough="BRONX", crashed_at=eight, **HURT),
            crash(2, borough="BRONX", crashed_at=eight.replace(minute=59)),
            crash(3, borough="BRONX", crashed_at=None, persons_killed=1, is_injury_crash=True),
            crash(4, crash_date=NEXT_DAY, crashed_at=eight.replace(hour=0)),
        ],
    )
    assert [tuple(row.values()) for row in made] == [
        (DAY, "BRONX", 8, 2, 1, 2, 0),
        (DAY, "BRONX", None, 1, 1, 0, 1),
        (NEXT_DAY, "UNKNOWN", 0, 1, 0, 0, 0),
    ]


def test_hotspots_count_the_crashes_of_a_cell_and_those_without_a_place() -> None:
    near = {"latitude": 40.75801, "longitude": -73.98551, "coordinates_issue": None}
    far = {"latitude": 40.6, "longitude": -74.1, "coordinates_issue": None}
    made = gold(
        CRASH_HOTSPOTS,
        [
            crash(1, **IN_MANHATTAN, **HURT),
            crash(2, **near),
            crash(3, **far),
            crash(4, **HURT),
            crash(5, crash_date=NEXT_DAY, coordinates_issue="zero"),
        ],
    )
    cell, other = h3.latlng_to_cell(40.758, -73.9855, 9), h3.latlng_to_cell(40.6, -74.1, 9)
    names = ("crash_date", "h3_cell", "crash_count", "injury_crash_count", "cyclists_injured")
    assert {tuple(row[name] for name in names) for row in made} == {
        (DAY, cell, 2, 1, 2),
        (DAY, other, 1, 0, 0),
        (DAY, "UNLOCATED", 1, 1, 2),
        (NEXT_DAY, "UNLOCATED", 1, 0, 0),
    }
    centres = {row["h3_cell"]: (row["cell_latitude"], row["cell_longitude"]) for row in made}
    assert centres == {
        cell: h3.cell_to_latlng(cell),
        other: h3.cell_to_latlng(other),
        "UNLOCATED": (None, None),
    }


def test_hotspots_without_any_coordinates_are_all_unlocated() -> None:
    [row] = gold(CRASH_HOTSPOTS, [crash(1), crash(2)])
    assert (row["h3_cell"], row["crash_count"]) == ("UNLOCATED", 2)


def test_a_crash_counts_once_in_every_combination_it_has() -> None:
    made = gold(
        CRASH_FACTORS,
        [
            crash(
                1,
                contributing_factors=["Illness", "Illness", "Glare"],
                vehicle_types=["Sedan", "Station wagon/SUV", "Bicycle"],
                **HURT,
            ),
            crash(2, contributing_factors=["Illness"], vehicle_types=["Other"]),
            crash(3, vehicle_types=["A word of tomorrow's vocabulary"]),
            crash(4, contributing_factors=["Glare"] * 5, vehicle_types=["Bicycle"] * 5),
            crash(5, crash_date=NEXT_DAY, persons_killed=None),
        ],
    )
    names = ("crash_date", "contributing_factor", "vehicle_group", "crash_count")
    assert [tuple(row[name] for name in names) for row in made] == [
        (DAY, "Glare", "bicycle", 2),
        (DAY, "Glare", "car", 1),
        (DAY, "Illness", "bicycle", 1),
        (DAY, "Illness", "car", 1),
        (DAY, "Illness", "other", 1),
        (DAY, "NONE REPORTED", "other", 1),
        (NEXT_DAY, "NONE REPORTED", "NONE REPORTED", 1),
    ]
    assert [row["injury_crash_count"] for row in made] == [1, 1, 1, 1, 0, 0, 0]
    assert [row["persons_injured"] for row in made] == [2, 2, 2, 2, 0, 0, 0]
    assert [row["persons_killed"] for row in made] == [0] * 7


@pytest.mark.parametrize("table", [DAILY_CRASHES, HOURLY_CRASHES, CRASH_HOTSPOTS, CRASH_FACTORS])
def test_a_day_without_crashes_has_no_row(table: Table) -> None:
    assert gold(table, []) == []


def coverage(
    records: Sequence[Row], crashes: Sequence[Row], quarantined: Sequence[Row], daily: Sequence[Row]
) -> list[Row]:
    """``gold/crash_coverage`` of what the tables before it hold."""
    inputs: dict[str, Input] = {
        "crash_records": bronze(records),
        "crashes": rows_of(CRASHES, crashes),
        "quarantined_crashes": rows_of(QUARANTINED_CRASHES, quarantined),
        "crash_revisions": rows_of(CRASH_REVISIONS, []),
        "daily_crashes": rows_of(DAILY_CRASHES, daily),
    }
    return run(inputs, RECIPES[CRASH_COVERAGE].steps(), CRASH_COVERAGE)


RECORDS = [
    bronze_row(raw(1)),
    bronze_row(raw(1), version=2, change="corrected", landing=2, pulled_at=datetime(2025, 1, 1)),  # noqa: DTZ001
    bronze_row(raw(2)),
    bronze_row(raw(3)),
    bronze_row({"collision_id": None}, record_key="4700003", version=2, change="moved_away"),
    bronze_row(raw(4, number_of_persons_injured="?")),
]
FIRST, SECOND = crash(4_700_001, version=2, **IN_MANHATTAN), crash(4_700_002)
REFUSED = {"record_key": "4700004", "filed_date": DAY, "version": 1}
TWO = {"crash_date": DAY, "borough": "BRONX", "crash_count": 2}


def test_coverage_accounts_for_every_version_of_a_day() -> None:
    assert coverage(RECORDS, [FIRST, SECOND], [REFUSED], [TWO]) == [
        {
            "crash_date": DAY,
            "bronze_count": 6,
            "superseded_count": 3,
            "clean_count": 2,
            "quarantined_count": 1,
            "revision_count": 0,
            "located_count": 1,
            "gold_count": 2,
            "landing": 2,
            "is_current": True,
            "first_pulled_at": PULLED_AT,
            "last_pulled_at": PULLED_AT.replace(year=2025, month=1, day=1, hour=0, minute=0),
        }
    ]


@pytest.mark.parametrize(
    ("crashes", "quarantined", "daily"),
    [
        pytest.param([FIRST], [REFUSED], [{**TWO, "crash_count": 1}], id="a crash is missing"),
        pytest.param([FIRST, SECOND], [], [TWO], id="a refused record is missing"),
        pytest.param(
            [{**FIRST, "version": 1}, SECOND], [REFUSED], [TWO], id="silver has an old version"
        ),
        pytest.param(
            [FIRST, SECOND, crash(4_700_003)],
            [REFUSED],
            [{**TWO, "crash_count": 3}],
            id="a crash that moved away is still there",
        ),
        pytest.param([FIRST, SECOND], [REFUSED], [], id="gold has nothing"),
        pytest.param([], [], [], id="nothing was made yet"),
    ],
)
def test_a_day_that_silver_or_gold_does_not_follow_is_not_current(
    crashes: list[Row], quarantined: list[Row], daily: list[Row]
) -> None:
    [row] = coverage(RECORDS, crashes, quarantined, daily)
    assert row["is_current"] is False


def test_a_day_whose_records_all_left_is_current_when_it_is_empty() -> None:
    left = [
        bronze_row(raw(1)),
        bronze_row({"collision_id": None}, record_key="4700001", version=2, change="disappeared"),
    ]
    [row] = coverage(left, [], [], [])
    assert (row["superseded_count"], row["clean_count"], row["is_current"]) == (2, 0, True)
    [stale] = coverage(left, [FIRST], [], [{**TWO, "crash_count": 1}])
    assert stale["is_current"] is False


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.table.path)
def test_the_sql_yields_exactly_the_columns_of_the_contract(recipe: Recipe) -> None:
    inputs: dict[str, Input] = {t.name: rows_of(t, []) for t in recipe.inputs} | {
        **recipe.lookups()
    }
    if recipe.table == CRASH_REVISIONS:
        inputs["changed_versions"] = rows_of(CRASH_RECORDS, [])
    if recipe.table == CRASH_HOTSPOTS:
        inputs |= cells_of(inputs)
    answer = DuckDBEngine().stream(inputs, recipe.steps())
    assert answer.schema.names == recipe.table.schema.names
    differing = {
        field.name: str(field.type)
        for field in answer.schema
        if field.type != recipe.table.schema.field(field.name).type
    }
    assert differing == {}


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.table.path)
def test_every_column_says_what_it_means(recipe: Recipe) -> None:
    for column in recipe.table.columns:
        assert column.description.endswith("."), column.name
    assert set(recipe.table.key) <= set(recipe.table.schema.names)
    assert recipe.table.schema.field(recipe.table.day_column).type == pa.date32()
