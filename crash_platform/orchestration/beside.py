"""What Dagster does for tables that are written beside its runs; by whom is not known here."""

import dagster as dg

from crash_platform.lake.contract import Table
from crash_platform.orchestration.tables import key_of


def looked_after(table: Table, schedule: str, cron: str) -> dg.Definitions:
    """A job of the table's checks, which no run of an asset brings with it, and its schedule.

    Args:
        table: what is looked after; the job is called ``check_`` and its name.
        schedule: the schedule's name, under which Dagster remembers whether it is switched on.
        cron: when the checks run.
    """
    job = dg.define_asset_job(
        f"check_{table.name}",
        dg.AssetSelection.checks_for_assets(key_of(table)),
        description=f"Looks after {table.path}, which is written beside runs.",
    )
    running = dg.ScheduleDefinition(
        name=schedule,
        job=job,
        cron_schedule=cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[job], schedules=[running])
