"""The types and columns that crash tables of several layers share; no table is declared here."""

import pyarrow as pa

from crash_platform.lake.contract import Column
from crash_platform.pipelines.crashes.dialects import RAW_FIELDS

TEXT, WHOLE, DAY, FLAG, DECIMAL = pa.string(), pa.int64(), pa.date32(), pa.bool_(), pa.float64()
MOMENT, LOCAL, LIST = pa.timestamp("us", tz="UTC"), pa.timestamp("us"), pa.list_(pa.string())

KINDS = ("persons", "pedestrians", "cyclists", "motorists")
CASUALTIES = tuple(f"{kind}_{outcome}" for kind in KINDS for outcome in ("injured", "killed"))

RAW = tuple(
    Column(name, TEXT, f"The source's `{name}`, as it came (API naming).") for name in RAW_FIELDS
)
KEY = Column(
    "record_key", TEXT, "The collision id as text; without one, a digest of the record.", False
)
FILED = Column(
    "filed_date",
    DAY,
    "Day the record is filed under: its crash date, or the day of the pull where that cannot be "
    "read or lies outside the calendar.",
    False,
)
ORIGIN = (
    Column(
        "source", TEXT, "Where the record came from: the portal's address or a file's name.", False
    ),
    Column("pulled_at", MOMENT, "When the source said this (UTC).", False),
    Column(
        "source_updated_at",
        MOMENT,
        "When the source last changed the record, where it says so (UTC).",
    ),
)
LANDING = Column("landing", WHOLE, "Number of the landing that brought this version.", False)
VERSION = Column("version", WHOLE, "1 for the first version of a record, then counting up.", False)
