"""The job and the weekly schedule that keep a lake small. What is done to one table: ``lake``."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import dagster as dg
from pydantic import Field

from crash_platform.lake.contract import Table
from crash_platform.lake.failures import LakeError
from crash_platform.lake.maintenance import (
    SHORTEST_RETENTION_DAYS,
    Report,
    check_retention,
    maintain,
)
from crash_platform.lake.store import Store
from crash_platform.orchestration.resources import LakeResource

JOB, OP = "maintain_lake", "maintain_tables"


class MaintenanceConfig(dg.Config):
    """What a maintenance run is asked for."""

    dry_run: bool = Field(default=False, description="Say what would be done and change nothing.")
    retention_days: int = Field(
        default=SHORTEST_RETENTION_DAYS,
        description="Days of history that stay readable, 7 to 30.",
    )


def utc_today() -> date:
    """The current day, in UTC."""
    return datetime.now(UTC).date()


def maintenance_job(
    contracts: Iterable[Table], today: Callable[[], date] = utc_today
) -> dg.JobDefinition:
    """The job that maintains every table of the contracts; run config under ``maintain_tables``.

    Each table's report is logged as an observation of its asset. A table that cannot be
    maintained fails the run, after the others had their turn.
    """
    tables = tuple(contracts)

    @dg.op(name=OP, description="Compacts closed folders and deletes what no version needs.")
    def maintain_tables(
        context: dg.OpExecutionContext, config: MaintenanceConfig, lake: LakeResource
    ) -> None:
        check_retention(config.retention_days)
        failures = []
        for table in tables:
            try:
                report = _maintained(lake.store(), table, today(), config)
            except LakeError as error:
                failures.append(str(error))
                continue
            key = dg.AssetKey([table.layer, table.name])
            context.log_event(dg.AssetObservation(key, metadata=described(report)))
        if failures:
            raise LakeError(" ".join(failures))

    @dg.job(name=JOB, description="Keeps the tables of the lake small and their history bounded.")
    def job() -> None:
        maintain_tables()

    return job


def weekly_maintenance(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """The schedule of the job: Sunday at four in New York, before the daily pull."""
    return dg.ScheduleDefinition(
        name="weekly_maintenance",
        job=job,
        cron_schedule="0 4 * * 0",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def described(report: Report) -> dict[str, dg.MetadataValue]:
    """What people see of a report."""
    numbers = {
        "files_before": report.before.files,
        "files_after": report.after.files,
        "bytes_before": report.before.bytes,
        "bytes_after": report.after.bytes,
        "compacted_files": report.compacted_files,
        "deleted_files": report.deleted_files,
        "deleted_bytes": report.deleted_bytes,
    }
    texts = {
        "delta_versions": f"{report.before.version} to {report.after.version}",
        "compacted_folders": ", ".join(report.compacted_folders) or "none",
        "busy_folders": ", ".join(report.busy_folders) or "none",
    }
    return {
        "is_dry_run": dg.MetadataValue.bool(report.is_dry_run),
        **{name: dg.MetadataValue.int(number) for name, number in numbers.items()},
        **{name: dg.MetadataValue.text(text) for name, text in texts.items()},
    }


def _maintained(store: Store, table: Table, today: date, config: MaintenanceConfig) -> Report:
    return maintain(
        store,
        table,
        today=today,
        dry_run=config.dry_run,
        retention_days=config.retention_days,
    )


def in_words(report: Report) -> str:
    """The report of one table in one line."""
    would = "would be " if report.is_dry_run else ""
    forgotten = f"; {report.forgotten_rows:,} old rows {would}emptied of what was told"
    busy = f"; busy, left for next time: {', '.join(report.busy_folders)}"
    return (
        f"{report.table}: {report.compacted_files:,} small files {would}put together, "
        f"{report.deleted_files:,} old files ({report.deleted_bytes / 1e6:.1f} MB) {would}deleted; "
        f"{report.before.files:,} files before, {report.after.files:,} after"
        f"{forgotten if report.forgotten_rows else ''}{busy if report.busy_folders else ''}."
    )
