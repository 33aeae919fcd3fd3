"""Crashes by day, so that the rows of any stretch of days are at hand without looking for them.

Days are numbered from a first one on, and a stretch is a slice of those numbers. What is made of
the rows is for ``monitoring``.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ALL, LABELLED, HURT = 0, 1, 2
"""Categories of crashes, each within the one before: with a known outcome, with injuries."""


def weeks(day: int, count: int = 1) -> slice:
    """The numbers of the days of so many weeks, of which the last ends on a day."""
    return slice(day + 1 - 7 * count, day + 1)


@dataclass(frozen=True)
class Counts:
    """Rows per category, from the first day up to each day: any span costs one subtraction."""

    up_to: NDArray[np.float64]

    def over(self, days: slice) -> NDArray[np.float64]:
        """The rows of each category on these days."""
        counts: NDArray[np.float64] = self.up_to[days.stop] - self.up_to[days.start]
        return counts


@dataclass(frozen=True)
class Said:
    """What was said of one feature set, in the order of the days; ``starts``: where each begins."""

    starts: NDArray[np.intp]
    probabilities: NDArray[np.float64]
    versions: NDArray[np.int64]
    is_in_sample: NDArray[np.bool_]
    labels: NDArray[np.bool_]
    is_labelled: NDArray[np.bool_]

    def over(self, days: slice) -> slice:
        """Where the rows of these days are."""
        return slice(int(self.starts[days.start]), int(self.starts[days.stop]))


@dataclass(frozen=True)
class Calendar:
    """Days by their number from ``first``."""

    first: date
    days: int

    def numbers(self, rows: pa.Table) -> NDArray[np.intp]:
        """The number of each row's ``crash_date``."""
        days = rows["crash_date"].to_numpy().astype("datetime64[D]")
        numbers: NDArray[np.intp] = (days - np.datetime64(self.first)).astype(np.intp)
        return numbers

    def counts(self, rows: pa.Table, cells: pa.ChunkedArray) -> Counts:
        """Rows by category, given for each row; a missing one is a category too."""
        encoded = cells.combine_chunks().dictionary_encode(null_encoding="encode")
        width = max(len(encoded.dictionary), 1)
        cell = self.numbers(rows) * width + encoded.indices.to_numpy()
        by_day = np.bincount(cell, minlength=self.days * width).reshape(self.days, width)
        return _summed(by_day)

    def crashes(self, rows: pa.Table) -> Counts:
        """Crashes by the categories ``ALL``, ``LABELLED`` and ``HURT``."""
        outcome = rows["is_injury_crash"]
        is_known, is_hurt = pc.is_valid(outcome), pc.fill_null(outcome, False)
        masks = [np.ones(len(outcome), np.bool_), _flags(is_known), _flags(is_hurt)]
        number = self.numbers(rows)
        by_day = [np.bincount(number[mask], minlength=self.days) for mask in masks]
        return _summed(np.stack(by_day, axis=1))

    def said(self, predictions: pa.Table, crashes: pa.Table, feature_set: str) -> Said:
        """What was said of a feature set, beside the outcome of the same crash."""
        rows = predictions.filter(pc.field("feature_set") == feature_set)
        rows = rows.sort_by([("crash_date", "ascending"), ("collision_id", "ascending")])
        crash = pc.index_in(rows["collision_id"], crashes["collision_id"])
        labels = pc.take(crashes["is_injury_crash"], crash)
        return Said(
            np.searchsorted(self.numbers(rows), np.arange(self.days + 1)),
            rows["probability"].to_numpy(),
            rows["model_version"].to_numpy(),
            _flags(rows["is_in_sample"]),
            _flags(pc.fill_null(labels, False)),
            _flags(pc.is_valid(labels)),
        )


def _flags(values: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)


def _summed(by_day: NDArray[np.intp]) -> Counts:
    none_yet = np.zeros((1, by_day.shape[1]))
    return Counts(np.concatenate([none_yet, np.cumsum(by_day, axis=0)]))
