"""What the charts are drawn from: everything known about one model of one day, checked once.

Data only; nothing here draws, and nothing reads the lake.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.modelling.metrics import Labels, Probabilities
from crash_platform.pipelines.injuries.tables import COMPARISON, TEST_PREDICTIONS

PRODUCT = "xgboost"
"""The candidate of the experiment ``models`` that is the model in use."""

Row = dict[str, Any]

MONTHS = ("month", "crash_count", "injury_share")
WEEKS = ("week", "rows", "base_rate", "mean_probability", "ece", "auc")
COUNTED = {"months": "crash_count", "weeks": "rows"}
PSI = ("week", "feature", "psi", "line")


class EvaluationError(PlatformError):
    """Figures of a model that do not belong together, or that lack what every chart needs."""


@dataclass(frozen=True)
class Contributions:
    """What every column added to the prediction of some test rows, in log-odds.

    ``values`` is rows x columns (NaN: missing), ``shap`` rows x (columns + 1), the last column
    being the same for all rows: where every prediction starts. ``probabilities`` are calibrated.

    Raises:
        EvaluationError: the shapes do not fit each other.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float32] = field(repr=False)
    shap: NDArray[np.float32] = field(repr=False)
    probabilities: Probabilities = field(repr=False)
    collision_ids: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        rows, columns = len(self.collision_ids), len(self.columns)
        fits = (
            self.values.shape == (rows, columns)
            and self.shap.shape == (rows, columns + 1)
            and self.probabilities.shape == (rows,)
        )
        if not fits:
            raise EvaluationError(
                f"Contributions of {rows} crashes and {columns} columns came with values of shape "
                f"{self.values.shape} and contributions of shape {self.shap.shape}: compute them "
                "from the same rows."
            )


@dataclass(frozen=True)
class Said:
    """What one candidate said of the test rows; one entry per crash in every array."""

    labels: Labels
    probabilities: Probabilities
    raw: Probabilities
    boroughs: NDArray[np.object_] = field(repr=False)
    hours: NDArray[np.object_] = field(repr=False)
    vehicle_groups: NDArray[np.object_] = field(repr=False)


@dataclass(frozen=True)
class Evaluation:
    """One model of a day and feature set, and everything measured about it.

    Attributes:
        as_of: the day the model is of.
        feature_set: ``first_report`` or ``full_report``.
        model: its row of ``model/injury_model``, without the artefact.
        predictions: its rows of ``model/test_predictions``; those of the experiment ``models`` and
            candidate ``xgboost`` must be among them.
        comparison: its rows of ``model/comparison``.
        months: month (its first day), crash_count, injury_share (0-1), over all history.
        weeks: week (its first day), rows, base_rate, mean_probability, ece, auc of the model in
            its calibration and test windows.
        psi: week, feature, psi, line (what noise alone exceeds in 1 of 100 weeks).
        contributions: of a sample of the test rows, or None.
        seed: of the resamples behind the intervals that are made here.

    Raises:
        EvaluationError: columns are missing, rows of another day or feature set are among them,
            or the model's own test predictions are missing.
    """

    as_of: date
    feature_set: str
    model: Mapping[str, object]
    predictions: pa.Table = field(repr=False)
    comparison: pa.Table = field(repr=False)
    months: pa.Table = field(repr=False)
    weeks: pa.Table = field(repr=False)
    psi: pa.Table = field(repr=False)
    contributions: Contributions | None = field(repr=False)
    seed: int = 0

    def __post_init__(self) -> None:
        _require("predictions", self.predictions, [each.name for each in TEST_PREDICTIONS.columns])
        _require("comparison", self.comparison, [each.name for each in COMPARISON.columns])
        _require("months", self.months, MONTHS)
        _require("weeks", self.weeks, WEEKS)
        _require("psi", self.psi, PSI)
        for name, table in (("predictions", self.predictions), ("comparison", self.comparison)):
            self._refuse_strangers(name, table)
        if PRODUCT not in self.candidates("models"):
            raise EvaluationError(
                f"The test predictions of {self._whose} lack the candidate {PRODUCT} of the "
                "experiment models: make the model again."
            )

    @property
    def _whose(self) -> str:
        return f"the {self.feature_set} model as of {self.as_of}"

    def _refuse_strangers(self, name: str, table: pa.Table) -> None:
        is_ours = pc.and_(
            pc.equal(table["as_of_date"], pa.scalar(self.as_of, pa.date32())),
            pc.equal(table["feature_set"], self.feature_set),
        )
        strangers = table.num_rows - (pc.sum(is_ours).as_py() or 0)
        if strangers:
            raise EvaluationError(
                f"{strangers} rows of {name} do not belong to {self._whose}: filter them by "
                "as_of_date and feature_set."
            )

    def has(self, part: str) -> bool:
        """Whether a part is there: an experiment of the comparison, or a table by its name."""
        if part == "contributions":
            return self.contributions is not None and len(self.contributions.collision_ids) > 0
        if part in COUNTED:
            return bool(pc.sum(getattr(self, part)[COUNTED[part]]).as_py())
        if part == "psi":
            return bool(self.psi.num_rows)
        return bool(self.rows(part))

    def rows(self, experiment: str) -> list[Row]:
        """The comparison's rows of an experiment, in the table's order."""
        rows: list[Row] = self.comparison.filter(
            pc.equal(self.comparison["experiment"], experiment)
        ).to_pylist()
        return rows

    def row(self, experiment: str, candidate: str) -> Row | None:
        """The comparison's row of a candidate, or None."""
        found = (row for row in self.rows(experiment) if row["candidate"] == candidate)
        return next(found, None)

    def candidates(self, experiment: str) -> tuple[str, ...]:
        """Who said something of the test rows in an experiment."""
        is_there = pc.equal(self.predictions["experiment"], experiment)
        names: list[str] = pc.unique(self.predictions.filter(is_there)["candidate"]).to_pylist()
        return tuple(names)

    def said(self, experiment: str, candidate: str) -> Said:
        """What a candidate said of the test rows, empty if it said nothing."""
        rows = self.predictions.filter(
            pc.and_(
                pc.equal(self.predictions["experiment"], experiment),
                pc.equal(self.predictions["candidate"], candidate),
            )
        )
        return Said(
            labels=rows["is_injury_crash"].to_numpy().astype(np.bool_),
            probabilities=rows["probability"].to_numpy(),
            raw=rows["raw_probability"].to_numpy(),
            boroughs=_objects(rows["borough"]),
            hours=_objects(rows["hour"]),
            vehicle_groups=_objects(rows["vehicle_group"]),
        )

    @property
    def product(self) -> Said:
        """What the model in use said."""
        return self.said("models", PRODUCT)

    def number(self, name: str) -> float:
        """A figure of the model.

        Raises:
            EvaluationError: the model's row has no such number.
        """
        value = self.model.get(name)
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise EvaluationError(
                f"The row of {self._whose} has no number {name} but {value!r}: make it again."
            )
        return value

    def day(self, name: str) -> date:
        """A day of the model.

        Raises:
            EvaluationError: the model's row has no such day.
        """
        value = self.model.get(name)
        if not isinstance(value, date):
            raise EvaluationError(
                f"The row of {self._whose} has no day {name} but {value!r}: make it again."
            )
        return value


def _require(name: str, table: pa.Table, columns: list[str] | tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise EvaluationError(
            f"The table {name} of an evaluation lacks the columns {', '.join(missing)}: give it "
            "all of them."
        )


def _objects(column: pa.ChunkedArray) -> NDArray[np.object_]:
    values = np.empty(len(column), np.object_)
    values[:] = column.to_pylist()
    return values
