"""From the query of an address to what is asked of a dashboard, and back. Nothing is read here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from crash_platform.serving.dashboards.figure import Asked, Bounds, Control, Options
from crash_platform.serving.errors import UNPROCESSABLE, RefusedError

LONGEST: Final = 4_000
"""Characters of a query."""
MOST_VALUES: Final = 200
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Of days that can be asked: SQL still counts a year before and after them."""


class ControlsError(RefusedError):
    """Filters in an address that cannot be used; one sentence says which and why."""

    def __init__(self, message: str) -> None:
        super().__init__(UNPROCESSABLE, "invalid", message)


@dataclass(frozen=True)
class Offer:
    """A control with what the data offer for it now.

    Attributes:
        control: the declaration.
        options: what can be chosen.
        default: its value where the address does not say.
        bounds: of a day: the first and the last one there is.
    """

    control: Control
    options: Options
    default: Any
    bounds: Bounds = None


def parse(query: str, offers: Sequence[Offer]) -> Asked:
    """What a query asks, by the name of the control; names that are no control's are ignored.

    Raises:
        ControlsError: a value cannot be used.
    """
    if len(query) > LONGEST:
        raise ControlsError(f"The address is too long: filters take {LONGEST:,} characters.")
    try:
        told = parse_qs(query, keep_blank_values=True, errors="replace", max_num_fields=MOST_VALUES)
    except ValueError:
        raise ControlsError(
            f"The address has too many filters: {MOST_VALUES} values can be used."
        ) from None
    asked = {offer.control.name: _value(offer, told) for offer in offers}
    first, last = asked.get("first_day"), asked.get("last_day")
    if first is not None and last is not None and first > last:
        raise ControlsError(
            f"The first day, {first}, comes after the last one, {last}: exchange them."
        )
    return asked


def unparse(asked: Asked) -> str:
    """The query that asks the same."""
    told = [(name, each) for name, value in asked.items() for each in _told(value)]
    return urlencode(told)


def _told(value: Any) -> Sequence[str]:
    if isinstance(value, list):
        return value
    return () if value is None else (str(value),)


def _value(offer: Offer, told: Mapping[str, list[str]]) -> Any:
    known = [value for value, _ in offer.options]
    # A form sends a day that is not filled in as an empty text.
    values = [value for value in told.get(offer.control.name, []) if value or "" in known]
    if offer.control.kind == "choices":
        return _chosen(offer, values)
    if len(set(values)) > 1:
        raise ControlsError(f"{offer.control.label} is given more than once: choose one.")
    if not values:
        return offer.default
    if offer.control.kind == "day":
        return _day(offer.control.label, values[0])
    return _chosen(offer, values[:1])[0]


def _chosen(offer: Offer, values: Sequence[str]) -> list[str]:
    known = [value for value, _ in offer.options]
    if not set(values) <= set(known):
        raise ControlsError(
            f"{offer.control.label} has a value that is not offered: choose one of the list."
        )
    return [value for value in known if value in values]


def _day(label: str, value: str) -> date:
    problem = ControlsError(f"{label} is no day: write it like 2024-01-31, {FIRST_YEAR} or later.")
    if not DAY.fullmatch(value):
        raise problem
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise problem from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise problem
    return day
