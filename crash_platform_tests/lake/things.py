"""A small table and rows for it, shared by the tests of the lake."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from crash_platform.lake.contract import Column, Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store

THINGS = Table(
    layer="silver",
    name="things",
    description="Things that happened.",
    columns=(
        Column("thing_id", pa.int64(), "Its number.", False),
        Column("thing_date", pa.date32(), "Its day.", False),
        Column("noted_at", pa.timestamp("us"), "Local time."),
        Column("tags", pa.list_(pa.string()), "Words."),
        Column("note", pa.string(), "Text."),
    ),
    key=("thing_id",),
    day_column="thing_date",
    filtered=("thing_id",),
)
DAILY = Table(
    layer="gold",
    name="daily_things",
    description="Things by day.",
    columns=(
        Column("thing_date", pa.date32(), "Day.", False),
        Column("thing_count", pa.int64(), "Things.", False),
        Column("made_at", pa.timestamp("us", tz="UTC"), "When (UTC)."),
    ),
    key=("thing_date",),
    day_column="thing_date",
    folder="year",
)

FIRST = date(2022, 1, 30)
"""Two days before a month ends, so that a few days span two folders."""


def day(number: int) -> date:
    """The day so many days after the first."""
    return FIRST + timedelta(days=number)


def days(first: int, last: int | None = None) -> Window:
    """The window between two numbered days."""
    return Window(day(first), day(first if last is None else last))


def things(*numbered: tuple[int, int], note: str | None = None) -> pa.Table:
    """Rows, each given as (number of its day, its id)."""
    return pa.Table.from_pylist(
        [
            {"thing_id": i, "thing_date": day(n), "noted_at": None, "tags": [], "note": note}
            for n, i in numbered
        ],
        schema=THINGS.schema,
    )


def frame(*numbered: tuple[int, int], empty: Iterable[int] = ()) -> Frame:
    """A frame of such rows; ``empty`` are numbers of days confirmed to hold none."""
    return Frame.of(things(*numbered), frozenset(map(day, empty)))


def store_in(folder: Path | str) -> Store:
    """The lake of a folder, without waiting between attempts."""
    return Store(Location(str(folder)), sleep=lambda _: None)


def held(
    store: Store, table: Table = THINGS, window: Window | None = None
) -> dict[date, list[int]]:
    """The ids of every day, in order."""
    rows = store.slice(table, window).read(["thing_date", "thing_id"]).to_pylist()
    found: dict[date, list[int]] = {}
    for row in sorted(rows, key=lambda row: row["thing_id"]):
        found.setdefault(row["thing_date"], []).append(row["thing_id"])
    return found
