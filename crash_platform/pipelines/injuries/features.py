"""The one feature function: training, the batch scorer, the API and the stream all call it.

What it lets through is what a model may know. Nothing is fitted here and nothing is looked up but
reviewed vocabularies; how features become numbers is in ``encoding``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from crash_platform.pipelines.injuries.words import Words

TIME = ("hour", "weekday", "is_holiday")
PLACE = ("borough", "latitude", "longitude", "street_kind")
VEHICLES = ("vehicle_types",)
FACTORS = ("contributing_factors",)

FEATURE_SETS = {
    "first_report": (*TIME, *PLACE, *VEHICLES),
    "full_report": (*TIME, *PLACE, *VEHICLES, *FACTORS),
}
"""What is known when a crash is called in, and after the officer's form.

Neither the year nor the season: in a window of a year or two they only say how far the share of
injuries had moved by then, and the next winter is told what the last one was.
"""

VICTIM_FACTORS = frozenset({"Pedestrian/Bicyclist/Other Pedestrian Error/Confusion"})
"""Factors that say there was a victim: with one of them 83 % of the crashes have injuries."""

STREET_KINDS = ("highway", "bridge", "avenue", "boulevard", "street", "road", "other")
_KIND_OF_WORD = {
    "highway": "EXPRESSWAY EXPWY EXPY PARKWAY PKWY HIGHWAY HWY THRUWAY RAMP FDR BQE LIE VERRAZANO",
    "bridge": "BRIDGE BRDG TUNNEL",
    "avenue": "AVENUE AVE AV",
    "boulevard": "BOULEVARD BLVD CONCOURSE",
    "street": "STREET ST",
    "road": "ROAD RD DRIVE DR LANE LN PLACE PL COURT CT TERRACE PLAZA TURNPIKE TPKE BROADWAY LOOP",
}
_KINDS = {word: kind for kind, words in _KIND_OF_WORD.items() for word in words.split()}
_WORD = re.compile(r"[A-Z0-9]+")


class Report(NamedTuple):
    """A crash as it is told, by an official record or by somebody at the scene.

    ``None`` means that nobody said. Vehicle types and factors may come in any spelling.
    """

    collision_id: int
    crash_date: date
    hour: int | None
    borough: str | None
    borough_located: str | None
    latitude: float | None
    longitude: float | None
    streets: tuple[str | None, ...]
    vehicle_types: Sequence[str] | None
    contributing_factors: Sequence[str] | None


class Features(NamedTuple):
    """What a model may know of one crash: the columns of ``gold/crash_features``, in order."""

    collision_id: int
    crash_date: date
    hour: int | None
    weekday: int
    is_holiday: bool
    borough: str | None
    latitude: float | None
    longitude: float | None
    street_kind: str | None
    vehicle_types: list[str]
    contributing_factors: list[str]


def featuriser(words: Words) -> Callable[[Report], Features]:
    """The feature function over the reviewed vocabularies.

    Coordinates come as a pair or not at all; an unknown vehicle type or factor is "Other".
    """

    def features(report: Report) -> Features:
        is_placed = report.latitude is not None and report.longitude is not None
        day = report.crash_date
        factors = words.factors(report.contributing_factors or ())
        return Features(
            report.collision_id,
            day,
            report.hour,
            day.weekday(),
            is_holiday(day),
            report.borough or report.borough_located,
            report.latitude if is_placed else None,
            report.longitude if is_placed else None,
            street_kind(report.streets),
            words.vehicle_types(report.vehicle_types or ()),
            [factor for factor in factors if factor not in VICTIM_FACTORS],
        )

    return features


def street_kind(streets: Iterable[str | None]) -> str | None:
    """The kind of the first street that is given, from the last of its words that names one.

    >>> street_kind((None, "1200 WATERS PLACE"))
    'road'
    """
    for street in streets:
        if street and street.strip():
            return _kind_of_name(street)
    return None


@lru_cache(maxsize=50_000)
def _kind_of_name(street: str) -> str:
    kinds = [_KINDS[word] for word in _WORD.findall(street.upper()) if word in _KINDS]
    if not kinds:
        return "other"
    # FDR Drive and Bronx River Parkway Service Road are on a highway, whatever comes last.
    return "highway" if "highway" in kinds else kinds[-1]


def is_holiday(day: date) -> bool:
    """Whether a federal holiday is kept on that day: one that falls on a Sunday is on Monday."""
    return day in _holidays(day.year)


@lru_cache
def _holidays(year: int) -> frozenset[date]:
    from pandas.tseries.holiday import USFederalHolidayCalendar

    days = USFederalHolidayCalendar().holidays(date(year, 1, 1), date(year, 12, 31))
    return frozenset(moment.date() for moment in days)
