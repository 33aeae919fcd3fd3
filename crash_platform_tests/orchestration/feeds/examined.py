"""Promises examined over tables that a test writes down, by the names their SQL knows them by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Input
from crash_platform.lake.contract import Table
from crash_platform.orchestration.promises import Finding, Promise, examine, run_days

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Case:
    """Tables that keep a promise; others, that replace some of them, and the offenders then."""

    kept: Tables
    broken: tuple[tuple[Tables, list[Row]], ...]


def look_at(promise: Promise, tables: Tables, days: Sequence[date]) -> Finding:
    """Examine a promise; a cell that a row does not have is null."""
    assert set(tables) == {name for name, _, _ in promise.inputs}
    inputs: dict[str, Input] = {
        name: rows_of(table, tables[name]) for name, table, _ in promise.inputs
    }
    return examine(promise, DuckDBEngine(), {**inputs, "run_days": run_days(days)})


def rows_of(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Rows in the columns of a table."""
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    return pa.Table.from_pylist(list(rows), schema=schema)


def assert_broken_by(promise: Promise, case: Case, number: int, days: Sequence[date]) -> None:
    """The tables of one fault break the promise, and the sample names the offenders."""
    changed, offenders = case.broken[number]
    found = look_at(promise, {**case.kept, **changed}, days)
    assert not found.is_kept
    assert found.offending == len(offenders)
    told = [named(row, offenders[0]) for row in found.sample.to_pylist()]
    assert sorted(told, key=str) == sorted(offenders, key=str)


def named(row: Row, like: Row) -> Row:
    """Only the cells that another row has too."""
    return {name: row[name] for name in like}


def faults(cases: Mapping[str, Case]) -> list[tuple[str, int]]:
    """Every fault of every case, by the promise's name."""
    return [(name, number) for name, case in cases.items() for number in range(len(case.broken))]
