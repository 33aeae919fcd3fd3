"""The columns no model may have, for the two steps of the ladder that show what they would do.

Only ``experiments`` imports this; what follows from the outcome is touched nowhere else.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.encoding import Matrix
from crash_platform.pipelines.injuries.examples import Rows, TrainingRefusedError
from crash_platform.pipelines.injuries.lessons import Extra

TRACES = ("minute", "cross_street_filled", "off_street_filled")
ABSENCES = ("vehicles", "coordinates")
OUTCOME = ("pedestrians_injured", "cyclists_injured")


@dataclass(frozen=True)
class Forbidden:
    """Traces of how a report was filed, and what only the outcome tells; aligned with the rows."""

    traces: Extra
    outcome: Extra


def forbidden_columns(store: Store, rows: Rows) -> Forbidden:
    """What must never be learnt from, read from ``silver/crashes``.

    Traces: the minute of the crash (NaN if unknown), whether each of two street fields is filled,
    whether vehicles or coordinates are missing. Outcome: whether a pedestrian, a cyclist was
    injured (NaN if unknown). All others are 0 or 1.

    Raises:
        TrainingRefusedError: a crash is no longer in the table.
        LakeError: the table cannot be read.
    """
    crashes = _crashes_of(store, rows)
    absent = [~rows.has(block) for block in ABSENCES]
    traces = [
        _numbers(pc.minute(crashes["crashed_at"])),
        _numbers(pc.is_valid(crashes["cross_street_name"])),
        _numbers(pc.is_valid(crashes["off_street_name"])),
        *(flags.astype(np.float32) for flags in absent),
    ]
    outcome = [_numbers(pc.greater(crashes[name], 0)) for name in OUTCOME]
    names = (*TRACES, *(f"{block}_missing" for block in ABSENCES))
    return Forbidden(
        Extra(names, np.column_stack(traces)),
        Extra(tuple(f"any_{name}" for name in OUTCOME), np.column_stack(outcome)),
    )


def _crashes_of(store: Store, rows: Rows) -> pa.Table:
    """The crashes of the rows, in their order."""
    window = Window(rows.days.min().astype(date), rows.days.max().astype(date))
    columns = ["crashed_at", "cross_street_name", "off_street_name", *OUTCOME]
    crashes = store.slice(CRASHES, window).read(["collision_id", *columns])
    places = pc.index_in(pa.array(rows.collision_ids), crashes["collision_id"].combine_chunks())
    if places.null_count:
        raise TrainingRefusedError(
            f"silver/crashes no longer has {places.null_count:,} of the crashes that the models "
            "were made from: run the comparison again."
        )
    return crashes.take(places)


def _numbers(column: pa.ChunkedArray) -> Matrix:
    numbers = column.cast(pa.int8()).cast(pa.float32()).to_numpy()
    return np.asarray(numbers, np.float32)
