"""The contracts of the crash tables: what each column means, in the order readers see them."""

import pyarrow as pa

from crash_platform.lake.contract import Column, Table
from crash_platform.pipelines.crashes.dialects import RAW_FIELDS
from crash_platform.pipelines.crashes.rules import RULES

TEXT, WHOLE, DAY, FLAG, DECIMAL = pa.string(), pa.int64(), pa.date32(), pa.bool_(), pa.float64()
MOMENT, LOCAL, LIST = pa.timestamp("us", tz="UTC"), pa.timestamp("us"), pa.list_(pa.string())

KINDS = ("persons", "pedestrians", "cyclists", "motorists")
CASUALTIES = tuple(f"{kind}_{outcome}" for kind in KINDS for outcome in ("injured", "killed"))

_RAW = tuple(
    Column(name, TEXT, f"The source's `{name}`, as it came (API naming).") for name in RAW_FIELDS
)
_KEY = Column(
    "record_key", TEXT, "The collision id as text; without one, a digest of the record.", False
)
_FILED = Column(
    "filed_date",
    DAY,
    "Day the record is filed under: its crash date, or the day of the pull where that cannot be "
    "read or lies outside the calendar.",
    False,
)
_ORIGIN = (
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
_LANDING = Column("landing", WHOLE, "Number of the landing that brought this version.", False)
_VERSION = Column("version", WHOLE, "1 for the first version of a record, then counting up.", False)

CRASH_RECORDS = Table(
    layer="bronze",
    name="crash_records",
    description="Every version of every crash record as its source gave it; only ever added to.",
    columns=(
        _KEY,
        _FILED,
        _VERSION,
        Column(
            "change",
            TEXT,
            "What this version is: inserted, corrected, moved (to this day), reappeared; older "
            "(from a delivery that came late: kept, never winning), with what holds restated "
            "after it; or one of the tombstones moved_away (from this day) and disappeared.",
            False,
        ),
        Column("previous_filed_date", DAY, "Day under which the version before was filed."),
        *_RAW,
        Column("extra_fields", TEXT, "Fields the platform does not know, as a JSON object."),
        Column("source_record_id", TEXT, "The source's own row id, where it has one."),
        *_ORIGIN,
        Column("content_hash", TEXT, "Digest of the known fields, formatting apart.", False),
        _LANDING,
    ),
    key=("record_key", "filed_date", "version"),
    day_column="filed_date",
    filtered=("landing",),
)


def _casualty(name: str) -> Column:
    kind, outcome = name.split("_")
    who = {"persons": "All persons", "pedestrians": "Pedestrians", "cyclists": "Cyclists"}
    return Column(
        name, WHOLE, f"{who.get(kind, 'Motorists')} {outcome}; null where the source says nothing."
    )


CRASHES = Table(
    layer="silver",
    name="crashes",
    description="One row per crash, typed and cleaned, in exactly one day.",
    columns=(
        Column("collision_id", WHOLE, "NYPD's id of the collision.", False),
        Column("crash_date", DAY, "Local calendar day of the crash.", False),
        Column(
            "crashed_at", LOCAL, "Local time of the crash, without a zone; null where unreadable."
        ),
        Column("borough", TEXT, "Borough as reported; null in 20-35 % of the records."),
        Column("borough_located", TEXT, "Borough whose outline holds the coordinates."),
        Column("zip_code", TEXT, "ZIP code as reported."),
        Column("latitude", DECIMAL, "Degrees north (WGS 84); null with a `coordinates_issue`."),
        Column("longitude", DECIMAL, "Degrees east (WGS 84); null with a `coordinates_issue`."),
        Column("on_street_name", TEXT, "Street of the crash."),
        Column("cross_street_name", TEXT, "Address of a crash off a street corner (API naming)."),
        Column("off_street_name", TEXT, "Nearest crossing street (API naming)."),
        *(_casualty(name) for name in CASUALTIES),
        Column(
            "is_injury_crash",
            FLAG,
            "persons_injured > 0 OR persons_killed > 0; null where the counts do not tell.",
        ),
        Column("contributing_factors", LIST, "Factors in the order of the vehicles, normalised."),
        Column("contributing_factors_raw", LIST, "The same factors as reported."),
        Column("vehicle_types", LIST, "Vehicle types in order, normalised."),
        Column("vehicle_types_raw", LIST, "The same vehicle types as reported."),
        Column("vehicle_count", WHOLE, "Vehicles with a reported type; null where none has one."),
        Column(
            "coordinates_issue",
            TEXT,
            "Why there are no coordinates: missing, zero, unreadable or outside_city.",
        ),
        Column("is_borough_unknown", FLAG, "The reported borough is none of the five.", False),
        Column("is_time_unreadable", FLAG, "A time was reported, but not as H:MM.", False),
        Column(
            "has_total_below_kinds",
            FLAG,
            "Fewer persons than pedestrians, cyclists and motorists together.",
            False,
        ),
        Column(
            "has_total_above_kinds",
            FLAG,
            "More persons than the three kinds together (riders of e-bikes, scooters: no error).",
            False,
        ),
        Column(
            "is_in_dst_gap", FLAG, "Local time that did not exist (spring, 02:00-02:59).", False
        ),
        Column("is_in_dst_fold", FLAG, "Local time that came twice (autumn, 01:00-01:59).", False),
        *_ORIGIN,
        _VERSION,
        _LANDING,
    ),
    key=("collision_id",),
    day_column="crash_date",
    rules=RULES,
    filtered=("collision_id",),
)

QUARANTINED_CRASHES = Table(
    layer="silver",
    name="quarantined_crashes",
    description="Every refused record in its raw form, with all the rules it broke.",
    columns=(
        _KEY,
        _FILED,
        Column(
            "broken_rules", TEXT, "Names of all rules the record broke, comma-separated.", False
        ),
        *_RAW,
        Column("extra_fields", TEXT, "Fields the platform does not know, as a JSON object."),
        *_ORIGIN,
        _VERSION,
        _LANDING,
    ),
    key=("record_key", "filed_date"),
    day_column="filed_date",
)

CRASH_REVISIONS = Table(
    layer="silver",
    name="crash_revisions",
    description="What changed on which crash, from what to what, and when it was seen.",
    columns=(
        _KEY,
        Column(
            "collision_id", WHOLE, "NYPD's id of the collision; null where the record has none."
        ),
        _FILED,
        _VERSION,
        Column(
            "change",
            TEXT,
            "added (arrived after its day was first landed), corrected, moved, reappeared or "
            "disappeared.",
            False,
        ),
        Column("field", TEXT, "Raw field that changed; null where the record as a whole did."),
        Column("old_value", TEXT, "The field before, formatting apart."),
        Column("new_value", TEXT, "The field after, formatting apart."),
        Column("seen_at", MOMENT, "When the change was seen (UTC).", False),
        Column("source", TEXT, "Where the change was seen.", False),
        _LANDING,
    ),
    key=("record_key", "version", "field"),
    day_column="filed_date",
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

DAILY_CRASHES = Table(
    layer="gold",
    name="daily_crashes",
    description="Crashes and casualties by day and borough.",
    columns=(
        _DATE,
        Column(
            "borough",
            TEXT,
            "Reported borough, else the one that holds the coordinates, else UNKNOWN.",
            False,
        ),
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

TABLES = (
    CRASH_RECORDS,
    CRASHES,
    QUARANTINED_CRASHES,
    CRASH_REVISIONS,
    DAILY_CRASHES,
    CRASH_HOTSPOTS,
    CRASH_FACTORS,
    CRASH_COVERAGE,
)
