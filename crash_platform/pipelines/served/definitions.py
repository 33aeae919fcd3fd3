"""All Dagster definitions of served predictions in one place."""

import dagster as dg

from crash_platform.orchestration.tables import Family, key_of, table_asset, table_spec
from crash_platform.pipelines.injuries.tables import PROMOTIONS
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.accuracy import accuracy_recipe
from crash_platform.pipelines.served.automation import accuracy_sensor
from crash_platform.pipelines.served.checks import checks

FAMILY = Family(group="served", owners=("team:crash-data",), kinds={"gold": frozenset({"sql"})})


def served_definitions() -> dg.Definitions:
    """Assets, checks and sensor of served predictions.

    ``gold/served_predictions`` is written by ``crash-platform serve``, beside Dagster's runs.
    """
    made = dg.Definitions(
        assets=[
            table_spec(t.SERVED_PREDICTIONS, FAMILY, after=(PROMOTIONS,)),
            table_asset(accuracy_recipe(), FAMILY),
        ],
        asset_checks=checks(),
        sensors=[accuracy_sensor()],
    )
    return dg.Definitions.merge(made, _looking_after_answers())


def _looking_after_answers() -> dg.Definitions:
    """The checks that no run of an asset brings with it, every hour."""
    job = dg.define_asset_job(
        "check_served_predictions",
        dg.AssetSelection.checks_for_assets(key_of(t.SERVED_PREDICTIONS)),
        description=f"Looks after {t.SERVED_PREDICTIONS.path}, which is written beside runs.",
    )
    hourly = dg.ScheduleDefinition(
        name="hourly_served_checks",
        job=job,
        cron_schedule="55 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[job], schedules=[hourly])
