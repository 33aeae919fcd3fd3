"""Dagster told of live predictions: materialisations without a run, one per day that got rows.

The one module of the speed layer that knows Dagster; the worker is handed its function.
"""

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.reports.live.account import Figures, Tell, TellingError
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS


def teller(instance: dg.DagsterInstance) -> Tell:
    """What tells a Dagster instance; raises ``TellingError`` where its storage refuses."""

    def tell(figures: Figures) -> None:
        try:
            for day in sorted(figures.rows_of_days):
                instance.report_runless_asset_event(materialisation(figures, day.isoformat()))
        except (dg.DagsterError, SQLAlchemyError, OSError) as error:
            raise TellingError(
                f"Dagster cannot take note of live predictions ({type(error).__name__}): check the "
                "storage of its instance; scoring goes on, and it is told later."
            ) from error

    return tell


def materialisation(figures: Figures, day: str) -> dg.AssetMaterialization:
    """The figures as Dagster shows them, for one day's partition."""
    median, late = figures.latency_ms
    whole = {
        "rows": {each.isoformat(): rows for each, rows in figures.rows_of_days.items()}[day],
        "scored_total": figures.scored_total,
        "poison": sum(figures.poison.values()),
        "duplicates": figures.duplicates,
        "withdrawn": figures.withdrawn,
        "lag": figures.lag,
    }
    return dg.AssetMaterialization(
        key_of(LIVE_PREDICTIONS),
        description="Live reports scored as they came.",
        partition=day,
        metadata={
            **{name: dg.MetadataValue.int(number) for name, number in whole.items()},
            "latency_ms_p50": dg.MetadataValue.float(round(median, 1)),
            "latency_ms_p99": dg.MetadataValue.float(round(late, 1)),
            "model_versions": dg.MetadataValue.json(dict(figures.model_versions)),
            "poison_by_kind": dg.MetadataValue.json(dict(figures.poison)),
        },
    )
