"""The dashboard of the injury model: which one is in use, how good it was, whether it still is.

Its figures are made in ``model_health``, ``model_comparison`` and ``model_judged``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.charts import words
from crash_platform.pipelines.views import ask
from crash_platform.serving.dashboards.controls import choice, days
from crash_platform.serving.dashboards.figure import (
    Chart,
    Control,
    Dashboard,
    Field,
    Figure,
    Options,
)
from crash_platform.serving.dashboards.model_comparison import METRICS, comparison, promotions
from crash_platform.serving.dashboards.model_health import health
from crash_platform.serving.dashboards.model_judged import LIVE, SERVED, Judged, judged
from crash_platform.serving.dashboards.pictures import TEMPLATE, pictures
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

LEAD = (
    "A probability that anybody is hurt, made from what is known of a crash. Figures of a test "
    "window say how good a model was; the weeks after it say whether it still is."
)


def model(sources: Sequence[Judged] = (LIVE, SERVED)) -> Dashboard:
    """The dashboard.

    Args:
        sources: kinds of predictions that are compared with official records, in order.
    """
    judged_tables = [table for each in sources for table in (each.accuracy, each.predictions)]
    return Dashboard(
        path="/model-quality",
        label="Model",
        group="Quality",
        title="Is the injury model right?",
        lead=LEAD,
        controls=controls(),
        figures=(
            champion(),
            *health(),
            *(figure for each in sources for figure in judged(each)),
            comparison(),
            scores(),
            promotions(),
        ),
        tables=(
            t.INJURY_MODEL,
            t.PROMOTIONS,
            t.MONITORING,
            t.COMPARISON,
            t.INJURY_PREDICTIONS,
            t.EVALUATION_CHARTS,
            *judged_tables,
        ),
        below=TEMPLATE,
        below_values=pictures,
    )


def controls() -> tuple[Control, ...]:
    """The filters: which model, which days of its health, and what is compared by which metric."""
    return (
        choice(
            "feature_set",
            "Feature set",
            "SELECT feature_set AS value, replace(feature_set, '_', ' ') AS label FROM ("
            "SELECT feature_set FROM model.injury_model "
            "UNION SELECT feature_set FROM model.promotions) AS known ORDER BY 1",
        ),
        *days(365, t.MONITORING),
        Control("experiment", "Compare", "choice", _experiments),
        Control("metric", "By", "choice", lambda _: tuple(METRICS.items())),
        choice(
            "as_of_date",
            "Models as of",
            "SELECT DISTINCT CAST(as_of_date AS VARCHAR) AS value, value AS label "
            "FROM model.comparison ORDER BY 1 DESC",
        ),
    )


def _experiments(connection: "duckdb.DuckDBPyConnection") -> Options:
    rows = ask(connection, "SELECT DISTINCT experiment FROM model.comparison")
    run = set(rows["experiment"].to_pylist())
    return tuple((name, said) for name, said in words.EXPERIMENTS.items() if name in run)


def champion() -> Figure:
    """Which model is in use, with the figures it was promoted with."""
    return Figure(
        name="champion",
        title="The model in use",
        definition=(
            "The champion by the ledger of promotions. Its figures are those of the test window, "
            "crashes it was neither fitted nor calibrated on; found and flagged are at its "
            "threshold. Brier skill is 0 for always saying the share with injuries, 1 for knowing "
            "every outcome."
        ),
        fields=(
            Field("champion", "Champion"),
            Field("as_of_date", "Knows nothing after", "day"),
            Field("champion_since", "champion since", "moment", beside="champion"),
            Field("auc", "AUC", "number"),
            Field("brier_skill", "Brier skill", "number"),
            Field("ece", "Calibration error (ECE)", "number"),
            Field("recall", "Injury crashes found", "share"),
            Field("precision", "of the flagged are right", "share", beside="recall"),
            Field("threshold", "is the threshold", "share", beside="recall"),
            Field("base_rate", "Share with injuries", "share"),
        ),
        rows=from_sql("model_champion"),
        chart=Chart("tiles"),
        sources=(t.PROMOTIONS, t.INJURY_MODEL),
        note=tested_on,
        filled_by="a first decision about which model is champion",
    )


def tested_on(rows: pa.Table) -> str:
    """On which crashes the champion's figures were measured."""
    if not rows.num_rows:
        return ""
    [row] = rows.to_pylist()
    if row["champion"] == "none":
        return "Nothing is in use: the last decision took the champion back without another one."
    if row["test_count"] is None:
        return "The champion's day was made anew since, so its own figures are no longer held."
    days = f"{words.day(row['tested_from'])} to {words.day(row['tested_to'])}"
    return f"Tested on {row['test_count']:,} crashes of {days}."


def scores() -> Figure:
    """How the champion's probabilities are spread."""
    return Figure(
        name="scores",
        title="How sure the model is",
        definition=(
            "Crashes of the newest 12 scored months by the champion's probability. Crashes the "
            "model was fitted, calibrated or tested on are counted apart: what it says of them "
            "is no evidence of skill."
        ),
        fields=(
            Field("probability_band", "Probability"),
            Field("unseen_count", "Crashes the model has not seen", "count"),
            Field("seen_count", "Crashes it has seen", "count"),
        ),
        rows=from_sql("model_scores"),
        chart=Chart("bar", "probability_band", ("unseen_count", "seen_count"), is_stacked=True),
        sources=(t.INJURY_PREDICTIONS,),
        filled_by="a champion and crashes it has scored",
    )
