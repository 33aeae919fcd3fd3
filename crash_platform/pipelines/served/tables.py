"""The contracts of predictions that were asked for: what each column means."""

from crash_platform.lake.contract import Column, Table
from crash_platform.pipelines.crashes.tables.columns import (
    DAY,
    DECIMAL,
    FLAG,
    MOMENT,
    TEXT,
    WHOLE,
)
from crash_platform.pipelines.reports.tables import LIVE_ACCURACY

_CHANNEL = Column("channel", TEXT, "How it was asked: predict, batch, invocations or page.", False)

SERVED_PREDICTIONS = Table(
    layer="gold",
    name="served_predictions",
    description="Every answer of the prediction API, as it was given; a report that is asked twice "
    "is there twice. Neither who asked nor from where is written down.",
    columns=(
        Column("asked_at", MOMENT, "When it was answered (UTC).", False),
        Column("asked_date", DAY, "Day of asked_at (UTC).", False),
        Column("request_id", TEXT, "The request, as its x-request-id says.", False),
        Column("place_in_request", WHOLE, "Place in the batch, from 0.", False),
        _CHANNEL,
        Column("crash_date", DAY, "Local calendar day of the crash, as it was told.", False),
        Column("collision_id", WHOLE, "NYPD's id, where it was told; no model reads it."),
        Column("feature_set", TEXT, "The model that answered: first_report or full_report.", False),
        Column("model_version", WHOLE, "Version of the model in the registry.", False),
        Column("model_as_of_date", DAY, "Last day of the data the model was made from.", False),
        Column("probability", DECIMAL, "Probability of an injury or a death (0-1).", False),
        Column("threshold", DECIMAL, "From here on an injury crash is predicted.", False),
        Column("is_predicted_injury", FLAG, "probability >= threshold.", False),
        Column(
            "told",
            TEXT,
            "The report as a JSON object, without what was not said; null after 90 days.",
        ),
    ),
    key=("request_id", "place_in_request"),
    # Not the day of the crash: one batch may ask about every day since 2012, and each commit would
    # write a file into every month of them.
    day_column="asked_date",
    filtered=("crash_date",),
    log_hours=6,  # a commit every few seconds
    forgotten=("told",),
    forgotten_after_days=90,
)

SERVED_ACCURACY = Table(
    layer="gold",
    name="served_accuracy",
    description="How right answers of the prediction API were, once official records tell: joined "
    "by NYPD's collision id. Of the answers of one model to one crash over one channel the last "
    "counts; those without an id are each counted, and never labelled.",
    columns=(*LIVE_ACCURACY.columns[:1], _CHANNEL, *LIVE_ACCURACY.columns[1:]),
    key=("crash_date", "channel", "feature_set", "model_version"),
    day_column="crash_date",
    folder="year",
)

TABLES = (SERVED_PREDICTIONS, SERVED_ACCURACY)
