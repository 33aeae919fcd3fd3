"""All Dagster definitions of the crash pipeline in one place."""

import dagster as dg

from crash_platform.pipelines.crashes.assets import assets
from crash_platform.pipelines.crashes.automation import automation
from crash_platform.pipelines.crashes.checks import checks
from crash_platform.pipelines.crashes.report_asset import report_asset


def crash_definitions() -> dg.Definitions:
    """Assets, checks, schedule and sensors of the crash pipeline."""
    promised = checks()
    made = [*assets(), report_asset(promised)]
    return dg.Definitions.merge(dg.Definitions(assets=made, asset_checks=promised), automation())
