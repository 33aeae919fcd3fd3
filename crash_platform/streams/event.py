"""The contract of an event: a JSON object of a known schema and version, held to its types.

What the fields of one kind of event are is said by its pipeline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from crash_platform.settings import FIRST_DAY
from crash_platform.streams.log import Message

MOST_REASONS = 3


class RejectedError(Exception):
    """A message that is no event of its contract. It goes to dead letters and blocks nothing.

    Attributes:
        error_class: one word for the kind of defect, for counting.
        reason: one sentence for a person; it never repeats what the message holds.
    """

    def __init__(self, error_class: str, reason: str) -> None:
        super().__init__(reason)
        self.error_class = error_class
        self.reason = reason


class EventModel(BaseModel):
    """The fields that every event has; fields nobody knows are left alone and stay in the body."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)

    event_schema: str = Field(description="Name of the schema.")
    schema_version: int = Field(ge=1, description="Version of the schema.")
    event_id: str = Field(
        min_length=1,
        max_length=128,
        description="Given by who reports; the same for every delivery and correction of a report.",
    )
    event_version: int = Field(
        default=1, ge=1, le=2**31 - 1, description="Counts corrections; the highest one holds."
    )
    source: str | None = Field(
        default=None, max_length=128, description="What sent it, e.g. web or simulator."
    )
    is_simulated: bool = Field(default=False, description="Made up, by a generator.")

    @property
    def event_date(self) -> date:
        """The day the event is about; it decides in which day of silver the event lives."""
        raise NotImplementedError


@dataclass(frozen=True)
class EventContract:
    """The versions of one kind of event that can be read."""

    schema: str
    versions: Mapping[int, type[EventModel]]

    def parse(self, body: bytes) -> EventModel:
        """The event in a message's body.

        Raises:
            RejectedError: it is none.
        """
        fields = decoded(body)
        if fields.get("event_schema") != self.schema:
            raise RejectedError("unknown_schema", f"event_schema is not {self.schema!r}")
        version = fields.get("schema_version")
        model = self.versions.get(version) if type(version) is int else None
        if model is None:
            known = ", ".join(str(number) for number in sorted(self.versions))
            raise RejectedError("unknown_version", f"schema_version is not one of {known}")
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            raise RejectedError("invalid", _reasons(error)) from None

    def accept(self, message: Message) -> EventModel:
        """The event in a message, if its day is one the platform has.

        Raises:
            RejectedError: it is none, or of a day before the calendar or after the day after its
                arrival.
        """
        event = self.parse(message.body)
        latest = message.enqueued_at.date() + timedelta(days=1)
        if not FIRST_DAY <= event.event_date <= latest:
            raise RejectedError(
                "outside_calendar", f"its day is not between {FIRST_DAY} and the day it came"
            )
        return event


def decoded(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        RejectedError: ``empty``, ``not_utf8``, ``not_json`` (also NaN, too deep, too long a
            number, half a surrogate pair) or ``not_an_object``.
    """
    if not body.strip():
        raise RejectedError("empty", "the body is empty")
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise RejectedError(*_defect(body)) from None
    if not isinstance(found, dict):
        raise RejectedError("not_an_object", "the body is JSON, but no object")
    return found


def _defect(body: bytes) -> tuple[str, str]:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8", "the body is not UTF-8"
    return "not_json", "the body is not JSON"


def _reasons(error: ValidationError) -> str:
    told = [
        f"{'.'.join(str(part) for part in each['loc']) or 'the event'}: {each['msg']}"
        for each in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    more = f" and {len(told) - MOST_REASONS} more" if len(told) > MOST_REASONS else ""
    return "; ".join(told[:MOST_REASONS]) + more
