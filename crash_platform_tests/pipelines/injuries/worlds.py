"""Made-up months of crashes, what was said of them and what happened, as monitoring reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crash_platform.pipelines.injuries.features import FEATURE_SETS, Features
from crash_platform.pipelines.injuries.monitoring import HAPPENED, KNOWN, SAID, Inputs, monitor
from crash_platform.pipelines.injuries.tables import INJURY_PREDICTIONS
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    crash_table,
    days_between,
    feature_table,
    small_crashes,
    small_words,
    true_probabilities,
)

LAST = date(2023, 12, 10)
FIRST = LAST - timedelta(days=90)

Row = dict[str, Any]


@dataclass
class World:
    """Crashes in the order of their days and ids; whatever is said of them may be changed.

    ``labels`` holds None where nobody knows the outcome.
    """

    crashes: list[Features]
    labels: list[bool | None]
    probabilities: NDArray[np.float64]
    versions: list[int]
    is_in_sample: list[bool]
    feature_sets: Sequence[str] = tuple(FEATURE_SETS)

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The day of each crash."""
        return np.array([crash.crash_date for crash in self.crashes], "datetime64[D]")

    def within(self, first: date, last: date) -> NDArray[np.bool_]:
        """Which crashes are of these days."""
        chosen: NDArray[np.bool_] = (self.days >= np.datetime64(first)) & (
            self.days <= np.datetime64(last)
        )
        return chosen

    def predictions(self) -> pa.Table:
        """What was said: the same for every feature set."""
        count = len(self.crashes)
        tables = [
            pa.table(
                {
                    "collision_id": [crash.collision_id for crash in self.crashes],
                    "crash_date": [crash.crash_date for crash in self.crashes],
                    "feature_set": [feature_set] * count,
                    "probability": self.probabilities,
                    "is_predicted_injury": self.probabilities >= 0.5,
                    "threshold": [0.5] * count,
                    "model_version": self.versions,
                    "model_as_of_date": [AS_OF] * count,
                    "is_in_sample": self.is_in_sample,
                    "scored_at": [datetime(2023, 12, 11, tzinfo=UTC)] * count,
                },
                schema=pa.schema([(f.name, f.type) for f in INJURY_PREDICTIONS.schema]),
            )
            for feature_set in self.feature_sets
        ]
        return pa.concat_tables(tables).cast(INJURY_PREDICTIONS.schema)

    def features(self) -> pa.Table:
        """Rows of ``gold/crash_features``."""
        return feature_table(self.crashes)

    def outcomes(self) -> pa.Table:
        """Rows of ``silver/crashes``."""
        return crash_table(self.crashes, self.labels)

    def inputs(self) -> Inputs:
        """What monitoring reads."""
        return Inputs(
            self.predictions().select(SAID),
            self.features().select(KNOWN),
            self.outcomes().select(HAPPENED),
        )

    def row(self, day: date = LAST, feature_set: str = "first_report") -> Row:
        """The monitoring of a day and feature set."""
        rows = monitor([day], self.inputs(), small_words()).to_pylist()
        return next(row for row in rows if row["feature_set"] == feature_set)


def world(
    a_day: int | Callable[[date], int] = 24,
    hurt: Callable[[date], float] = lambda _: 0.0,
    first: date = FIRST,
    last: date = LAST,
) -> World:
    """Crashes of which the truth was said, as many a day as asked.

    ``hurt`` moves the log-odds of an injury on a day, which nobody said.
    """
    crashes: list[Features] = []
    labels: list[bool | None] = []
    for number, day in enumerate(days_between(first, last)):
        count = a_day if isinstance(a_day, int) else a_day(day)
        made, outcome = small_crashes([day], count, number, hurt(day))
        crashes += made
        labels += outcome.tolist()
    count = len(crashes)
    return World(crashes, labels, true_probabilities(crashes), [3] * count, [False] * count)
