"""What the champions say of crashes: features in, rows of ``gold/injury_predictions`` out.

Which model is champion is decided in ``promotion``; whether what it says holds, in ``monitoring``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.lake.failures import reaching
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Slice
from crash_platform.pipelines.injuries.encoding import Encoder, Matrix, Vocabulary
from crash_platform.pipelines.injuries.model import InjuryModel
from crash_platform.pipelines.injuries.rows import features_of
from crash_platform.pipelines.injuries.tables import INJURY_PREDICTIONS

BATCH_ROWS = 20_000
CHUNK_ROWS = 250
"""Crashes that are objects at a time: of more, the garbage collector looks after each too often."""


class ScoringError(PlatformError):
    """Crashes that cannot be scored without losing what is known of them."""


@dataclass(frozen=True)
class Champion:
    """A model in use, and its version in the registry."""

    model: InjuryModel
    version: int

    def answers(self, crashes: pa.RecordBatch, matrix: Matrix, at: datetime) -> pa.RecordBatch:
        """What it says of crashes that are encoded for it: rows of ``gold/injury_predictions``."""
        model, days, rows = self.model, crashes.column("crash_date"), crashes.num_rows
        probabilities = model.probabilities(matrix)
        told = {
            "collision_id": crashes.column("collision_id"),
            "crash_date": days,
            "feature_set": model.feature_set,
            "probability": probabilities,
            "is_predicted_injury": probabilities >= model.threshold,
            "threshold": model.threshold,
            "model_version": self.version,
            "model_as_of_date": model.as_of,
            "is_in_sample": self._has_seen(days),
            "scored_at": at,
        }
        columns = [
            _column(told[field.name], field.type, rows) for field in INJURY_PREDICTIONS.schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=INJURY_PREDICTIONS.schema)

    def _has_seen(self, days: pa.Array) -> NDArray[np.bool_]:
        split, each = self.model.split, days.to_numpy(zero_copy_only=False)
        first, last = np.datetime64(split.train.first), np.datetime64(split.test.last)
        seen: NDArray[np.bool_] = (each >= first) & (each <= last)
        return seen


def predictions(
    features: Slice,
    champions: Mapping[str, Champion],
    scored_at: datetime,
    held: Slice | None = None,
) -> Frame:
    """One row per crash and feature set that has a champion, computed batch by batch when opened.

    A day without features is confirmed empty: ``gold/crash_features`` itself gives up the rows of
    a day only once its source confirmed that. Not so while there is no champion, or where that
    table was never written: then a day that has scores keeps them, and the write is refused.

    Args:
        features: the days of ``gold/crash_features`` to score.
        champions: by feature set.
        scored_at: now, with its time zone.
        held: the same days of ``gold/injury_predictions`` as they are now. Always give them where
            they are replaced: the lake notices a day that loses all its rows, but not one that
            loses those of a single feature set.

    Raises:
        ScoringError: a champion is under the name of another feature set, or a feature set that
            has scores has no champion.
        LakeError: a table cannot be read.
    """
    _refuse_mixed_up(champions)
    if held is not None:
        _refuse_loss(held, champions)
    is_certain = bool(champions) and features.version is not None
    empty = days_without(features) if is_certain else frozenset[date]()
    schema = INJURY_PREDICTIONS.schema

    def opened() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(schema, _scored(features, champions, scored_at))

    return Frame(schema, opened, empty)


def days_without(rows: Slice) -> frozenset[date]:
    """The days of a slice's window that have no row; none for a slice without a window."""
    window = rows.window
    if window is None:
        return frozenset()
    every = (window.first + timedelta(days=n) for n in range((window.last - window.first).days + 1))
    return frozenset(every) - rows.distinct_days()


def _scored(
    features: Slice, champions: Mapping[str, Champion], at: datetime
) -> Iterator[pa.RecordBatch]:
    for batch in _batches(features) if champions else ():
        matrices = encoded(batch, [champion.model.encoder for champion in champions.values()])
        for champion, matrix in zip(champions.values(), matrices, strict=True):
            yield champion.answers(batch, matrix, at)


def _batches(features: Slice) -> Iterator[pa.RecordBatch]:
    address = unquote(features.delta.table_uri) if features.delta else "the lake"
    with reaching(features.table.path, address, "read"):
        yield from features.dataset().to_batches(
            columns=features.schema.names, filter=features.filter, batch_size=BATCH_ROWS
        )


def encoded(crashes: pa.RecordBatch | pa.Table, encoders: Sequence[Encoder]) -> list[Matrix]:
    """Rows of ``gold/crash_features`` as each encoder's matrix.

    Encoders over one vocabulary share the work: the columns of a smaller feature set are the first
    ones of a larger.
    """
    widest: dict[Vocabulary, Encoder] = {}
    for encoder in sorted(encoders, key=lambda each: len(each.columns)):
        widest[encoder.vocabulary] = encoder
    parts: dict[Vocabulary, list[Matrix]] = {known: [] for known in widest}
    for start in range(0, max(crashes.num_rows, 1), CHUNK_ROWS):
        rows = list(features_of(crashes.slice(start, CHUNK_ROWS)))
        for known, encoder in widest.items():
            parts[known].append(encoder.matrix(rows, len(rows)))
    matrices = {known: np.concatenate(part) for known, part in parts.items()}
    return [matrices[each.vocabulary][:, : len(each.columns)] for each in encoders]


def _refuse_mixed_up(champions: Mapping[str, Champion]) -> None:
    for feature_set, champion in champions.items():
        if champion.model.feature_set != feature_set:
            raise ScoringError(
                f"Version {champion.version} is a model for {champion.model.feature_set}, but "
                f"stands as champion of {feature_set}: promote a model of that feature set."
            )


def _refuse_loss(held: Slice, champions: Mapping[str, Champion]) -> None:
    scored = set(held.read(["feature_set"])["feature_set"].unique().to_pylist())
    lost = sorted(scored - set(champions))
    if lost:
        raise ScoringError(
            f"{held.table.path} has scores of {' and '.join(lost)} for {held.window}, but no such "
            "model is champion any more: promote one, so that they are replaced and not lost."
        )


def _column(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(value, pa.Array | np.ndarray):
        return pa.array(value, kind)
    return pa.repeat(pa.scalar(value, kind), rows)
