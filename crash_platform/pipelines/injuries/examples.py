"""The crashes a model learns from and is judged on: matured, labelled, encoded, split by time.

What is refused here would give a model nobody should trust; the refusal says what is missing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.modelling.boosting import Examples
from crash_platform.modelling.splits import Span, Split
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.encoding import Encoder, Matrix, Vocabulary
from crash_platform.pipelines.injuries.rows import features_of
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.injuries.words import Words

FEWEST = {"train": 2000, "calibrate": 500, "test": 500}
FEWEST_OF_A_WORD = 100
LONGEST_GAP = 14
UNCERTAIN_BLOCKS = ("coordinates", "vehicles", "factors")
"""Blocks whose absence says how a report was filed, not what happened."""

Days = NDArray[np.datetime64]
Mask = NDArray[np.bool_]


class TrainingRefusedError(PlatformError):
    """The crashes at hand do not carry an honest model of that day."""


@dataclass(frozen=True)
class Rows:
    """Labelled crashes of a span, aligned: one entry per crash in every array.

    ``matrix`` holds the full report's columns; those of the first report are its first ones.
    """

    collision_ids: NDArray[np.int64]
    days: Days
    labels: NDArray[np.bool_]
    matrix: Matrix = field(repr=False)
    encoder: Encoder = field(repr=False)
    boroughs: NDArray[np.object_] = field(repr=False)
    hours: NDArray[np.object_] = field(repr=False)
    vehicle_groups: NDArray[np.object_] = field(repr=False)
    unlabelled: int = 0

    def within(self, span: Span) -> Mask:
        """Which rows lie in a span."""
        mask: Mask = (self.days >= np.datetime64(span.first)) & (
            self.days <= np.datetime64(span.last)
        )
        return mask

    def encoder_of(self, feature_set: str) -> Encoder:
        """The encoder of a feature set, over the same vocabulary."""
        return Encoder(feature_set, self.encoder.vocabulary, self.encoder.words)

    def examples(self, feature_set: str, mask: Mask) -> Examples:
        """Rows and labels of a feature set."""
        width = len(self.encoder_of(feature_set).columns)
        return Examples(self.matrix[mask, :width], self.labels[mask])

    def has(self, block: str) -> Mask:
        """Which rows say anything about a block of the encoder."""
        first = self.encoder.columns.index(self.encoder.blocks[block][0])
        said: Mask = ~np.isnan(self.matrix[:, first])
        return said

    def is_whole(self, feature_set: str) -> Mask:
        """Which rows lack nothing whose absence would give the outcome away."""
        blocks = self.encoder_of(feature_set).blocks
        whole = np.ones(len(self.labels), np.bool_)
        for block in UNCERTAIN_BLOCKS:
            if block in blocks:
                whole &= self.has(block)
        return whole

    def in_scope(self, feature_set: str) -> Mask:
        """Which rows a feature set is for: a report without any factor is a first report."""
        if "factors" in self.encoder_of(feature_set).blocks:
            return self.has("factors")
        return np.ones(len(self.labels), np.bool_)


def load_rows(store: Store, split: Split, words: Words) -> Rows:
    """The labelled crashes of a split, encoded with the words its training span knows.

    Raises:
        TrainingRefusedError: no features, or features made with another vocabulary.
        LakeError: a table cannot be read.
    """
    window = Window(split.train.first, split.test.last)
    # In the order of their ids: a compaction may reorder the files, not the models made from them.
    features = store.slice(CRASH_FEATURES, window).read().sort_by("collision_id")
    if features.num_rows == 0:
        raise TrainingRefusedError(
            f"gold/crash_features has no crash between {window.first} and {window.last}: "
            "materialise it for these days, or choose a later day for the model."
        )
    crashes = store.slice(CRASHES, window).read(["collision_id", "is_injury_crash"])
    labelled = with_labels(features, crashes)
    return _encoded(labelled, features.num_rows - labelled.num_rows, split.train, words)


def with_labels(rows: pa.Table, crashes: pa.Table) -> pa.Table:
    """Rows with their crash's ``is_injury_crash``; rows whose outcome nobody knows are left out."""
    places = pc.index_in(rows["collision_id"], crashes["collision_id"])
    labels = pc.take(crashes["is_injury_crash"], places)
    labelled = rows.append_column("is_injury_crash", labels)
    return labelled.filter(pc.is_valid(labelled["is_injury_crash"]))


def _encoded(rows: pa.Table, unlabelled: int, train: Span, words: Words) -> Rows:
    days = rows["crash_date"].to_numpy().astype("datetime64[D]")
    in_train = rows.filter(pa.array(days <= np.datetime64(train.last)))
    vocabulary = Vocabulary(
        _frequent(in_train["vehicle_types"], words.vehicle_groups),
        _frequent(in_train["contributing_factors"], words.factor_words),
    )
    encoder = Encoder("full_report", vocabulary, words)
    first_types = [types[0] if types else None for types in rows["vehicle_types"].to_pylist()]
    groups = [None if name is None else words.vehicle_group(name) for name in first_types]
    return Rows(
        rows["collision_id"].to_numpy(),
        days,
        rows["is_injury_crash"].to_numpy(zero_copy_only=False).astype(np.bool_),
        encoder.matrix(features_of(rows), rows.num_rows),
        encoder,
        np.array(rows["borough"].to_pylist(), np.object_),
        np.array(rows["hour"].to_pylist(), np.object_),
        np.array(groups, np.object_),
        unlabelled,
    )


def _frequent(lists: pa.ChunkedArray, known: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(pc.list_flatten(lists).to_pylist())
    unknown = sorted(set(counts) - set(known))
    if unknown:
        raise TrainingRefusedError(
            f"gold/crash_features holds words that the vocabulary does not have "
            f"({', '.join(unknown[:5])}): materialise it again for the days of the training window."
        )
    return tuple(sorted(name for name, count in counts.items() if count >= FEWEST_OF_A_WORD))


def check(rows: Rows, split: Split) -> None:
    """Refuse a split that would give a model nobody should trust.

    Raises:
        TrainingRefusedError: too few crashes, one outcome only, or half a month missing from the
            days it is calibrated or tested on.
    """
    spans = {"train": split.train, "calibrate": split.calibrate, "test": split.test}
    for name, span in spans.items():
        labels = rows.labels[rows.within(span)]
        what = f"The {name} window {span.first}..{span.last}"
        if len(labels) < FEWEST[name]:
            raise TrainingRefusedError(
                f"{what} has {len(labels):,} labelled crashes, at least {FEWEST[name]:,} are "
                "needed: load more days, or choose another day for the model."
            )
        if labels.all() or not labels.any():
            outcome = "injuries" if labels.any() else "no injuries"
            raise TrainingRefusedError(
                f"{what} has only crashes with {outcome}: there is nothing to tell apart."
            )
        if name != "train":
            _refuse_gap(what, missing_days(rows, span))


def missing_days(rows: Rows, span: Span) -> list[date]:
    """The days of a span without a single crash."""
    held = set(np.unique(rows.days[rows.within(span)]).tolist())
    count = (span.last - span.first).days + 1
    return [day for n in range(count) if (day := span.first + timedelta(days=n)) not in held]


def _refuse_gap(what: str, missing: Sequence[date]) -> None:
    for first, last in runs(missing):
        if (last - first).days + 1 >= LONGEST_GAP:
            raise TrainingRefusedError(
                f"{what} has no crash from {first} to {last}: load these days, or choose another "
                "day for the model."
            )


def runs(days: Sequence[date]) -> list[tuple[date, date]]:
    """Sorted days as runs of consecutive ones, each as (first, last)."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and (day - found[-1][1]).days == 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
