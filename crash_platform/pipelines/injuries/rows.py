"""Between tables and the feature function: crashes as reports, features as record batches and back.

No feature is made here and nothing is encoded.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import pyarrow as pa

from crash_platform.pipelines.injuries.features import Features, Report
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES

REPORT_COLUMNS = [
    "collision_id",
    "crash_date",
    "crashed_at",
    "borough",
    "borough_located",
    "latitude",
    "longitude",
    "on_street_name",
    "cross_street_name",
    "vehicle_types",
    "contributing_factors",
]


def reports(crashes: pa.RecordBatch | pa.Table) -> Iterator[Report]:
    """Rows of ``silver/crashes`` (columns ``REPORT_COLUMNS``) as reports."""
    columns = (crashes.column(name).to_pylist() for name in REPORT_COLUMNS)
    for (
        collision_id,
        crash_date,
        crashed_at,
        borough,
        located,
        latitude,
        longitude,
        street,
        address,
        vehicle_types,
        factors,
    ) in zip(*columns, strict=True):
        yield Report(
            collision_id,
            crash_date,
            _hour(crashed_at),
            borough,
            located,
            latitude,
            longitude,
            (street, address),
            vehicle_types,
            factors,
        )


def _hour(crashed_at: datetime | None) -> int | None:
    return None if crashed_at is None else crashed_at.hour


def feature_batches(
    crashes: Iterable[pa.RecordBatch], featurise: Callable[[Report], Features]
) -> Iterator[pa.RecordBatch]:
    """Batches of ``silver/crashes`` as batches of ``gold/crash_features``."""
    for batch in crashes:
        yield as_batch([featurise(report) for report in reports(batch)])


def as_batch(rows: list[Features]) -> pa.RecordBatch:
    """Features as a record batch in the contract's schema."""
    schema = CRASH_FEATURES.schema
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, kind.type) for values, kind in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def features_of(batch: pa.RecordBatch | pa.Table) -> Iterator[Features]:
    """Rows of ``gold/crash_features`` as the feature function made them."""
    columns = (batch.column(name).to_pylist() for name in Features._fields)
    return map(Features._make, zip(*columns, strict=True))
