"""A crash report as the API takes it: the fields of the event contract that say what happened.

Neither the envelope of an event nor its outcome: who was hurt is what is asked.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from crash_platform.pipelines.reports.event import (
    ClockTime,
    Text,
    Words,
    coordinates_are_a_pair,
)
from crash_platform.serving.errors import UNPROCESSABLE, RefusedError, invalid
from crash_platform.settings import FIRST_DAY

EXAMPLE: Final[dict[str, Any]] = {
    "crash_date": "2026-03-16",
    "crash_time": "17:40",
    "borough": "BROOKLYN",
    "latitude": 40.68,
    "longitude": -73.94,
    "on_street_name": "FULTON STREET",
    "vehicle_types": ["Sedan", "Bike"],
    "contributing_factors": ["Failure to Yield Right-of-Way"],
}
_UNREAD = "Not read by the models."
_BARE = {"extra_forbidden": "is not a field of a crash report", "missing": "is needed"}


class CrashReport(BaseModel):
    """A crash as somebody tells it. Nothing but the day has to be known; null is not known."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [EXAMPLE]},
    )

    crash_date: date = Field(
        description="Local calendar day of the crash, YYYY-MM-DD, at the latest tomorrow."
    )
    crash_time: ClockTime | None = Field(
        default=None, description="Local time of the crash, HH:MM.", examples=["17:40"]
    )
    borough: Text | None = Field(default=None, description="One of the five boroughs.")
    zip_code: Annotated[str, Field(max_length=10)] | None = Field(default=None, description=_UNREAD)
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrees, WGS 84.")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Degrees, WGS 84.")
    on_street_name: Text | None = Field(default=None, description="Street of the crash.")
    cross_street_name: Text | None = Field(default=None, description="Address off a corner.")
    off_street_name: Text | None = Field(default=None, description=f"Nearest crossing. {_UNREAD}")
    vehicle_types: Words | None = Field(default=None, description="In any spelling.")
    contributing_factors: Words | None = Field(
        default=None, description="In any spelling; with one, the model of full reports answers."
    )
    collision_id: int | None = Field(
        default=None,
        ge=1,
        le=2**53,
        description="NYPD's id, where there is one: never read by a model, it lets the answer be "
        "compared with the outcome.",
    )

    _coordinates_are_a_pair = model_validator(mode="after")(coordinates_are_a_pair)


MOST_NAMES = 50
"""Fields of a report that are looked at; it has twelve."""


def decoded(body: bytes) -> Any:
    """The JSON in a body.

    Raises:
        RefusedError: it is none; NaN, Infinity and half a surrogate pair are none.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        raise RefusedError(
            UNPROCESSABLE, "not_json", "The body is not JSON in UTF-8 (NaN and Infinity are not)."
        ) from None


def one_report(body: bytes, now: datetime) -> CrashReport:
    """The report in a body.

    Raises:
        RefusedError: there is none that can be used.
    """
    _refuse_constants(body)
    try:
        report = CrashReport.model_validate_json(body)
    except ValidationError as error:
        told = decoded(body)
        if not isinstance(told, dict):
            raise _of_other_shape("a JSON object: one crash report") from None
        _refuse_endless({"body": told})
        raise refused(error) from None
    _refuse_other_days([report], now, "crash_date")
    return report


def many_reports(body: bytes, most: int, now: datetime) -> list[CrashReport]:
    """The reports in a body that is a list of them.

    Raises:
        RefusedError: they are too many, or one of them cannot be used.
    """
    _refuse_constants(body)
    try:
        # Read once: only of a body that cannot be used is it asked why.
        reports = _at_most(most).validate_json(body)
    except ValidationError as error:
        told = decoded(body)
        if not isinstance(told, list):
            raise _of_other_shape("a JSON list of crash reports") from None
        _refuse_unread(told, most)
        raise refused(error) from None
    _refuse_other_days(reports, now)
    return reports


def checked_reports(told: list[Any], body: bytes, most: int, now: datetime) -> list[CrashReport]:
    """The reports in a list, which is also given as the JSON it was.

    Raises:
        RefusedError: they are too many, or one of them cannot be used.
    """
    _refuse_unread(told, most)
    try:
        reports = _at_most(most).validate_json(body)
    except ValidationError as error:
        raise refused(error) from None
    _refuse_other_days(reports, now)
    return reports


@lru_cache
def _at_most(most: int) -> TypeAdapter[list[CrashReport]]:
    """Reads so many reports, and ends at the first that cannot be used.

    To name the faults of thousands takes a second.
    """
    return TypeAdapter(Annotated[list[CrashReport], FailFast(), Field(max_length=most)])


def refuse_too_many(count: int, most: int) -> None:
    """Refuse more reports than are answered at a time."""
    if count > most:
        raise RefusedError(
            413, "too_many_reports", f"{count:,} reports came, {most:,} are answered at a time."
        )


def refused(error: ValidationError) -> RefusedError:
    """The refusal of fields that break their rules; it never repeats a value."""
    told = error.errors(include_input=False, include_url=False, include_context=False)
    return invalid({_name(each["loc"]): _why(each["type"], each["msg"]) for each in told})


def _refuse_constants(body: bytes) -> None:
    """Refuse NaN and Infinity, which are not JSON, wherever they stand."""
    if b"NaN" in body or b"Infinity" in body:
        decoded(body)


def _refuse_unread(told: list[Any], most: int) -> None:
    """Refuse lists that are too long to be looked at, as a whole or one of their objects."""
    refuse_too_many(len(told), most)
    _refuse_endless({str(place): each for place, each in enumerate(told)})


def _refuse_endless(told: Mapping[str, Any]) -> None:
    """Refuse objects of so many fields that naming the unknown ones would take long."""
    for place, each in told.items():
        if isinstance(each, dict) and len(each) > MOST_NAMES:
            raise invalid({place: f"has more than {MOST_NAMES} fields"})


def _of_other_shape(shape: str) -> RefusedError:
    return RefusedError(UNPROCESSABLE, "invalid", f"The body has to be {shape}.")


def _refuse_other_days(
    reports: Sequence[CrashReport], now: datetime, name: str = "{}.crash_date"
) -> None:
    """Refuse days that the calendar lacks; the same ones the stream takes for no events."""
    latest = now.date() + timedelta(days=1)
    why = f"a day from {FIRST_DAY} to tomorrow is needed"
    days = [each.crash_date for each in reports]
    wrong = {name.format(n): why for n, day in enumerate(days) if not FIRST_DAY <= day <= latest}
    if wrong:
        raise invalid(wrong)


def _name(place: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in place) or "body"


def _why(kind: str, message: str) -> str:
    return _BARE.get(kind, message.removeprefix("Value error, "))
