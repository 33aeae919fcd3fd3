"""How ``gold/served_accuracy`` is made, and of which days it is not what it should be."""

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.tables import Recipe
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.reports.judging import judging
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.texts import sql

JUDGED = [
    "asked_at",
    "request_id",
    "place_in_request",
    "channel",
    "crash_date",
    "collision_id",
    "feature_set",
    "model_version",
    "probability",
    "is_predicted_injury",
]
# Means are sums of doubles in whatever order: the last digits are nobody's.
_COMPARED = ", ".join(
    f"round({column.name}, 6) AS {column.name}" if column.type == pa.float64() else column.name
    for column in t.SERVED_ACCURACY.columns
)


def accuracy_recipe() -> Recipe:
    """How ``gold/served_accuracy`` is made, by the day of the crash."""
    return Recipe(
        t.SERVED_ACCURACY,
        (CRASHES,),
        _judging,
        None,
        prepared=_answers_and_labels,
        after=(t.SERVED_PREDICTIONS,),
    )


def days_behind(engine: Engine, store: Store) -> Sequence[date]:
    """The days of which ``gold/served_accuracy`` is not what a making from scratch would give.

    Raises:
        LakeError: a table cannot be read.
    """
    inputs: dict[str, Input] = {
        "served_predictions": store.slice(t.SERVED_PREDICTIONS),
        "crashes": store.slice(CRASHES),
        "held_accuracy": store.slice(t.SERVED_ACCURACY),
    }
    found: list[date] = engine.stream(inputs, _differing()).read_all()[0].to_pylist()
    return sorted(found)


def _judging() -> tuple[Step, ...]:
    return judging(sql("last_served_predictions"))


def _differing() -> tuple[Step, ...]:
    return (
        Step(
            "labels",
            "SELECT collision_id, is_injury_crash FROM crashes "
            "WHERE collision_id IN (SELECT collision_id FROM served_predictions)",
        ),
        *_judging(),
        Step("expected", f"SELECT {_COMPARED} FROM accuracy"),
        Step("held", f"SELECT {_COMPARED} FROM held_accuracy"),
        Step(
            "differing",
            "SELECT * FROM (SELECT * FROM expected EXCEPT SELECT * FROM held) missing UNION ALL "
            "SELECT * FROM (SELECT * FROM held EXCEPT SELECT * FROM expected) superfluous",
        ),
        Step("days", "SELECT DISTINCT crash_date FROM differing"),
    )


def _answers_and_labels(
    engine: Engine, store: Store, slices: Mapping[str, Slice]
) -> Mapping[str, pa.Table]:
    """The answers about crashes of the window, asked on whatever day, and their outcomes."""
    del engine
    # The window's filter names crash_date, which both tables have.
    answers = store.slice(t.SERVED_PREDICTIONS).read(JUDGED, slices["crashes"].filter)
    ids = answers["collision_id"].drop_null().unique()
    labels = store.slice(CRASHES).read(
        ["collision_id", "is_injury_crash"], ds.field("collision_id").isin(ids)
    )
    return {"served_predictions": answers, "labels": labels}
