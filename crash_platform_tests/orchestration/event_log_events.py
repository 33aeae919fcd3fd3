"""Event log entries to store in tests: of each kind that a batch may hold, and two it may not."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster import AssetKey, DagsterEventType, EventLogEntry, PartitionsDefinition
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    EngineEventData,
    StepMaterializationData,
)

A, B, C = (AssetKey(["bronze", name]) for name in ("crashes", "persons", "weather"))
RUN = "11111111-1111-4111-8111-111111111111"
OTHER_RUN = "22222222-2222-4222-8222-222222222222"
DAYS = [f"2024-01-{day:02}" for day in range(1, 32)]
CALENDAR = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
BEFORE_ANY_WIPE = 1_600_000_000.0
AFTER_ANY_WIPE = 4_000_000_000.0


def entry(
    kind: DagsterEventType, data: Any, run: str = RUN, at: float = BEFORE_ANY_WIPE
) -> EventLogEntry:
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        user_message="",
        level="debug",
        run_id=run,
        timestamp=at,
        step_key="step",
        job_name="job",
        dagster_event=DagsterEvent(kind.value, "job", event_specific_data=data),
    )


def materialized(
    asset: AssetKey, day: str | None, tags: dict[str, str] | None = None, **where: Any
) -> EventLogEntry:
    data = StepMaterializationData(dg.AssetMaterialization(asset, partition=day, tags=tags))
    return entry(DagsterEventType.ASSET_MATERIALIZATION, data, **where)


def observed(
    asset: AssetKey, day: str | None, tags: dict[str, str] | None = None, **where: Any
) -> EventLogEntry:
    data = AssetObservationData(dg.AssetObservation(asset, partition=day, tags=tags))
    return entry(DagsterEventType.ASSET_OBSERVATION, data, **where)


def planned(asset: AssetKey, day: str | None, **where: Any) -> EventLogEntry:
    data = AssetMaterializationPlannedData(asset, partition=day)
    return entry(DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data, **where)


def planned_range(asset: AssetKey, days: Sequence[str], **where: Any) -> EventLogEntry:
    data = AssetMaterializationPlannedData(asset, partitions_subset=subset(CALENDAR, days))
    return entry(DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data, **where)


def check_planned(
    asset: AssetKey,
    days: Sequence[str] | None,
    name: str = "has_rows",
    calendar: PartitionsDefinition[str] = CALENDAR,
    **where: Any,
) -> EventLogEntry:
    over = None if days is None else subset(calendar, days)
    data = AssetCheckEvaluationPlanned(asset_key=asset, check_name=name, partitions_subset=over)
    return entry(DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, data, **where)


def check_passed(asset: AssetKey, day: str | None, **where: Any) -> EventLogEntry:
    data = dg.AssetCheckEvaluation(
        asset_key=asset, check_name="has_rows", passed=True, metadata={}, partition=day
    )
    return entry(DagsterEventType.ASSET_CHECK_EVALUATION, data, **where)


def spoken(**where: Any) -> EventLogEntry:
    return entry(DagsterEventType.ENGINE_EVENT, EngineEventData.in_process(1), **where)


def subset(calendar: PartitionsDefinition[str], days: Sequence[str]) -> Any:
    return calendar.subset_with_partition_keys(days).to_serializable_subset()
