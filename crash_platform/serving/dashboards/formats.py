"""How values are written for people; ``charts.js`` writes alike. Files hold them unchanged."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from crash_platform.serving.dashboards.figure import Format

NOTHING: Final = "–"  # noqa: RUF001
NUMBERS: Final[Mapping[Format, Callable[[Any], str]]] = {
    "count": lambda value: f"{value:,.0f}",
    "share": lambda value: f"{value:,.1%}",
    "change": lambda value: f"{value:+,.1%}",
    "number": lambda value: f"{value:,.3f}",
    "milliseconds": lambda value: f"{value:,.1f} ms",
}


def said(value: object, form: Format) -> str:
    """A value as people read it; a dash where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if form in NUMBERS:
        return NUMBERS[form](value)
    if isinstance(value, datetime):
        return _moment(value) if form != "day" else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def layout(form: Format) -> Literal["number", "moment", "text"]:
    """How a table lays values out: numbers to the right, moments and days in one line."""
    if form in NUMBERS:
        return "number"
    return "moment" if form in ("day", "moment") else "text"


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
