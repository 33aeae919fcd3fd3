"""The contracts of silver: crashes typed and cleaned, what was refused, what changed."""

from crash_platform.lake.contract import Column, Table
from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.crashes.tables.columns import (
    CASUALTIES,
    DAY,
    DECIMAL,
    FILED,
    FLAG,
    KEY,
    LANDING,
    LIST,
    LOCAL,
    MOMENT,
    ORIGIN,
    RAW,
    TEXT,
    VERSION,
    WHOLE,
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
        *ORIGIN,
        VERSION,
        LANDING,
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
        KEY,
        FILED,
        Column(
            "broken_rules", TEXT, "Names of all rules the record broke, comma-separated.", False
        ),
        *RAW,
        Column("extra_fields", TEXT, "Fields the platform does not know, as a JSON object."),
        *ORIGIN,
        VERSION,
        LANDING,
    ),
    key=("record_key", "filed_date"),
    day_column="filed_date",
)

CRASH_REVISIONS = Table(
    layer="silver",
    name="crash_revisions",
    description="What changed on which crash, from what to what, and when it was seen.",
    columns=(
        KEY,
        Column(
            "collision_id", WHOLE, "NYPD's id of the collision; null where the record has none."
        ),
        FILED,
        VERSION,
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
        LANDING,
    ),
    key=("record_key", "version", "field"),
    day_column="filed_date",
)
