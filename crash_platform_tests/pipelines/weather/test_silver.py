from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine, Step
from crash_platform.lake.contract import broken_rules
from crash_platform.orchestration.feeds.events import parsed
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform.pipelines.weather.tables import WEATHER_READINGS
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.pipelines.weather.readings import DAY, NOON, sent

FEED = weather_feed()


def judged(bodies: list[bytes], engine: Engine | None = None) -> list[dict[str, Any]]:
    """What silver's SQL makes of readings of one day, with the rules each breaks."""
    rows = [
        {
            "event_id": str(number),
            "event_version": 1,
            "enqueued_at": NOON,
            "enqueued_date": DAY,
            "event_date": DAY,
            "hub_generation": 1,
            "partition_id": "0",
            "sequence_number": number,
            "body": body.decode(),
        }
        for number, body in enumerate(bodies)
    ]
    events = parsed(FEED, pa.Table.from_pylist(rows))
    steps = [*FEED.steps(), Step("judged", broken_rules(WEATHER_READINGS.rules, "typed"))]
    answer = (engine or DuckDBEngine()).stream({"events": events}, steps).read_all()
    return sorted(answer.to_pylist(), key=lambda row: int(row["event_id"]))


def test_a_reading_is_what_was_sent_in_utc() -> None:
    new_york = "2024-03-10T22:30:15.123456-04:00"
    [row] = judged([sent("a", observed_at=new_york, source="web", is_simulated=True)])
    assert row["observed_at"] == datetime(2024, 3, 11, 2, 30, 15, 123456, tzinfo=UTC)
    assert row["observed_hour"] == 2
    assert (row["temperature"], row["humidity"]) == (10.5, 50.0)
    assert (row["source"], row["is_simulated"]) == ("web", True)
    assert row["broken_rules"] == ""


@pytest.mark.parametrize(
    ("city", "expected"),
    [("New York", "New York"), ("  New   York\t", "New York"), (" \n", None), (None, None)],
)
def test_a_city_is_written_without_blanks_around_it(city: str | None, expected: str | None) -> None:
    [row] = judged([sent("a", city=city)])
    assert row["city"] == expected


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"city": "  "}, "city_is_given"),
    ({"city": None}, "city_is_given"),
    ({"temperature": None}, "temperature_is_possible"),
    ({"temperature": -90}, ""),
    ({"temperature": -90.01}, "temperature_is_possible"),
    ({"temperature": 60}, ""),
    ({"temperature": 60.5}, "temperature_is_possible"),
    ({"humidity": None}, "humidity_is_possible"),
    ({"humidity": 0}, ""),
    ({"humidity": -0.1}, "humidity_is_possible"),
    ({"humidity": 100}, ""),
    ({"humidity": 100.1}, "humidity_is_possible"),
    (
        {"city": "", "temperature": 1e300, "humidity": -1e300},
        "city_is_given,temperature_is_possible,humidity_is_possible",
    ),
]


@pytest.mark.parametrize(("fields", "rules"), BROKEN)
def test_a_reading_breaks_the_rules_that_it_breaks(fields: dict[str, Any], rules: str) -> None:
    assert [row["broken_rules"] for row in judged([sent("a", **fields)])] == [rules]


@pytest.mark.spark
def test_both_engines_judge_alike() -> None:
    moments = ["1969-12-31T23:59:59.999999Z", "2024-11-03T01:30:00-04:00", "9999-12-31T00:00:00Z"]
    bodies = [sent("a", **fields) for fields, _ in BROKEN]
    bodies += [sent("a", observed_at=moment) for moment in moments]
    assert judged(bodies) == judged(bodies, spark_or_skip())
