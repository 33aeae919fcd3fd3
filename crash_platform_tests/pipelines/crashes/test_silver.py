from collections.abc import Sequence
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.crashes.dialects import RAW_FIELDS
from crash_platform.pipelines.crashes.tables import CASUALTIES, CRASHES, QUARANTINED_CRASHES
from crash_platform_tests.pipelines.crashes.raw_crashes import (
    DAY,
    PULLED_AT,
    SOURCE,
    Row,
    bare,
    bronze_row,
    clean,
    raw,
    refused,
)


def test_a_plain_record_comes_out_typed_cell_by_cell() -> None:
    [row] = clean([bronze_row(raw(), source_updated_at=PULLED_AT, version=3, landing=7)])
    assert row == {
        "collision_id": 4700001,
        "crash_date": DAY,
        "crashed_at": datetime(2024, 3, 5, 8, 5),  # noqa: DTZ001
        "borough": "MANHATTAN",
        "borough_located": "MANHATTAN",
        "zip_code": "10036",
        "latitude": 40.758,
        "longitude": -73.9855,
        "on_street_name": "BROADWAY",
        "cross_street_name": None,
        "off_street_name": "WEST 46 STREET",
        "persons_injured": 1,
        "persons_killed": 0,
        "pedestrians_injured": 1,
        "pedestrians_killed": 0,
        "cyclists_injured": 0,
        "cyclists_killed": 0,
        "motorists_injured": 0,
        "motorists_killed": 0,
        "is_injury_crash": True,
        "contributing_factors": ["Illness", "Unspecified"],
        "contributing_factors_raw": ["Illnes", "Unspecified"],
        "vehicle_types": ["Sedan", "Bicycle"],
        "vehicle_types_raw": ["Sedan", "BICYCLE"],
        "vehicle_count": 2,
        "coordinates_issue": None,
        "is_borough_unknown": False,
        "is_time_unreadable": False,
        "has_total_below_kinds": False,
        "has_total_above_kinds": False,
        "is_in_dst_gap": False,
        "is_in_dst_fold": False,
        "source": SOURCE,
        "pulled_at": PULLED_AT,
        "source_updated_at": PULLED_AT,
        "version": 3,
        "landing": 7,
    }


def test_what_is_missing_stays_missing_and_is_never_zero() -> None:
    [row] = clean([bronze_row(bare())])
    flags = {name: row[name] for name in row if name.startswith(("is_", "has_"))}
    assert flags == {
        "is_injury_crash": None,
        "is_borough_unknown": False,
        "is_time_unreadable": False,
        "has_total_below_kinds": False,
        "has_total_above_kinds": False,
        "is_in_dst_gap": False,
        "is_in_dst_fold": False,
    }
    assert [row[name] for name in CASUALTIES] == [None] * 8
    assert row["vehicle_count"] is None
    assert row["coordinates_issue"] == "missing"
    lists = [row[name] for name in CRASHES.schema.names if isinstance(row[name], list)]
    assert lists == [[], [], [], []]
    named = ("borough", "borough_located", "zip_code", "latitude", "longitude", "crashed_at")
    assert [row[name] for name in named] == [None] * 6


def test_blank_texts_are_missing_too() -> None:
    blank = dict.fromkeys((set(raw()) - {"collision_id", "crash_date"}), " \t ")
    [expected] = clean([bronze_row(bare())])
    assert clean([bronze_row(bare(**blank))]) == [expected]


def test_only_the_newest_version_counts_and_a_record_that_left_its_day_is_gone() -> None:
    rows = [
        bronze_row(raw(1)),
        bronze_row(raw(1, crash_time="9:00"), version=2, change="corrected"),
        bronze_row(raw(2)),
        bronze_row({"collision_id": None}, record_key="4700002", version=2, change="moved_away"),
        bronze_row(raw(3)),
        bronze_row({"collision_id": None}, record_key="4700003", version=2, change="disappeared"),
        bronze_row(raw(4)),
        bronze_row({"collision_id": None}, record_key="4700004", version=2, change="disappeared"),
        bronze_row(raw(4, crash_time="4:00"), version=3, change="reappeared"),
    ]
    made = [(row["collision_id"], row["version"], row["crashed_at"].hour) for row in clean(rows)]
    assert made == [(4700001, 2, 9), (4700004, 3, 4)]
    assert refused(rows) == []


def test_a_refused_record_keeps_its_raw_form_and_names_every_rule_it_broke() -> None:
    record = raw(
        crash_date="2024-02-30",
        collision_id="0004",
        number_of_persons_injured="-1",
        on_street_name=" =CMD() ",
    )
    row = bronze_row(record, extra_fields='{"new": 1}', version=2, landing=4)
    [made] = refused([row])
    broken = "collision_id_is_a_number,crash_date_is_a_day,counts_are_whole_numbers"
    assert made == {
        **{name: row[name] for name in QUARANTINED_CRASHES.schema.names if name in row},
        "broken_rules": broken,
    }
    assert clean([row]) == []


def test_one_record_without_a_readable_date_does_not_stop_the_others() -> None:
    rows = [bronze_row(raw(1, crash_date="yesterday", crash_time="8:05")), bronze_row(raw(2))]
    assert [row["collision_id"] for row in clean(rows)] == [4700002]
    assert [row["broken_rules"] for row in refused(rows)] == ["crash_date_is_a_day"]


NASTY = st.sampled_from(
    [
        None,
        "",
        " ",
        ".",
        "0",
        "-1",
        "1.0",
        "abc",
        "NaN",
        "9:7",
        "24:00",
        "2:30",
        "0000-01-01",
        "9999-12-31",
        "2012-06-30",
        "2012-07-01",
        "2024-02-30",
        "02/29/2024",
        "2024-03-10T00:00:00.000",
        "40.7",
        "-73.9",
        "-201.23706",
        "'; --",
        "\x00",
        "É\u00a0",
        "999999999999999999",
        "9" * 40,
    ]
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(RAW_FIELDS, NASTY)), max_size=8))
def test_whatever_comes_is_either_clean_or_refused_and_never_both(records: Sequence[Row]) -> None:
    rows = [
        bronze_row(record, record_key=record.get("collision_id") or f"digest:{n}", filed_date=day)
        for n, record in enumerate(records)
        if (day := DAY + timedelta(days=n))
    ]
    good, bad = clean(rows), refused(rows)
    assert len(good) + len(bad) == len(rows)
    assert all(row["broken_rules"] for row in bad)
    assert all(isinstance(row["crash_date"], date) for row in good)
    assert {row["record_key"] for row in bad} <= {row["record_key"] for row in rows}
