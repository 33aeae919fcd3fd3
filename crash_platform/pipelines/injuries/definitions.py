"""All Dagster definitions of the injury model in one place."""

import dagster as dg

from crash_platform.pipelines.injuries.assets import assets
from crash_platform.pipelines.injuries.automation import automation
from crash_platform.pipelines.injuries.checks import checks


def injury_definitions() -> dg.Definitions:
    """Assets, checks, schedule and sensor of the injury model."""
    made = dg.Definitions(assets=assets(), asset_checks=checks())
    return dg.Definitions.merge(made, automation())
