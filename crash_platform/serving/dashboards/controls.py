"""The filters that dashboards share: days, boroughs, steps of time, a choice from the data.

What somebody asked with them is read in ``query``.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from crash_platform.lake.contract import Table
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, DAILY_CRASHES
from crash_platform.pipelines.views import ask
from crash_platform.serving.dashboards.figure import Bounds, Control, Options
from crash_platform.settings import FIRST_DAY

if TYPE_CHECKING:
    import duckdb

PER: Final[Options] = (("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year"))


def days(default_days: int = 365, table: Table = CRASH_COVERAGE) -> tuple[Control, Control]:
    """``first_day`` and ``last_day``, both included; in SQL ``$first_day``, ``$last_day`` (dates).

    Args:
        default_days: how many days are shown where the URL does not say, up to the newest one and
            no further back than there are any. Without any rows it is the calendar's first day:
            days are never null.
        table: whose days there are; by default the official days.
    """

    def bounds(connection: "duckdb.DuckDBPyConnection") -> Bounds:
        return day_bounds(connection, table)

    def first(connection: "duckdb.DuckDBPyConnection") -> date:
        oldest, newest = bounds(connection) or (FIRST_DAY, FIRST_DAY)
        return max(oldest, newest - timedelta(days=default_days - 1))

    def last(connection: "duckdb.DuckDBPyConnection") -> date:
        return (bounds(connection) or (FIRST_DAY, FIRST_DAY))[1]

    return (
        Control("first_day", "First day", "day", default=first, bounds=bounds, tables=(table,)),
        Control("last_day", "Last day", "day", default=last, bounds=bounds, tables=(table,)),
    )


def day_bounds(connection: "duckdb.DuckDBPyConnection", table: Table) -> Bounds:
    """The first and the last day of a table; None while it has no rows."""
    day, name = table.day_column, f"{table.layer}.{table.name}"
    rows = ask(connection, f"SELECT min({day}) AS oldest, max({day}) AS newest FROM {name}")
    [found] = rows.to_pylist()
    return None if found["newest"] is None else (found["oldest"], found["newest"])


def boroughs() -> Control:
    """``boroughs``: some of them, none for all; ``$boroughs`` is a list of text."""
    sql = "SELECT DISTINCT borough AS value, borough AS label FROM gold.daily_crashes ORDER BY 1"
    options = _options(sql, str.title)
    return Control("boroughs", "Boroughs", "choices", options, tables=(DAILY_CRASHES,))


def per(default: str = "month") -> Control:
    """``per``: day, week, month or year, as ``date_trunc`` takes it."""
    return Control("per", "Per", "choice", lambda _: PER, lambda _: default)


def choice(name: str, label: str, sql: str, tables: Sequence[Table] = ()) -> Control:
    """One of what a SELECT of ``value, label`` offers, by default the first.

    Args:
        name: in the URL and in SQL.
        label: what people call it.
        sql: the options in order, without parameters.
        tables: what it reads besides the tables of the dashboard.
    """
    return Control(name, label, "choice", _options(sql), tables=tuple(tables))


def choices(name: str, label: str, sql: str, tables: Sequence[Table] = ()) -> Control:
    """Some of what a SELECT of ``value, label`` offers, none for all; like ``choice``."""
    return Control(name, label, "choices", _options(sql), tables=tuple(tables))


def _options(
    sql: str, said: Callable[[str], str] = str
) -> Callable[["duckdb.DuckDBPyConnection"], Options]:
    def options(connection: "duckdb.DuckDBPyConnection") -> Options:
        rows = ask(connection, sql).to_pylist()
        return tuple((str(row["value"]), said(str(row["label"]))) for row in rows)

    return options
