"""A home folder as the notebooks find it: four real days of crashes, a champion, live reports."""

from datetime import date
from pathlib import Path

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.crashes.bronze import land
from crash_platform.pipelines.crashes.deliveries import sample_delivery
from crash_platform.pipelines.crashes.tables import CRASHES, TABLES
from crash_platform.pipelines.injuries.tables import (
    COMPARISON,
    INJURY_MODEL,
    INJURY_PREDICTIONS,
    PROMOTIONS,
    TEST_PREDICTIONS,
)
from crash_platform.pipelines.reports.tables import CRASHES_NOW, LIVE_ACCURACY, LIVE_PREDICTIONS
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.modelling.registries import registry_in
from crash_platform_tests.pipelines.crashes.built_days import build_days
from crash_platform_tests.pipelines.gold_lake import Row, put
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    days_between,
    small_rows,
    small_trained,
)

FIRST, LAST = date(2022, 1, 30), date(2022, 2, 2)
FEATURE_SET = "first_report"


def notebook_home(home: Path) -> Store:
    """Fill a home folder."""
    store = store_in(home / "lake")
    land(store, sample_delivery(Window(FIRST, LAST)))
    build_days(store, days_between(FIRST, LAST), TABLES)
    _train(store, registry_in(home / "mlflow"))
    _report(store)
    return store


def _train(store: Store, registry: Registry) -> None:
    trained, rows = small_trained(FEATURE_SET), small_rows()
    run_id = registry.start_run("injuries", "small", {})
    name, columns = f"injury_{FEATURE_SET}", trained.model.encoder.columns
    registry.register(name, run_id, trained.model.to_bytes(), columns, {})
    registry.promote(name, 1)
    model: Row = {"as_of_date": AS_OF, "feature_set": FEATURE_SET}
    figures = {
        "model_version": 1,
        "auc": trained.metrics.auc,
        "test_count": int(trained.tested.sum()),
    }
    put(store, INJURY_MODEL, [model | figures])
    put(store, PROMOTIONS, [{"decided_date": AS_OF, "number": 1, "model_version": 1, **model}])
    ids, labels = rows.collision_ids[trained.tested], rows.labels[trained.tested]
    told = zip(ids, trained.probabilities, labels, strict=True)
    candidate = model | {"experiment": "models", "candidate": "xgboost"}
    said = [
        candidate | {"collision_id": int(one), "probability": float(p), "is_injury_crash": bool(y)}
        for one, p, y in told
    ]
    put(store, TEST_PREDICTIONS, said)
    put(store, COMPARISON, [candidate | {"auc": 0.75}])
    crashes = store.slice(CRASHES).read(["collision_id", "crash_date"]).to_pylist()
    scored = {"feature_set": "full_report", "probability": 0.25}
    put(store, INJURY_PREDICTIONS, [crash | scored for crash in crashes])


def _report(store: Store) -> None:
    put(store, CRASHES_NOW, [{"crash_date": AS_OF, "crash_key": "report:1", "is_simulated": True}])
    put(store, LIVE_PREDICTIONS, [{"crash_date": AS_OF, "event_id": "1", "latency_ms": 7.5}])
    counts = {"prediction_count": 5, "labelled_count": 4, "injury_count": 1, "flagged_count": 2}
    means = {"hit_count": 1, "mean_probability": 0.5, "brier": 0.125}
    put(store, LIVE_ACCURACY, [{"crash_date": AS_OF, "feature_set": FEATURE_SET} | counts | means])
