"""A contract that got nullable columns since its table was written: older rows have nulls there."""

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine, Step
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.lake.contract import Column, Table
from crash_platform.lake.frame import Frame
from crash_platform.lake.maintenance import maintain
from crash_platform.lake.making import complete
from crash_platform.lake.store import LakeError, Store
from crash_platform.pipelines.views import ask, connect
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.lake.things import THINGS, day, days, frame, things

PLACE = Column("place", pa.string(), "Where.")
WORDS = Column("words", pa.list_(pa.string()), "What was said.")
SEEN = Column("seen_at", pa.timestamp("us", tz="UTC"), "When it was seen (UTC).")
WIDER = replace(THINGS, columns=(THINGS.columns[0], PLACE, *THINGS.columns[1:], WORDS, SEEN))
NEW: dict[str, Any] = {"place": "QUEENS", "words": ["a", None], "seen_at": None}
OLD: dict[str, Any] = {"place": None, "words": None, "seen_at": None}


def wider(*numbered: tuple[int, int]) -> Frame:
    """Rows of the wider contract."""
    rows = [row | NEW for row in things(*numbered).to_pylist()]
    return Frame.of(pa.Table.from_pylist(rows, schema=WIDER.schema))


def seen(rows: pa.Table) -> dict[int, dict[str, Any]]:
    """The added columns by id."""
    return {row["thing_id"]: {name: row[name] for name in NEW} for row in rows.to_pylist()}


def read(store: Store) -> dict[int, dict[str, Any]]:
    return seen(store.slice(WIDER).read())


@pytest.fixture
def old(store: Store) -> Store:
    """A lake with two things, each in its file, of the narrower contract."""
    for number in (1, 2):
        store.replace(THINGS, days(number), frame((number, number)))
    return store


@pytest.fixture
def mixed(old: Store) -> Store:
    """The same, and a thing of the wider contract."""
    old.replace(WIDER, days(3), wider((3, 3)))
    return old


def test_before_the_first_write_the_added_columns_read_as_nulls(old: Store) -> None:
    rows = old.slice(WIDER, days(1))
    assert seen(rows.read()) == {1: OLD}
    assert seen(rows.stream().read_all()) == {1: OLD}
    assert read(old) == {1: OLD, 2: OLD}
    assert old.version(WIDER) == old.version(THINGS)


def test_the_first_write_adds_the_columns_and_changes_no_row(mixed: Store) -> None:
    assert read(mixed) == {1: OLD, 2: OLD, 3: NEW}
    delta = mixed.delta(WIDER)
    assert delta is not None
    assert {"place", "words", "seen_at"} <= {field.name for field in delta.schema().fields}


def test_an_append_adds_them_too_and_keeps_its_numbers(old: Store) -> None:
    old.append_once(THINGS, frame((5, 5)), "app", 1)
    assert old.append_once(WIDER, wider((5, 6)), "app", 1) is None
    old.append_from(WIDER, wider((5, 7)), {"app": 1}, {"app": 2})
    assert read(old) == {1: OLD, 2: OLD, 5: OLD, 7: NEW}
    assert old.last_number(WIDER, "app") == 2


def test_of_two_that_add_the_columns_at_once_both_go_on(old: Store) -> None:
    first, second = old.delta(WIDER), old.delta(WIDER)
    assert first is not None
    assert second is not None
    complete(WIDER, first)
    complete(WIDER, second)
    assert first.version() == second.version()
    old.replace(WIDER, days(3), wider((3, 3)))
    assert read(old) == {1: OLD, 2: OLD, 3: NEW}


def test_files_are_put_together_across_the_change(mixed: Store) -> None:
    mixed.compact(WIDER, days(1, 3))
    assert read(mixed) == {1: OLD, 2: OLD, 3: NEW}


@pytest.mark.parametrize("is_mixed", [False, True])
def test_maintenance_goes_on_across_the_change(old: Store, is_mixed: bool) -> None:
    old.replace(THINGS, days(4), frame((4, 4)))
    if is_mixed:
        old.replace(WIDER, days(3), wider((3, 3)))
    maintain(old, WIDER, today=date(2022, 6, 1), dry_run=True)
    report = maintain(old, WIDER, today=date(2022, 6, 1))
    assert report.compacted_files >= 2
    assert read(old) == {1: OLD, 2: OLD, 4: OLD} | ({3: NEW} if is_mixed else {})


@pytest.mark.parametrize("written", ["old", "mixed"])
def test_an_address_that_arrow_cannot_open_itself_reads_the_same(
    written: str, request: pytest.FixtureRequest
) -> None:
    rows = request.getfixturevalue(written).slice(WIDER)
    far = replace(rows, files=tuple(f"file://{file}" for file in rows.files))
    assert seen(far.read()) == seen(rows.read())


def answered(engine: Engine, store: Store) -> pa.Table:
    steps = [Step("answer", "SELECT thing_id, place, words, seen_at FROM things ORDER BY thing_id")]
    return engine.stream({"things": store.slice(WIDER, days(1, 3))}, steps).read_all()


@pytest.mark.parametrize("written", ["old", "mixed"])
def test_duckdb_reads_old_and_new_files_together(
    written: str, request: pytest.FixtureRequest
) -> None:
    store = request.getfixturevalue(written)
    assert seen(answered(DuckDBEngine(), store)) == read(store)


@pytest.mark.spark
def test_spark_reads_old_and_new_files_together(mixed: Store) -> None:
    spark_or_skip()
    assert seen(answered(SparkEngine(), mixed)) == read(mixed)


@pytest.mark.parametrize("written", ["old", "mixed"])
def test_a_view_shows_old_and_new_files_together(
    written: str, request: pytest.FixtureRequest
) -> None:
    store = request.getfixturevalue(written)
    connection = connect(store, [WIDER])
    rows = ask(connection, "SELECT * FROM silver.things")
    assert rows.schema.names == WIDER.schema.names
    assert seen(rows) == read(store)
    few = ask(connection, "SELECT count(*) AS n FROM silver.things WHERE place IS NULL")
    assert few["n"].to_pylist() == [2]


CHANGES: dict[str, tuple[Table, str]] = {
    "a column that is never null": (
        replace(THINGS, columns=(*THINGS.columns, replace(PLACE, is_nullable=False))),
        "place",
    ),
    "another type": (
        replace(THINGS, columns=(*THINGS.columns[:-1], Column("note", pa.int64(), "Note."))),
        "note",
    ),
    "a column less": (replace(THINGS, columns=THINGS.columns[:-1]), "note"),
    "nullable no more": (
        replace(THINGS, columns=(*THINGS.columns[:-1], Column("note", pa.string(), "", False))),
        "note",
    ),
    "one that may be null and one that may not": (
        replace(WIDER, columns=(*WIDER.columns, Column("size", pa.int64(), "Size.", False))),
        r"types: size\)",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_contract_is_refused_with_the_columns_named(old: Store, change: str) -> None:
    table, named = CHANGES[change]
    with pytest.raises(LakeError, match=f"another contract .*{named}"):
        old.slice(table)
    with pytest.raises(LakeError, match=f"another contract .*{named}"):
        old.replace(table, days(0), Frame.of(table.schema.empty_table()))
    assert {day(1), day(2)} == old.slice(THINGS).distinct_days()


def test_a_writer_of_the_narrower_contract_is_refused_once_the_table_is_wider(mixed: Store) -> None:
    with pytest.raises(LakeError, match=r"another contract .*place, seen_at, words"):
        mixed.replace(THINGS, days(1), frame((1, 1)))
