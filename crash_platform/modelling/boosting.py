"""Gradient-boosted trees: fitting with early stopping, and one file that carries all of a model.

The file is XGBoost's own UBJSON with a description inside as an attribute; nothing is pickled.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.modelling.predicting import predict

if TYPE_CHECKING:
    import xgboost

Matrix = NDArray[np.float32]
DESCRIPTION = "crash_platform"
LARGEST = 100 * 1024**2


class ArtefactError(PlatformError):
    """Bytes that are not the model they should be."""


@dataclass(frozen=True)
class Boosting:
    """Parameters of a fit. ``threads`` 0 takes every core."""

    rounds: int = 800
    patience: int = 40
    learning_rate: float = 0.08
    depth: int = 6
    min_child_weight: float = 10.0
    row_share: float = 0.8
    column_share: float = 0.5
    l2: float = 2.0
    threads: int = 0
    seed: int = 0

    def for_xgboost(self) -> dict[str, Any]:
        """As ``xgboost.train`` takes them."""
        return {
            "objective": "binary:logistic",
            "eval_metric": ["auc", "logloss"],
            "tree_method": "hist",
            "eta": self.learning_rate,
            "max_depth": self.depth,
            "min_child_weight": self.min_child_weight,
            "subsample": self.row_share,
            "colsample_bytree": self.column_share,
            "lambda": self.l2,
            "nthread": self.threads,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to be judged on: float32 columns (NaN: missing), true or false."""

    matrix: Matrix
    labels: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Fitted:
    """A booster cut at its best round, and the curve of every round on the held-out rows."""

    booster: "xgboost.Booster"
    curve: Mapping[str, Sequence[float]] = field(repr=False)

    @property
    def trees(self) -> int:
        """Trees kept."""
        return int(self.booster.num_boosted_rounds())


def fit(train: Examples, held_out: Examples, columns: Sequence[str], how: Boosting) -> Fitted:
    """Fit trees until the held-out log loss has not improved for ``patience`` rounds."""
    import xgboost

    # Bins of QuantileDMatrix: a sixth of the memory, the same trees.
    fitted_on = xgboost.QuantileDMatrix(
        train.matrix, train.labels, feature_names=list(columns), nthread=how.threads or None
    )
    judged_on = xgboost.QuantileDMatrix(
        held_out.matrix, held_out.labels, feature_names=list(columns), ref=fitted_on
    )
    history: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(
        how.for_xgboost(),
        fitted_on,
        num_boost_round=how.rounds,
        evals=[(judged_on, "held_out")],
        early_stopping_rounds=how.patience,
        evals_result=history,
        verbose_eval=False,
    )
    best = booster[: booster.best_iteration + 1]
    best.set_param({"nthread": 1})
    return Fitted(best, history["held_out"])


def probabilities(booster: "xgboost.Booster", matrix: Matrix) -> NDArray[np.float64]:
    """Probabilities (0-1) of every row; safe from several threads."""
    return predict(booster, matrix)


def contributions(booster: "xgboost.Booster", matrix: Matrix) -> NDArray[np.float32]:
    """SHAP values in log odds, rows x (columns + bias), exact for trees (Lundberg et al. 2018)."""
    import xgboost

    rows = xgboost.DMatrix(matrix, feature_names=booster.feature_names)
    return np.asarray(booster.predict(rows, pred_contribs=True))


def to_bytes(booster: "xgboost.Booster", description: Mapping[str, Any]) -> bytes:
    """The model as one file, its description inside."""
    named = booster.copy()
    named.set_attr(**{DESCRIPTION: json.dumps(description, sort_keys=True)})
    return bytes(named.save_raw("ubj"))


def from_bytes(
    artefact: bytes, sha256: str | None = None
) -> tuple["xgboost.Booster", dict[str, Any]]:
    """The booster and its description.

    Raises:
        ArtefactError: too large, not the bytes of that digest, no XGBoost model, or without a
            description.
    """
    import xgboost

    if len(artefact) > LARGEST:
        raise ArtefactError(f"A model of {len(artefact):,} bytes is refused: too large to be ours.")
    found = digest(artefact)
    if sha256 is not None and found != sha256:
        raise ArtefactError(
            f"The model's SHA-256 is {found}, but {sha256} was recorded: it is not the model that "
            "was made; promote another version or train it again."
        )
    try:
        booster = xgboost.Booster(model_file=bytearray(artefact))
    except xgboost.core.XGBoostError as error:
        raise ArtefactError("The model is not an XGBoost file: train it again.") from error
    described = booster.attr(DESCRIPTION)
    if described is None:
        raise ArtefactError("The model does not describe itself: it was not made here.")
    booster.set_param({"nthread": 1})
    return booster, json.loads(described)


def digest(artefact: bytes) -> str:
    """SHA-256 of a model's bytes, as hexadecimal."""
    return hashlib.sha256(artefact).hexdigest()
