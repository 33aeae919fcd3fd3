"""One model from labelled crashes: fitted, stopped early, calibrated, given a threshold, judged."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from crash_platform.modelling import boosting
from crash_platform.modelling.boosting import Boosting, Examples
from crash_platform.modelling.calibration import Calibrator, choose
from crash_platform.modelling.metrics import Metrics, measure, threshold_for_recall
from crash_platform.modelling.splits import Split, months_before, time_split
from crash_platform.pipelines.injuries.encoding import Encoder, Matrix
from crash_platform.pipelines.injuries.examples import Days, Mask, Rows
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.model import InjuryModel, Probabilities

HIDDEN = {"coordinates": 0.06, "borough": 0.03, "street": 0.03, "vehicles": 0.02, "factors": 0.02}
"""Share of the rows in which a block is hidden at random, so that its absence means nothing."""


@dataclass(frozen=True)
class Recipe:
    """How models of a day are made. Months are calendar months before the newest mature day."""

    train_months: Mapping[str, int] = field(
        default_factory=lambda: {"first_report": 24, "full_report": 12}
    )
    calibrate_months: int = 2
    test_months: int = 2
    maturity_days: int = 14
    recall: float = 0.80
    boosting: Boosting = field(default_factory=Boosting)

    def split(self, as_of: date, feature_set: str) -> Split:
        """Which days a model as of a day learns from and is judged on."""
        return time_split(
            as_of,
            maturity_days=self.maturity_days,
            train_months=self.train_months[feature_set],
            calibrate_months=self.calibrate_months,
            test_months=self.test_months,
        )

    def widest_split(self, as_of: date) -> Split:
        """The split of the feature set that looks back furthest."""
        furthest = max(FEATURE_SETS, key=lambda name: self.train_months[name])
        return self.split(as_of, furthest)


@dataclass(frozen=True)
class Made:
    """What a fit was and cost. ``curve``: metric to its value on held-out rows after each tree."""

    train_count: int
    calibrate_count: int
    train_base_rate: float
    fit_seconds: float
    curve: Mapping[str, Sequence[float]] = field(repr=False)


@dataclass(frozen=True)
class Trained:
    """A model with what it said of its test rows (``tested``), and how it was made."""

    model: InjuryModel
    metrics: Metrics
    tested: Mask = field(repr=False)
    raw: Probabilities = field(repr=False)
    probabilities: Probabilities = field(repr=False)
    made: Made

    @property
    def trees(self) -> int:
        """Trees kept after early stopping."""
        return int(self.model.booster.num_boosted_rounds())


def train(rows: Rows, as_of: date, feature_set: str, recipe: Recipe) -> Trained:
    """The model as of a day, judged on its test window, as far as that is in its scope."""
    split, encoder = recipe.split(as_of, feature_set), rows.encoder_of(feature_set)
    fitted_on = learning_examples(rows, feature_set, split, recipe.boosting.seed)
    held_out = rows.within(split.calibrate) & rows.in_scope(feature_set)
    calibrated_on = rows.examples(feature_set, held_out)
    started = time.perf_counter()
    fitted = boosting.fit(fitted_on, calibrated_on, encoder.columns, recipe.boosting)
    seconds = time.perf_counter() - started
    said = boosting.probabilities(fitted.booster, calibrated_on.matrix)
    calibrator, threshold = settle(said, calibrated_on.labels, rows.days[held_out], recipe.recall)
    model = InjuryModel(fitted.booster, encoder, calibrator, threshold, as_of, split)
    made = Made(
        len(fitted_on),
        len(calibrated_on),
        float(fitted_on.labels.mean()),
        seconds,
        {name: list(curve) for name, curve in fitted.curve.items()},
    )
    return judged(model, rows, made)


def learning_examples(rows: Rows, feature_set: str, split: Split, seed: int) -> Examples:
    """What every candidate of a day is fitted on.

    Crashes that lack vehicles, coordinates or factors are left out: their absence gives the
    outcome away (83 % of the crashes without a vehicle have injuries). In the others, blocks are
    hidden at random, so that a model can do without them.
    """
    examples = rows.examples(feature_set, is_learnt(rows, feature_set, split))
    return hidden_at_random(examples, rows.encoder_of(feature_set), seed)


def is_learnt(rows: Rows, feature_set: str, split: Split) -> Mask:
    """Which rows those are."""
    return rows.within(split.train) & rows.is_whole(feature_set)


def judged(model: InjuryModel, rows: Rows, made: Made) -> Trained:
    """A model with what it says of its test rows."""
    tested = rows.within(model.split.test) & rows.in_scope(model.feature_set)
    examples = rows.examples(model.feature_set, tested)
    raw = model.raw_probabilities(examples.matrix)
    probabilities = model.calibrator.apply(raw)
    metrics = measure(examples.labels, probabilities, model.threshold)
    return Trained(model, metrics, tested, raw, probabilities, made)


def settle(raw: Probabilities, labels: Mask, days: Days, recall: float) -> tuple[Calibrator, float]:
    """Calibration and threshold from what was said of the calibration window.

    The calibration is the one that wins on the window's last month; the threshold finds the
    wanted share of the injury crashes.
    """
    last_month = months_before(days.max().astype(date), 1)
    calibrator = choose(labels, raw, days > np.datetime64(last_month))
    return calibrator, threshold_for_recall(labels, calibrator.apply(raw), recall)


def hidden_at_random(examples: Examples, encoder: Encoder, seed: int) -> Examples:
    """The same rows with whole blocks hidden at random, as ``HIDDEN`` says."""
    matrix: Matrix = examples.matrix.copy()
    generator = np.random.default_rng(seed)
    for block, columns in encoder.blocks.items():
        if block in HIDDEN:
            start = encoder.columns.index(columns[0])
            hidden = generator.random(len(matrix)) < HIDDEN[block]
            matrix[hidden, start : start + len(columns)] = np.nan
    return Examples(matrix, examples.labels)
