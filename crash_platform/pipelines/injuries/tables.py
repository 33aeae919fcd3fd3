"""The contracts of the injury model's tables: what it may know, what it is, what it said."""

from dataclasses import replace

import pyarrow as pa

from crash_platform.lake.contract import Column, Table

TEXT, WHOLE, DAY, FLAG, DECIMAL = pa.string(), pa.int64(), pa.date32(), pa.bool_(), pa.float64()
MOMENT, LIST, BYTES = pa.timestamp("us", tz="UTC"), pa.list_(pa.string()), pa.binary()

_COLLISION = Column("collision_id", WHOLE, "NYPD's id of the collision.", False)
_CRASH_DATE = Column("crash_date", DAY, "Local calendar day of the crash.", False)
_AS_OF = Column("as_of_date", DAY, "The day the model is of: it knows nothing later.", False)
_FEATURE_SET = Column(
    "feature_set",
    TEXT,
    "first_report (known when a crash is called in) or full_report (after the officer's form).",
    False,
)
_VERSION = Column("model_version", WHOLE, "Version of the model in the registry.", False)

CRASH_FEATURES = Table(
    layer="gold",
    name="crash_features",
    description="What a model may know of a crash; nothing here follows from its outcome.",
    columns=(
        _COLLISION,
        _CRASH_DATE,
        Column("hour", WHOLE, "Hour of the local time (0-23); minutes say how it was filed."),
        Column("weekday", WHOLE, "Monday 0 to Sunday 6.", False),
        Column("is_holiday", FLAG, "A federal holiday.", False),
        Column("borough", TEXT, "Borough as reported, else the one that holds the point."),
        Column("latitude", DECIMAL, "Degrees north (WGS 84)."),
        Column("longitude", DECIMAL, "Degrees east (WGS 84)."),
        Column(
            "street_kind",
            TEXT,
            "highway, bridge, avenue, boulevard, street, road, other; from whichever street is "
            "given, since which one it is says how the report was filed.",
        ),
        Column("vehicle_types", LIST, "Type of every vehicle, in order, in the platform's words."),
        Column(
            "contributing_factors",
            LIST,
            "Factors of the officer's form that do not imply a victim, in order.",
        ),
    ),
    key=("collision_id",),
    day_column="crash_date",
)


def _spans() -> tuple[Column, ...]:
    names = {"trained": "fitted", "calibrated": "calibrated and stopped early", "tested": "tested"}
    return tuple(
        Column(f"{name}_{end}", DAY, f"{which} day it was {what} on.", False)
        for name, what in names.items()
        for end, which in (("from", "First"), ("to", "Last"))
    )


_METRICS = (
    Column("test_count", WHOLE, "Crashes it was tested on.", False),
    Column("base_rate", DECIMAL, "Share of them with injuries (0-1).", False),
    Column("auc", DECIMAL, "Area under the ROC curve.", False),
    Column("average_precision", DECIMAL, "Area under the precision-recall curve.", False),
    Column("brier", DECIMAL, "Mean squared error of the probability.", False),
    Column("brier_skill", DECIMAL, "1 - brier / brier of always saying the base rate.", False),
    Column("log_loss", DECIMAL, "Mean negative log likelihood, in nats.", False),
    Column("ece", DECIMAL, "Expected calibration error over 15 equally filled bins.", False),
    Column("f1", DECIMAL, "F1 at the threshold.", False),
    Column("precision", DECIMAL, "Precision at the threshold.", False),
    Column("recall", DECIMAL, "Recall at the threshold.", False),
    Column("flagged_share", DECIMAL, "Share of crashes at or above the threshold.", False),
    Column("threshold", DECIMAL, "Probability from which a crash is called an injury.", False),
)

INJURY_MODEL = Table(
    layer="model",
    name="injury_model",
    description="The injury model as of a day, one per feature set: artefact, window, figures.",
    columns=(
        _AS_OF,
        _FEATURE_SET,
        _VERSION,
        *_METRICS,
        *_spans(),
        Column("train_count", WHOLE, "Crashes it was fitted on.", False),
        Column("calibrate_count", WHOLE, "Crashes it was calibrated on.", False),
        Column("train_base_rate", DECIMAL, "Share of injuries it was fitted on (0-1).", False),
        Column("missing_days", WHOLE, "Days of its training window without a crash.", False),
        Column("tree_count", WHOLE, "Trees kept after early stopping.", False),
        Column("calibration", TEXT, "none, platt or isotonic: what won on the last month.", False),
        Column("features_version", WHOLE, "Delta version of gold/crash_features.", False),
        Column("crashes_version", WHOLE, "Delta version of silver/crashes, the labels.", False),
        Column("git_revision", TEXT, "Revision of the code, where it is known."),
        Column("run_id", TEXT, "MLflow run that made it.", False),
        Column("trained_at", MOMENT, "When it was made (UTC).", False),
        Column("fit_seconds", DECIMAL, "Seconds to fit.", False),
        Column(
            "curve", TEXT, "Held-out AUC and log loss after every tree, as a JSON object.", False
        ),
        Column("gates", TEXT, "Verdict of every promotion gate, as a JSON object.", False),
        Column("card", TEXT, "Its model card, in Markdown.", False),
        Column("artefact_sha256", TEXT, "SHA-256 of the artefact.", False),
        Column(
            "artefact",
            BYTES,
            "XGBoost model (UBJSON) with vocabulary, threshold, calibration and schema inside.",
            False,
        ),
    ),
    key=("as_of_date", "feature_set"),
    day_column="as_of_date",
    folder="year",
)

TEST_PREDICTIONS = Table(
    layer="model",
    name="test_predictions",
    description="What every candidate said about the test window: each chart is drawn from it.",
    columns=(
        _AS_OF,
        _FEATURE_SET,
        Column("experiment", TEXT, "models, ladder or split.", False),
        Column("candidate", TEXT, "Which candidate of the experiment.", False),
        _COLLISION,
        _CRASH_DATE,
        Column("is_injury_crash", FLAG, "The label, as known when it was made.", False),
        Column("probability", DECIMAL, "Probability of injuries, as used (0-1).", False),
        Column("raw_probability", DECIMAL, "The same before calibration (0-1).", False),
        Column("borough", TEXT, "For slices."),
        Column("hour", WHOLE, "For slices (0-23)."),
        Column("vehicle_group", TEXT, "Group of the first vehicle, for slices."),
    ),
    key=("as_of_date", "feature_set", "experiment", "candidate", "collision_id"),
    day_column="as_of_date",
)


def _interval(name: str, what: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_low", DECIMAL, f"Lower end of the 95 % interval of {what}."),
        Column(f"{name}_high", DECIMAL, f"Upper end of the 95 % interval of {what}."),
    )


COMPARISON = Table(
    layer="model",
    name="comparison",
    description="Candidates on the same test rows, and what parameters, rows and features change.",
    columns=(
        _AS_OF,
        _FEATURE_SET,
        Column(
            "experiment",
            TEXT,
            "models (kinds of model), parameters (sweep, judged on the calibration window), trees "
            "(early stopping, likewise), rows and window (learning curves), ladder (feature sets, "
            "with the leak), split (random against time).",
            False,
        ),
        Column("candidate", TEXT, "Which candidate of the experiment.", False),
        Column("parameters", TEXT, "Its parameters, as a JSON object.", False),
        Column("train_count", WHOLE, "Crashes it was fitted on.", False),
        *(replace(column, is_nullable=True) for column in _METRICS),
        *_interval("auc", "auc"),
        *_interval("average_precision", "average_precision"),
        *_interval("brier", "brier"),
        *_interval("ece", "ece"),
        Column("auc_gain", DECIMAL, "auc minus the logistic regression's, on the same rows."),
        *_interval("auc_gain", "auc_gain"),
        Column("brier_gain", DECIMAL, "brier minus the logistic regression's; below 0 is better."),
        *_interval("brier_gain", "brier_gain"),
        Column("fit_seconds", DECIMAL, "Seconds to fit.", False),
        Column("size_bytes", WHOLE, "Size of what was fitted, serialised.", False),
    ),
    key=("as_of_date", "feature_set", "experiment", "candidate"),
    day_column="as_of_date",
    folder="year",
)

EVALUATION_CHARTS = Table(
    layer="model",
    name="evaluation_charts",
    description="The charts that show how good the model of a day is, as pictures.",
    columns=(
        _AS_OF,
        _FEATURE_SET,
        Column("chart", TEXT, "Name of the chart.", False),
        Column("position", WHOLE, "Its place in the report, from 1.", False),
        Column("title", TEXT, "What it shows, as a sentence.", False),
        Column("reading", TEXT, "How to read it.", False),
        Column("png", BYTES, "The picture.", False),
    ),
    key=("as_of_date", "feature_set", "chart"),
    day_column="as_of_date",
)

PROMOTIONS = Table(
    layer="model",
    name="promotions",
    description="Ledger of every decision about which model is champion; only ever added to.",
    columns=(
        Column("decided_date", DAY, "Day of the decision (UTC).", False),
        _FEATURE_SET,
        Column("action", TEXT, "promoted, kept (gate not passed), rolled_back or forced.", False),
        Column("model_version", WHOLE, "Version that is champion from now on; 0: none.", False),
        Column("challenger_version", WHOLE, "Version that was decided about.", False),
        Column("previous_version", WHOLE, "Champion before; null for the first."),
        Column("as_of_date", DAY, "Day of the model that was decided about.", False),
        Column("artefact_sha256", TEXT, "SHA-256 of the champion's artefact; empty: none.", False),
        Column("reason", TEXT, "Why, in a sentence.", False),
        Column("gates", TEXT, "Verdict of every gate, as a JSON object.", False),
        Column("decided_by", TEXT, "Who or what decided.", False),
        Column("decided_at", MOMENT, "When (UTC).", False),
        Column("number", WHOLE, "Number of the decision, from 1.", False),
    ),
    key=("number",),
    day_column="decided_date",
    folder="year",
)

INJURY_PREDICTIONS = Table(
    layer="gold",
    name="injury_predictions",
    description="What the champion says of every crash, one row per crash and feature set.",
    columns=(
        _COLLISION,
        _CRASH_DATE,
        _FEATURE_SET,
        Column("probability", DECIMAL, "Probability of anyone injured or killed (0-1).", False),
        Column("is_predicted_injury", FLAG, "probability >= threshold.", False),
        Column("threshold", DECIMAL, "The champion's threshold.", False),
        _VERSION,
        Column("model_as_of_date", DAY, "Day the champion is of.", False),
        Column(
            "is_in_sample",
            FLAG,
            "The champion was fitted, calibrated or tested on this day: no evidence of skill.",
            False,
        ),
        Column("scored_at", MOMENT, "When it was scored (UTC).", False),
    ),
    key=("collision_id", "feature_set"),
    day_column="crash_date",
    filtered=("collision_id",),
)

MONITORING = Table(
    layer="model",
    name="monitoring",
    description=(
        "The model's health as of a day: the seven days that end there, and the newest seven whose "
        "labels are mature."
    ),
    columns=(
        Column("monitored_date", DAY, "The day; its week is the seven days that end there.", False),
        _FEATURE_SET,
        _VERSION,
        Column("crash_count", WHOLE, "Crashes of the week.", False),
        Column("usual_count", DECIMAL, "Mean of the four weeks before; null without them."),
        Column("mean_probability", DECIMAL, "Mean probability in the week (0-1).", False),
        Column("score_psi", DECIMAL, "Population stability index of the score, week to training."),
        Column("score_psi_line", DECIMAL, "What 1 in 100 weeks without drift would exceed."),
        Column("feature_psi", TEXT, "The index by feature, as a JSON object."),
        Column("matured_from", DAY, "First day of the newest mature week."),
        Column("matured_to", DAY, "Last day of the newest mature week."),
        Column("matured_count", WHOLE, "Crashes of that week with a label.", False),
        Column("matured_base_rate", DECIMAL, "Share of injuries among them (0-1)."),
        Column("usual_base_rate", DECIMAL, "The same in the eight weeks before."),
        Column("matured_mean_probability", DECIMAL, "Mean probability of the same crashes (0-1)."),
        Column("matured_ece", DECIMAL, "Expected calibration error of the mature week."),
        Column("matured_auc", DECIMAL, "Area under the ROC curve of the mature week."),
        Column("matured_brier", DECIMAL, "Mean squared error of the mature week."),
        Column("is_in_sample", FLAG, "Any of these days is one the model has seen.", False),
    ),
    key=("monitored_date", "feature_set"),
    day_column="monitored_date",
    folder="year",
)

TABLES = (
    CRASH_FEATURES,
    INJURY_MODEL,
    TEST_PREDICTIONS,
    COMPARISON,
    EVALUATION_CHARTS,
    PROMOTIONS,
    INJURY_PREDICTIONS,
    MONITORING,
)
