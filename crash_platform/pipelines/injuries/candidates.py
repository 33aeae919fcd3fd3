"""Other kinds of model on the product's own rows, and what each says of the rows it is judged on.

How good an answer is belongs to ``comparison``; which rows and settings are tried, to
``experiments``.
"""

import pickle
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from crash_platform.modelling import boosting
from crash_platform.modelling.boosting import Boosting
from crash_platform.modelling.calibration import Calibrator
from crash_platform.modelling.metrics import threshold_for_recall
from crash_platform.pipelines.injuries.encoding import Matrix
from crash_platform.pipelines.injuries.lessons import Lesson, Places
from crash_platform.pipelines.injuries.model import Probabilities
from crash_platform.pipelines.injuries.training import Trained, settle

BASELINE = "logistic"
PRODUCT = "xgboost"

FOREST = {"n_estimators": 100, "min_samples_leaf": 10, "max_features": "sqrt"}
ROWS_PER_TREE = 25_000
"""A tree of the forest sees so many rows at most: it costs as much with ten times the history."""
STOPPED_ON = 5_000
"""Rows by which experiments stop adding trees; all of the window would cost half of their time."""


@dataclass(frozen=True)
class Fitted:
    """A fitted candidate: how it scores a matrix (0-1), its parameters, its size in bytes."""

    score: Callable[[Matrix], Probabilities] = field(repr=False)
    parameters: Mapping[str, object]
    size_bytes: int
    is_calibrated: bool = True


Fit = Callable[[Lesson], Fitted]


@dataclass(frozen=True)
class Answer:
    """What a candidate said of the rows it was judged on (``places`` in the day's rows).

    ``probabilities`` are calibrated, ``raw`` is what they were before.
    """

    name: str
    parameters: Mapping[str, object]
    places: Places = field(repr=False)
    raw: Probabilities = field(repr=False)
    probabilities: Probabilities = field(repr=False)
    threshold: float
    train_count: int
    fit_seconds: float
    size_bytes: int


def answer_of(name: str, fit: Fit, lesson: Lesson, recall: float) -> Answer:
    """A candidate fitted, calibrated and given a threshold as the product is, then asked.

    Candidates are fitted by one thread each: beside others they are quicker so, and their
    seconds can be compared.
    """
    started = time.perf_counter()
    fitted = fit(lesson)
    seconds = time.perf_counter() - started
    calibrator, threshold = _settled(fitted, lesson, recall)
    raw = fitted.score(lesson.tested.examples.matrix)
    return Answer(
        name,
        fitted.parameters,
        lesson.tested.places,
        raw,
        calibrator.apply(raw),
        threshold,
        len(lesson.fitted),
        seconds,
        fitted.size_bytes,
    )


def _settled(fitted: Fitted, lesson: Lesson, recall: float) -> tuple[Calibrator, float]:
    examples = lesson.calibrated.examples
    said = fitted.score(examples.matrix)
    if not fitted.is_calibrated:
        return Calibrator("none"), threshold_for_recall(examples.labels, said, recall)
    return settle(said, examples.labels, lesson.rows.days[lesson.calibrated.places], recall)


def answer_of_product(trained: Trained, how: Boosting) -> Answer:
    """The product beside the candidates: nothing is fitted again."""
    return Answer(
        PRODUCT,
        asdict(how),
        np.flatnonzero(trained.tested),
        trained.raw,
        trained.probabilities,
        trained.model.threshold,
        trained.made.train_count,
        trained.made.fit_seconds,
        len(trained.model.to_bytes()),
    )


def kinds(how: Boosting) -> dict[str, Fit]:
    """The kinds of model the product is compared with, plainest first."""
    return {
        "majority": majority,
        BASELINE: logistic,
        "random_forest": partial(random_forest, how=how),
        "hist_boosting": partial(hist_boosting, how=how),
    }


def majority(lesson: Lesson) -> Fitted:
    """Always the share of injuries it was fitted on, never corrected: what no skill looks like."""
    rate = float(lesson.fitted.examples.labels.mean())
    return Fitted(lambda matrix: np.full(len(matrix), rate), {}, 8, is_calibrated=False)


def logistic(lesson: Lesson) -> Fitted:
    """Logistic regression on standardised columns, what is missing replaced by the median.

    No column says what was missing: absence gives the outcome away.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=False),
        StandardScaler(),
        LogisticRegression(C=1.0, solver="newton-cholesky"),
    )
    return _fitted_by_sklearn(model, lesson, {"C": 1.0, "missing": "median"})


def random_forest(lesson: Lesson, how: Boosting) -> Fitted:
    """Random forest; what is missing goes to whichever side of a split fits better."""
    from sklearn.ensemble import RandomForestClassifier

    parameters = FOREST | {"max_samples": min(ROWS_PER_TREE, len(lesson.fitted))}
    model = RandomForestClassifier(**parameters, random_state=how.seed)
    return _fitted_by_sklearn(model, lesson, parameters)


def hist_boosting(lesson: Lesson, how: Boosting) -> Fitted:
    """Scikit-learn's gradient boosting, stopped by the calibration window as the product is."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    parameters = {
        "max_iter": how.rounds,
        "learning_rate": how.learning_rate,
        "n_iter_no_change": how.patience,
    }
    model = HistGradientBoostingClassifier(**parameters, early_stopping=True, random_state=how.seed)
    held_out = lesson.calibrated.examples
    return _fitted_by_sklearn(
        model, lesson, parameters, X_val=held_out.matrix, y_val=held_out.labels
    )


def boosted(lesson: Lesson, how: Boosting, is_calibrated: bool = True) -> Fitted:
    """The product's kind of model, stopped by a sample of the calibration window."""
    stopped_on = lesson.calibrated.sample(STOPPED_ON, how.seed).examples
    fitted = boosting.fit(lesson.fitted.examples, stopped_on, lesson.columns, how)
    size = len(boosting.to_bytes(fitted.booster, {}))
    return Fitted(partial(boosting.probabilities, fitted.booster), asdict(how), size, is_calibrated)


def _fitted_by_sklearn(
    model: Any, lesson: Lesson, parameters: Mapping[str, object], **held_out: Any
) -> Fitted:
    examples = lesson.fitted.examples
    with _one_thread():
        model.fit(examples.matrix, examples.labels, **held_out)
    # Pickled to be measured: these bytes are neither kept nor ever read.
    return Fitted(partial(_scored, model), parameters, len(pickle.dumps(model)))


def _scored(model: Any, matrix: Matrix) -> Probabilities:
    is_injury = list(model.classes_).index(True)
    with _one_thread():
        said = model.predict_proba(matrix)
    return np.asarray(said[:, is_injury], np.float64)


def _one_thread() -> AbstractContextManager[object]:
    """Where cores are shared, scikit-learn's threads were seen to spend minutes waiting."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="openmp")
    return limits
