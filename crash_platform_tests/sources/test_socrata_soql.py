from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.sources.socrata import between
from crash_platform.sources.socrata.errors import SocrataQueryError
from crash_platform.sources.socrata.soql import changed_at_or_after, field_name
from crash_platform_tests.sources.socrata_query import Table


def test_a_span_of_days_includes_both_its_ends() -> None:
    assert between("crash_date", date(2022, 1, 1), date(2022, 1, 31)) == (
        "crash_date >= '2022-01-01T00:00:00.000' AND crash_date < '2022-02-01T00:00:00.000'"
    )


@given(
    first=st.dates(max_value=date(9999, 12, 30)), days=st.integers(0, 40), probe=st.integers(-2, 42)
)
def test_a_span_finds_exactly_the_days_from_first_to_last(
    first: date, days: int, probe: int
) -> None:
    try:
        last, day = first + timedelta(days=days), first + timedelta(days=probe)
        where = between("crash_date", first, last)
    except (OverflowError, SocrataQueryError):
        return
    row = {"crash_date": f"{day.isoformat()}T00:00:00.000"}
    found = Table((row,), {"crash_date"}).answer({"$where": where})
    assert bool(found) == (first <= day <= last)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(SocrataQueryError, match="not after the last"):
        between("crash_date", date(2022, 1, 2), date(2022, 1, 1))


def test_the_last_day_of_the_calendar_is_refused_rather_than_overflowing() -> None:
    with pytest.raises(SocrataQueryError, match="9999-12-31"):
        between("crash_date", date(2022, 1, 2), date.max)


@pytest.mark.parametrize(
    "name",
    ["crash_date", "vehicle_type_code1", ":id", ":updated_at", ":@computed_region_x", "_2010"],
)
def test_the_names_the_api_uses_are_accepted(name: str) -> None:
    assert field_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "crash date",
        "crash_date'",
        "a;b",
        "1a",
        "a)",
        "a\n",
        "*",
        ":*",
        "::id",
        "crash‿date",
        "é",
    ],
)
def test_a_name_that_could_carry_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(SocrataQueryError, match="is not the name"):
        between(name, date(2022, 1, 1), date(2022, 1, 1))


def test_a_moment_is_asked_for_in_utc_and_not_later_than_given() -> None:
    new_york = timezone(timedelta(hours=-5))
    moment = datetime(2026, 4, 14, 4, 0, 0, 123_999, tzinfo=new_york)
    assert changed_at_or_after(moment) == ":updated_at >= '2026-04-14T09:00:00.123Z'"


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(SocrataQueryError, match="time zone"):
        changed_at_or_after(datetime(2026, 4, 14, tzinfo=UTC).replace(tzinfo=None))
