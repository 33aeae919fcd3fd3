"""A pipeline of two small tables, wired as any pipeline is, on a lake in a temporary folder."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Column, Table
from crash_platform.lake.frame import Frame
from crash_platform.orchestration.calendar import run_window
from crash_platform.orchestration.io_manager import DeltaIOManager
from crash_platform.orchestration.promises import Promise, promise_check
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.tables import (
    Family,
    Recipe,
    asset_options,
    daily_asset,
    table_asset,
)

FIRST, SECOND, THIRD = date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)
Order = tuple[int, date, int | None]
"""Number, day, price."""

ORDERS = Table(
    layer="bronze",
    name="orders",
    description="Every order.",
    columns=(
        Column("order_id", pa.int64(), "Its number.", False),
        Column("order_date", pa.date32(), "Its day.", False),
        Column("price", pa.int64(), "What it costs, in cents."),
    ),
    key=("order_id",),
    day_column="order_date",
)
DAILY_ORDERS = Table(
    layer="gold",
    name="daily_orders",
    description="Orders by day.",
    columns=(
        Column("order_date", pa.date32(), "Day.", False),
        Column("order_count", pa.int64(), "Orders.", False),
    ),
    key=("order_date",),
    day_column="order_date",
)
FAMILY = Family(group="orders", owners=("team:orders",), kinds={"gold": frozenset({"sql"})})
DAILY = "SELECT order_date, count(*) AS order_count FROM orders GROUP BY order_date"
RECIPE = Recipe(DAILY_ORDERS, (ORDERS,), lambda: (Step("daily_orders", DAILY),), ORDERS)
EVERY_ORDER_HAS_A_PRICE = Promise(
    "every_order_has_a_price",
    ORDERS,
    "Nothing is for free.",
    "SELECT order_id, price FROM orders WHERE price IS NULL",
    (("orders", ORDERS, 0),),
)


def rows(orders: Sequence[Order]) -> pa.Table:
    """Orders as rows of their table."""
    names = ORDERS.schema.names
    return pa.Table.from_pylist(
        [dict(zip(names, order, strict=True)) for order in orders], schema=ORDERS.schema
    )


def definitions(
    lake: LakeResource, orders: Sequence[Order], *promises: Promise, recipe: Recipe = RECIPE
) -> dg.Definitions:
    """Both tables, whose source has these orders, with promises."""

    @daily_asset(**asset_options(ORDERS, FAMILY), io_manager_key="lake_io")
    def source(context: dg.AssetExecutionContext) -> Frame:
        window = run_window(context)
        return Frame.of(rows([order for order in orders if order[1] in window]))

    return dg.Definitions(
        assets=[source, table_asset(recipe, FAMILY)],
        asset_checks=[promise_check(promise) for promise in promises],
        resources={
            "lake": lake,
            "engine": EngineResource(),
            "lake_io": DeltaIOManager((ORDERS, DAILY_ORDERS), lake),
        },
    )


def run(definitions: dg.Definitions, first: date, last: date, **options: Any) -> Any:
    """One run over some days, which may fail, in an instance that is gone afterwards."""
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            },
            **options,
        )
