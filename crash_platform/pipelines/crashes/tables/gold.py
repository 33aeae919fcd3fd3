"""The contracts of gold: what is counted, by day and by place, factor or state."""

from crash_platform.lake.contract import Column, Table
from crash_platform.pipelines.crashes.tables.columns import (
    CASUALTIES,
    DAY,
    DECIMAL,
    FLAG,
    MOMENT,
    TEXT,
    WHOLE,
)

_DATE = Column("crash_date", DAY, "Local calendar day.", False)
_COUNTS = (
    Column("crash_count", WHOLE, "Crashes.", False),
    Column("injury_crash_count", WHOLE, "Crashes with anyone injured or killed.", False),
)
_SUMS = tuple(
    Column(
        name, WHOLE, f"{name.replace('_', ' ').capitalize()} (missing counts add nothing).", False
    )
    for name in CASUALTIES
)
_PERSONS = tuple(column for column in _SUMS if column.name.startswith("persons_"))
_BOROUGH = Column(
    "borough",
    TEXT,
    "Reported borough, else the one that holds the coordinates, else UNKNOWN.",
    False,
)

DAILY_CRASHES = Table(
    layer="gold",
    name="daily_crashes",
    description="Crashes and casualties by day and borough.",
    columns=(
        _DATE,
        _BOROUGH,
        *_COUNTS,
        *_SUMS,
        Column("injury_share", DECIMAL, "injury_crash_count / crash_count (0-1)."),
        Column("located_count", WHOLE, "Crashes with coordinates.", False),
        Column("located_share", DECIMAL, "located_count / crash_count (0-1)."),
    ),
    key=("crash_date", "borough"),
    day_column="crash_date",
    folder="year",
)

HOURLY_CRASHES = Table(
    layer="gold",
    name="hourly_crashes",
    description="Crashes and casualties by day, borough and local hour.",
    columns=(
        _DATE,
        _BOROUGH,
        Column("hour", WHOLE, "Local hour of the crash (0-23); null where its time is unknown."),
        *_COUNTS,
        *_PERSONS,
    ),
    key=("crash_date", "borough", "hour"),
    day_column="crash_date",
    folder="year",
)

CRASH_HOTSPOTS = Table(
    layer="gold",
    name="crash_hotspots",
    description="Crashes and casualties by day and H3 cell (resolution 9, about 0.1 square km).",
    columns=(
        _DATE,
        Column(
            "h3_cell",
            TEXT,
            "H3 index of the cell, or UNLOCATED for crashes without coordinates.",
            False,
        ),
        Column("cell_latitude", DECIMAL, "Centre of the cell, degrees north."),
        Column("cell_longitude", DECIMAL, "Centre of the cell, degrees east."),
        *_COUNTS,
        *_SUMS,
    ),
    key=("crash_date", "h3_cell"),
    day_column="crash_date",
)

CRASH_FACTORS = Table(
    layer="gold",
    name="crash_factors",
    description=(
        "Crashes by day, contributing factor and vehicle group; a crash counts once in every "
        "combination it has, so rows do not add up to the day's crashes."
    ),
    columns=(
        _DATE,
        Column("contributing_factor", TEXT, "Normalised factor, or NONE REPORTED.", False),
        Column("vehicle_group", TEXT, "Group of the vehicle type, or NONE REPORTED.", False),
        *_COUNTS,
        Column("persons_injured", WHOLE, "Persons injured in these crashes.", False),
        Column("persons_killed", WHOLE, "Persons killed in these crashes.", False),
    ),
    key=("crash_date", "contributing_factor", "vehicle_group"),
    day_column="crash_date",
)

CRASH_COVERAGE = Table(
    layer="gold",
    name="crash_coverage",
    description=(
        "One row per day: what bronze holds, where every version of it went, and whether silver "
        "and gold are up to date with it."
    ),
    columns=(
        _DATE,
        Column("bronze_count", WHOLE, "Versions and tombstones in bronze.", False),
        Column(
            "superseded_count",
            WHOLE,
            "Of these, older versions, records that left, tombstones.",
            False,
        ),
        Column("clean_count", WHOLE, "Rows in silver/crashes.", False),
        Column("quarantined_count", WHOLE, "Rows in silver/quarantined_crashes.", False),
        Column("revision_count", WHOLE, "Rows in silver/crash_revisions.", False),
        Column("located_count", WHOLE, "Clean rows with coordinates.", False),
        Column("gold_count", WHOLE, "Crashes in gold/daily_crashes.", False),
        Column("landing", WHOLE, "The day's newest landing in bronze.", False),
        Column("is_current", FLAG, "Silver and gold hold exactly what bronze says.", False),
        Column("first_pulled_at", MOMENT, "When the day was first landed (UTC).", False),
        Column("last_pulled_at", MOMENT, "When the day last changed (UTC).", False),
    ),
    key=("crash_date",),
    day_column="crash_date",
    folder="year",
)
