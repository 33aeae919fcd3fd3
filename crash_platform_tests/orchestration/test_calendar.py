"""Days, runs of days, and how a run names them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.lake.contract import Window
from crash_platform.orchestration.calendar import (
    days_definition,
    days_in,
    run_tags,
    run_window,
    stretches,
    window_of,
)
from crash_platform.settings import FIRST_DAY

DAYS = st.dates(date(2012, 1, 1), date(2030, 1, 1))


def test_the_calendar_runs_from_the_first_day_to_today() -> None:
    now = datetime(2024, 3, 10, 7, 30, tzinfo=UTC)
    keys = days_definition().get_partition_keys(current_time=now)
    assert (keys[0], keys[-1]) == (FIRST_DAY.isoformat(), "2024-03-10")
    assert len(keys) == (date(2024, 3, 10) - FIRST_DAY).days + 1


def test_days_of_23_and_25_hours_are_days_like_others() -> None:
    now = datetime(2024, 12, 1, tzinfo=UTC)
    keys = days_definition().get_partition_keys(current_time=now)
    assert {"2024-03-10", "2024-11-03"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_a_window_lies_between_two_keys() -> None:
    assert window_of("2022-01-30", "2022-02-02") == Window(date(2022, 1, 30), date(2022, 2, 2))


@given(DAYS, st.integers(0, 400))
def test_a_window_has_every_day_once_in_order(first: date, more: int) -> None:
    window = Window(first, first + timedelta(days=more))
    days = days_in(window)
    assert (days[0], days[-1], len(days)) == (window.first, window.last, more + 1)
    assert days == sorted(set(days))


@given(st.lists(DAYS))
def test_stretches_hold_exactly_the_days_and_could_not_be_fewer(days: list[date]) -> None:
    found = stretches(days)
    assert [day for window in found for day in days_in(window)] == sorted(set(days))
    gaps = (later.first - earlier.last for earlier, later in pairwise(found))
    assert all(gap > timedelta(days=1) for gap in gaps)


@pytest.mark.parametrize(
    ("tags", "window"),
    [
        ({"dagster/partition": "2022-01-30"}, Window(date(2022, 1, 30), date(2022, 1, 30))),
        (
            run_tags(Window(date(2022, 1, 30), date(2022, 2, 2))),
            Window(date(2022, 1, 30), date(2022, 2, 2)),
        ),
    ],
)
def test_a_run_knows_its_window(tags: dict[str, str], window: Window) -> None:
    seen: list[Window] = []

    @dg.asset(partitions_def=days_definition())
    def looked_at(context: dg.AssetExecutionContext) -> None:
        seen.append(run_window(context))

    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([looked_at], instance=instance, tags=tags).success
    assert seen == [window]
