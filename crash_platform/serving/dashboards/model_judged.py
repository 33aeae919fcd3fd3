"""Predictions that were made before anybody knew, against what the official records then said.

For any kind of predictions that has a table of accuracy with the columns of ``gold/live_accuracy``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.lake.contract import Table
from crash_platform.pipelines.reports.tables import LIVE_ACCURACY, LIVE_PREDICTIONS
from crash_platform.pipelines.served.tables import SERVED_ACCURACY, SERVED_PREDICTIONS
from crash_platform.pipelines.views import ask
from crash_platform.serving.dashboards.figure import Asked, Chart, Field, Figure, Rows
from crash_platform.serving.dashboards.texts import FOLDER

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Judged:
    """A kind of predictions that official records judge.

    Attributes:
        name: begins the names of its figures.
        title: what the predictions are, as in "Reports, scored as they came".
        what: one of them, in the plural: "reports".
        accuracy: by day and model how many were right, as ``gold/live_accuracy`` has it.
        predictions: the predictions themselves.
        identity: SQL over ``predictions`` that tells one from another; corrections of one are one.
        filled_by: what would fill it.
    """

    name: str
    title: str
    what: str
    accuracy: Table
    predictions: Table
    identity: tuple[str, ...]
    filled_by: str


LIVE = Judged(
    "live",
    "Live reports, scored as they came",
    "reports",
    LIVE_ACCURACY,
    LIVE_PREDICTIONS,
    ("event_id",),
    "reports of crashes that the live worker scores",
)

SERVED = Judged(
    "served",
    "Answers of the prediction API",
    "answers",
    SERVED_ACCURACY,
    SERVED_PREDICTIONS,
    (
        "coalesce(CAST(collision_id AS STRING), concat(request_id, ' ', place_in_request))",
        "channel",
        "feature_set",
        "model_version",
    ),
    "questions to the prediction API or the page",
)


def judged(source: Judged) -> tuple[Figure, Figure]:
    """How right they were in all, and day by day."""
    return _total(source), _days(source)


def _total(source: Judged) -> Figure:
    return Figure(
        name=f"{source.name}_accuracy",
        title=source.title,
        definition=(
            f"Of the {source.what} with an official record by NYPD's collision id, the last thing "
            "said of each, whichever model answered. Expected: the probabilities added up; it "
            "should come near the injury crashes seen. Found: injury crashes that were flagged."
        ),
        fields=(
            Field("prediction_count", f"{source.what.capitalize()} scored", "count"),
            Field("labelled_count", "With an official record so far", "count"),
            Field("labelled_share", "of the scored", "share", beside="labelled_count"),
            Field("brier", "Brier score", "number"),
            Field("recall", "Injury crashes found", "share"),
            Field("precision", "of the flagged are right", "share", beside="recall"),
            Field("injury_count", "Injury crashes seen", "count"),
            Field("expected_count", "expected", "count", beside="injury_count"),
        ),
        rows=_over(source, "model_judged_total"),
        chart=Chart("tiles"),
        sources=(source.accuracy, source.predictions),
        note=lambda rows: how_many(rows, source.what),
        filled_by=source.filled_by,
    )


def _days(source: Judged) -> Figure:
    return Figure(
        name=f"{source.name}_days",
        title=f"{source.title}: expected and seen, by day",
        definition=(
            "Injury crashes by day of the crash: the probabilities added up, against what official "
            "records say, both over those with a record, whichever model answered. A day without "
            "any record yet is a gap, not a zero."
        ),
        fields=(
            Field("crash_date", "Day", "day"),
            Field("expected_count", "Injury crashes expected", "number"),
            Field("injury_count", "Injury crashes seen", "count"),
            Field("prediction_count", f"{source.what.capitalize()} scored", "count"),
            Field("labelled_share", "With an official record", "share"),
            Field("brier", "Brier score", "number"),
            Field("recall", "Injury crashes found", "share"),
            Field("precision", "Of the flagged, injury crashes", "share"),
        ),
        rows=_over(source, "model_judged_days"),
        chart=Chart("line", "crash_date", ("expected_count", "injury_count")),
        sources=(source.accuracy,),
        filled_by="a first comparison with official records",
    )


def _over(source: Judged, name: str) -> Rows:
    """The rows of a text about ``accuracy`` and ``predictions``, which are the source's tables."""
    # Names of contracts hold nothing that needs quoting.
    said, accuracy = source.predictions, source.accuracy
    identity = ", '/', ".join(source.identity)
    named = (
        f"WITH accuracy AS (SELECT * FROM {accuracy.layer}.{accuracy.name}), "
        f"predictions AS (SELECT concat({identity}) AS prediction "
        f"FROM {said.layer}.{said.name})"
    )

    def rows(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
        text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
        return ask(connection, f"{named} SELECT * FROM (\n{text}) AS judged", asked)

    return rows


def how_many(rows: pa.Table, what: str) -> str:
    """How much of it can be judged."""
    if not rows.num_rows:
        return ""
    first = rows.slice(0, 1).to_pylist()[0]
    labelled, count = first["labelled_count"], first["prediction_count"]
    said = f"{labelled:,} of {count:,} {what} have an official record so far."
    return said if labelled else f"{said} How right they were, nobody can say yet."
