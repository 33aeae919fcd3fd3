"""For every promise about the crash tables: tables that keep it, and tables that break it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from crash_platform.pipelines.crashes.tables import CASUALTIES
from crash_platform_tests.pipelines.crashes.check_rows import (
    NEXT_DAY,
    counted,
    covered,
    crash,
    left,
    refused,
    summed,
)
from crash_platform_tests.pipelines.crashes.raw_crashes import DAY, Row, bronze_row, raw

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Case:
    """Tables that keep a promise; others, that replace some of them, and the offenders then."""

    kept: Tables
    broken: tuple[tuple[Tables, list[Row]], ...]
    days: Sequence[date] = field(default=(DAY,))


TWO_CRASHES = [crash(1), crash(2, is_injury_crash=True, persons_injured=3, cyclists_injured=None)]
ADDS_UP = Case(
    {
        "crashes": TWO_CRASHES,
        "gold_rows": [
            summed(crash_count=1),
            summed(crash_count=1, injury_crash_count=0, persons_injured=3),
        ],
    },
    (
        ({"gold_rows": []}, [{"crash_date": DAY, "silver_crash_count": 2}]),
        ({"crashes": []}, [{"crash_date": DAY, "gold_crash_count": 2}]),
        ({"gold_rows": [summed(crash_count=3, persons_injured=3)]}, [{"gold_crash_count": 3}]),
        ({"gold_rows": [summed(injury_crash_count=2, persons_injured=3)]}, [{}]),
        *(
            ({"gold_rows": [summed(**{"persons_injured": 3, name: 7})]}, [{"crash_date": DAY}])
            for name in CASUALTIES
        ),
    ),
)
PERSONS = ("persons_injured", "persons_killed")
AT_EIGHT = summed(borough="BRONX", hour=8, crash_count=1, injury_crash_count=0)
UNKNOWN_HOUR = summed(borough="BRONX", crash_count=1, persons_injured=3)
HOURS: Tables = {"crashes": TWO_CRASHES, "hourly_crashes": [AT_EIGHT, UNKNOWN_HOUR]}
IN_ONE_DAY = {
    "crashes": [crash(1), crash(2)],
    "all_crashes": [crash(1), crash(2), crash(3, crash_date=NEXT_DAY)],
    "all_records": [bronze_row(raw(n)) for n in (1, 2, 3)],
}
OLD_ROW = crash(1, crash_date=NEXT_DAY)
PLACED = {
    "crash_records": [
        bronze_row(raw(1)),
        bronze_row(raw(2)),
        bronze_row(raw(3)),
        left(3, "moved_away"),
    ],
    "crashes": [crash(1)],
    "quarantined_crashes": [refused(2)],
}
LOST = {"record_key": "4700001", "bronze_version": 1, "silver_version": None, "place": None}
MONTH = [DAY + timedelta(days=number) for number in range(30)]

UNREADABLE = [
    crash(1, is_time_unreadable=True),
    crash(2, is_borough_unknown=True),
    crash(3, coordinates_issue="unreadable"),
    crash(4, coordinates_issue="missing"),
]
UNHEARD_OF = {"vehicle_types": ["Other"], "vehicle_types_raw": ["Flying Carpet"]}
HASTE = {
    "contributing_factors": ["Illness", "Other"],
    "contributing_factors_raw": ["Illness", "Haste"],
}

CASES: dict[str, Case] = {
    "every_version_is_there_once": Case(
        {"crash_records": [bronze_row(raw(1)), bronze_row(raw(1), version=2), bronze_row(raw(2))]},
        (
            (
                {"crash_records": [bronze_row(raw(1)), bronze_row(raw(1), landing=2)]},
                [{"record_key": "4700001", "filed_date": DAY, "version": 1, "times": 2}],
            ),
        ),
    ),
    "every_crash_lives_in_one_day": Case(
        IN_ONE_DAY,
        (
            (
                {"all_crashes": [crash(1), OLD_ROW]},
                [{"collision_id": 4700001, "times": 2, "first_day": DAY, "last_day": NEXT_DAY}],
            ),
            ({"all_crashes": [crash(1), crash(1)]}, [{"collision_id": 4700001, "times": 2}]),
            (
                {
                    "all_crashes": [crash(1), OLD_ROW],
                    "all_records": [{**left(1, "moved_away"), "filed_date": DAY - timedelta(1)}],
                },
                [{"collision_id": 4700001}],
            ),
        ),
    ),
    "nothing_is_lost_between_bronze_and_silver": Case(
        PLACED,
        (
            ({"crashes": []}, [LOST]),
            ({"quarantined_crashes": []}, [{"record_key": "4700002", "bronze_version": 1}]),
            (
                {"crashes": [crash(1, version=2)]},
                [LOST, {"record_key": "4700001", "silver_version": 2, "place": "clean"}],
            ),
            (
                {"crashes": [crash(1), crash(3)]},
                [{"record_key": "4700003", "bronze_version": None, "silver_version": 1}],
            ),
            ({"crashes": [crash(1), crash(1)]}, [{"record_key": "4700001", "times": 2}]),
            (
                {"quarantined_crashes": [refused(1), refused(2)]},
                [{"record_key": "4700001", "times": 2}],
            ),
        ),
    ),
    "most_records_are_clean": Case(
        {
            "crash_records": [bronze_row(raw(n)) for n in range(10)],
            "quarantined_crashes": [refused(n) for n in range(5)],
        },
        (
            (
                {"quarantined_crashes": [refused(n) for n in range(6)]},
                [{"record_key": str(4_700_000 + n), "broken_rules": "a_rule"} for n in range(6)],
            ),
        ),
    ),
    "every_borough_is_known": Case(
        {"crashes": [crash(1, borough=None, borough_located="STATEN ISLAND")]},
        (
            ({"crashes": [crash(1, borough="Bronx")]}, [{"borough": "Bronx"}]),
            ({"crashes": [crash(1, borough_located="")]}, [{"borough_located": ""}]),
        ),
    ),
    "every_coordinate_is_inside_the_city": Case(
        {"crashes": [crash(1), crash(2, latitude=None, longitude=None, coordinates_issue="zero")]},
        (
            ({"crashes": [crash(1, latitude=0.0)]}, [{"latitude": 0.0}]),
            ({"crashes": [crash(1, longitude=-201.2)]}, [{"longitude": -201.2}]),
            ({"crashes": [crash(1, latitude=None)]}, [{"latitude": None}]),
            ({"crashes": [crash(1, latitude=None, longitude=None)]}, [{"coordinates_issue": None}]),
            ({"crashes": [crash(1, coordinates_issue="zero")]}, [{"coordinates_issue": "zero"}]),
        ),
    ),
    "reported_values_are_readable": Case(
        {
            "crashes": [
                crash(1, is_time_unreadable=True),
                crash(2, is_borough_unknown=True),
                crash(3),
            ]
        },
        (
            (
                {"crashes": UNREADABLE},
                [{"collision_id": 4_700_000 + n} for n in (1, 2, 3)],
            ),
        ),
    ),
    "totals_cover_their_kinds": Case(
        {"crashes": [crash(n, has_total_below_kinds=True) for n in range(2)]},
        (
            (
                {"crashes": [crash(n, has_total_below_kinds=True) for n in range(3)]},
                [{"collision_id": 4_700_000 + n} for n in range(3)],
            ),
        ),
    ),
    "the_vocabulary_covers_the_data": Case(
        {
            "crashes": [
                crash(n, vehicle_types=["Sedan", "Other"], vehicle_types_raw=["sedan", "OTHER "])
                for n in range(9)
            ]
        },
        (
            (
                {"crashes": [*(crash(n, **UNHEARD_OF) for n in range(5)), crash(5, **HASTE)]},
                [
                    *[{"vehicle_type": "Flying Carpet"}] * 5,
                    {"vehicle_type": None, "contributing_factor": "Haste"},
                ],
            ),
        ),
    ),
    "the_row_count_is_usual": Case(
        {"recent": counted(*[300] * 28, 121, 749, 0)},
        (
            (
                {"recent": counted(*[300] * 28, 119, 751)},
                [
                    {"crash_date": MONTH[28], "crash_count": 119, "usual_count": 300.0},
                    {"crash_date": MONTH[29], "crash_count": 751, "usual_count": 300.0},
                ],
            ),
            (
                {"recent": counted(*[300] * 28, 0, 300)},
                [{"crash_date": MONTH[28], "crash_count": 0}],
            ),
            (
                {"recent": [*counted(*[200] * 28, 80), *counted(*[100] * 28, 39)]},
                [{"crash_date": MONTH[28], "crash_count": 119}],
            ),
        ),
        days=MONTH,
    ),
    "daily_crashes_add_up_to_silver": ADDS_UP,
    "hours_add_up_to_the_day": Case(
        HOURS,
        (
            ({"hourly_crashes": []}, [{"borough": "BRONX", "hours_crash_count": None}]),
            ({"crashes": []}, [{"borough": "BRONX", "day_crash_count": None}]),
            ({"hourly_crashes": [AT_EIGHT]}, [{"hours_crash_count": 1, "day_crash_count": 2}]),
            (
                {"hourly_crashes": [AT_EIGHT, {**UNKNOWN_HOUR, "borough": "QUEENS"}]},
                [
                    {"borough": "BRONX", "hours_crash_count": 1},
                    {"borough": "QUEENS", "hours_crash_count": 1, "day_crash_count": None},
                ],
            ),
            *(
                ({"hourly_crashes": [{**AT_EIGHT, name: 7}, UNKNOWN_HOUR]}, [{"crash_date": DAY}])
                for name in ("crash_count", "injury_crash_count", *PERSONS)
            ),
            ({"hourly_crashes": [{**AT_EIGHT, "hour": 24}, UNKNOWN_HOUR]}, [{"last_hour": 24}]),
        ),
    ),
    "hotspots_add_up_to_silver": ADDS_UP,
    "factors_hold_every_crash": Case(
        {
            "crashes": TWO_CRASHES,
            "crash_factors": [summed(crash_count=1), summed(crash_count=2)],
        },
        (
            ({"crash_factors": []}, [{"crash_date": DAY, "crash_count": 2, "most": None}]),
            ({"crashes": []}, [{"crash_date": DAY, "crash_count": None, "most": 2}]),
            ({"crash_factors": [summed(crash_count=3)]}, [{"most": 3}]),
            ({"crash_factors": [summed(crash_count=1)]}, [{"altogether": 1}]),
        ),
    ),
    "every_day_is_current": Case(
        {"crash_coverage": [covered()]},
        (
            ({"crash_coverage": [covered(is_current=False)]}, [{"crash_date": DAY}]),
            ({"crash_coverage": [covered(bronze_count=5)]}, [{"bronze_count": 5}]),
        ),
    ),
}
