"""When models are made: every day, as of the day before, after the crashes have come in."""

from datetime import timedelta

import dagster as dg

from crash_platform.lake.contract import Window
from crash_platform.orchestration.calendar import run_tags
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.injuries import tables as t

MADE = (t.INJURY_MODEL, t.COMPARISON, t.TEST_PREDICTIONS, t.EVALUATION_CHARTS, t.PROMOTIONS)
STALE_DAYS = 14


def automation() -> dg.Definitions:
    """The schedule that trains, and the sensor that scores and watches what has changed."""
    follow = dg.AutomationConditionSensorDefinition(
        "injury_automation",
        target=dg.AssetSelection.groups("injuries"),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    return dg.Definitions(schedules=[_daily()], sensors=[follow])


def _daily() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="daily_injury_model",
        target=dg.AssetSelection.assets(*(key_of(table) for table in MADE)),
        cron_schedule="0 8 * * *",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains as of yesterday, compares, draws, and promotes through the gates.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, lake: LakeResource
    ) -> dg.RunRequest | dg.SkipReason:
        yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
        newest = max(lake.store().slice(t.CRASH_FEATURES).distinct_days(), default=None)
        if newest is None or (yesterday - newest).days > STALE_DAYS:
            return dg.SkipReason(
                f"The newest crash is of {newest}: there is nothing to learn as of {yesterday}. "
                "Set CRASH_PLATFORM_SOURCE=nyc to follow the city."
            )
        window = Window(yesterday, yesterday)
        return dg.RunRequest(run_key=f"model {yesterday}", tags=dict(run_tags(window)))

    return schedule
