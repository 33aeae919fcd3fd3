"""From a contract and SQL texts to an asset: everything a table of any pipeline has in common."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from crash_platform.engine.plan import Engine, Step
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.calendar import days_definition, days_in, run_window
from crash_platform.orchestration.resources import EngineResource, LakeResource

Tables = Mapping[str, pa.Table]


def no_lookups() -> Tables:
    """For recipes that join nothing but tables of the lake."""
    return {}


@dataclass(frozen=True)
class Recipe:
    """How one table is made from others, window by window.

    Attributes:
        table: the contract of what is made.
        inputs: tables read in the same window, known to the SQL by their names.
        steps: the SQL texts, in order; the last one yields the contract's columns.
        days_from: the table that knows which days exist; a day it knows may become empty. ``None``
            where the inputs themselves are known to be whole: then any day may.
        lookups: small tables joined besides (vocabularies, grids), made when the asset runs.
        prepared: more small tables, computed from the inputs with engine and lake at hand.
        after: tables that must be made before, though no SQL text reads them.
    """

    table: Table
    inputs: tuple[Table, ...]
    steps: Callable[[], Sequence[Step]]
    days_from: Table | None
    lookups: Callable[[], Tables] = no_lookups
    prepared: Callable[[Engine, Store, Mapping[str, Slice]], Tables] | None = None
    after: tuple[Table, ...] = ()

    def frame(
        self, engine: Engine, store: Store, window: Window, slices: Mapping[str, Slice]
    ) -> Frame:
        """The rows of a window, not yet computed."""
        more = self.prepared(engine, store, slices) if self.prepared else {}
        inputs = {**slices, **self.lookups(), **more}
        steps, schema = self.steps(), self.table.schema
        known = self._known_days(store, window)
        return Frame(schema, lambda: engine.stream(inputs, steps, schema.names), known)

    def _known_days(self, store: Store, window: Window) -> frozenset[date]:
        if self.days_from is None:
            return frozenset(days_in(window))
        return frozenset(store.slice(self.days_from, window).distinct_days())


@dataclass(frozen=True)
class Family:
    """What all assets of one pipeline share."""

    group: str
    owners: tuple[str, ...]
    automation: dg.AutomationCondition[dg.AssetKey] | None = None
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)


def asset_options(table: Table, family: Family) -> dict[str, Any]:
    """The arguments of ``dg.asset`` that follow from a contract."""
    return {
        "key": key_of(table),
        "description": table.description,
        "group_name": family.group,
        "owners": list(family.owners),
        "kinds": {"deltalake", table.layer, *family.kinds.get(table.layer, frozenset())},
        "partitions_def": days_definition(),
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "metadata": {
            "dagster/column_schema": column_schema(table),
            "dagster/uri": table.path,
            "key": ", ".join(table.key),
        },
    }


def table_spec(table: Table, family: Family, after: Sequence[Table] = ()) -> dg.AssetSpec:
    """The asset of a table that is written beside Dagster's runs; others can read it."""
    options = asset_options(table, family) | {"deps": [key_of(each) for each in after]}
    options.pop("backfill_policy")
    return dg.AssetSpec(**options).with_io_manager_key("lake_io")


def column_schema(table: Table) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.type),
                column.description,
                constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
            )
            for column in table.columns
        ]
    )


def daily_asset(**options: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """``dg.asset``, without the notice that ``backfill_policy`` may still change in minor releases.

    The dagster version is pinned, so it cannot change unseen; drop this when the notice is gone.
    """

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            made: dg.AssetsDefinition = dg.asset(**options)(function)
            return made

    return decorate


Making = Callable[[dg.AssetExecutionContext, Store, Window, Mapping[str, Slice]], Frame]


def multi_daily_asset(
    tables: Iterable[Table], family: Family, after: Sequence[Table]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Several tables that one function makes at once; it yields a result for each."""
    options = [asset_options(table, family) for table in tables]
    shared = ("partitions_def", "backfill_policy")
    specs = [
        dg.AssetSpec(
            **{name: value for name, value in each.items() if name not in shared},
            deps=[key_of(table) for table in after],
        )
        for each in options
    ]

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            made: dg.AssetsDefinition = dg.multi_asset(
                specs=specs,
                partitions_def=days_definition(),
                backfill_policy=dg.BackfillPolicy.single_run(),
            )(function)
            return made

    return decorate


def table_asset(recipe: Recipe, family: Family) -> dg.AssetsDefinition:
    """The asset that makes a recipe's table."""
    names = [table.name for table in recipe.inputs]

    @daily_asset(
        **_wired(recipe.table, recipe.inputs, family, recipe.after), io_manager_key="lake_io"
    )
    def made(
        context: dg.AssetExecutionContext,
        engine: EngineResource,
        lake: LakeResource,
        **inputs: Slice,
    ) -> Frame:
        slices = {name: inputs[name] for name in names}
        return recipe.frame(engine.open(), lake.store(), run_window(context), slices)

    return made


def frame_asset(
    table: Table,
    inputs: Sequence[Table],
    family: Family,
    make: Making,
    after: Sequence[Table] = (),
) -> dg.AssetsDefinition:
    """The asset of a table that a function of Python makes, where SQL is not the word for it."""
    names = [table.name for table in inputs]

    @daily_asset(**_wired(table, inputs, family, after), io_manager_key="lake_io")
    def made(context: dg.AssetExecutionContext, lake: LakeResource, **slices: Slice) -> Frame:
        window = run_window(context)
        return make(context, lake.store(), window, {name: slices[name] for name in names})

    return made


def _wired(
    table: Table, inputs: Sequence[Table], family: Family, after: Sequence[Table]
) -> dict[str, Any]:
    return asset_options(table, family) | {
        "ins": {each.name: dg.AssetIn(key_of(each)) for each in inputs},
        "deps": [key_of(each) for each in after],
        "automation_condition": family.automation,
    }


def key_of(table: Table) -> dg.AssetKey:
    """The asset key of a table: its path in the lake."""
    return dg.AssetKey([table.layer, table.name])
