"""The contract of bronze: crash records as their sources gave them."""

from crash_platform.lake.contract import Column, Table
from crash_platform.pipelines.crashes.tables.columns import (
    DAY,
    FILED,
    KEY,
    LANDING,
    ORIGIN,
    RAW,
    TEXT,
    VERSION,
)

CRASH_RECORDS = Table(
    layer="bronze",
    name="crash_records",
    description="Every version of every crash record as its source gave it; only ever added to.",
    columns=(
        KEY,
        FILED,
        VERSION,
        Column(
            "change",
            TEXT,
            "What this version is: inserted, corrected, moved (to this day), reappeared; older "
            "(from a delivery that came late: kept, never winning), with what holds restated "
            "after it; or one of the tombstones moved_away (from this day) and disappeared.",
            False,
        ),
        Column("previous_filed_date", DAY, "Day under which the version before was filed."),
        *RAW,
        Column("extra_fields", TEXT, "Fields the platform does not know, as a JSON object."),
        Column("source_record_id", TEXT, "The source's own row id, where it has one."),
        *ORIGIN,
        Column("content_hash", TEXT, "Digest of the known fields, formatting apart.", False),
        LANDING,
    ),
    key=("record_key", "filed_date", "version"),
    day_column="filed_date",
    filtered=("landing",),
)
