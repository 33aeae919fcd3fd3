from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine, Step
from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.calendar import days_definition
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import asset_options, column_schema, table_asset
from crash_platform_tests.orchestration.orders import (
    DAILY_ORDERS,
    FAMILY,
    FIRST,
    ORDERS,
    RECIPE,
    SECOND,
    THIRD,
    Order,
    definitions,
    rows,
    run,
)

GOLD = dg.AssetKey(["gold", "daily_orders"])
THREE: list[Order] = [(1, FIRST, 100), (2, FIRST, 250), (3, SECOND, 0)]
TWO_DAYS = Window(FIRST, SECOND)


@pytest.fixture
def lake(tmp_path: Path) -> LakeResource:
    return LakeResource(root=str(tmp_path / "lake"))


def daily(lake: LakeResource) -> dict[date, int]:
    counted = lake.store().slice(DAILY_ORDERS).read().to_pylist()
    return {row["order_date"]: row["order_count"] for row in counted}


def test_an_asset_says_of_itself_what_its_contract_says() -> None:
    options = asset_options(DAILY_ORDERS, FAMILY)
    assert options["key"] == GOLD
    assert options["description"] == "Orders by day."
    assert options["group_name"] == "orders"
    assert options["owners"] == ["team:orders"]
    assert options["kinds"] == {"deltalake", "gold", "sql"}
    assert options["partitions_def"] == days_definition()
    assert options["backfill_policy"] == dg.BackfillPolicy.single_run()
    assert options["metadata"]["dagster/uri"] == "gold/daily_orders"
    assert options["metadata"]["key"] == "order_date"


def test_columns_are_shown_with_type_meaning_and_whether_they_may_be_missing() -> None:
    shown = {column.name: column for column in column_schema(ORDERS).columns}
    assert list(shown) == ["order_id", "order_date", "price"]
    assert shown["order_date"].type == "date32[day]"
    assert shown["price"].description == "What it costs, in cents."
    assert [column.constraints.nullable for column in shown.values()] == [False, False, True]


def test_a_table_depends_on_what_it_reads_and_on_what_must_be_made_before() -> None:
    other = replace(DAILY_ORDERS, name="other_orders")
    asset = table_asset(replace(RECIPE, table=other, after=(DAILY_ORDERS,)), FAMILY)
    [spec] = asset.specs
    assert {dep.asset_key for dep in spec.deps} == {dg.AssetKey(["bronze", "orders"]), GOLD}


def test_a_range_is_made_in_one_run_and_one_commit(lake: LakeResource) -> None:
    outcome = run(definitions(lake, THREE), FIRST, THIRD)
    assert daily(lake) == {FIRST: 2, SECOND: 1}
    assert lake.store().version(DAILY_ORDERS) == 1
    made = outcome.asset_materializations_for_node("gold__daily_orders")
    assert [event.partition for event in made] == ["2024-03-09", "2024-03-10", "2024-03-11"]


def test_one_day_made_again_replaces_that_day_only(lake: LakeResource) -> None:
    run(definitions(lake, THREE), FIRST, SECOND)
    changed: list[Order] = [(1, FIRST, 1), (3, SECOND, 0), (4, SECOND, 5), (5, SECOND, 5)]
    run(definitions(lake, changed), SECOND, SECOND)
    assert daily(lake) == {FIRST: 2, SECOND: 3}


def frame(lake: LakeResource, window: Window) -> Frame:
    store = lake.store()
    return RECIPE.frame(DuckDBEngine(), store, window, {"orders": store.slice(ORDERS, window)})


def test_only_days_that_the_source_knows_may_become_empty(lake: LakeResource) -> None:
    lake.store().replace(ORDERS, TWO_DAYS, Frame.of(rows(THREE)))
    assert frame(lake, Window(SECOND, THIRD)).confirmed_empty == {SECOND}
    assert frame(lake, Window(THIRD, THIRD)).confirmed_empty == set()


def test_a_frame_can_be_opened_again(lake: LakeResource) -> None:
    lake.store().replace(ORDERS, TWO_DAYS, Frame.of(rows(THREE)))
    made = frame(lake, TWO_DAYS)
    assert made.read().num_rows == made.read().num_rows == 2
    assert made.schema == DAILY_ORDERS.schema


def test_a_recipe_joins_lookups_and_what_it_prepares_from_its_inputs(lake: LakeResource) -> None:
    lake.store().replace(ORDERS, TWO_DAYS, Frame.of(rows(THREE)))

    def dearest(
        engine: Engine, store: Store, slices: Mapping[str, Slice]
    ) -> Mapping[str, pa.Table]:
        assert store.version(ORDERS) is not None
        most = engine.stream(slices, [Step("most", "SELECT max(price) AS price FROM orders")])
        return {"dearest": most.read_all()}

    text = (
        "SELECT orders.order_date, CAST(sum(weights.weight) AS BIGINT) AS order_count FROM orders "
        "INNER JOIN dearest ON orders.price = dearest.price CROSS JOIN weights "
        "GROUP BY orders.order_date"
    )
    recipe = replace(
        RECIPE,
        steps=lambda: (Step("daily_orders", text),),
        lookups=lambda: {"weights": pa.table({"weight": [7]})},
        prepared=dearest,
    )
    outcome: Any = run(definitions(lake, THREE, recipe=recipe), FIRST, SECOND)
    assert outcome.success
    assert daily(lake) == {FIRST: 7}
