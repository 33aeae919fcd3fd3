"""All Dagster definitions of served predictions in one place."""

import dagster as dg

from crash_platform.orchestration.beside import looked_after
from crash_platform.orchestration.tables import Family, table_asset, table_spec
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
    checked = looked_after(t.SERVED_PREDICTIONS, "hourly_served_checks", "55 * * * *")
    return dg.Definitions.merge(made, checked)
