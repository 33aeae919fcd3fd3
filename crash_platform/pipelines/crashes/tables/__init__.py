"""The contracts of the crash tables: what each column means, in the order readers see them.

Each layer has its file; everything is imported from here.
"""

from crash_platform.pipelines.crashes.tables.bronze import CRASH_RECORDS
from crash_platform.pipelines.crashes.tables.columns import CASUALTIES, KINDS
from crash_platform.pipelines.crashes.tables.gold import (
    CRASH_COVERAGE,
    CRASH_FACTORS,
    CRASH_HOTSPOTS,
    DAILY_CRASHES,
    HOURLY_CRASHES,
)
from crash_platform.pipelines.crashes.tables.silver import (
    CRASH_REVISIONS,
    CRASHES,
    QUARANTINED_CRASHES,
)

__all__ = [
    "CASUALTIES",
    "CRASHES",
    "CRASH_COVERAGE",
    "CRASH_FACTORS",
    "CRASH_HOTSPOTS",
    "CRASH_RECORDS",
    "CRASH_REVISIONS",
    "DAILY_CRASHES",
    "HOURLY_CRASHES",
    "KINDS",
    "QUARANTINED_CRASHES",
    "TABLES",
]

TABLES = (
    CRASH_RECORDS,
    CRASHES,
    QUARANTINED_CRASHES,
    CRASH_REVISIONS,
    DAILY_CRASHES,
    HOURLY_CRASHES,
    CRASH_HOTSPOTS,
    CRASH_FACTORS,
    CRASH_COVERAGE,
)
