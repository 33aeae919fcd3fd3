"""Which dates the portal has touched since a moment, for a sensor.

Bounded, and confirmed like a pull; the records themselves are fetched by `pull`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataIncompleteError,
    SocrataQueryError,
)
from crash_platform.sources.socrata.page import moment_of
from crash_platform.sources.socrata.repeats import SeenIds, row_id
from crash_platform.sources.socrata.snapshot import Source
from crash_platform.sources.socrata.soql import changed_at_or_after

CHANGES_ATTEMPTS = 3


@dataclass(frozen=True)
class Changes:
    """The touched dates.

    Attributes:
        counts: Touched records per date, for the records that were read.
        newest: The newest `:updated_at` among the records read, in UTC; None if none was touched.
        total: Touched records the portal counts.
        is_truncated: More were touched than read: `counts` misses dates, and `newest` may stand in
            the middle of records of that same moment (a full republication gives all of them one).
        undated: Records read that have no date.
    """

    counts: Mapping[date, int]
    newest: datetime | None
    total: int
    is_truncated: bool
    undated: int = 0


def changes_since(source: Source, moment: datetime, date_field: str, limit: int) -> Changes:
    """Reads at most `limit` touched records, oldest change first.

    Raises:
        SocrataQueryError: for a limit below 1 or a moment without time zone.
        SocrataAnswerError: if `date_field` holds something else than dates.
        SocrataIncompleteError: if records kept changing while they were read.
    """
    if limit < 1:
        raise SocrataQueryError(f"The limit of changes is {limit}; give a number above 0.")
    where = changed_at_or_after(moment)
    for attempt in range(1, CHANGES_ATTEMPTS + 1):
        changes = _read_once(source, where, date_field, limit)
        if changes is not None:
            return changes
        if attempt < CHANGES_ATTEMPTS:
            source.patience.pause(attempt)
    raise SocrataIncompleteError(
        f"Socrata's records {where} kept changing while they were read, {CHANGES_ATTEMPTS} times; "
        "no date may be concluded from that: try again later."
    )


def _read_once(source: Source, where: str, date_field: str, limit: int) -> Changes | None:
    """None if what was read does not agree with the counts around it."""
    before = source.snapshot(where)
    if not before.count:
        return Changes({}, None, 0, is_truncated=False)
    days: Counter[date | None] = Counter()
    moments: list[datetime] = []
    seen = SeenIds()
    select = f"{date_field},:id,:updated_at"
    for page in source.pages(where, select=select, order=":updated_at,:id", limit=limit):
        days.update(_day(row, date_field) for row in page.rows)
        moments.append(max(moment_of(row) for row in page.rows))
        seen.add(row_id(row, None) for row in page.rows)
    is_confirmed = source.snapshot(where) == before and days.total() == min(limit, before.count)
    if not is_confirmed or seen.suspects():
        return None
    undated = days.pop(None, 0)
    dated = {day: count for day, count in days.items() if day is not None}
    return Changes(dated, max(moments), before.count, before.count > limit, undated)


def _day(row: Mapping[str, object], date_field: str) -> date | None:
    text = row.get(date_field)
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise SocrataAnswerError(
            f"The Socrata field {date_field} holds {text!r}, which is no date; "
            "give a calendar-date field of the dataset as date_field."
        ) from None
