"""A made-up evaluation with known figures, as the charts, the page and the assets take it."""

import json
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crash_platform.modelling.metrics import measure
from crash_platform.pipelines.injuries.charts.evaluation import Contributions, Evaluation
from crash_platform.pipelines.injuries.encoding import BOROUGHS
from crash_platform.pipelines.injuries.tables import COMPARISON, TEST_PREDICTIONS

AS_OF, FEATURE_SET = date(2024, 4, 15), "first_report"
THRESHOLD, TREES = 0.35, 300
DAYS = {
    "trained_from": date(2021, 11, 2),
    "trained_to": date(2023, 11, 1),
    "calibrated_from": date(2023, 11, 2),
    "calibrated_to": date(2024, 2, 1),
    "tested_from": date(2024, 2, 2),
    "tested_to": date(2024, 4, 1),
}
SKILL = {
    "majority": 0.0,
    "logistic": 0.6,
    "random_forest": 0.7,
    "hist_boosting": 0.8,
    "xgboost": 1.0,
}
"""How much of the true log-odds a candidate sees."""
LADDER = {
    "time_place": 0.631,
    "first_report": 0.733,
    "full_report": 0.798,
    "artefacts": 0.751,
    "leak": 0.847,
}
SPLITS = {"time": 0.733, "random": 0.749}
ROWS = {2400: 0.662, 4700: 0.699, 12000: 0.722, 24000: 0.729, 48000: 0.733}
WINDOWS = {1: 0.710, 2: 0.719, 6: 0.727, 12: 0.735, 24: 0.733}
GROUPS = ("car", "bicycle", "truck", "taxi", "motorcycle")
COLUMNS = ("vehicle_count", "hour", "group=bicycle", "latitude", "vehicle=e-bike", "is_weekend")
EFFECTS = (0.5, 0.3, 0.8, 0.1, 0.05, 0.02)


def evaluation(rows: int = 4000, seed: int = 0, without: Collection[str] = ()) -> Evaluation:
    """An evaluation of so many test crashes.

    ``without`` names experiments of the comparison, or ``months``, ``weeks``, ``psi``,
    ``contributions``, that were not run. Boroughs: Staten Island always has 40 crashes.
    """
    generator = np.random.default_rng(seed)
    said = predictions(rows, generator)
    shown = {"months": months(), "weeks": weeks(), "psi": psi()}
    kept = {name: table.slice(0, 0 if name in without else None) for name, table in shown.items()}
    return Evaluation(
        as_of=AS_OF,
        feature_set=FEATURE_SET,
        model=model(said),
        predictions=said,
        comparison=comparison(said, without),
        contributions=None if "contributions" in without else contributions(generator),
        **kept,
    )


def predictions(rows: int, generator: np.random.Generator) -> pa.Table:
    """What five candidates said: XGBoost's calibrated probability is the true one."""
    hours = generator.integers(0, 24, rows).astype(object)
    hours[::97] = None
    boroughs = generator.choice(np.array(BOROUGHS[:4]), rows).astype(object)
    boroughs[:40] = "STATEN ISLAND"
    groups = generator.choice(np.array(GROUPS), rows, p=[0.6, 0.12, 0.12, 0.12, 0.04])
    logits = generator.normal(-0.4, 1.0, rows) + 0.6 * (groups == "bicycle")
    truth = 1.0 / (1.0 + np.exp(-logits))
    labels = generator.random(rows) < truth
    days = [DAYS["tested_from"] + timedelta(days=int(n)) for n in np.arange(rows) * 59 // rows]
    tables = []
    for name, skill in SKILL.items():
        seen = skill * logits + (1 - skill) * generator.normal(-0.4, 1.0, rows) * (skill > 0)
        probabilities = 1.0 / (1.0 + np.exp(-seen)) if skill else np.full(rows, labels.mean())
        columns: dict[str, Any] = {
            "as_of_date": [AS_OF] * rows,
            "feature_set": [FEATURE_SET] * rows,
            "experiment": ["models"] * rows,
            "candidate": [name] * rows,
            "collision_id": np.arange(rows) + 4_700_000,
            "crash_date": days,
            "is_injury_crash": labels,
            "probability": probabilities,
            "raw_probability": probabilities**1.3 if skill else probabilities,
            "borough": boroughs,
            "hour": hours,
            "vehicle_group": groups.astype(object),
        }
        tables.append(pa.table(columns, schema=_schema(TEST_PREDICTIONS.columns)))
    return pa.concat_tables(tables)


def model(said: pa.Table) -> dict[str, object]:
    """The model's row, its figures measured on its predictions."""
    figures = _figures(said, "xgboost")
    return {
        "as_of_date": AS_OF,
        "feature_set": FEATURE_SET,
        "model_version": 7,
        **figures,
        **DAYS,
        "train_count": 48_013,
        "calibrate_count": 20_500,
        "train_base_rate": 0.41,
        "missing_days": 0,
        "tree_count": TREES,
        "calibration": "platt",
        "crashes_version": 12,
        "features_version": 9,
        "git_revision": "0123abc",
        "run_id": "run",
        "fit_seconds": 4.2,
        "card": "# Card",
        "artefact_sha256": "ab" * 32,
    }


def comparison(said: pa.Table, without: Collection[str] = ()) -> pa.Table:
    """All experiments but those left out; the models measured, the others with known AUCs."""
    rows = [
        _row("models", name, {}, 48_013, **_figures(said, name), auc_gain=0.016) for name in SKILL
    ]
    base = _figures(said, "xgboost")
    for depth in (4, 6, 8):
        for rate in (0.05, 0.1, 0.2):
            auc = 0.745 - 0.001 * abs(depth - 6) - 0.01 * abs(rate - 0.1)
            words = {"depth": depth, "learning_rate": rate}
            figures = base | {"auc": auc, "log_loss": 0.6 + (0.745 - auc)}
            rows.append(
                _row("parameters", f"depth={depth} learning_rate={rate}", words, 1, **figures)
            )
    for trees in range(20, 801, 20):
        loss = 0.6 + 0.08 * np.exp(-trees / 70) + 2e-8 * max(0, trees - TREES) ** 2
        figures = base | {"auc": 0.745 - 0.06 * np.exp(-trees / 70), "log_loss": loss}
        rows.append(_row("trees", str(trees), {}, 48_013, **figures))
    for count, auc in ROWS.items():
        rows.append(_row("rows", f"{count}", {}, count, **base | {"auc": auc}))
    for span, auc in WINDOWS.items():
        rows.append(_row("window", f"{span}", {"months": span}, 2000 * span, **base | {"auc": auc}))
    for experiment, aucs in (("ladder", LADDER), ("split", SPLITS)):
        rows += [_row(experiment, name, {}, 1, **base | {"auc": a}) for name, a in aucs.items()]
    kept = [row for row in rows if row["experiment"] not in without]
    return pa.Table.from_pylist(kept, schema=_schema(COMPARISON.columns))


def months() -> pa.Table:
    """2012-07 to 2024-03 with no crashes in 2022-01: 20 % injuries to 2020-03, 40 % afterwards."""
    every = [date(year, month, 1) for year in range(2012, 2025) for month in range(1, 13)]
    every = [m for m in every if date(2012, 7, 1) <= m < date(2024, 4, 1) and m != date(2022, 1, 1)]
    is_old = [month < date(2020, 4, 1) for month in every]
    return pa.table(
        {
            "month": pa.array(every, pa.date32()),
            "crash_count": pa.array([18_000 if old else 8_000 for old in is_old], pa.int64()),
            "injury_share": pa.array([0.2 if old else 0.4 for old in is_old], pa.float64()),
        }
    )


def weeks(count: int = 21) -> pa.Table:
    """Weeks in which 42 % had injuries; what was said drifts away to 47 % in the last."""
    first = date(2023, 11, 6)
    return pa.table(
        {
            "week": pa.array([first + timedelta(weeks=n) for n in range(count)], pa.date32()),
            "rows": pa.array([1700] * count, pa.int64()),
            "base_rate": pa.array([0.42] * count),
            "mean_probability": pa.array([0.42 + 0.05 * n / (count - 1) for n in range(count)]),
            "ece": pa.array([0.03 + 0.002 * n for n in range(count)]),
            "auc": pa.array(
                [0.73 + 0.01 * (-1) ** n for n in range(count - 1)] + [None], pa.float64()
            ),
        }
    )


def psi(count: int = 21) -> pa.Table:
    """Hour and borough stay within noise (line 0.02); vehicle_types climbs to 0.3."""
    first = date(2023, 11, 6)
    rows = [
        {"week": first + timedelta(weeks=n), "feature": name, "psi": value, "line": 0.02}
        for n in range(count)
        for name, value in (
            ("hour", 0.01),
            ("borough", 0.005),
            ("latitude", 0.05),
            ("vehicle_types", 0.3 * n / (count - 1)),
        )
    ]
    kinds = [("week", pa.date32()), ("feature", pa.string())]
    return pa.Table.from_pylist(
        rows, schema=pa.schema([*kinds, ("psi", pa.float64()), ("line", pa.float64())])
    )


def contributions(generator: np.random.Generator, rows: int = 900) -> Contributions:
    """Column k contributes plus or minus ``EFFECTS[k]``, by whether it is above its middle."""
    values = np.stack(
        [
            generator.integers(1, 4, rows),
            generator.integers(0, 24, rows),
            generator.random(rows) < 0.1,
            generator.normal(40.7, 0.05, rows),
            generator.random(rows) < 0.05,
            generator.random(rows) < 0.3,
        ],
        axis=1,
    ).astype(np.float32)
    signs = np.where(values > np.median(values, axis=0), 1.0, -1.0)
    pushes = signs * np.array(EFFECTS)
    values[::50, 3] = np.nan
    shap = np.column_stack([pushes, np.full(rows, -0.3)]).astype(np.float32)
    probabilities = 1.0 / (1.0 + np.exp(-shap.astype(np.float64).sum(axis=1)))
    return Contributions(COLUMNS, values, shap, probabilities, np.arange(rows) + 4_700_000)


def probabilities_of(
    said: pa.Table, candidate: str
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Labels and probabilities of a candidate of the experiment ``models``."""
    rows = [each == candidate for each in said["candidate"].to_pylist()]
    kept = said.filter(pa.array(rows))
    return kept["is_injury_crash"].to_numpy(), kept["probability"].to_numpy()


def _figures(said: pa.Table, candidate: str) -> dict[str, Any]:
    measured = vars(measure(*probabilities_of(said, candidate), THRESHOLD)).copy()
    return {"test_count": measured.pop("rows"), **measured}


def _row(
    experiment: str, candidate: str, parameters: Mapping[str, float], count: int, **figures: Any
) -> dict[str, Any]:
    ends = {
        f"{name}_{end}": figures[name] + shift
        for name in ("auc", "average_precision", "brier", "ece")
        for end, shift in (("low", -0.006), ("high", 0.006))
    }
    return {
        "as_of_date": AS_OF,
        "feature_set": FEATURE_SET,
        "experiment": experiment,
        "candidate": candidate,
        "parameters": json.dumps(parameters),
        "train_count": count,
        "fit_seconds": 4.2,
        "size_bytes": 1_100_000,
        **ends,
        **figures,
    }


def _schema(columns: Any) -> pa.Schema:
    return pa.schema([pa.field(each.name, each.type) for each in columns])
