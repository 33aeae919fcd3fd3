"""All Dagster definitions of the live half in one place."""

from dataclasses import replace

import dagster as dg

from crash_platform.orchestration.feeds.kit import feed_definitions
from crash_platform.orchestration.feeds.landing import dead_letters_spec
from crash_platform.orchestration.tables import key_of, table_asset, table_spec
from crash_platform.pipelines.injuries.tables import PROMOTIONS
from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.reports.checks import checks
from crash_platform.pipelines.reports.feed import FAMILY, accuracy_recipe, report_feed


def report_definitions() -> dg.Definitions:
    """Assets, checks and sensors of the crash reports.

    ``gold/live_predictions`` is written by ``crash-platform stream``, beside Dagster's runs.
    """
    eager = replace(FAMILY, automation=_at_once())
    follow = dg.AutomationConditionSensorDefinition(
        "report_automation",
        target=dg.AssetSelection.assets(["gold", "live_accuracy"]),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    live = dg.Definitions(
        assets=[
            table_spec(t.LIVE_PREDICTIONS, FAMILY, after=(PROMOTIONS,)),
            dead_letters_spec(FAMILY.owners),
            table_asset(accuracy_recipe(), eager),
        ],
        asset_checks=checks(),
        sensors=[follow],
    )
    return dg.Definitions.merge(feed_definitions(report_feed()), live, _looking_after_predictions())


def _looking_after_predictions() -> dg.Definitions:
    """The checks that no run of an asset brings with it, every hour."""
    job = dg.define_asset_job(
        "check_live_predictions",
        dg.AssetSelection.checks_for_assets(key_of(t.LIVE_PREDICTIONS)),
        description=f"Looks after {t.LIVE_PREDICTIONS.path}, which is written beside runs.",
    )
    hourly = dg.ScheduleDefinition(
        name="hourly_live_checks",
        job=job,
        cron_schedule="50 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[job], schedules=[hourly])


def _at_once() -> dg.AutomationCondition[dg.AssetKey]:
    """A changed day of any age; plain eager() would move the latest day only."""
    return dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
