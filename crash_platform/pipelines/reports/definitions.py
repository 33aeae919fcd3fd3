"""All Dagster definitions of the live half in one place."""

from dataclasses import replace

import dagster as dg

from crash_platform.orchestration.beside import looked_after
from crash_platform.orchestration.feeds.kit import feed_definitions
from crash_platform.orchestration.feeds.landing import dead_letters_spec
from crash_platform.orchestration.tables import table_asset, table_spec
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
    checked = looked_after(t.LIVE_PREDICTIONS, "hourly_live_checks", "50 * * * *")
    return dg.Definitions.merge(feed_definitions(report_feed()), live, checked)


def _at_once() -> dg.AutomationCondition[dg.AssetKey]:
    """A changed day of any age; plain eager() would move the latest day only."""
    return dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
