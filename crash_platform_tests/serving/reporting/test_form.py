"""What a form says, and what is wrong with it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from crash_platform.pipelines.reports.event import CONTRACT, CrashReportV1
from crash_platform.serving.errors import RefusedError
from crash_platform.serving.reporting.form import NAMES, empty_form, read_form, values_of
from crash_platform.streams.simulating import encoded
from crash_platform_tests.serving.reporting.office import NOW, TOLD

EMPTY = dict.fromkeys(NAMES, "")


def problems(**values: str) -> dict[str, str]:
    return dict(read_form(EMPTY | TOLD | values, NOW).problems)


def event(**values: str) -> dict[str, Any]:
    form = read_form(EMPTY | values, NOW)
    assert form.told is not None, form.problems
    return form.told.as_event("some-id")


def test_a_whole_form_is_a_report_of_the_contract() -> None:
    told = event(**TOLD)
    assert told == {
        "event_schema": "crash_report",
        "schema_version": 1,
        "event_id": "some-id",
        "event_version": 1,
        "source": "web page",
        "is_simulated": False,
        "crash_date": "2023-09-20",
        "crash_time": "12:05",
        "borough": "BROOKLYN",
        "latitude": 40.68,
        "longitude": -73.94,
        "on_street_name": "FULTON STREET",
        "vehicle_types": ["Sedan", "Bike"],
        "contributing_factors": ["Unsafe Speed"],
        "persons_injured": 1,
        "is_withdrawn": False,
    }
    assert isinstance(CONTRACT.parse(encoded(told)), CrashReportV1)


def test_only_the_day_is_needed() -> None:
    told = event(crash_date="2023-09-20")
    assert {name for name in told if name.startswith(("crash_", "lat", "veh", "pers"))} == {
        "crash_date"
    }
    assert set(problems(crash_date="")) == {"crash_date"}


def test_the_model_is_not_told_who_was_hurt() -> None:
    told = read_form(EMPTY | TOLD, NOW).told
    assert told is not None
    assert not [name for name in vars(told.crash) if name.startswith("persons")]


def test_the_form_opens_with_the_date_and_the_time_of_new_york() -> None:
    values = empty_form(datetime(2023, 9, 21, 2, 7, tzinfo=UTC), "f").values
    assert (values["crash_date"], values["crash_time"]) == ("2023-09-20", "22:07")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crash_date", "20.09.2023"),
        ("crash_date", "2023-02-30"),
        ("crash_date", "2023-W38-3"),
        ("crash_date", "2023-08-20"),
        ("crash_date", "2023-09-21"),
        ("crash_time", "25:00"),
        ("crash_time", "noon"),
        ("crash_time", "12:45"),
        ("borough", "Hoboken"),
        ("latitude", "north"),
        ("latitude", "0"),
        ("latitude", "nan"),
        ("longitude", "-80.0"),
        ("longitude", "٧٤"),
        ("on_street_name", "x" * 201),
        ("off_street_name", "a\x00b"),
        ("vehicle_2", "x" * 101),
        ("factor_5", "\x1b[31m"),
        ("persons_killed", "-1"),
        ("persons_killed", "1.5"),
        ("persons_injured", "9999999"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_and_only_that(name: str, value: str) -> None:
    assert list(problems(**{name: value})) == [name]


def test_half_a_point_misses_the_other_number() -> None:
    assert list(problems(latitude="")) == ["latitude"]
    assert list(problems(longitude=" ")) == ["longitude"]
    assert problems(latitude="", longitude="") == {}


def test_the_oldest_day_that_the_stream_does_not_set_aside_is_taken() -> None:
    assert problems(crash_date="2023-08-21") == {}


def test_a_time_of_the_hour_that_comes_twice_is_not_in_the_future() -> None:
    second_time_half_past_one = datetime(2023, 11, 5, 6, 30, tzinfo=UTC)
    values = EMPTY | {"crash_date": "2023-11-05", "crash_time": "01:45"}
    assert read_form(values, second_time_half_past_one).problems == {}


def test_blanks_are_cleaned_and_seconds_left_out() -> None:
    told = event(crash_date=" 2023-09-20 ", crash_time="9:07:31", on_street_name=" A \t B\r\n")
    assert (told["crash_time"], told["on_street_name"]) == ("09:07", "A B")


def test_of_two_fields_alike_the_first_holds_and_unknown_ones_are_left_alone() -> None:
    values = values_of(b"borough=BRONX&borough=QUEENS&event_id=mine&is_withdrawn=true")
    assert values == EMPTY | {"borough": "BRONX"}


@pytest.mark.parametrize("body", [b"\xff", b"borough=%ff", b"a=1&" * 100])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError):
        values_of(body)


days = st.dates(date(2023, 8, 1), date(2023, 9, 25)).map(str)
clocks = st.times().map(lambda at: f"{at:%H:%M}")
texts = st.text(max_size=12)
forms = st.fixed_dictionaries(
    {"crash_date": days | texts},
    optional={
        "crash_time": clocks | texts,
        "borough": st.sampled_from(["QUEENS", "STATEN ISLAND"]) | texts,
        "latitude": st.floats(40.4, 41).map(str) | texts,
        "longitude": st.floats(-74.4, -73.6).map(str) | texts,
        "on_street_name": texts,
        "vehicle_1": texts,
        "factor_2": texts,
        "persons_injured": st.integers(0, 1200).map(str) | texts,
    },
)


@settings(max_examples=300, deadline=None)
@given(forms)
def test_a_form_is_a_report_that_the_stream_takes_or_is_told_what_is_wrong(
    values: dict[str, str],
) -> None:
    form = read_form(EMPTY | values, NOW)
    assert (form.told is None) == bool(form.problems)
    assert set(form.problems) <= set(NAMES)
    if form.told is not None:
        told = CONTRACT.parse(encoded(form.told.as_event("id")))
        assert NOW.date() - timedelta(days=30) <= told.event_date <= NOW.date()
