"""What a candidate learns from, is calibrated on and is judged on, as places in the day's rows.

Rows are chosen and columns added here; nothing is fitted.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.boosting import Examples
from crash_platform.modelling.splits import Split
from crash_platform.pipelines.injuries.encoding import Matrix
from crash_platform.pipelines.injuries.examples import Mask, Rows
from crash_platform.pipelines.injuries.training import (
    hidden_at_random,
    is_learnt,
    learning_examples,
)

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Extra:
    """Columns that no encoder has, aligned with the day's rows; NaN where nobody said."""

    names: tuple[str, ...]
    matrix: Matrix = field(repr=False)


@dataclass(frozen=True)
class Part:
    """Some of the day's rows: where they are in ``Rows`` (rising), and what a model sees of them.

    What is fitted on has blocks hidden at random, so its matrix is not that of ``Rows``.
    """

    places: Places = field(repr=False)
    examples: Examples = field(repr=False)

    def __len__(self) -> int:
        return len(self.places)

    def at(self, chosen: Places) -> Self:
        """Some of its rows, by their position in the part."""
        examples = Examples(self.examples.matrix[chosen], self.examples.labels[chosen])
        return replace(self, places=self.places[chosen], examples=examples)

    def sample(self, count: int, seed: int) -> Self:
        """So many of its rows drawn at random, or all of them where there are no more."""
        if len(self) <= count:
            return self
        return self.at(np.sort(np.random.default_rng(seed).permutation(len(self))[:count]))

    def with_columns(self, width: int, extra: Extra | None) -> Self:
        """Only the first columns, and extra ones after them."""
        kept = self.examples.matrix[:, :width]
        added = () if extra is None else (extra.matrix[self.places],)
        return replace(self, examples=Examples(np.hstack([kept, *added]), self.examples.labels))


@dataclass(frozen=True)
class Lesson:
    """Three parts of the day's rows over the same columns."""

    rows: Rows = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    fitted: Part
    calibrated: Part
    tested: Part

    def newest(self, count: int) -> Self:
        """Fitted on so many of the newest rows only."""
        days = self.rows.days[self.fitted.places]
        return self._fitted_on(np.sort(np.argsort(days, kind="stable")[-count:]))

    def since(self, first: date) -> Self:
        """Fitted on the rows from a day on only."""
        days = self.rows.days[self.fitted.places]
        return self._fitted_on(np.flatnonzero(days >= np.datetime64(first)))

    def sampled(self, count: int, seed: int) -> Self:
        """Fitted on so many rows drawn at random only."""
        return replace(self, fitted=self.fitted.sample(count, seed))

    def judged_on_calibration(self) -> Self:
        """Judged on the rows it is calibrated on, to leave the test rows alone."""
        return replace(self, tested=self.calibrated)

    def with_columns(self, width: int, extra: Extra | None = None) -> Self:
        """Over the first columns only, and extra ones after them."""
        names = () if extra is None else extra.names
        return replace(
            self,
            columns=(*self.columns[:width], *names),
            fitted=self.fitted.with_columns(width, extra),
            calibrated=self.calibrated.with_columns(width, extra),
            tested=self.tested.with_columns(width, extra),
        )

    def _fitted_on(self, chosen: Places) -> Self:
        return replace(self, fitted=self.fitted.at(chosen))


def lesson_of(rows: Rows, feature_set: str, split: Split, seed: int) -> Lesson:
    """Exactly what ``training.train`` fits, calibrates and judges a model on."""
    in_scope = rows.in_scope(feature_set)
    learnt = np.flatnonzero(is_learnt(rows, feature_set, split))
    return Lesson(
        rows,
        rows.encoder_of(feature_set).columns,
        Part(learnt, learning_examples(rows, feature_set, split, seed)),
        part_of(rows, feature_set, rows.within(split.calibrate) & in_scope),
        part_of(rows, feature_set, rows.within(split.test) & in_scope),
    )


def careless_lesson(lesson: Lesson, feature_set: str, split: Split) -> Lesson:
    """The same, fitted on incomplete rows as well and with nothing hidden: absence then tells."""
    rows = lesson.rows
    learnt = rows.within(split.train) & rows.in_scope(feature_set)
    return replace(lesson, fitted=part_of(rows, feature_set, learnt))


def shuffled_lesson(lesson: Lesson, feature_set: str, seed: int) -> Lesson:
    """The same crashes divided at random instead of by time, into parts of the same size.

    As in the lesson, incomplete rows are not fitted on and blocks are hidden in those that are.
    """
    rows = lesson.rows
    first = rows.days[lesson.fitted.places].min()
    last = rows.days[lesson.tested.places].max()
    in_span = (rows.days >= first) & (rows.days <= last) & rows.in_scope(feature_set)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(in_span))
    tested, others = np.split(order, [len(lesson.tested)])
    calibrated, learnt = np.split(others, [len(lesson.calibrated)])
    whole = learnt[rows.is_whole(feature_set)[learnt]]
    fitted = part_of(rows, feature_set, _mask(rows, whole))
    hidden = hidden_at_random(fitted.examples, rows.encoder_of(feature_set), seed)
    return replace(
        lesson,
        fitted=replace(fitted, examples=hidden),
        calibrated=part_of(rows, feature_set, _mask(rows, calibrated)),
        tested=part_of(rows, feature_set, _mask(rows, tested)),
    )


def part_of(rows: Rows, feature_set: str, mask: Mask) -> Part:
    """The rows of a mask as they are, nothing hidden."""
    return Part(np.flatnonzero(mask), rows.examples(feature_set, mask))


def _mask(rows: Rows, places: Places) -> Mask:
    mask = np.zeros(len(rows.labels), np.bool_)
    mask[places] = True
    return mask
