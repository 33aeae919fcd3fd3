"""The contracts of the weather tables, and the rules that every reading is held to."""

import pyarrow as pa

from crash_platform.lake.contract import Column, Rule, Table
from crash_platform.streams.tables import (
    DAY,
    EVENT,
    LOG_HOURS,
    MOMENT,
    TEXT,
    WHOLE,
    event_table,
    quarantine_table,
)

DECIMAL = pa.float64()

_DATE = Column("observed_date", DAY, "Day of the reading (UTC).", False)
_HOUR = Column("observed_hour", WHOLE, "Hour of the reading (UTC, 0-23).", False)
_CITY = Column("city", TEXT, "Where it was read, without blanks around it.", False)

LANDED_READINGS = event_table("weather_readings", "readings of the weather")

WEATHER_READINGS = Table(
    layer="silver",
    name="weather_readings",
    description="One row per reading of the weather, in its newest version.",
    columns=(
        *EVENT,
        _DATE,
        Column("observed_at", MOMENT, "When it was read (UTC).", False),
        _HOUR,
        _CITY,
        Column("temperature", DECIMAL, "Degrees Celsius.", False),
        Column("humidity", DECIMAL, "Relative humidity, percent.", False),
    ),
    key=("event_id",),
    day_column="observed_date",
    rules=(
        Rule("city_is_given", "city IS NOT NULL", "refuse", "A reading says where it was taken."),
        Rule(
            "temperature_is_possible",
            "temperature BETWEEN -90 AND 60",
            "refuse",
            "The temperature is given and lies between -90 and 60 degrees Celsius.",
        ),
        Rule(
            "humidity_is_possible",
            "humidity BETWEEN 0 AND 100",
            "refuse",
            "The relative humidity is given and lies between 0 and 100 percent.",
        ),
    ),
    log_hours=LOG_HOURS,
)

QUARANTINED_READINGS = quarantine_table(WEATHER_READINGS)

_MEASURES = (
    Column("reading_count", WHOLE, "Readings.", False),
    *(
        Column(f"{name}_{what}", DECIMAL, f"{said} of the {meaning}.", False)
        for name, meaning in (
            ("temperature", "temperature, degrees Celsius"),
            ("humidity", "relative humidity, percent"),
        )
        for what, said in (("avg", "Mean"), ("min", "Smallest"), ("max", "Largest"))
    ),
)

WEATHER_HOURS = Table(
    layer="gold",
    name="weather_hours",
    description="The weather by city, day and hour (UTC).",
    columns=(_DATE, _CITY, _HOUR, *_MEASURES),
    key=("observed_date", "city", "observed_hour"),
    day_column="observed_date",
    log_hours=LOG_HOURS,
)

WEATHER_WINDOWS = Table(
    layer="gold",
    name="weather_windows",
    description=(
        "The weather by city in windows of 5 minutes. A window is final for a reader whose clock "
        "is past closes_at; what arrives later still counts, and late_count says how much did."
    ),
    columns=(
        _DATE,
        _CITY,
        Column("window_start", MOMENT, "Its first moment (UTC).", False),
        Column("window_end", MOMENT, "The first moment after it (UTC).", False),
        Column("closes_at", MOMENT, "10 minutes after window_end: the watermark (UTC).", False),
        *_MEASURES,
        Column("late_count", WHOLE, "Of the readings, those the hub took after closes_at.", False),
    ),
    key=("city", "window_start"),
    day_column="observed_date",
    log_hours=LOG_HOURS,
)

TABLES = (
    LANDED_READINGS,
    WEATHER_READINGS,
    QUARANTINED_READINGS,
    WEATHER_HOURS,
    WEATHER_WINDOWS,
)
