"""Weather readings made up: a fixed pool of cities, and what is plausible there by season and hour.

Sending is the business of `streams.simulating`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random

from crash_platform.pipelines.weather.event import SCHEMA
from crash_platform.settings import FIRST_DAY
from crash_platform.streams.simulating import Fields, Kind, envelope

CITIES = 12
POOL_SEED = 2012
JITTER = 60.0
"""Seconds from a reading to its message, at most."""
WARMEST_DAY, WARMEST_HOUR = 200, 20  # of the year; of the day in UTC: mid-afternoon in the east


@dataclass(frozen=True)
class City:
    """A city and its climate, in degrees Celsius.

    Attributes:
        name: of the city.
        mean: over the year.
        seasonal: from the mean up to the summer and down to the winter.
        daily: from the day's mean up to the afternoon and down to the night.
    """

    name: str
    mean: float
    seasonal: float
    daily: float


def city_pool() -> tuple[City, ...]:
    """The cities that readings come from: the same ones whatever the seed of a simulation."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(POOL_SEED)
    climate = Random(POOL_SEED)
    return tuple(
        City(
            fake.unique.city(),
            mean=round(climate.uniform(6, 18), 1),
            seasonal=round(climate.uniform(7, 13), 1),
            daily=round(climate.uniform(2, 5), 1),
        )
        for _ in range(CITIES)
    )


def simulated_weather(cities: Sequence[City], *, is_past: bool = False) -> Kind:
    """Readings of cities; ``is_past`` spreads them over the whole calendar instead of now."""
    kind = Kind(
        make=partial(weather_reading, cities),
        correct=corrected_reading,
        key="city",
        latest=timedelta(hours=12),
    )
    return replace(kind, moment=any_past) if is_past else kind


def weather_reading(cities: Sequence[City], rng: Random, at: datetime) -> Fields:
    """A reading sent at a moment (UTC) and taken up to a minute before."""
    city = rng.choice(cities)
    observed = at - timedelta(seconds=rng.uniform(0, JITTER))
    swing, deviation = _daily_swing(observed), _deviation(city, observed)
    temperature = city.mean + city.seasonal * _season(observed) + city.daily * swing
    humidity = 65 - 15 * swing - 3 * deviation + rng.uniform(-2, 2)
    return {
        **envelope(SCHEMA, rng, at),
        "city": city.name,
        "observed_at": observed.astimezone(UTC).isoformat(timespec="milliseconds"),
        "temperature": round(temperature + deviation + rng.uniform(-0.5, 0.5), 1),
        "humidity": min(100, max(10, round(humidity))),
    }


def corrected_reading(rng: Random, fields: Fields) -> Fields:
    """What changes when a reading is corrected: its temperature, by up to three degrees."""
    change = rng.choice((-1, 1)) * rng.randint(1, 30) / 10
    return {"temperature": round(fields["temperature"] + change, 1)}


def any_past(rng: Random, now: datetime) -> datetime:
    """Any moment from the calendar's first to now, with room for a reading's jitter."""
    first = datetime.combine(FIRST_DAY, time(0, 0), UTC) + timedelta(seconds=JITTER)
    return first + rng.random() * (now - first)


def _season(at: datetime) -> float:
    """From -1 in winter to 1 in summer."""
    return math.cos(2 * math.pi * (at.timetuple().tm_yday - WARMEST_DAY) / 365.25)


def _daily_swing(at: datetime) -> float:
    """From -1 at night to 1 in the afternoon."""
    return math.cos(2 * math.pi * (at.hour + at.minute / 60 - WARMEST_HOUR) / 24)


def _deviation(city: City, at: datetime) -> float:
    """By how many degrees the weather of a day is warmer than usual; from day to day it glides."""
    share = (at.hour + at.minute / 60) / 24
    today = at.date()
    return (1 - share) * _anomaly(city, today) + share * _anomaly(city, today + timedelta(days=1))


def _anomaly(city: City, day: date) -> float:
    """The same in every simulation: two of them agree on the weather of a day."""
    return Random(f"{city.name} {day}").triangular(-6, 6)
