"""The asset-check report as an asset: written after every run, linked from Dagster's UI."""

from datetime import UTC, datetime

import dagster as dg

from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import daily_asset
from crash_platform.pipelines.crashes import report
from crash_platform.pipelines.crashes.assets import FAMILY
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE
from crash_platform.settings import load_settings


def report_asset(checks: list[dg.AssetChecksDefinition]) -> dg.AssetsDefinition:
    """One page about all days, so it has no partitions; ``single_run`` lets ranges include it."""
    specs = [spec for check in checks for spec in check.check_specs]

    @daily_asset(
        key=dg.AssetKey(["report", "crash_checks"]),
        description="Every check with its history, quarantine, revisions and coverage, as a page.",
        group_name=FAMILY.group,
        owners=list(FAMILY.owners),
        kinds={"html"},
        deps=[dg.AssetKey([CRASH_COVERAGE.layer, CRASH_COVERAGE.name])],
        backfill_policy=dg.BackfillPolicy.single_run(),
        automation_condition=dg.AutomationCondition.eager(),
    )
    def crash_checks(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        gathered = report.gather(lake.store(), context.instance, specs, datetime.now(UTC))
        path = report.write(gathered, load_settings().reports)
        return dg.MaterializeResult(
            metadata={
                "report": dg.MetadataValue.path(path),
                "summary": dg.MetadataValue.md(report.summary(gathered)),
                "checks_passed": len(gathered.passed),
                "checks_failed": len(gathered.failed),
            }
        )

    return crash_checks
