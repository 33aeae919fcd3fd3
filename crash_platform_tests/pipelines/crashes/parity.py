"""Runs every crash table and every promise on two engines over one lake; shows what differs."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame, conform
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.promises import Promise, promise_inputs
from crash_platform.orchestration.tables import Recipe

Differences = dict[str, list[tuple[object, object]]]


def made(recipe: Recipe, engine: Engine, store: Store, window: Window) -> pa.Table:
    """A recipe's rows in the contract's types, by key."""
    slices: dict[str, Slice] = {t.name: store.slice(t, window) for t in recipe.inputs}
    table = recipe.table
    batches = recipe.frame(engine, store, window, slices).open()
    fitting = [conform(batch, table.schema, table.path) for batch in batches]
    rows = pa.Table.from_batches(fitting, table.schema)
    return rows.sort_by([(name, "ascending") for name in table.key])


def write(recipe: Recipe, rows: pa.Table, store: Store, window: Window) -> None:
    """Put a recipe's rows into the lake, for the tables that build on them."""
    days = frozenset(store.slice(recipe.days_from, window).distinct_days())
    store.replace(recipe.table, window, Frame.of(rows, days))


def differing_cells(ours: pa.Table, theirs: pa.Table) -> Differences:
    """The pairs of cells that differ, by column; both tables in the same order.

    Raises:
        AssertionError: the tables have different numbers of rows.
    """
    assert ours.num_rows == theirs.num_rows
    found: Differences = {}
    for name in ours.column_names:
        mine, other = ours[name], theirs[name]
        if not mine.equals(other):
            pairs = zip(mine.to_pylist(), other.to_pylist(), strict=True)
            found[name] = [pair for pair in pairs if pair[0] != pair[1]]
    return found


def offenders(promise: Promise, engine: Engine, inputs: Mapping[str, Input]) -> list[str]:
    """Every row that breaks a promise, as text, in order, whatever types engines give numbers."""
    steps = [*promise.steps, Step("offenders", promise.sql)]
    rows = engine.stream(inputs, steps).read_all().to_pylist()
    return sorted(repr({name: _plain(value) for name, value in row.items()}) for row in rows)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, int | Decimal) and value is not True else value


def inputs_of(promise: Promise, store: Store, window: Window) -> dict[str, Input]:
    """What a promise reads."""
    return promise_inputs(promise, store, window)


def damage(store: Store, tables: Mapping[str, Table], day: date, other: date) -> None:
    """Break promises on one day: strays in silver, wrong sums in gold, stale coverage."""
    window = Window(day, day)
    strays = store.slice(tables["crashes"], Window(other, other)).read()
    bad = {
        "crash_date": pa.array([day] * strays.num_rows, pa.date32()),
        "borough": pa.array(["ATLANTIS"] * strays.num_rows, pa.string()),
        "latitude": pa.nulls(strays.num_rows, pa.float64()),
        "has_total_below_kinds": pa.array([True] * strays.num_rows),
        "vehicle_types": pa.array([["Other"]] * strays.num_rows, pa.list_(pa.string())),
    }
    held = store.slice(tables["crashes"], window).read()
    strays = _changed(strays, bad)
    store.replace(tables["crashes"], window, Frame.of(pa.concat_tables([held, strays])))
    for name in ("daily_crashes", "hourly_crashes", "crash_hotspots", "crash_factors"):
        rows = store.slice(tables[name], window).read()
        more = {
            column: pc.add(pc.multiply(rows[column], 1000), 1)
            for column in ("crash_count", "persons_injured")
        }
        store.replace(tables[name], window, Frame.of(_changed(rows, more)))
    coverage = store.slice(tables["crash_coverage"], window).read()
    stale = {"is_current": pa.array([False] * coverage.num_rows)}
    store.replace(tables["crash_coverage"], window, Frame.of(_changed(coverage, stale)))
    bronze = store.slice(tables["crash_records"], window).read()
    store.append_once(tables["crash_records"], Frame.of(bronze), "damage", 1)


def _changed(rows: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    schema = rows.schema
    for name, values in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows.cast(schema)
