"""Candidates side by side, by an experiment and a metric of the reader's choice; and the ledger.

Nothing is fitted or measured here: the rows are those of ``model/comparison``.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.charts import words
from crash_platform.pipelines.injuries.comparison import RESAMPLES
from crash_platform.serving.dashboards.figure import Asked, Chart, Field, Figure
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

METRICS: Final[Mapping[str, str]] = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "ece": "Calibration error (ECE)",
    "log_loss": "Log loss",
    "f1": "F1 at the threshold",
    "precision": "Precision at the threshold",
    "recall": "Recall at the threshold",
    "flagged_share": "Share flagged at the threshold",
    "auc_gain": "AUC gained on logistic regression",
    "brier_gain": "Brier score against logistic regression",
    "fit_seconds": "Seconds to fit",
    "size_megabytes": "Size in megabytes",
}
"""What can be compared by; each is a branch of ``sql/model_comparison.sql``."""

LOWER_IS_BETTER: Final = frozenset(
    {"brier", "brier_gain", "ece", "log_loss", "fit_seconds", "size_megabytes"}
)
NEITHER_IS_BETTER: Final = frozenset({"flagged_share"})
CURVES: Final[Mapping[str, str]] = {"rows": "crashes", "window": "months", "trees": "trees"}
"""Experiments whose candidates are numbers, in their order, and what the numbers count."""
ON_CALIBRATION: Final = frozenset({"parameters", "trees"})
NO_SKILL: Final = frozenset({"leak", "artefacts"})
"""Steps of the ladder that know what nobody may know, or how a report was filed."""
SETTING: Final = re.compile(r"(\w+)=(\S+)")


def comparison() -> Figure:
    """The candidates of an experiment."""
    return Figure(
        name="comparison",
        title="What makes the difference",
        definition=(
            "Candidates on the same crashes, by the metric chosen above: lines are 95 % intervals "
            f"from {RESAMPLES} resamples, where the experiment has them (kinds of model, feature "
            "sets, split); a split at random is judged on other crashes than one by time. An "
            "experiment that was run for one feature set only is shown for that one. The leak and "
            "the traces of filing are shown to be recognised: they are no skill."
        ),
        fields=(
            Field("label", "Candidate"),
            Field("value", "Value", "number"),
            Field("low", "95 % interval from", "number"),
            Field("high", "to", "number"),
            Field("feature_set", "Feature set"),
            Field("train_count", "Crashes fitted on", "count"),
            Field("test_count", "Crashes judged on", "count"),
            Field("fit_seconds", "Seconds to fit", "number"),
            Field("settings", "Settings"),
        ),
        rows=candidates,
        chart=Chart("dots", "label", ("value",), low="low", high="high", is_ordered_by_value=True),
        sources=(t.COMPARISON,),
        note=how_to_read,
        filled_by="an experiment that measures this metric: choose another of either",
    )


def candidates(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """The candidates, best first, or in the order of their numbers; with what they are called.

    Besides the fields: experiment and metric, by their names.
    """
    rows = from_sql("model_comparison")(connection, asked)
    told = rows.to_pylist()
    if told and told[0]["experiment"] in CURVES:
        told.sort(key=lambda row: int(row["candidate"]))
    elif told:
        sign = 1 if told[0]["metric"] in LOWER_IS_BETTER else -1
        told.sort(key=lambda row: (sign * row["value"], row["candidate"]))
    said = [
        {
            **row,
            "label": label(row["experiment"], row["candidate"]),
            "settings": settings(row["parameters"]),
            "feature_set": words.candidate(row["feature_set"]),
        }
        for row in told
    ]
    text = [pa.field(name, pa.string()) for name in ("label", "settings")]
    return pa.Table.from_pylist(said, schema=pa.schema([*rows.schema, *text]))


def label(experiment: str, candidate: str) -> str:
    """What a candidate is called: ``57,344 crashes``, ``depth 4, learning rate 0.03``."""
    if experiment in CURVES:
        count = int(candidate)
        what = CURVES[experiment]
        return f"{count:,} {what.removesuffix('s') if what != 'crashes' and count == 1 else what}"
    found = SETTING.findall(candidate)
    if found:
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found)
    said = words.candidate(candidate)
    return f"{said} (no skill)" if candidate in NO_SKILL else said


def settings(parameters: str) -> str:
    """A candidate's parameters as words."""
    told: Mapping[str, Any] = json.loads(parameters)
    return ", ".join(f"{name.replace('_', ' ')} {_value(each)}" for name, each in told.items())


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def how_to_read(rows: pa.Table) -> str:
    """What is compared, on which crashes, and which end is better."""
    if not rows.num_rows:
        return ""
    first = rows.slice(0, 1).to_pylist()[0]
    experiment, metric = first["experiment"], first["metric"]
    better = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
    if metric in NEITHER_IS_BETTER:
        better = "neither more nor less is better by itself"
    window = "calibration" if experiment in ON_CALIBRATION else "test"
    return (
        f"{words.opening(words.EXPERIMENTS[experiment])}, {first['feature_set']}, judged on the "
        f"{window} window. {METRICS[metric]}: {better}."
    )


def promotions() -> Figure:
    """The ledger of decisions."""
    return Figure(
        name="promotions",
        title="Who decided",
        definition=(
            "Every decision about which model is champion, the newest first. The ledger is only "
            "ever added to; a model that breaks a gate can only become champion by force, which "
            "is said."
        ),
        fields=(
            Field("number", "No.", "count"),
            Field("decided_at", "When", "moment"),
            Field("feature_set", "Feature set"),
            Field("action", "Decision"),
            Field("challenger_version", "About version"),
            Field("model_version", "Champion from then on"),
            Field("as_of_date", "Model as of", "day"),
            Field("gates_kept", "Gates kept"),
            Field("gates_broken", "Gates broken"),
            Field("reason", "Why"),
            Field("decided_by", "By"),
        ),
        rows=decisions,
        sources=(t.PROMOTIONS,),
        filled_by="a first decision about which model is champion",
    )


def decisions(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """The lines of the ledger, with the gates counted and those broken by name."""
    rows = from_sql("model_promotions")(connection, asked)
    told = [json.loads(text) for text in rows["gates"].to_pylist()]
    kept = [sum(gate["passed"] for gate in gates.values()) for gates in told]
    counted = [f"{count} of {len(gates)}" for count, gates in zip(kept, told, strict=True)]
    broken = [
        ", ".join(
            name.replace("_", " ") + ("" if gate["is_required"] else " (not required)")
            for name, gate in gates.items()
            if not gate["passed"]
        )
        for gates in told
    ]
    plain = [words.candidate(name) for name in rows["feature_set"].to_pylist()]
    place = rows.schema.get_field_index("feature_set")
    rows = rows.set_column(place, "feature_set", pa.array(plain, pa.string()))
    rows = rows.append_column("gates_kept", pa.array(counted, pa.string()))
    return rows.append_column("gates_broken", pa.array(broken, pa.string()))
