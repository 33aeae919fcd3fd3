"""The contracts of the live half: what each column means, in the order readers see them."""

from crash_platform.lake.contract import Column, Rule, Table
from crash_platform.pipelines.crashes.tables.columns import (
    DAY,
    DECIMAL,
    FLAG,
    LIST,
    LOCAL,
    MOMENT,
    TEXT,
    WHOLE,
)
from crash_platform.streams.tables import (
    EVENT,
    LOG_HOURS,
    POSITION,
    event_table,
    quarantine_table,
)

CRASH_EVENTS = event_table("crash_events", "reports of crashes")

_DATE = Column("crash_date", DAY, "Local calendar day of the crash.", False)
_VEHICLES = Column("vehicle_types", LIST, "Vehicle types; of reports in the words of who reports.")
_FACTORS = Column("contributing_factors", LIST, "Contributing factors, likewise.")
_PLACE = (
    Column("borough", TEXT, "Borough in capitals; null where unknown or none of the five."),
    Column("latitude", DECIMAL, "Degrees north (WGS 84); null outside the city."),
    Column("longitude", DECIMAL, "Degrees east (WGS 84); null outside the city."),
    Column("on_street_name", TEXT, "Street of the crash."),
)
_CASUALTIES = (
    Column("persons_injured", WHOLE, "Persons injured, where somebody said."),
    Column("persons_killed", WHOLE, "Persons killed, where somebody said."),
    Column("is_injury_crash", FLAG, "Anybody injured or killed; null where nobody said."),
)
RULES = (
    Rule(
        "happened_before_it_was_reported",
        "crash_date <= enqueued_date",
        "refuse",
        "The crash is not of a day after its report came.",
    ),
    Rule(
        "is_of_these_days",
        "crash_date >= enqueued_date - INTERVAL 30 DAY",
        "refuse",
        "The crash is not longer ago than 30 days; older ones come as official records.",
    ),
)

REPORTED_CRASHES = Table(
    layer="silver",
    name="reported_crashes",
    description="One row per live report, the newest version of each; preliminary by nature.",
    columns=(
        *EVENT,
        _DATE,
        Column("crashed_at", LOCAL, "Local time of the crash, without a zone; null where unknown."),
        Column("collision_id", WHOLE, "NYPD's id, where the report has one."),
        *_PLACE,
        Column("zip_code", TEXT, "ZIP code."),
        Column("cross_street_name", TEXT, "Address of a crash off a street corner."),
        Column("off_street_name", TEXT, "Nearest crossing street."),
        *_CASUALTIES,
        _VEHICLES,
        _FACTORS,
        Column("is_withdrawn", FLAG, "The report was taken back.", False),
    ),
    key=("event_id",),
    day_column="crash_date",
    rules=RULES,
    log_hours=LOG_HOURS,
)
QUARANTINED_REPORTS = quarantine_table(REPORTED_CRASHES)

CRASHES_NOW = Table(
    layer="gold",
    name="crashes_now",
    description="Every crash as it is known now: the official record where its day is covered by "
    "official records, else the preliminary report.",
    columns=(
        _DATE,
        Column("crash_key", TEXT, "official:<collision_id> or report:<event_id>.", False),
        Column("is_final", FLAG, "An official record; else a preliminary report.", False),
        Column("record_version", WHOLE, "Version of the record or of the report.", False),
        Column("crash_time", TEXT, "Local time of the crash, HH:MM; null where unknown."),
        *_PLACE,
        *_CASUALTIES,
        _VEHICLES,
        _FACTORS,
        Column("is_simulated", FLAG, "Made up, by a generator.", False),
        Column("known_at", MOMENT, "When the source said so (UTC).", False),
    ),
    key=("crash_key",),
    day_column="crash_date",
    log_hours=LOG_HOURS,
)

_ANSWER = (
    Column("feature_set", TEXT, "What the model was told: first_report or full_report.", False),
    Column("model_version", WHOLE, "Version of the model in the registry.", False),
)
_TOLD = (
    Column("crash_time", TEXT, "Local time of the crash as told, H:MM; null where not said."),
    Column("borough", TEXT, "Borough in capitals; null where not said or none of the five."),
    Column("latitude", DECIMAL, "Degrees north (WGS 84), as told."),
    Column("longitude", DECIMAL, "Degrees east (WGS 84), as told."),
    Column("on_street_name", TEXT, "Street of the crash, as told."),
    Column("vehicle_types", LIST, "Vehicle types, in the words of who reports."),
    Column("contributing_factors", LIST, "Contributing factors, likewise."),
)
LIVE_PREDICTIONS = Table(
    layer="gold",
    name="live_predictions",
    description="What each live report told, and what the champion said of it within moments of "
    "its arrival; each version of a report is scored once.",
    columns=(
        Column("event_id", TEXT, "The report's id.", False),
        Column("event_version", WHOLE, "Version of the report.", False),
        _DATE,
        Column("collision_id", WHOLE, "NYPD's id, where the report has one."),
        *_TOLD,
        *_ANSWER,
        Column("model_as_of_date", DAY, "Last day of the data the model was made from.", False),
        Column("probability", DECIMAL, "Probability of an injury or a death (0-1).", False),
        Column("threshold", DECIMAL, "From here on an injury crash is predicted.", False),
        Column("is_predicted_injury", FLAG, "probability >= threshold.", False),
        Column("is_simulated", FLAG, "The report was made up, by a generator.", False),
        Column("source", TEXT, "What sent the report, as it says."),
        Column("enqueued_at", MOMENT, "When the hub took the report (UTC).", False),
        Column("scored_at", MOMENT, "When it was scored (UTC).", False),
        Column("latency_ms", DECIMAL, "From enqueued_at to scored_at, milliseconds.", False),
        *POSITION,
    ),
    key=("event_id", "event_version"),
    day_column="crash_date",
    log_hours=2,  # a commit a second: each takes longer, the more of them the log remembers
)

LIVE_ACCURACY = Table(
    layer="gold",
    name="live_accuracy",
    description="How right live predictions were, once official records tell: joined by NYPD's "
    "collision id, the last version of each report.",
    columns=(
        _DATE,
        *_ANSWER,
        Column("prediction_count", WHOLE, "Reports that were scored.", False),
        Column("labelled_count", WHOLE, "Of these, with an official record that tells.", False),
        Column("injury_count", WHOLE, "Of the labelled, crashes with injuries.", False),
        Column("flagged_count", WHOLE, "Of the labelled, predicted as injury crashes.", False),
        Column("hit_count", WHOLE, "Of the flagged, crashes with injuries.", False),
        Column("mean_probability", DECIMAL, "Mean probability of the labelled (0-1)."),
        Column("brier", DECIMAL, "Mean squared difference of probability and outcome, labelled."),
    ),
    key=("crash_date", "feature_set", "model_version"),
    day_column="crash_date",
    folder="year",
)

TABLES = (
    CRASH_EVENTS,
    REPORTED_CRASHES,
    QUARANTINED_REPORTS,
    CRASHES_NOW,
    LIVE_PREDICTIONS,
    LIVE_ACCURACY,
)
