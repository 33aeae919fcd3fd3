"""What a crash report is, version by version. How reports travel is the business of `streams`."""

import re
from datetime import date, time
from typing import Annotated, Final, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field, model_validator

from crash_platform.streams.event import EventContract, EventModel

CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
SCHEMA: Final = "crash_report"


class Placed(Protocol):
    """What tells a place, in degrees (WGS 84), or none."""

    @property
    def latitude(self) -> float | None:
        """Degrees north."""

    @property
    def longitude(self) -> float | None:
        """Degrees east."""


Place = TypeVar("Place", bound=Placed)


def clock_time(told: str) -> str:
    """A time of day, H:MM or HH:MM, as it was told.

    Raises:
        ValueError: it is none.
    """
    if not CLOCK.fullmatch(told):
        raise ValueError("a time is H:MM or HH:MM")
    time.fromisoformat(told.zfill(5))
    return told


def coordinates_are_a_pair(told: Place) -> Place:
    """What was told, if it has both coordinates or neither.

    Raises:
        ValueError: one is there without the other.
    """
    if (told.latitude is None) != (told.longitude is None):
        raise ValueError("latitude and longitude come together or not at all")
    return told


ClockTime = Annotated[str, AfterValidator(clock_time)]
Text = Annotated[str, Field(max_length=200)]
Words = Annotated[
    tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=20, fail_fast=True)
]
"""Ends at the first word that cannot be used: naming a hundred thousand of them takes a second."""
Count = Annotated[int, Field(ge=0, le=1000)]


class CrashReportV1(EventModel):
    """A crash as somebody at the scene tells it, in the words of the prediction API.

    Nothing but the day has to be known. ``collision_id`` is NYPD's, once there is one.
    """

    event_schema: Literal["crash_report"] = SCHEMA
    schema_version: Literal[1] = 1
    crash_date: date = Field(description="Local calendar day of the crash, YYYY-MM-DD.")
    crash_time: ClockTime | None = Field(
        default=None, description="Local time of the crash, HH:MM.", examples=["17:40"]
    )
    collision_id: int | None = Field(default=None, ge=1, le=2**53, description="NYPD's id.")
    borough: Text | None = Field(default=None, description="One of the five boroughs.")
    zip_code: Annotated[str, Field(max_length=10)] | None = Field(default=None)
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrees, WGS 84.")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Degrees, WGS 84.")
    on_street_name: Text | None = Field(default=None, description="Street of the crash.")
    cross_street_name: Text | None = Field(default=None, description="Address off a corner.")
    off_street_name: Text | None = Field(default=None, description="Nearest crossing street.")
    vehicle_types: Words | None = Field(default=None, description="In any spelling.")
    contributing_factors: Words | None = Field(default=None, description="In any spelling.")
    persons_injured: Count | None = Field(default=None, description="As seen at the scene.")
    persons_killed: Count | None = Field(default=None, description="As seen at the scene.")
    is_withdrawn: bool = Field(default=False, description="The report is taken back.")

    _coordinates_are_a_pair = model_validator(mode="after")(coordinates_are_a_pair)

    @property
    def event_date(self) -> date:
        """The day of the crash."""
        return self.crash_date


CONTRACT = EventContract(SCHEMA, {1: CrashReportV1})
