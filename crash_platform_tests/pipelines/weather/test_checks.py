from collections.abc import Mapping
from typing import Any

import pytest

from crash_platform.orchestration.feeds.checks import feed_promises
from crash_platform.orchestration.promises import Promise
from crash_platform.pipelines.weather.checks import checks, promises
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform_tests.orchestration.feeds.examined import (
    Case,
    Row,
    assert_broken_by,
    faults,
    look_at,
)
from crash_platform_tests.pipelines.weather.readings import DAY, NOON, held

OWN: Mapping[str, Promise] = {
    f"{promise.table.name}.{promise.name}": promise
    for promise in promises()
    if promise.table.layer == "gold"
}
MEASURES = {
    "reading_count": 2,
    "temperature_avg": 10.0,
    "temperature_min": 10.0,
    "temperature_max": 10.0,
    "humidity_avg": 50.0,
    "humidity_min": 50.0,
    "humidity_max": 50.0,
}


def hour(**cells: Any) -> Row:
    return {"observed_date": DAY, "city": "New York", "observed_hour": 12, **MEASURES, **cells}


def window(**cells: Any) -> Row:
    bounds = {
        "window_start": NOON,
        "window_end": NOON.replace(minute=5),
        "closes_at": NOON.replace(minute=15),
    }
    return {
        "observed_date": DAY,
        "city": "New York",
        **bounds,
        **MEASURES,
        "late_count": 0,
        **cells,
    }


READINGS = [held(0), held(4)]


def adds_up(row: Row) -> Case:
    return Case(
        {"gold_rows": [row], "weather_readings": READINGS},
        (
            ({"gold_rows": []}, [{"observed_date": DAY, "gold_count": 0, "silver_count": 2}]),
            ({"weather_readings": []}, [{"gold_count": 2, "silver_count": 0}]),
            ({"gold_rows": [row, row]}, [{"gold_count": 4, "silver_count": 2}]),
        ),
    )


def recomputed(row: Row) -> Case:
    wrong = {**row, "temperature_avg": 10.000001}
    return Case(
        {"weather_readings": READINGS, "held_rows": [row]},
        (
            (
                {"held_rows": [wrong]},
                [{"fault": "missing", **row}, {"fault": "superfluous", **wrong}],
            ),
            ({"held_rows": []}, [{"fault": "missing", **row}]),
        ),
    )


CASES = {
    "weather_hours.it_adds_up_to_silver": adds_up(hour()),
    "weather_hours.recomputation_changes_nothing": recomputed(hour()),
    "weather_windows.it_adds_up_to_silver": adds_up(window()),
    "weather_windows.recomputation_changes_nothing": recomputed(window()),
}


def test_every_promise_has_a_case() -> None:
    assert list(CASES) == list(OWN)


@pytest.mark.parametrize("name", CASES)
def test_a_promise_is_kept_by_good_tables(name: str) -> None:
    assert look_at(OWN[name], CASES[name].kept, [DAY]).is_kept


@pytest.mark.parametrize(("name", "number"), faults(CASES))
def test_a_promise_is_broken_by_each_fault_and_names_the_offenders(name: str, number: int) -> None:
    assert_broken_by(OWN[name], CASES[name], number, [DAY])


@pytest.mark.parametrize("name", CASES)
def test_tables_without_rows_break_no_promise(name: str) -> None:
    assert look_at(OWN[name], {key: [] for key in CASES[name].kept}, [DAY]).is_kept


def test_what_every_feed_promises_is_promised_here_too() -> None:
    names = [promise.name for promise in promises()]
    assert names[:5] == [promise.name for promise in feed_promises(weather_feed())]


def test_all_promises_about_gold_block() -> None:
    specs = [spec for check in checks() for spec in check.check_specs]
    assert len({spec.key for spec in specs}) == len(specs) == 11
    warning = {spec.name for spec in specs if not spec.blocking}
    assert warning == {"few_messages_are_dead", "nothing_was_lost_to_retention"}
    readable = [spec for spec in specs if spec.name == "it_stays_readable_by_bi_tools"]
    assert [spec.asset_key.path[-1] for spec in readable] == ["weather_hours", "weather_windows"]
