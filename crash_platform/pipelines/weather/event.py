"""What a weather reading is, version by version. How it travels is the business of `streams`."""

from datetime import UTC, date, datetime
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from crash_platform.streams.event import EventContract, EventModel

SCHEMA: Final = "weather_reading"


class WeatherReadingV1(EventModel):
    """One reading of one city.

    Whether its figures are possible is judged in silver, so that impossible ones are kept there.
    """

    event_schema: Literal["weather_reading"] = SCHEMA
    schema_version: Literal[1] = 1
    city: str | None = Field(default=None, max_length=200, description="Where it was taken.")
    observed_at: AwareDatetime = Field(description="When it was taken, with a UTC offset.")
    temperature: float | None = Field(default=None, description="Degrees Celsius.")
    humidity: float | None = Field(default=None, description="Relative humidity, percent.")

    @property
    def observed_utc(self) -> datetime:
        """The moment in UTC."""
        return self.observed_at.astimezone(UTC)

    @property
    def event_date(self) -> date:
        """The day of the reading, in UTC."""
        return self.observed_utc.date()


CONTRACT = EventContract(SCHEMA, {1: WeatherReadingV1})
