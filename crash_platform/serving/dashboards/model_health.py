"""Whether the champion is still right: a verdict in words, then the figures it comes from.

The promises and their limits are those of the alerts; none is written down here.
"""

from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.alerts import LIMITS, Alert, alerts
from crash_platform.pipelines.injuries.charts import words
from crash_platform.serving.dashboards.figure import Asked, Chart, Field, Figure
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

HOLDS, BROKEN, UNKNOWN = "holds", "broken", "not known yet"
IN_SAMPLE = "The model has seen some of these days, so this is no evidence of skill."
WATCHED = "a champion that has scored some weeks of crashes"
MATURED = (
    "Weeks of seven days whose records were at least 14 days old when the week was looked at; each "
    "point is the last day of its week, so neighbouring points share six days."
)


def health() -> tuple[Figure, ...]:
    """The verdict and what it is made from."""
    return verdict(), rates(), auc(), errors(), score_drift(), feature_drift()


def verdict() -> Figure:
    """Every promise about the model's health, as the newest row of ``model/monitoring`` has it."""
    return Figure(
        name="verdict",
        title="Is it still right?",
        definition=(
            "The promises about the model's health, judged by the newest day that was looked at: "
            "the same ones, with the same limits, by which the alerts are raised. What to look at "
            "first comes first."
        ),
        fields=(
            Field("promise", "What should hold"),
            Field("outcome", "Does it?"),
            Field("said", "Because"),
        ),
        rows=promises,
        sources=(t.MONITORING,),
        note=in_a_sentence,
        filled_by=WATCHED,
    )


def promises(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """A row for each promise; besides the fields: the day, and whether the model has seen it."""
    newest = from_sql("model_newest")(connection, asked).to_pylist()
    rows = [
        {
            "promise": words.opening(alert.name.replace("_", " ")),
            "outcome": outcome(alert),
            "said": alert.description,
            "monitored_date": row["monitored_date"],
            "is_in_sample": row["is_in_sample"],
        }
        for row in newest
        for alert in alerts(row)
    ]
    text = [(name, pa.string()) for name in ("promise", "outcome", "said")]
    schema = pa.schema([*text, ("monitored_date", pa.date32()), ("is_in_sample", pa.bool_())])
    return pa.Table.from_pylist(rows, schema=schema)


def outcome(alert: Alert) -> str:
    """An alert holds where nobody can know yet; here that is said."""
    if not alert.passed:
        return BROKEN
    return UNKNOWN if alert.description.startswith("cannot be judged yet") else HOLDS


def in_a_sentence(rows: pa.Table) -> str:
    """The verdict."""
    told = rows.to_pylist()
    if not told:
        return ""
    day, count = words.day(told[0]["monitored_date"]), len(told)
    broken = [row["promise"].lower() for row in told if row["outcome"] == BROKEN]
    unknown = sum(row["outcome"] == UNKNOWN for row in told)
    if broken:
        said = f"No, not as of {day}: {len(broken)} of {count} do not hold ({', '.join(broken)})."
    elif unknown == count:
        said = f"Nobody can say yet: as of {day} nothing of it can be judged."
    elif unknown:
        said = f"As far as can be judged, yes: as of {day} {unknown} of {count} are not known yet."
    else:
        said = f"Yes: as of {day} all {count} hold."
    return f"{said} {IN_SAMPLE}" if told[0]["is_in_sample"] else said


def rates() -> Figure:
    """What was said against what happened."""
    return Figure(
        name="rates",
        title="What is said, and what happens",
        definition=(
            f"{MATURED} The mean probability of a week's crashes against the share of them with "
            "injuries; the share of the eight weeks before shows whether the world moved."
        ),
        fields=(
            Field("matured_to", "Week up to", "day"),
            Field("matured_mean_probability", "Mean probability", "share"),
            Field("matured_base_rate", "Share with injuries", "share"),
            Field("usual_base_rate", "Share in the eight weeks before", "share"),
            Field("matured_count", "Crashes", "count"),
            Field("model_version", "Model version"),
        ),
        rows=from_sql("model_matured"),
        chart=Chart(
            "line",
            "matured_to",
            ("matured_mean_probability", "matured_base_rate", "usual_base_rate"),
        ),
        sources=(t.MONITORING,),
        note=seen_days,
        filled_by=WATCHED,
    )


def auc() -> Figure:
    """Ranking by week, apart for weeks the model has seen."""
    return Figure(
        name="auc",
        title="How well it ranks",
        definition=(
            "AUC by mature week, as above: how often an injury crash is ranked above another one; "
            "0.5 is chance. Weeks with days the model was fitted, calibrated or tested on are a "
            "line of their own: they show nothing."
        ),
        fields=(
            Field("matured_to", "Week up to", "day"),
            Field("unseen_auc", "AUC, weeks the model has not seen", "number"),
            Field("seen_auc", "AUC, weeks it has seen (no evidence)", "number"),
            Field("matured_count", "Crashes", "count"),
        ),
        rows=from_sql("model_matured"),
        chart=Chart("line", "matured_to", ("unseen_auc", "seen_auc")),
        sources=(t.MONITORING,),
        note=seen_days,
        is_half=True,
        filled_by=WATCHED,
    )


def errors() -> Figure:
    """Brier score and calibration error by week."""
    return Figure(
        name="errors",
        title="How far off its probabilities are",
        definition=(
            "By mature week, as above. Brier score: mean squared difference of probability and "
            "outcome. ECE: mean distance of the two over 15 equally filled bins; a week is too "
            f"small for it to be near 0. Beyond {LIMITS.largest_ece:g} an alert is raised (later "
            "in weeks with few crashes)."
        ),
        fields=(
            Field("matured_to", "Week up to", "day"),
            Field("matured_brier", "Brier score", "number"),
            Field("matured_ece", "Calibration error (ECE)", "number"),
            Field("matured_count", "Crashes", "count"),
        ),
        rows=from_sql("model_matured"),
        chart=Chart("line", "matured_to", ("matured_brier", "matured_ece")),
        sources=(t.MONITORING,),
        note=seen_days,
        is_half=True,
        filled_by=WATCHED,
    )


def score_drift() -> Figure:
    """Drift of the score against the line of chance and the line of the alert."""
    return Figure(
        name="score_drift",
        title="Whether scores shift",
        definition=(
            "Population stability index of the week's probabilities against those of the same "
            "model in the eight weeks before. Needs no outcome, so it speaks at once and says "
            "least. Chance: what 1 in 100 weeks without drift would exceed."
        ),
        fields=(
            Field("monitored_date", "Week up to", "day"),
            Field("score_psi", "Stability index", "number"),
            Field("score_psi_line", "Chance", "number"),
            Field("alert_line", "Alert", "number"),
            Field("crash_count", "Crashes", "count"),
            Field("usual_count", "Crashes in a usual week", "count"),
        ),
        rows=_drift,
        chart=Chart("line", "monitored_date", ("score_psi", "score_psi_line", "alert_line")),
        sources=(t.MONITORING,),
        note=seen_days,
        is_half=True,
        filled_by=WATCHED,
    )


def _drift(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    return from_sql("model_drift")(connection, {**asked, "largest_psi": LIMITS.largest_psi})


def feature_drift() -> Figure:
    """Which feature moved most in the newest week."""
    return Figure(
        name="feature_drift",
        title="What moved in the newest week",
        definition=(
            "Population stability index by feature: the newest week against the eight before. "
            f"{LIMITS.largest_psi:g} is the customary line for a shift. The calendar is left out: "
            "it drifts by itself."
        ),
        fields=(Field("feature", "Feature"), Field("psi", "Stability index", "number")),
        rows=_moved,
        chart=Chart("bar", "feature", ("psi",), is_ordered_by_value=True),
        sources=(t.MONITORING,),
        is_half=True,
        filled_by=WATCHED,
    )


def _moved(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    return from_sql("model_moved")(connection, asked)


def seen_days(rows: pa.Table) -> str:
    """How many of the points are no evidence; nothing is said where all are."""
    seen, count = sum(rows["is_in_sample"].to_pylist()), rows.num_rows
    if not seen:
        return ""
    return f"Of {count:,} weeks, the model has seen days of {seen:,}: no evidence of skill there."
