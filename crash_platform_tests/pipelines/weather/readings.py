"""Weather readings as they are sent, and as rows of silver."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from crash_platform.pipelines.weather.tables import WEATHER_READINGS

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
DAY = NOON.date()


def sent(name: str, minutes: float = 0, **fields: Any) -> bytes:
    """A reading some minutes after noon, as its sender says it."""
    observed_at = NOON + timedelta(minutes=minutes)
    reading = {
        "event_schema": "weather_reading",
        "schema_version": 1,
        "event_id": name,
        "city": "New York",
        "observed_at": observed_at.isoformat(),
        "temperature": 10.5,
        "humidity": 50,
        **fields,
    }
    return json.dumps(reading).encode()


def held(minutes: float = 0, after: float = 0, **cells: Any) -> dict[str, Any]:
    """A row of silver: read some minutes after noon, at the hub so many minutes after that."""
    observed_at = NOON + timedelta(minutes=minutes)
    row = {
        "observed_at": observed_at,
        "observed_date": observed_at.date(),
        "observed_hour": observed_at.hour,
        "enqueued_at": observed_at + timedelta(minutes=after),
        "city": "New York",
        "temperature": 10.0,
        "humidity": 50.0,
        **cells,
    }
    assert set(row) <= set(WEATHER_READINGS.schema.names)
    return row
