"""The crash tables as Dagster assets.

Bronze lands a delivery, everything below follows from its recipe.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import dagster as dg
import pyarrow.compute as pc
from pydantic import Field

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_window
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import Family, asset_options, daily_asset, table_asset
from crash_platform.pipelines.crashes.bronze import Delivery, Landing, land
from crash_platform.pipelines.crashes.deliveries import (
    SAMPLE_WINDOW,
    NotCoveredError,
    portal_delivery,
    sample_delivery,
)
from crash_platform.pipelines.crashes.recipes import recipes
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASH_RECORDS
from crash_platform.settings import Settings, load_settings

FAMILY = Family(
    group="crashes",
    owners=("team:crash-data",),
    # A changed day of any age reaches gold; plain eager() would move the latest day only.
    automation=dg.AutomationCondition.eager().without(
        dg.AutomationCondition.in_latest_time_window()
    ),
    kinds={
        "bronze": frozenset({"duckdb"}),
        "silver": frozenset({"sql"}),
        "gold": frozenset({"sql"}),
    },
)


class CrashSource(dg.Config):
    """Where a run takes crash records from; by default what CRASH_PLATFORM_SOURCE says."""

    source: str = Field(default="configured", pattern="^(configured|sample|nyc|landed)$")


def assets() -> list[dg.AssetsDefinition]:
    """Every table of the pipeline."""
    return [_crash_records(), *(table_asset(recipe, FAMILY) for recipe in recipes())]


def _crash_records() -> dg.AssetsDefinition:
    options = asset_options(CRASH_RECORDS, FAMILY)

    @daily_asset(**options, io_manager_key="lake_io")
    def crash_records(
        context: dg.AssetExecutionContext, config: CrashSource, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        settings, window, store = load_settings(), run_window(context), lake.store()
        source = settings.source if config.source == "configured" else config.source
        landing = take(store, settings, source, window, datetime.now(UTC))
        for day in sorted(landing.days if landing else ()):
            if day not in window:
                context.log_event(
                    dg.AssetMaterialization(options["key"], partition=day.isoformat())
                )
        return dg.MaterializeResult(metadata=_described(store, window, landing, source))

    return crash_records


def take(
    store: Store, settings: Settings, source: str, window: Window, now: datetime
) -> Landing | None:
    """Land what a source has for a window; ``landed`` asks nobody and keeps what is there.

    Raises:
        NotCoveredError: the packaged year is asked for days it does not have.
    """
    if source == "landed":
        return None
    with _delivery(settings, source, window, now, store) as delivery:
        if delivery is None:
            return None
        return land(store, delivery, memory_limit=settings.duckdb_memory_limit)


@contextmanager
def _delivery(
    settings: Settings, source: str, window: Window, now: datetime, store: Store
) -> Iterator[Delivery | None]:
    if source == "nyc":
        with portal_delivery(settings, window, now) as delivery:
            yield delivery
        return
    outside = [day for day in (window.first, window.last) if day not in SAMPLE_WINDOW]
    held = store.slice(CRASH_RECORDS, window).distinct_days() if outside else set()
    if outside and not held:
        raise NotCoveredError(
            f"The packaged year has no records of {outside[0]}: choose days in {SAMPLE_WINDOW}, or "
            "set CRASH_PLATFORM_SOURCE=nyc to ask NYC Open Data."
        )
    yield None if outside else sample_delivery(window)


def _described(
    store: Store, window: Window, landing: Landing | None, source: str
) -> dict[str, dg.MetadataValue]:
    rows = store.slice(CRASH_RECORDS, window).read(["change"]).num_rows
    counts = {f"records_{name}": count for name, count in landing.counts.items()} if landing else {}
    return {
        "rows": dg.MetadataValue.int(rows),
        "delta_version": dg.MetadataValue.int(store.version(CRASH_RECORDS) or 0),
        "window": dg.MetadataValue.text(str(window)),
        "source": dg.MetadataValue.text(source),
        **{name: dg.MetadataValue.int(count) for name, count in counts.items()},
    }


def pending_days(store: Store) -> list[date]:
    """The days that bronze knows better than silver and gold, in order."""
    landed = store.slice(CRASH_RECORDS).read(["filed_date", "landing"])
    newest = landed.group_by("filed_date").aggregate([("landing", "max")])
    covered = store.slice(CRASH_COVERAGE).read(["crash_date", "landing"], pc.field("is_current"))
    done = dict(zip(covered["crash_date"].to_pylist(), covered["landing"].to_pylist(), strict=True))
    pairs = zip(newest["filed_date"].to_pylist(), newest["landing_max"].to_pylist(), strict=True)
    return sorted(day for day, landing in pairs if done.get(day) != landing)
