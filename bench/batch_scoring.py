"""Batch scoring, features of a lake in and rows out, beside XGBoost alone on encoded matrices.

    python -m bench.batch_scoring [LAKE] [--repeats 5]

Ours is ``scoring.predictions``: read, encode, predict, calibrate, make rows. The yardstick is
``Booster.inplace_predict`` on the same matrices, already in memory. Without LAKE (a folder with
``silver/crashes`` and ``gold/crash_features`` of eleven months or more) the packaged year is
brought through the pipeline first. Scores a second, in CPU time of one thread, the best of some
repeats in turn; prints a table and, as the last line, one JSON object.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.training_step import lake_of, newest_split, step
from crash_platform.lake.store import Slice
from crash_platform.modelling.boosting import probabilities
from crash_platform.pipelines.injuries.examples import load_rows
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.rows import features_of
from crash_platform.pipelines.injuries.scoring import Champion, encoded, predictions
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.injuries.words import load_words

NOW = datetime(2023, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure, print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path, nargs="?")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="bench_") as folder:
        store = lake_of(arguments.lake, Path(folder))
        split = newest_split(store)
        rows = load_rows(store, split, load_words())
        champions = {name: Champion(step(rows, split, name).model, 1) for name in FEATURE_SETS}
        figures = figures_of(store.slice(CRASH_FEATURES), champions, arguments.repeats)
    print(json.dumps({"bench": "batch_scoring", **figures}))


def figures_of(
    features: Slice, champions: Mapping[str, Champion], repeats: int
) -> dict[str, float]:
    """Rates of the whole, and of its parts on the same crashes in memory."""
    table = features.read()
    models = [champion.model for champion in champions.values()]
    encoders = [model.encoder for model in models]
    matrices = encoded(table, encoders)

    def bare() -> None:
        for model, matrix in zip(models, matrices, strict=True):
            probabilities(model.booster, matrix)

    parts: dict[str, Callable[[], object]] = {
        "ours": lambda: predictions(features, champions, NOW).read(),
        "bare": bare,
        "rows_as_features": lambda: list(features_of(table)),
        "features_and_encoding": lambda: encoded(table, encoders),
    }
    best = dict.fromkeys(parts, float("inf"))
    for _ in range(repeats):
        for name, part in parts.items():
            started = time.process_time()
            part()
            best[name] = min(best[name], time.process_time() - started)
    scores = table.num_rows * len(models)
    print(f"{scores:,} scores\n{'':24}{'CPU s':>8}{'scores/s':>12}{'us each':>9}")
    for name, seconds in best.items():
        each = 1e6 * seconds / scores
        print(f"{name:24}{seconds:>8.2f}{scores / seconds:>12,.0f}{each:>9.2f}", flush=True)
    return {
        "scores": scores,
        "trees": sum(model.booster.num_boosted_rounds() for model in models),
        **{f"{name}_per_second": round(scores / seconds) for name, seconds in best.items()},
        "times_bare": round(best["ours"] / best["bare"], 2),
    }


if __name__ == "__main__":
    main()
