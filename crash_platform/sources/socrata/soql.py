"""The few pieces of Socrata's query language this project writes. Text in, text out."""

import re
from datetime import UTC, date, datetime, timedelta

from crash_platform.sources.socrata.errors import SocrataQueryError

ALL_FIELDS = "*,:id,:updated_at"
"""Every field and the two system fields. A star must come first: portals answer 400 to `:id,*`.

Not `:*`, which also brings `:version`, new at every republication even for an unchanged record.
"""

_FIELD = re.compile(r"(:@?)?[a-z_][a-z0-9_]*", re.IGNORECASE)


def field_name(name: str) -> str:
    """`name` itself, once it is known to be a field's name and nothing more.

    Raises:
        SocrataQueryError: if it is not.
    """
    if not _FIELD.fullmatch(name):
        raise SocrataQueryError(
            f"{name!r} is not the name of a Socrata field; "
            "give the name the API uses, letters, digits and underscores only."
        )
    return name


def between(field: str, first: date, last: date) -> str:
    """The where clause for the days `first` to `last`, both included, of a calendar-date field.

    Raises:
        SocrataQueryError: for a field name that is none, or days in the wrong order.
    """
    name = field_name(field)
    if first > last or last.isoformat()[:10] == date.max.isoformat():
        raise SocrataQueryError(
            f"No Socrata records can be asked for from {first} to {last}; "
            "give a first day that is not after the last, and a last day before 9999-12-31."
        )
    return f"{name} >= {_midnight(first)} AND {name} < {_midnight(last + timedelta(days=1))}"


def changed_at_or_after(moment: datetime) -> str:
    """The where clause for records the portal wrote at `moment` or later, to the millisecond below.

    Raises:
        SocrataQueryError: if `moment` has no time zone, so that it names no instant.
    """
    if moment.utcoffset() is None:
        raise SocrataQueryError(
            f"The moment {moment.isoformat()} has no time zone; give it one, such as UTC."
        )
    instant = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f":updated_at >= '{instant}Z'"


def _midnight(day: date) -> str:
    return f"'{day.isoformat()[:10]}T00:00:00.000'"
