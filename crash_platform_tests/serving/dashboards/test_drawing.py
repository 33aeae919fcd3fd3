"""What is handed to the charts, and how values are written."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from crash_platform.serving.dashboards.drawing import drawing, plain
from crash_platform.serving.dashboards.figure import Format
from crash_platform.serving.dashboards.formats import layout, said
from crash_platform_tests.serving.dashboards.boards import CELL, by_day, listed, places, totals


def test_a_chart_gets_its_fields_column_by_column_as_json_can_say_them() -> None:
    rows = pa.table(
        {
            "crash_date": [date(2024, 3, 4), date(2024, 3, 5)],
            "borough": ["QUEENS", None],
            "crash_count": [float("nan"), 2.0],
            "hidden": [1, 2],
        }
    )
    drawn = drawing(by_day(), rows)
    assert drawn is not None
    assert (drawn["kind"], drawn["x"], drawn["y"]) == ("line", "crash_date", ("crash_count",))
    assert json.loads(json.dumps(drawn["columns"], allow_nan=False)) == {
        "crash_date": ["2024-03-04", "2024-03-05"],
        "borough": ["QUEENS", None],
        "crash_count": [None, 2.0],
    }


def test_a_map_gets_the_six_corners_of_every_cell_east_before_north() -> None:
    rows = pa.table({"h3_cell": [CELL, "UNLOCATED"], "crash_count": [2, 1]})
    drawn = drawing(places(), rows)
    assert drawn is not None
    corners, unlocated = drawn["outlines"]
    assert unlocated is None
    assert len(corners) == 12
    assert all(-74 < east < -73.9 for east in corners[::2])
    assert all(40.6 < north < 40.8 for north in corners[1::2])


def test_tiles_and_tables_and_no_rows_are_not_drawn() -> None:
    assert drawing(totals(), pa.table({"crash_count": [1], "change": [0.1]})) is None
    assert drawing(listed(1), pa.table({"number": [1]})) is None
    assert (
        drawing(replace(places(), fields=()), pa.table({"h3_cell": pa.array([], "string")})) is None
    )


def test_a_chart_without_a_single_value_is_not_drawn() -> None:
    nothing = pa.table({"h3_cell": [CELL], "crash_count": pa.array([None], pa.int64())})
    assert drawing(places(), nothing) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2024, 3, 4, 5, 6, tzinfo=UTC), "2024-03-04T05:06:00Z"),
        (datetime(2024, 3, 4, 5, 6), "2024-03-04T05:06:00"),  # noqa: DTZ001
        (date(2024, 3, 4), "2024-03-04"),
        (Decimal("1.5"), 1.5),
        (float("inf"), None),
        (True, True),
        ("=1", "=1"),
    ],
)
def test_values_become_plain(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (1234567, "count", "1,234,567"),
        (0.1234, "share", "12.3%"),
        (0.05, "change", "+5.0%"),
        (-0.034, "change", "-3.4%"),
        (0.7, "number", "0.700"),
        (12.34, "milliseconds", "12.3 ms"),
        (date(2024, 3, 4), "day", "2024-03-04"),
        (datetime(2024, 3, 4), "day", "2024-03-04"),  # noqa: DTZ001
        (datetime(2024, 3, 4, 5, 6, 7, tzinfo=UTC), "moment", "2024-03-04 05:06 UTC"),
        (datetime(2024, 3, 4, 5, 6), "moment", "2024-03-04 05:06"),  # noqa: DTZ001
        ("<b>", "text", "<b>"),
        (None, "count", "\u2013"),
        (float("nan"), "share", "\u2013"),
    ],
)
def test_values_are_written_for_people(value: object, form: Format, expected: str) -> None:
    assert said(value, form) == expected


def test_numbers_stand_to_the_right_and_days_in_one_line() -> None:
    assert [layout(form) for form in ("share", "day", "text")] == ["number", "moment", "text"]
