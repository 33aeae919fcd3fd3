"""The injury model's tables as Dagster assets: features, models, comparison, charts, scores.

A run over a range makes one model: as of its last day. The tables of crashes are made day by day.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pyarrow as pa

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Slice, Store
from crash_platform.modelling.registry import open_registry
from crash_platform.orchestration.calendar import days_in, run_window
from crash_platform.orchestration.io_manager import describe
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import (
    Family,
    asset_options,
    daily_asset,
    frame_asset,
    key_of,
    multi_daily_asset,
)
from crash_platform.orchestration.tracking import TrackingResource, git_revision
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS, CRASHES, DAILY_CRASHES
from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.examples import TrainingRefusedError
from crash_platform.pipelines.injuries.experiments import compare
from crash_platform.pipelines.injuries.features import FEATURE_SETS, featuriser
from crash_platform.pipelines.injuries.making import (
    Workshop,
    champion,
    day_rows,
    models_of,
    trained_of,
)
from crash_platform.pipelines.injuries.monitoring import Inputs, monitor
from crash_platform.pipelines.injuries.promotion import Promoter, registered_name, verdicts_of
from crash_platform.pipelines.injuries.publishing import publication_of
from crash_platform.pipelines.injuries.recipe import recipe_of
from crash_platform.pipelines.injuries.rows import REPORT_COLUMNS, feature_batches
from crash_platform.pipelines.injuries.scoring import predictions
from crash_platform.pipelines.injuries.words import load_words
from crash_platform.settings import checkout, load_settings

# Promotions are of the days somebody trained on: a changed day waits for none of them.
FAMILY = Family(
    group="injuries",
    owners=("team:crash-data",),
    automation=dg.AutomationCondition.eager()
    .without(dg.AutomationCondition.in_latest_time_window())
    .ignore(dg.AssetSelection.assets(key_of(t.PROMOTIONS))),
    kinds={
        "gold": frozenset({"python"}),
        "model": frozenset({"xgboost"}),
    },
)
MODEL_FAMILY = Family(FAMILY.group, FAMILY.owners, None, FAMILY.kinds)
"""Models follow the schedule, not every changed day."""

BATCH = 20_000


def assets() -> list[dg.AssetsDefinition]:
    """Every table of the pipeline, in the order of their making."""
    return [
        frame_asset(t.CRASH_FEATURES, (CRASHES,), FAMILY, crash_features),
        _injury_model(),
        _comparison(),
        _evaluation_charts(),
        _promotions(),
        frame_asset(
            t.INJURY_PREDICTIONS,
            (t.CRASH_FEATURES,),
            FAMILY,
            injury_predictions,
            after=(t.PROMOTIONS,),
        ),
        _monitoring(),
    ]


def crash_features(
    context: dg.AssetExecutionContext, store: Store, window: Window, slices: Mapping[str, Slice]
) -> Frame:
    """The features of a window, made by the one feature function."""
    del context
    crashes, featurise = slices[CRASHES.name], featuriser(load_words())
    schema = t.CRASH_FEATURES.schema

    def rows() -> pa.RecordBatchReader:
        batches = crashes.dataset().to_batches(
            columns=REPORT_COLUMNS, filter=crashes.filter, batch_size=BATCH
        )
        return pa.RecordBatchReader.from_batches(schema, feature_batches(batches, featurise))

    known = store.slice(CRASH_RECORDS, window).distinct_days()
    return Frame(schema, rows, frozenset(known))


def injury_predictions(
    context: dg.AssetExecutionContext, store: Store, window: Window, slices: Mapping[str, Slice]
) -> Frame:
    """What the champions say of a window; without a champion nothing is said, and nothing lost."""
    registry, words = open_registry(load_settings()), load_words()
    champions = {
        feature_set: held
        for feature_set in FEATURE_SETS
        if (held := champion(registry, feature_set, words)) is not None
    }
    for feature_set in FEATURE_SETS.keys() - champions.keys():
        context.log.warning(f"No {feature_set} model was promoted yet: nothing is scored by it.")
    before = store.slice(t.INJURY_PREDICTIONS, window)
    return predictions(slices[t.CRASH_FEATURES.name], champions, datetime.now(UTC), before)


def _injury_model() -> dg.AssetsDefinition:
    @_of_the_last_day(t.INJURY_MODEL, after=(t.CRASH_FEATURES, CRASHES))
    def injury_model(
        context: dg.AssetExecutionContext, lake: LakeResource, tracking: TrackingResource
    ) -> dg.MaterializeResult[None]:
        store, day = lake.store(), run_window(context).last
        workshop = Workshop(
            store,
            tracking.registry(),
            lambda name, tags: tracking.run(context, name, tags),
            load_words(),
            recipe_of(load_settings()),
            git_revision(checkout()),
            datetime.now(UTC),
        )
        try:
            made = workshop.make(day)
        except TrainingRefusedError as error:
            return _refused(context, t.CRASH_FEATURES, error)
        return _written(store, t.INJURY_MODEL, day, made, _figures(made))

    return injury_model


def _comparison() -> dg.AssetsDefinition:
    tables = {table.name: table for table in (t.COMPARISON, t.TEST_PREDICTIONS)}

    @multi_daily_asset(tables.values(), MODEL_FAMILY, after=(t.INJURY_MODEL,))
    def comparison(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        store, day = lake.store(), run_window(context).last
        words, recipe = load_words(), recipe_of(load_settings())
        models = models_of(store, day, words)
        if not models:
            yield from (_absent(context, day, table) for table in tables.values())
            return
        rows = day_rows(store, day, recipe, words)
        compared = compare(store, rows, trained_of(models, rows), recipe, say=context.log.info)
        yield _written(store, t.COMPARISON, day, compared.comparison)
        yield _written(store, t.TEST_PREDICTIONS, day, compared.predictions)

    return comparison


def _evaluation_charts() -> dg.AssetsDefinition:
    @_of_the_last_day(t.EVALUATION_CHARTS, after=(t.COMPARISON, t.TEST_PREDICTIONS, DAILY_CRASHES))
    def evaluation_charts(
        context: dg.AssetExecutionContext, lake: LakeResource, tracking: TrackingResource
    ) -> dg.MaterializeResult[None]:
        store, day, words = lake.store(), run_window(context).last, load_words()
        published = [
            publication_of(store, day, feature_set, row, model)
            for feature_set, (row, model) in models_of(store, day, words).items()
        ]
        if not published:
            return _absent(context, day, t.EVALUATION_CHARTS)
        folder = load_settings().reports / "injury_model" / day.isoformat()
        told: dict[str, dg.MetadataValue] = {}
        for each in published:
            told[f"report_{each.feature_set}"] = dg.MetadataValue.path(each.write(folder))
            told[f"charts_{each.feature_set}"] = dg.MetadataValue.md(each.preview())
            tracking.registry().log(each.run_id, files=each.files())
        rows = pa.concat_tables([each.rows() for each in published])
        return _written(store, t.EVALUATION_CHARTS, day, rows, told)

    return evaluation_charts


def _promotions() -> dg.AssetsDefinition:
    @_of_the_last_day(t.PROMOTIONS, after=(t.INJURY_MODEL,))
    def promotions(
        context: dg.AssetExecutionContext, lake: LakeResource, tracking: TrackingResource
    ) -> dg.MaterializeResult[None]:
        store, day, registry = lake.store(), run_window(context).last, tracking.registry()
        made = models_of(store, day, load_words())
        if not made:
            return _absent(context, day, t.PROMOTIONS)
        promoter = Promoter(registry, store, f"run {context.run.run_id}", datetime.now(UTC))
        told: dict[str, str] = {}
        for feature_set, (row, _) in made.items():
            version = registry.version(registered_name(feature_set), row["model_version"])
            decision = promoter.promote(feature_set, version.version, verdicts_of(version))
            told[feature_set] = (
                f"{decision.action}: {decision.reason}"
                if decision
                else f"version {version.version} is champion already"
            )
            context.log.info(f"{feature_set} {told[feature_set]}")
        return dg.MaterializeResult(metadata=told)

    return promotions


def _monitoring() -> dg.AssetsDefinition:
    return frame_asset(
        t.MONITORING, (t.INJURY_PREDICTIONS,), FAMILY, monitoring_rows, after=(t.CRASH_FEATURES,)
    )


def monitoring_rows(
    context: dg.AssetExecutionContext, store: Store, window: Window, slices: Mapping[str, Slice]
) -> Frame:
    """The model's health as of every day of a window."""
    del context, slices
    days = days_in(window)
    return Frame.of(monitor(days, Inputs.read(store, days), load_words()), frozenset(days))


def _of_the_last_day(
    table: Table, after: Sequence[Table]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset whose runs, over one day or over a range, write the range's last day."""
    options = asset_options(table, MODEL_FAMILY)
    return daily_asset(**options, deps=[key_of(each) for each in after])


def _written(
    store: Store,
    table: Table,
    day: date,
    rows: pa.Table,
    more: Mapping[str, Any] | None = None,
) -> dg.MaterializeResult[None]:
    commit = store.replace(table, Window(day, day), Frame.of(rows))
    return dg.MaterializeResult(
        asset_key=key_of(table), metadata={**describe(commit), **(more or {})}
    )


def _figures(made: pa.Table) -> dict[str, dg.MetadataValue]:
    """The figures people look at first, and the card."""
    told: dict[str, dg.MetadataValue] = {}
    for row in made.drop_columns(["artefact"]).to_pylist():
        for name in ("auc", "brier_skill", "ece", "base_rate"):
            told[f"{row['feature_set']}_{name}"] = dg.MetadataValue.float(row[name])
        told[f"{row['feature_set']}_card"] = dg.MetadataValue.md(row["card"])
    return told


def _refused(
    context: dg.AssetExecutionContext, upstream: Table, error: PlatformError
) -> dg.MaterializeResult[None]:
    """A model that cannot be made: an error where it was asked for, a warning on the way.

    A run that also makes the tables of crashes must not fail because they are still too few.
    """
    if key_of(upstream) not in context.job_def.asset_layer.executable_asset_keys:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.warning(str(error))
    return dg.MaterializeResult(metadata={"refused": str(error)})


def _absent(
    context: dg.AssetExecutionContext, day: date, table: Table
) -> dg.MaterializeResult[None]:
    error = TrainingRefusedError(
        f"There is no model as of {day} to go on with: materialise model/injury_model for that day."
    )
    refused = _refused(context, t.INJURY_MODEL, error)
    return dg.MaterializeResult(asset_key=key_of(table), metadata=refused.metadata)
