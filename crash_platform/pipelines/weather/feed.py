"""The weather as a feed: its stream, what is read of an event, the SQL that makes its tables."""

from collections.abc import Mapping
from functools import partial

import pyarrow as pa

from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Table
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.feeds.recomputed import stale_days
from crash_platform.orchestration.tables import Family, Recipe
from crash_platform.pipelines.weather import tables as t
from crash_platform.pipelines.weather.event import CONTRACT, WeatherReadingV1
from crash_platform.pipelines.weather.texts import sql
from crash_platform.streams.tables import MOMENT, TEXT, Stream


def weather_feed() -> Feed:
    """The stream of weather readings and the tables made from it."""
    gold = (_recipe(t.WEATHER_HOURS, 60), _recipe(t.WEATHER_WINDOWS, 5))
    return Feed(
        stream=Stream("weather", lambda s: s.weather_hub, CONTRACT, t.LANDED_READINGS),
        silver=t.WEATHER_READINGS,
        record=_record,
        fields=pa.schema(
            {
                "observed_at": MOMENT,
                "city": TEXT,
                "temperature": t.DECIMAL,
                "humidity": t.DECIMAL,
            }
        ),
        steps=lambda: (Step("typed", sql("silver_weather_readings")),),
        family=Family("weather", ("team:weather-data",)),
        recipes=gold,
        behind=partial(stale_days, gold),
    )


def _record(reading: WeatherReadingV1) -> Mapping[str, object]:
    return reading.model_dump(include={"city", "temperature", "humidity"}) | {
        "observed_at": reading.observed_utc
    }


def _recipe(table: Table, minutes: int) -> Recipe:
    """Gold by city and period: one text for every length of a period."""
    grain = Step("grain", f"SELECT {minutes} AS minutes")
    return Recipe(
        table,
        (t.WEATHER_READINGS,),
        lambda: (grain, Step("made", sql("gold_weather"))),
        days_from=None,
    )
