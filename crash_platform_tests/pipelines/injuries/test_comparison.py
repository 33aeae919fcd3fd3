import json
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from crash_platform.lake.store import Store
from crash_platform.modelling.bootstrap import differences, intervals
from crash_platform.pipelines.injuries.candidates import answer_of, boosted
from crash_platform.pipelines.injuries.comparison import RESAMPLES, curve_points
from crash_platform.pipelines.injuries.experiments import Compared, Experiments, compare
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.tables import COMPARISON, TEST_PREDICTIONS
from crash_platform_tests.pipelines.injuries.small_lake import small_lake
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    SMALL_RECIPE,
    small_rows,
    small_trained,
)

pytestmark = pytest.mark.slow

ROWS = small_rows()
MODELS = ["majority", "logistic", "random_forest", "hist_boosting", "xgboost"]
LADDER = ["time_place", "first_report", "full_report", "artefacts", "leak"]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_lake(tmp_path_factory.mktemp("experiments"))


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def compared(store: Store, told: list[str]) -> Compared:
    trained = {feature_set: small_trained(feature_set) for feature_set in FEATURE_SETS}
    return compare(store, ROWS, trained, SMALL_RECIPE, say=told.append)


def rows_of(compared: Compared, experiment: str, feature_set: str = "full_report") -> list[Row]:
    return [
        row
        for row in compared.comparison.to_pylist()
        if (row["experiment"], row["feature_set"]) == (experiment, feature_set)
    ]


def said(compared: Compared, experiment: str, candidate: str, feature_set: str) -> pa.Table:
    table = compared.predictions
    wanted = {"experiment": experiment, "candidate": candidate, "feature_set": feature_set}
    for name, value in wanted.items():
        table = table.filter(pc.equal(table[name], value))
    return table


def arrays(table: pa.Table) -> tuple[Any, Any]:
    return table["is_injury_crash"].to_numpy(), table["probability"].to_numpy()


def test_the_tables_are_those_of_the_contracts(compared: Compared) -> None:
    assert compared.comparison.schema == COMPARISON.schema
    assert compared.predictions.schema == TEST_PREDICTIONS.schema
    for contract, table in (
        (COMPARISON, compared.comparison),
        (TEST_PREDICTIONS, compared.predictions),
    ):
        keys = table.select(list(contract.key)).group_by(list(contract.key)).aggregate([])
        assert keys.num_rows == table.num_rows > 0
        for column in contract.columns:
            assert column.is_nullable or table[column.name].null_count == 0
    assert set(compared.comparison["as_of_date"].to_pylist()) == {AS_OF}


def test_every_experiment_is_run_for_the_feature_sets_it_is_about(compared: Compared) -> None:
    held = {(r["feature_set"], r["experiment"]) for r in compared.comparison.to_pylist()}
    both = {"models", "parameters", "trees", "rows", "window"}
    assert held == {("first_report", name) for name in both} | {
        ("full_report", name) for name in both | {"ladder", "split"}
    }
    assert [row["candidate"] for row in rows_of(compared, "models")] == MODELS
    assert [row["candidate"] for row in rows_of(compared, "ladder")] == LADDER
    assert [row["candidate"] for row in rows_of(compared, "split")] == ["time", "random"]


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_the_figures_follow_from_the_predictions(compared: Compared, feature_set: str) -> None:
    checked = 0
    for experiment in ("models", "ladder", "split"):
        for row in rows_of(compared, experiment, feature_set):
            labels, scores = arrays(said(compared, experiment, row["candidate"], feature_set))
            flagged = scores >= row["threshold"]
            assert row["test_count"] == len(labels)
            assert row["base_rate"] == pytest.approx(labels.mean())
            assert row["auc"] == pytest.approx(roc_auc_score(labels, scores))
            assert row["average_precision"] == pytest.approx(
                average_precision_score(labels, scores)
            )
            assert row["brier"] == pytest.approx(brier_score_loss(labels, scores))
            assert row["log_loss"] == pytest.approx(log_loss(labels, scores))
            assert row["recall"] == pytest.approx(flagged[labels].mean())
            assert row["flagged_share"] == pytest.approx(flagged.mean())
            checked += 1
    assert checked == (5 if feature_set == "first_report" else 12)


def test_intervals_and_paired_gains_are_those_of_the_bootstrap(compared: Compared) -> None:
    row = rows_of(compared, "models")[2]
    labels, scores = arrays(said(compared, "models", "random_forest", "full_report"))
    _, baseline = arrays(said(compared, "models", "logistic", "full_report"))
    around = intervals(labels, {"it": scores}, {"it": 0.5}, resamples=RESAMPLES, seed=0)["it"]
    gains = differences(labels, scores, baseline, resamples=RESAMPLES, seed=0)
    for name in ("auc", "average_precision", "brier", "ece"):
        assert (row[f"{name}_low"], row[f"{name}_high"]) == (around[name].low, around[name].high)
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    for name in ("auc", "brier"):
        assert row[f"{name}_gain"] == gains[name].value
        assert (row[f"{name}_gain_low"], row[f"{name}_gain_high"]) == (
            gains[name].low,
            gains[name].high,
        )


def test_gains_are_over_the_logistic_regression_on_the_same_rows(compared: Compared) -> None:
    logistic = rows_of(compared, "models")[1]
    for row in (*rows_of(compared, "models"), *rows_of(compared, "ladder")):
        assert row["auc_gain"] == pytest.approx(row["auc"] - logistic["auc"])
        assert row["brier_gain"] == pytest.approx(row["brier"] - logistic["brier"])
    assert (logistic["auc_gain_low"], logistic["auc_gain_high"]) == (0.0, 0.0)


def test_other_experiments_have_no_intervals(compared: Compared) -> None:
    for experiment in ("parameters", "trees", "rows", "window"):
        for row in rows_of(compared, experiment):
            assert all(row[name] is None for name in row if name.endswith(("_low", "_high")))
            assert row["auc_gain"] is None


def test_all_candidates_are_judged_on_the_same_crashes(compared: Compared) -> None:
    for feature_set in FEATURE_SETS:
        tested = ROWS.collision_ids[small_trained(feature_set).tested].tolist()
        for name in MODELS:
            table = said(compared, "models", name, feature_set)
            assert table["collision_id"].to_pylist() == tested
    for experiment, name in (*(("ladder", name) for name in LADDER), ("split", "time")):
        table = said(compared, experiment, name, "full_report")
        assert table["collision_id"].to_pylist() == tested
    assert said(compared, "split", "random", "full_report")["collision_id"].to_pylist() != tested


def test_predictions_carry_the_crash_they_are_about(compared: Compared) -> None:
    place = {int(collision_id): n for n, collision_id in enumerate(ROWS.collision_ids)}
    for name in ("time", "random"):
        for row in said(compared, "split", name, "full_report").to_pylist():
            n = place[row["collision_id"]]
            assert row["crash_date"] == ROWS.days[n].astype(date)
            assert row["is_injury_crash"] == ROWS.labels[n]
            assert (row["borough"], row["hour"], row["vehicle_group"]) == (
                ROWS.boroughs[n],
                ROWS.hours[n],
                ROWS.vehicle_groups[n],
            )


def test_whoever_was_hurt_was_given_more(compared: Compared) -> None:
    for experiment, names in (("models", MODELS[1:]), ("ladder", LADDER), ("split", ["random"])):
        for name in names:
            labels, scores = arrays(said(compared, experiment, name, "full_report"))
            least = -0.01 if name == "time_place" else 0.02
            assert scores[labels].mean() - scores[~labels].mean() > least


def test_the_product_is_a_candidate_as_it_is(compared: Compared) -> None:
    trained = small_trained("full_report")
    row = rows_of(compared, "models")[-1]
    assert (row["auc"], row["brier"]) == (trained.metrics.auc, trained.metrics.brier)
    assert row["train_count"] == trained.made.train_count
    assert json.loads(row["parameters"])["depth"] == SMALL_RECIPE.boosting.depth


def test_the_leak_stands_out_and_traces_of_filing_tell_something(compared: Compared) -> None:
    auc = {row["candidate"]: row["auc"] for row in rows_of(compared, "ladder")}
    assert auc["leak"] > auc["full_report"] + 0.1
    assert auc["artefacts"] > auc["first_report"] + 0.05
    assert auc["full_report"] > auc["time_place"]


def test_early_stopping_is_shown_as_it_was_seen(compared: Compared) -> None:
    trained, rows = small_trained("full_report"), rows_of(compared, "trees")
    trees = [int(row["candidate"]) for row in rows]
    assert trained.trees in trees
    assert trees[-1] == len(trained.made.curve["auc"])
    kept = rows[trees.index(trained.trees)]
    assert kept["auc"] == trained.made.curve["auc"][trained.trees - 1]
    assert kept["log_loss"] == min(trained.made.curve["logloss"])
    assert kept["test_count"] == trained.made.calibrate_count
    assert kept["brier"] is None


def test_points_of_the_curve_hold_both_ends_and_the_kept_trees() -> None:
    assert curve_points(3, 2) == [1, 2, 3]
    points = curve_points(285, 245)
    assert points[0] == 1
    assert points[-1] == 285
    assert 245 in points
    assert len(points) in (25, 26)


def test_trials_side_by_side_say_what_they_say_alone(compared: Compared) -> None:
    experiments = Experiments.about(small_trained("full_report"), ROWS, SMALL_RECIPE)
    fit = partial(boosted, how=experiments.quick)
    alone = answer_of("full_report", fit, experiments.lesson, SMALL_RECIPE.recall)
    _, scores = arrays(said(compared, "ladder", "full_report", "full_report"))
    np.testing.assert_array_equal(alone.probabilities, scores)


@pytest.mark.slow
def test_without_a_model_of_the_full_report_there_is_no_ladder(store: Store) -> None:
    trained = {"first_report": small_trained("first_report")}
    found = compare(store, ROWS, trained, SMALL_RECIPE)
    experiments = set(found.comparison["experiment"].to_pylist())
    assert experiments == {"models", "parameters", "trees", "rows", "window"}


def test_progress_is_told(compared: Compared, told: list[str]) -> None:
    count = small_trained("first_report").made.train_count
    assert compared.comparison.num_rows
    assert told[0] == f"first_report: other kinds of model on {count:,} crashes."
    assert told[-1].startswith("Measuring ")
