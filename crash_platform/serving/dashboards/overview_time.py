"""The overview's figures over time: by period, year on year, by weekday and hour.

What is on the page, and its other figures, is in ``overview``.
"""

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.pipelines.crashes.tables import (
    CRASH_COVERAGE,
    DAILY_CRASHES,
    HOURLY_CRASHES,
)
from crash_platform.serving.dashboards.figure import Chart, Field, Figure
from crash_platform.serving.dashboards.texts import from_sql

COVERED = "A day counts as covered when the platform holds an official crash of it."
NAMED_PERIODS = 2
"""Periods that a note names; of more it says how many."""

_CRASHES = Field("crash_count", "Crashes", "count")
_INJURED = Field("persons_injured", "People injured", "count")
_KILLED = Field("persons_killed", "People killed", "count")
_DAYS = Field("day_count", "Days covered", "count")
_PER_DAY = Field("crashes_per_day", "Crashes per day", "number")


def trend() -> Figure:
    """Crashes and injured per covered day, over time."""
    return Figure(
        name="trend",
        title="Crashes and people injured, per day",
        definition=(
            "Averages over the covered days of each period, so that a period that has just begun "
            f"does not look like a fall; the table has the sums. {COVERED} A period without such "
            "a day is a gap, not zero."
        ),
        fields=(
            Field("period", "From"),
            _PER_DAY,
            Field("injured_per_day", "People injured per day", "number"),
            _CRASHES,
            Field("injury_crash_count", "Crashes with injuries", "count"),
            _INJURED,
            _DAYS,
            Field("period_day_count", "Days of the period", "count"),
        ),
        rows=from_sql("overview_trend"),
        chart=Chart("line", "period", ("crashes_per_day", "injured_per_day")),
        sources=(DAILY_CRASHES, CRASH_COVERAGE),
        note=periods_in_part,
    )


def killed() -> Figure:
    """People killed over time; periods that are not whole are marked."""
    return Figure(
        name="killed",
        title="People killed",
        definition=(
            "Sums of each period. One that the days asked for, or the records, cover only in part "
            "is drawn in another colour: its sum is no fall."
        ),
        fields=(
            Field("period", "From"),
            Field("killed_in_whole", "Killed, whole period", "count"),
            Field("killed_in_part", "Killed, period covered in part", "count"),
            _DAYS,
            Field("period_day_count", "Days of the period", "count"),
        ),
        rows=from_sql("overview_trend"),
        chart=Chart("bar", "period", ("killed_in_whole", "killed_in_part"), is_stacked=True),
        sources=(DAILY_CRASHES, CRASH_COVERAGE),
        note=periods_in_part,
    )


def periods_in_part(rows: pa.Table) -> str:
    """Which periods are covered only in part, or how many."""
    parts = [row for row in rows.to_pylist() if row["day_count"] < row["period_day_count"]]
    if len(parts) > NAMED_PERIODS:
        return f"{len(parts):,} of {rows.num_rows:,} periods are covered only in part."
    return " ".join(
        f"From {row['period']}, {row['day_count']} of {row['period_day_count']} days are covered."
        for row in parts
    )


def years() -> Figure:
    """Crashes per day by calendar month, a line for each of six years."""
    return Figure(
        name="years",
        title="Year on year",
        definition=(
            "Crashes per covered day by calendar month, for the year of the last day and the five "
            "before it, whatever the first day is. From April 2020 on the police no longer records "
            "most crashes without injuries: lower counts since then are not safer streets alone."
        ),
        fields=(
            Field("month", "Month"),
            Field("year", "Year"),
            _PER_DAY,
            _CRASHES,
            _INJURED,
            _KILLED,
            _DAYS,
            Field("month_day_count", "Days of the month", "count"),
        ),
        rows=from_sql("overview_years"),
        chart=Chart("line", "month", ("crashes_per_day",), by="year"),
        sources=(DAILY_CRASHES, CRASH_COVERAGE),
        note=months_in_part,
    )


def months_in_part(rows: pa.Table) -> str:
    """How many months are covered only in part."""
    parts = pc.sum(pc.less(rows["day_count"], rows["month_day_count"])).as_py() or 0
    if not parts:
        return ""
    verb = "is" if parts == 1 else "are"
    return f"Of {rows.num_rows} months, {parts} {verb} covered only in part."


def hours() -> Figure:
    """Crashes per day by weekday and hour."""
    return Figure(
        name="hours",
        title="By weekday and hour",
        definition=(
            "Crashes in a local hour, per covered day of that weekday. 00 is too dark: a report "
            "without a known time often says 00:00 (in 2022, 35 % of the crashes of that hour did, "
            "where other hours have 13 to 19 % on the full hour)."
        ),
        fields=(
            Field("hour", "Hour"),
            Field("weekday", "Weekday"),
            _PER_DAY,
            _CRASHES,
            Field("injury_share", "Share with injuries", "share"),
            _INJURED,
            _KILLED,
        ),
        rows=from_sql("overview_hours"),
        chart=Chart("heatmap", "hour", ("crashes_per_day",), by="weekday"),
        sources=(HOURLY_CRASHES,),
        note=unknown_hours,
    )


def unknown_hours(rows: pa.Table) -> str:
    """How many crashes have no known time."""
    everything = pc.sum(rows["crash_count"]).as_py() or 0
    of_unknown = rows.filter(pc.equal(rows["hour"], "unknown"))
    unknown = pc.sum(of_unknown["crash_count"]).as_py() or 0
    if not everything:
        return ""
    if not unknown:
        return f"All {everything:,} crashes have a time."
    share = unknown / everything
    return f"{unknown:,} of {everything:,} crashes ({share:.1%}) have no known time."
