"""Every table of every pipeline, and what is promised about it, in the order people read them."""

import dagster as dg

from crash_platform.lake.contract import Table
from crash_platform.orchestration.promises import Promise
from crash_platform.pipelines.crashes import checks as crash_checks
from crash_platform.pipelines.crashes import tables as crashes
from crash_platform.pipelines.injuries import checks as injury_checks
from crash_platform.pipelines.injuries import tables as injuries

TABLES: tuple[Table, ...] = (*crashes.TABLES, *injuries.TABLES)


def promises() -> tuple[Promise, ...]:
    """Every promise that is kept or broken by rows."""
    return (*crash_checks.promises(), *injury_checks.promises())


def checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check, promises and others."""
    return [*crash_checks.checks(), *injury_checks.checks()]
