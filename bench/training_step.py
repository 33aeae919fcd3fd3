"""One training step, ours beside a bare XGBoost script on the same matrix.

    python -m bench.training_step [LAKE] [--repeats 3]

Ours is ``training.train``: blocks hidden at random, fit, early stopping, calibration, threshold,
test. The yardstick is ``xgboost.train`` with the same parameters, matrices and early stopping, and
nothing else. Without LAKE (a folder with ``silver/crashes`` and ``gold/crash_features`` of eleven
months or more) the packaged year is brought through the pipeline first. CPU seconds of one thread,
the best of some repeats in turn; prints a table and, as the last line, one JSON object.
"""

import argparse
import json
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.full_history import load
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.modelling.boosting import Boosting, Examples
from crash_platform.modelling.splits import Split
from crash_platform.pipelines.injuries.examples import Rows, load_rows
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.injuries.training import Recipe, Trained, learning_examples, train
from crash_platform.pipelines.injuries.words import load_words
from crash_platform.sources.sample import sample_file

MONTHS = 7
"""To train on: with two to calibrate and two to test, a year has room for no more."""


def recipe() -> Recipe:
    """The platform's own, but for the months and for one thread, whose CPU time can be compared."""
    return Recipe(dict.fromkeys(FEATURE_SETS, MONTHS), boosting=Boosting(threads=1))


def lake_of(folder: Path | None, work: Path) -> Store:
    """A prepared lake, or the packaged year loaded into a new one."""
    if folder is None:
        load(sample_file(), work / "home")
        folder = work / "home" / "lake"
    return Store(Location(str(folder)))


def newest_split(store: Store) -> Split:
    """The split of a model for which the last day of the lake is just mature."""
    days = store.slice(CRASH_FEATURES).distinct_days()
    if not days:
        raise SystemExit("There is no gold/crash_features in that lake: materialise it first.")
    how = recipe()
    return how.widest_split(max(days) + timedelta(days=how.maturity_days))


def step(rows: Rows, split: Split, feature_set: str) -> Trained:
    """What is measured."""
    as_of = split.test.last + timedelta(days=recipe().maturity_days)
    return train(rows, as_of, feature_set, recipe())


def bare(fitted_on: Examples, held_out: Examples) -> int:
    """What it is measured against; the number of trees."""
    import xgboost

    how = recipe().boosting
    matrix = xgboost.QuantileDMatrix(fitted_on.matrix, fitted_on.labels, nthread=1)
    judged = xgboost.QuantileDMatrix(held_out.matrix, held_out.labels, nthread=1, ref=matrix)
    booster = xgboost.train(
        how.for_xgboost(),
        matrix,
        num_boost_round=how.rounds,
        evals=[(judged, "held_out")],
        early_stopping_rounds=how.patience,
        verbose_eval=False,
    )
    return int(booster.best_iteration) + 1


def main() -> None:
    """Measure, print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path, nargs="?")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="bench_") as folder:
        store = lake_of(arguments.lake, Path(folder))
        split, words = newest_split(store), load_words()
        started = time.process_time()
        rows = load_rows(store, split, words)
        reading = round(time.process_time() - started, 2)
    print(f"{len(rows.labels):,} crashes read and encoded in {reading} s\n")
    print(f"{'feature set':14}{'rows':>9}{'trees':>7}{'ours s':>9}{'bare s':>9}{'ratio':>8}")
    results = [
        measured(rows, split, feature_set, arguments.repeats) for feature_set in FEATURE_SETS
    ]
    print(json.dumps({"bench": "training_step", "reading_cpu": reading, "results": results}))


def measured(rows: Rows, split: Split, feature_set: str, repeats: int) -> dict[str, object]:
    """Both in turn, so that both meet the same noise; the best of each."""
    fitted_on = learning_examples(rows, feature_set, split, recipe().boosting.seed)
    mask = rows.within(split.calibrate) & rows.in_scope(feature_set)
    held_out = rows.examples(feature_set, mask)
    ours: list[float] = []
    alone: list[float] = []
    for _ in range(repeats):
        started = time.process_time()
        trained = step(rows, split, feature_set)
        between = time.process_time()
        trees = bare(fitted_on, held_out)
        ours.append(between - started)
        alone.append(time.process_time() - between)
        if trees != trained.trees:
            raise SystemExit(f"{trained.trees} and {trees} trees: the two did not do the same.")
    ratio = min(ours) / min(alone)
    print(
        f"{feature_set:14}{len(fitted_on):>9,}{trees:>7}{min(ours):>9.2f}{min(alone):>9.2f}"
        f"{ratio:>8.3f}",
        flush=True,
    )
    return {
        "feature_set": feature_set,
        "rows": len(fitted_on),
        "trees": trees,
        "ours_cpu": round(min(ours), 2),
        "bare_cpu": round(min(alone), 2),
        "ratio": round(ratio, 3),
    }


if __name__ == "__main__":
    main()
