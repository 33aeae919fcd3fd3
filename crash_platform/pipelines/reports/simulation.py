"""Reports of crashes made up from real ones: what is drawn, moved to now, and how often.

Nothing of a crash is invented: it is a whole record of the packaged year. Sending is the business
of `streams.simulating`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from crash_platform.pipelines.reports.event import SCHEMA
from crash_platform.sources.sample import sample_file
from crash_platform.streams.simulating import Fields, Kind, envelope

VEHICLES = tuple(f"vehicle_type_code{number}" for number in ("1", "2", "_3", "_4", "_5"))
FACTORS = tuple(f"contributing_factor_vehicle_{number}" for number in range(1, 6))
TEXTS = ("borough", "zip_code", "on_street_name", "cross_street_name", "off_street_name")
NUMBERS = ("latitude", "longitude")
COUNTS = {
    "persons_injured": "number_of_persons_injured",
    "persons_killed": "number_of_persons_killed",
}
WHEN = ("crash_date", "crash_time")

HOURS_OF_WEEK = 7 * 24
MOST_MINUTES = 10
"""From a crash to its report."""
WITHDRAWN = 0.2
"""Share of the corrections that take a report back; the others count one more injured."""


@dataclass(frozen=True)
class Year:
    """Real crashes by their hour of the week; hour 0 is Monday's first.

    Attributes:
        records: in the source's raw form.
        rows: which of the records happened in an hour of the week.
        days: how often the year has each weekday.
    """

    records: pa.Table
    rows: Mapping[int, Sequence[int]]
    days: Mapping[int, int]

    @classmethod
    def of(cls, records: pa.Table) -> "Year":
        """Sort records by weekday and hour; one whose moment is unreadable is a ValueError."""
        dates: list[str] = records["crash_date"].cast(pa.string()).to_pylist()
        weekdays = {day: date.fromisoformat(day[:10]).weekday() for day in set(dates)}
        rows: dict[int, list[int]] = {hour: [] for hour in range(HOURS_OF_WEEK)}
        clocks = records["crash_time"].cast(pa.string()).to_pylist()
        for row, (day, clock) in enumerate(zip(dates, clocks, strict=True)):
            rows[weekdays[day] * 24 + int(clock.split(":")[0])].append(row)
        return cls(records, rows, Counter(weekdays.values()))

    def rate(self, hour: int) -> float:
        """Crashes to be expected in an hour of the week."""
        days = self.days.get(hour // 24, 0)
        return len(self.rows[hour]) / days if days else 0.0

    def draw(self, rng: Random, hour: int) -> Mapping[str, str | None]:
        """Any crash of an hour of the week.

        Raises:
            IndexError: the year has none in that hour.
        """
        row = rng.choice(self.rows[hour])
        record: dict[str, str | None] = self.records.slice(row, 1).to_pylist()[0]
        return record


def packaged_year() -> Year:
    """The packaged year of New York, without what a report does not say."""
    columns = [*WHEN, *TEXTS, *NUMBERS, *COUNTS.values(), *VEHICLES, *FACTORS]
    # As dictionaries the strings take half the memory; and `read_table` would import pandas.
    with pq.ParquetFile(sample_file(), read_dictionary=columns) as file:
        return Year.of(file.read(columns=columns))


def simulated_crashes(year: Year) -> Kind:
    """Reports of crashes like those of a year."""
    return Kind(
        make=partial(crash_report, year),
        correct=corrected_report,
        key="borough",
        latest=timedelta(days=2),
    )


def crash_report(year: Year, rng: Random, at: datetime) -> Fields:
    """A report made at a moment (UTC) of a crash some minutes before.

    The crash is a real one of the same weekday and hour, and happened at the same local time; it
    has no ``collision_id``, for it is no record of NYPD's.
    """
    crashed = _local(at - timedelta(minutes=rng.randint(1, MOST_MINUTES)))
    record = year.draw(rng, _hour_of_week(crashed))
    return {
        **envelope(SCHEMA, rng, at),
        "crash_date": crashed.date().isoformat(),
        "crash_time": f"{crashed:%H:%M}",
        **told(record),
    }


def told(record: Mapping[str, str | None]) -> Fields:
    """What a report says of a crash, from its raw record; what is missing there is left out."""
    texts = {name: record[name] for name in TEXTS if record[name] is not None}
    numbers = {name: float(found) for name in NUMBERS if (found := record[name]) is not None}
    counts = {ours: int(found) for ours, name in COUNTS.items() if (found := record[name])}
    words = {
        "vehicle_types": [record[name] for name in VEHICLES if record[name] is not None],
        "contributing_factors": [record[name] for name in FACTORS if record[name] is not None],
    }
    return texts | numbers | {name: said for name, said in words.items() if said} | counts


def corrected_report(rng: Random, fields: Fields) -> Fields:
    """What changes when a report is corrected: one more is injured, or it is taken back."""
    if rng.random() < WITHDRAWN and not fields.get("is_withdrawn"):
        return {"is_withdrawn": True}
    return {"persons_injured": fields.get("persons_injured", 0) + 1}


def city_wait(year: Year, rng: Random, now: datetime) -> float:
    """Seconds from a moment (UTC) to the city's next crash, at the pace of each hour it passes."""
    share = rng.expovariate(1.0)  # in expected crashes: used up at the rate of each hour
    at = now
    while True:
        rate = year.rate(_hour_of_week(_local(at))) / 3600
        to_next_hour = 3600 - (at.timestamp() % 3600)
        if share < rate * to_next_hour:
            return (at - now).total_seconds() + share / rate
        share -= rate * to_next_hour
        at += timedelta(seconds=to_next_hour)


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("America/New_York"))


def _hour_of_week(local: datetime) -> int:
    return local.weekday() * 24 + local.hour
