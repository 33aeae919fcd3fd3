"""A scored report in words and as an event."""

import json
from typing import Any

import pytest

from crash_platform.serving.live.scored import TOLD, duration, percent, shown
from crash_platform_tests.serving.live.scene import row, scored

UNTOLD: dict[str, Any] = {
    **dict.fromkeys(("crash_time", "borough", "latitude", "longitude")),
    **dict.fromkeys(("on_street_name", "vehicle_types")),
}


def test_a_report_is_shown_in_plain_words() -> None:
    assert shown(row(0)) == {
        "came": "2023-09-20 16:29:59 UTC",
        "crash": "2023-09-20 09:05",
        "place": "Staten Island",
        "street": "BAY STREET",
        "vehicles": "Sedan, Bike",
        "probability": "42 %",
        "verdict": "injury predicted",
        "model": "version 7",
        "latency": "250 ms",
    }


def test_what_was_not_told_is_said_to_be_so() -> None:
    words = shown(row(0, is_predicted_injury=False, **UNTOLD))
    assert (words["crash"], words["place"], words["street"]) == (
        "2023-09-20",
        "borough not told",
        "",
    )
    assert (words["vehicles"], words["verdict"]) == ("vehicles not told", "no injury predicted")
    assert shown(row(0, borough=None))["place"] == "borough not told, point given"


def test_of_many_vehicles_the_first_are_named() -> None:
    assert shown(row(0, vehicle_types=list("abcdef")))["vehicles"] == "a, b, c, d and 2 more"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.004, "< 1 %"),
        (0.015, "2 %"),
        (0.5, "50 %"),
        (0.996, "> 99 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_told_in_percent_and_never_as_certain(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0.4, "0 ms"), (999, "999 ms"), (1500, "1.5 s"), (90_000, "1.5 min"), (7_200_000, "2.0 h")],
)
def test_a_duration_has_a_unit_that_suits_it(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text


def test_an_event_carries_every_told_column_as_json_and_the_words() -> None:
    told = scored(0).told()
    assert list(told) == [*TOLD, "shown"]
    assert json.loads(json.dumps(told)) == told
    assert told["scored_at"] == "2023-09-20T16:30:00.000Z"
    assert told["crash_date"] == "2023-09-20"
    assert scored(0, **UNTOLD).told()["vehicle_types"] is None


def test_where_a_report_lies_in_the_hub_is_no_part_of_an_event() -> None:
    assert not {"partition_id", "sequence_number", "hub_generation"} & set(scored(0).told())
