"""From what a form says to a crash report, or to what is wrong with which field.

Where the form came from, and what becomes of the report, is not known here.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from crash_platform.pipelines.injuries.encoding import BOROUGHS
from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.pipelines.reports.live.reading import EAST, NORTH, SOUTH, WEST, clean_text
from crash_platform.serving.errors import UNPROCESSABLE, RefusedError
from crash_platform.serving.predictions.report import CrashReport

T = TypeVar("T")

NEW_YORK: Final = ZoneInfo("America/New_York")
SOURCE: Final = "web page"
VEHICLES: Final = tuple(f"vehicle_{number}" for number in range(1, 6))
FACTORS: Final = tuple(f"factor_{number}" for number in range(1, 6))
STREETS: Final = ("on_street_name", "off_street_name", "cross_street_name")
COUNTS: Final = ("persons_injured", "persons_killed")
NAMES: Final = (
    *("form", "crash_date", "crash_time", "borough", "latitude", "longitude"),
    *(*STREETS, *VEHICLES, *FACTORS, *COUNTS),
)
MOST_FIELDS: Final = 64
LONGEST_STREET, LONGEST_WORD = 200, 100
MOST_PERSONS: Final = 1000
OLDEST: Final = timedelta(days=30)
"""Older crashes come as official records; live reports of them are set aside."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,15})?")
_COUNT = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Told:
    """What somebody reports: the crash, and who was seen hurt, which no model reads."""

    crash: CrashReport
    outcome: Mapping[str, int]

    def as_event(self, event_id: str) -> dict[str, Any]:
        """The report as the hub takes it; what was not said is left out."""
        said: dict[str, Any] = {**vars(self.crash), **self.outcome}
        event = CrashReportV1(event_id=event_id, source=SOURCE, **said)
        return event.model_dump(mode="json", exclude_none=True)

    def digest(self, form: str) -> str:
        """The same for the same form that says the same."""
        said = json.dumps([form, self.as_event("same")], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Form:
    """A form as it came: every value, and what is wrong with which."""

    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    told: Told | None = None


def empty_form(now: datetime, form: str) -> Form:
    """The form as it is opened: date and time are those of New York at that moment."""
    local = now.astimezone(NEW_YORK)
    values = dict.fromkeys(NAMES, "")
    values |= {"form": form, "crash_date": f"{local:%Y-%m-%d}", "crash_time": f"{local:%H:%M}"}
    return Form(values)


def values_of(body: bytes) -> dict[str, str]:
    """The form's own fields in a body; others are left alone, and of two alike the first holds.

    Raises:
        RefusedError: it is no form, or has far too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise RefusedError(
            UNPROCESSABLE, "invalid", "The form cannot be read: open it here and send it again."
        ) from None
    found = dict(reversed(pairs))
    return {name: found.get(name, "") for name in NAMES}


def read_form(values: Mapping[str, str], now: datetime) -> Form:
    """What a form says at a moment (with a zone)."""
    fields = _Fields(values)
    day = fields.take("crash_date", _day)
    clock = fields.take("crash_time", _clock)
    said: dict[str, Any] = {"crash_date": day, "crash_time": clock}
    said["borough"] = fields.take("borough", _borough)
    for name in STREETS:
        said[name] = fields.take(name, _street)
    for name, low, high in (("latitude", SOUTH, NORTH), ("longitude", WEST, EAST)):
        said[name] = fields.take(name, _between(low, high))
    said["vehicle_types"] = fields.take_all(VEHICLES, _word)
    said["contributing_factors"] = fields.take_all(FACTORS, _word)
    counts = {name: fields.take(name, _persons) for name in COUNTS}
    if day is not None:
        fields.check_moment(day, clock, now)
    fields.check_point()
    if fields.problems:
        problems = {name: fields.problems[name] for name in NAMES if name in fields.problems}
        return Form(values, problems)
    outcome = {name: count for name, count in counts.items() if count is not None}
    return Form(values, {}, Told(CrashReport.model_validate(said), outcome))


class _Fields:
    """Fields that are read one by one; what is wrong is gathered, by field."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: dict[str, str] = {}

    def take(self, name: str, read: Callable[[str], T]) -> T | None:
        """A field, or nothing where it is wrong."""
        try:
            return read(_plain(self._values[name]))
        except ValueError as error:
            self.problems[name] = str(error)
            return None

    def take_all(
        self, names: Iterable[str], read: Callable[[str], T | None]
    ) -> tuple[T, ...] | None:
        """All fields of some kind that say something; nothing where none does."""
        said = [self.take(name, read) for name in names]
        return tuple(each for each in said if each is not None) or None

    def check_moment(self, day: date, clock: str | None, now: datetime) -> None:
        """The crash has happened, and not so long ago that its report would be set aside."""
        oldest = now.astimezone(UTC).date() - OLDEST
        if day < oldest:
            self.problems["crash_date"] = (
                f"Reports are taken of the last 30 days, from {oldest} on; older crashes come as "
                "official records."
            )
        elif day > now.astimezone(NEW_YORK).date():
            self.problems["crash_date"] = "The date is in the future: enter when it happened."
        elif clock is not None and _moment(day, clock) > now + timedelta(minutes=1):
            self.problems["crash_time"] = "The time is in the future: enter when it happened."

    def check_point(self) -> None:
        """A point has two numbers."""
        for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
            is_alone = not self._values[name].strip() and self._values[other].strip()
            if is_alone and name not in self.problems:
                self.problems[name] = f"Enter the {name} too, or neither of the two."


def _plain(text: str) -> str:
    """Text on one line, without blanks around it."""
    text = clean_text(text) or ""
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in text):
        raise ValueError("This has characters that cannot be shown: type it anew.")
    return text


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError("Enter the date of the crash as year-month-day, like 2026-03-16.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such day: check the date.") from None


def _clock(text: str) -> str | None:
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    try:
        return f"{time.fromisoformat(found[1].zfill(5)):%H:%M}" if found else _no_clock()
    except ValueError:
        return _no_clock()


def _no_clock() -> str:
    raise ValueError("Enter the time as hours and minutes, like 17:40, or leave it empty.")


def _moment(day: date, clock: str) -> datetime:
    """When it was in New York; of an hour that comes twice, the first time."""
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK)


def _borough(text: str) -> str | None:
    if text and text not in BOROUGHS:
        raise ValueError("Choose one of the five boroughs, or not known.")
    return text or None


def _street(text: str) -> str | None:
    return _short(text, LONGEST_STREET)


def _word(text: str) -> str | None:
    return _short(text, LONGEST_WORD)


def _short(text: str, most: int) -> str | None:
    if len(text) > most:
        raise ValueError(f"This is too long: use at most {most} characters.")
    return text or None


def _between(low: float, high: float) -> Callable[[str], float | None]:
    def read(text: str) -> float | None:
        if not text:
            return None
        if not _DEGREES.fullmatch(text):
            raise ValueError(f"Enter degrees as a number, like {(low + high) / 2:.3f}.")
        if not low <= float(text) <= high:
            raise ValueError(f"This is outside New York City: enter {low} to {high} degrees.")
        return float(text)

    return read


def _persons(text: str) -> int | None:
    if not text:
        return None
    if not _COUNT.fullmatch(text) or int(text) > MOST_PERSONS:
        raise ValueError(f"Enter a whole number from 0 to {MOST_PERSONS:,}, or leave it empty.")
    return int(text)
