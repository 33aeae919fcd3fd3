"""Reports made up from real crashes: what they say, and that over a week they are the city's."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.reports.event import CONTRACT
from crash_platform.pipelines.reports.simulation import (
    FACTORS,
    HOURS_OF_WEEK,
    VEHICLES,
    Year,
    city_wait,
    corrected_report,
    crash_report,
    packaged_year,
    simulated_crashes,
    told,
)
from crash_platform.streams.event import RejectedError
from crash_platform.streams.log import Message
from crash_platform.streams.simulating import DEFECTS, FAULT, MALFORMED, Simulation, encoded

FRIDAY = datetime(2024, 5, 3, 18, 30, tzinfo=UTC)  # 14:30 in New York
NEW_YORK = ZoneInfo("America/New_York")


def record(day: str, clock: str, **said: str) -> dict[str, str | None]:
    names = ("borough", "zip_code", "latitude", "longitude", "on_street_name", "off_street_name")
    nothing = dict.fromkeys((*names, "cross_street_name", *VEHICLES, *FACTORS))
    counts = {"number_of_persons_injured": "0", "number_of_persons_killed": "0"}
    return {"crash_date": f"{day}T00:00:00.000", "crash_time": clock} | nothing | counts | said


CRASHES = [
    record("2022-01-07", "14:59", borough="QUEENS"),
    record("2022-01-03", "0:05", borough="BRONX"),
    record("2022-01-14", "14:00", borough="BROOKLYN"),
    record("2022-01-09", "23:59"),
    record("2022-01-14", "9:00", borough="MANHATTAN"),
]
FIVE = Year.of(pa.Table.from_pylist(CRASHES))
FRIDAY_AT_TWO = 4 * 24 + 14


@pytest.fixture(scope="module")
def year() -> Year:
    return packaged_year()


def test_the_crashes_of_a_year_are_found_by_weekday_and_hour() -> None:
    assert len(FIVE.rows) == HOURS_OF_WEEK
    found = {hour: rows for hour, rows in FIVE.rows.items() if rows}
    assert found == {0: [1], 4 * 24 + 9: [4], FRIDAY_AT_TWO: [0, 2], HOURS_OF_WEEK - 1: [3]}
    rng = Random(1)
    drawn = Counter(FIVE.draw(rng, FRIDAY_AT_TWO)["borough"] for _ in range(100))
    assert drawn.keys() == {"QUEENS", "BROOKLYN"}
    assert min(drawn.values()) > 30


def test_the_rate_of_an_hour_is_its_crashes_by_the_days_of_its_weekday() -> None:
    assert FIVE.rate(FRIDAY_AT_TWO) == 1.0
    assert FIVE.rate(4 * 24 + 9) == 0.5
    assert FIVE.rate(4 * 24 + 10) == FIVE.rate(24) == 0.0


def test_an_hour_without_crashes_has_none_to_draw() -> None:
    with pytest.raises(IndexError):
        FIVE.draw(Random(1), 5)


def test_a_report_says_what_the_record_says_in_its_own_words() -> None:
    said = told(
        record(
            "2022-01-05",
            "9:05",
            borough="BRONX",
            zip_code="10466",
            latitude="40.886044",
            longitude="-73.85756",
            cross_street_name="800       EAST 224 STREET",
            number_of_persons_injured="2",
            vehicle_type_code1="Station Wagon/Sport Utility Vehicle",
            vehicle_type_code2="E-Bike",
            vehicle_type_code_3="ambul",
            contributing_factor_vehicle_1="Unspecified",
        )
    )
    assert said == {
        "borough": "BRONX",
        "zip_code": "10466",
        "cross_street_name": "800       EAST 224 STREET",
        "latitude": 40.886044,
        "longitude": -73.85756,
        "vehicle_types": ["Station Wagon/Sport Utility Vehicle", "E-Bike", "ambul"],
        "contributing_factors": ["Unspecified"],
        "persons_injured": 2,
        "persons_killed": 0,
    }


def test_what_the_record_does_not_say_is_left_out_of_the_report() -> None:
    assert told(record("2022-01-05", "9:05")) == {"persons_injured": 0, "persons_killed": 0}


def test_a_report_is_of_a_crash_some_minutes_ago_and_no_official_record() -> None:
    report = crash_report(FIVE, Random(1), FRIDAY)
    assert report["crash_date"] == "2024-05-03"
    assert "14:20" <= report["crash_time"] <= "14:29"
    assert report["event_schema"] == "crash_report"
    assert report["source"] == "simulator"
    assert report["is_simulated"] is True
    assert report["borough"] in ("QUEENS", "BROOKLYN")
    assert "collision_id" not in report


@settings(deadline=None)
@given(st.integers(-10 * 525_600, 10 * 525_600), st.integers(0, 2**32))
def test_a_drawn_crash_is_of_the_weekday_and_hour_that_the_report_tells(
    minutes: int, seed: int
) -> None:
    """The packaged year's stand-in has one crash in each hour of the week, named after it."""
    at = FRIDAY + timedelta(minutes=minutes)
    report = crash_report(EVERY_HOUR, Random(seed), at)
    crashed = datetime.fromisoformat(f"{report['crash_date']}T{report['crash_time']}")
    assert report["on_street_name"] == f"{crashed.weekday()} {crashed.hour}"
    first, second = (crashed.replace(tzinfo=NEW_YORK, fold=fold) for fold in (0, 1))
    ages = [at - each.astimezone(UTC) for each in (first, second)]
    assert any(timedelta(minutes=1) <= age <= timedelta(minutes=10) for age in ages)


EVERY_HOUR = Year.of(
    pa.Table.from_pylist(
        [
            record(f"2022-01-{3 + day:02}", f"{hour}:30", on_street_name=f"{day} {hour}")
            for day in range(7)
            for hour in range(24)
        ]
    )
)


def test_a_report_across_midnight_and_new_year_belongs_to_the_day_before() -> None:
    report = crash_report(EVERY_HOUR, Random(1), datetime(2024, 1, 1, 5, 0, 30, tzinfo=UTC))
    assert report["crash_date"] == "2023-12-31"
    assert report["crash_time"].startswith("23:5")


@settings(deadline=None)
@given(st.integers(), st.floats(0, 1), st.integers(0, 20))
def test_the_same_seed_at_the_same_moments_makes_the_same_reports(
    seed: int, faults: float, count: int
) -> None:
    first, second = (
        Simulation(simulated_crashes(EVERY_HOUR), Random(seed), faults) for _ in range(2)
    )
    for number in range(count):
        now = FRIDAY + timedelta(seconds=10 * number)
        assert first.next(now) == second.next(now)


def test_a_correction_counts_one_more_injured_or_takes_the_report_back() -> None:
    rng = Random(1)
    changes = [corrected_report(rng, {"persons_injured": 2}) for _ in range(200)]
    found = Counter(json.dumps(change) for change in changes)
    assert found.keys() == {'{"is_withdrawn": true}', '{"persons_injured": 3}'}
    assert found['{"is_withdrawn": true}'] == pytest.approx(40, abs=15)


def test_a_correction_changes_a_report_that_was_taken_back_too() -> None:
    rng = Random(1)
    withdrawn = {"is_withdrawn": True, "persons_injured": 0}
    assert {json.dumps(corrected_report(rng, withdrawn)) for _ in range(99)} == {
        '{"persons_injured": 1}'
    }


def test_the_city_waits_for_its_next_crash_as_long_as_its_rate_says() -> None:
    rng = Random(1)
    waits = [city_wait(EVERY_HOUR, rng, FRIDAY) for _ in range(4000)]
    assert sum(waits) / 4000 == pytest.approx(3600, rel=0.05)  # one an hour
    assert sum(wait > 3600 for wait in waits) / 4000 == pytest.approx(0.368, abs=0.03)


def test_the_city_does_not_wait_into_an_hour_without_crashes() -> None:
    rng = Random(1)
    monday = datetime(2024, 5, 6, 5, 0, tzinfo=UTC)  # 1:00 in New York, and nothing until Friday
    crashed = [
        (monday + timedelta(seconds=city_wait(FIVE, rng, monday))).astimezone(NEW_YORK)
        for _ in range(200)
    ]
    assert {(at.weekday(), at.hour) for at in crashed} == {(4, 9), (4, 14), (6, 23), (0, 0)}
    assert Counter(at.weekday() for at in crashed)[4] > 140


def test_the_packaged_year_has_crashes_in_every_hour_of_the_week(year: Year) -> None:
    counts = [len(year.rows[hour]) for hour in range(HOURS_OF_WEEK)]
    assert sum(counts) == 103_886
    assert min(counts) == 153
    assert sorted(year.days.values()) == [52] * 6 + [53]
    assert year.records.nbytes < 20e6


def test_the_rates_of_a_week_are_the_city_s_own_volume(year: Year) -> None:
    """Hour by hour exactly proportional: the pace is nothing but the count."""
    a_week = sum(year.rate(hour) for hour in range(HOURS_OF_WEEK))
    assert a_week == pytest.approx(103_886 / 365 * 7, rel=0.001)
    for hour in range(HOURS_OF_WEEK):
        assert year.rate(hour) * year.days[hour // 24] == pytest.approx(len(year.rows[hour]))


@pytest.mark.slow
def test_every_hour_of_a_year_yields_a_report_that_keeps_the_contract(year: Year) -> None:
    rng = Random(2)
    for hour in range(8760):
        now = datetime(2025, 1, 1, 0, 3, tzinfo=UTC) + timedelta(hours=hour)
        report = CONTRACT.accept(message(encoded(crash_report(year, rng, now)), now))
        assert report.source == "simulator"
        assert now.date() - timedelta(days=1) <= report.event_date <= now.date()


def test_a_week_of_reports_has_the_city_s_places_injuries_and_gaps(year: Year) -> None:
    """Four standard deviations of some 2,000 draws; the shares are those of all 103,886 crashes."""
    reports = a_week_at_the_city_s_pace(year, Random(4))
    count = len(reports)
    assert count == pytest.approx(1992, abs=4 * 45)
    boroughs = Counter(report.get("borough") for report in reports)
    real = Counter(year.records["borough"].to_pylist())
    for borough, crashes in real.items():
        assert boroughs[borough] / count == pytest.approx(crashes / 103_886, abs=0.042)
    shares = {
        "injured": (sum(report["persons_injured"] > 0 for report in reports), 1 - 64_754 / 103_886),
        "no place": (sum("latitude" not in report for report in reports), 10_808 / 103_886),
        "no type": (sum("vehicle_types" not in report for report in reports), 1_459 / 103_886),
    }
    for what, (found, share) in shares.items():
        spread = (share * (1 - share) / count) ** 0.5
        assert found / count == pytest.approx(share, abs=4 * spread), what


def a_week_at_the_city_s_pace(year: Year, rng: Random) -> list[dict[str, Any]]:
    reports = []
    at, end = FRIDAY, FRIDAY + timedelta(days=7)
    while (at := at + timedelta(seconds=city_wait(year, rng, at))) < end:
        reports.append(crash_report(year, rng, at))
    return reports


def test_faults_are_refused_by_the_contract_for_the_reason_they_were_made_for(year: Year) -> None:
    simulation = Simulation(simulated_crashes(year), Random(5), 1.0)
    seen = set()
    for number in range(1500):
        now = FRIDAY + timedelta(seconds=number)
        event = simulation.next(now)
        fault = event.properties.get(FAULT, "")
        if not fault.startswith(MALFORMED):
            CONTRACT.accept(message(event.body, now))
            continue
        with pytest.raises(RejectedError) as refused:
            CONTRACT.accept(message(event.body, now))
        defect = fault.removeprefix(MALFORMED)
        assert refused.value.error_class == DEFECTS[defect].error_class
        seen.add(defect)
    assert seen == DEFECTS.keys()


def test_the_key_of_a_report_is_its_borough(year: Year) -> None:
    simulation = Simulation(simulated_crashes(year), Random(6))
    for _ in range(50):
        event = simulation.next(FRIDAY)
        fields = json.loads(event.body)
        assert event.key == fields.get("borough", fields["event_id"])


def message(body: bytes, at: datetime) -> Message:
    return Message("0", 0, "0", at, None, {}, body)
