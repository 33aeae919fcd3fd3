"""Weather made up: a fixed pool of cities, plausible by season and hour, the same for a seed."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.weather.event import CONTRACT
from crash_platform.pipelines.weather.simulation import (
    City,
    any_past,
    city_pool,
    corrected_reading,
    simulated_weather,
    weather_reading,
)
from crash_platform.settings import FIRST_DAY
from crash_platform.streams.event import RejectedError
from crash_platform.streams.log import Message
from crash_platform.streams.simulating import DEFECTS, FAULT, LATE, MALFORMED, Simulation, encoded

NOON = datetime(2024, 7, 18, 17, 0, tzinfo=UTC)
SPRINGFIELD = City("Springfield", mean=12, seasonal=10, daily=4)
POOL = (SPRINGFIELD, City("Shelbyville", mean=8, seasonal=12, daily=3))


def message(body: bytes, at: datetime) -> Message:
    return Message("0", 0, "0", at, None, {}, body)


def test_the_pool_is_of_twelve_cities_and_the_same_ones_every_time() -> None:
    cities = city_pool()
    assert len({city.name for city in cities}) == 12
    assert city_pool() == cities
    assert all(6 <= city.mean <= 18 for city in cities)


def test_a_reading_has_the_fields_of_its_contract_and_was_taken_within_the_last_minute() -> None:
    fields = weather_reading(POOL, Random(1), NOON)
    observed = datetime.fromisoformat(fields["observed_at"])
    assert timedelta(0) <= NOON - observed <= timedelta(seconds=60.001)
    assert fields["city"] in ("Springfield", "Shelbyville")
    assert isinstance(fields["humidity"], int)
    assert fields["temperature"] == round(fields["temperature"], 1)
    assert fields["source"] == "simulator"
    assert fields["is_simulated"] is True


def test_every_hour_of_a_year_yields_a_plausible_reading_that_keeps_the_contract() -> None:
    rng, cities = Random(2), city_pool()
    groups, humidities = Counter[str](), set()
    for hour in range(8760):
        now = datetime(2025, 1, 1, 0, 3, tzinfo=UTC) + timedelta(hours=hour)
        fields = weather_reading(cities, rng, now)
        CONTRACT.accept(message(encoded(fields), now))
        assert -25 <= fields["temperature"] <= 45
        assert 10 <= fields["humidity"] <= 100
        groups[fields["city"]] += 1
        humidities.add(fields["humidity"])
    assert len(groups) == 12
    assert min(groups.values()) > 600
    assert len(humidities) > 40


def temperature_around(at: datetime) -> float:
    rng = Random(3)
    days = [at + timedelta(days=number) for number in range(-15, 15)]
    found: list[float] = [weather_reading([SPRINGFIELD], rng, day)["temperature"] for day in days]
    return mean(found)


def test_summer_is_warmer_than_winter_and_the_afternoon_than_the_night() -> None:
    assert temperature_around(NOON) - temperature_around(NOON - timedelta(days=182)) > 15
    assert temperature_around(NOON) - temperature_around(NOON - timedelta(hours=9)) > 4


def test_the_afternoon_is_drier_than_the_night() -> None:
    rng = Random(3)
    day, night = (
        mean(
            weather_reading([SPRINGFIELD], rng, at + timedelta(days=n))["humidity"]
            for n in range(30)
        )
        for at in (NOON, NOON - timedelta(hours=9))
    )
    assert night - day > 15


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(), st.integers())
def test_two_simulations_agree_on_the_weather_of_a_city(minutes: int, one: int, other: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    first, second = (weather_reading([SPRINGFIELD], Random(seed), at) for seed in (one, other))
    assert abs(first["temperature"] - second["temperature"]) <= 1.2
    assert abs(first["humidity"] - second["humidity"]) <= 6


@settings(deadline=None)
@given(st.integers(), st.floats(0, 1), st.booleans(), st.integers(0, 20))
def test_the_same_seed_at_the_same_moments_makes_the_same_readings(
    seed: int, faults: float, is_past: bool, count: int
) -> None:
    first, second = (
        Simulation(simulated_weather(POOL, is_past=is_past), Random(seed), faults) for _ in range(2)
    )
    for number in range(count):
        now = NOON + timedelta(seconds=10 * number)
        assert first.next(now) == second.next(now)


def test_a_random_past_reaches_over_the_whole_calendar() -> None:
    simulation = Simulation(simulated_weather(POOL, is_past=True), Random(1))
    years = Counter[int]()
    for _ in range(2400):
        event = CONTRACT.accept(message(simulation.next(NOON).body, NOON))
        assert FIRST_DAY <= event.event_date <= NOON.date()
        years[event.event_date.year] += 1
    assert years.keys() == set(range(2012, 2025))
    assert all(years[year] == pytest.approx(200, abs=70) for year in range(2013, 2024))


def test_the_past_begins_where_even_a_reading_s_jitter_stays_in_the_calendar() -> None:
    class Earliest(Random):
        def random(self) -> float:
            return 0.0

        def uniform(self, a: float, b: float) -> float:
            return b

    fields = weather_reading(POOL, Earliest(1), any_past(Earliest(1), NOON))
    assert fields["observed_at"] == "2012-07-01T00:00:00.000+00:00"


def test_a_correction_changes_the_temperature_by_up_to_three_degrees() -> None:
    rng = Random(1)
    found = {corrected_reading(rng, {"temperature": 20.0})["temperature"] for _ in range(500)}
    assert 20.0 not in found
    assert (min(found), max(found)) == (17.0, 23.0)


@pytest.mark.parametrize("is_past", [False, True])
def test_faults_are_refused_by_the_contract_for_the_reason_they_were_made_for(
    is_past: bool,
) -> None:
    simulation = Simulation(simulated_weather(POOL, is_past=is_past), Random(5), 1.0)
    seen = set()
    for number in range(1500):
        now = NOON + timedelta(seconds=number)
        event = simulation.next(now)
        fault = event.properties.get(FAULT, "")
        if not fault.startswith(MALFORMED):
            CONTRACT.accept(message(event.body, now))
            continue
        with pytest.raises(RejectedError) as refused:
            CONTRACT.accept(message(event.body, now))
        defect = fault.removeprefix(MALFORMED)
        assert refused.value.error_class == DEFECTS[defect].error_class
        seen.add(defect)
    assert seen == DEFECTS.keys()


def test_late_readings_are_hours_old_and_the_key_is_the_city() -> None:
    simulation = Simulation(simulated_weather(POOL), Random(1), 0.5)
    delays = []
    for _ in range(500):
        event = simulation.next(NOON)
        if event.properties.get(FAULT, "").startswith(MALFORMED):
            continue
        fields = json.loads(event.body)
        assert event.key == fields["city"]
        if event.properties.get(FAULT) == LATE:
            delays.append(NOON - datetime.fromisoformat(fields["observed_at"]))
    assert len(delays) > 20
    assert timedelta(hours=1) <= min(delays)
    assert timedelta(hours=8) < max(delays) <= timedelta(hours=12, minutes=1, seconds=1)
