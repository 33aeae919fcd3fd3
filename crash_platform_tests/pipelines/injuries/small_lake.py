"""The small crashes as ``silver/crashes``, with who was hurt and how the report was filed."""

from datetime import datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform_tests.pipelines.injuries.small_model import (
    FIRST,
    LAST,
    crash_table,
    days_between,
    small_crashes,
)


def small_lake(folder: Path, leave_out: int = 0) -> Store:
    """A lake of these crashes, in another order than the rows; the first ones can be left out."""
    silver = small_silver()
    order = np.arange(silver.num_rows)[leave_out:][::-1]
    store = Store(Location(str(folder / "lake")))
    store.replace(CRASHES, Window(FIRST, LAST), Frame.of(silver.take(order)))
    return store


def small_silver() -> pa.Table:
    """A third of the injury crashes hurt a pedestrian, a third a cyclist, the others neither.

    Every crash with injuries is filed on the minute; of the others every second one at :00.
    Every fifth crash has a cross street, every other one an off street; the first has no time.
    """
    crashes, labels = small_crashes(days_between(FIRST, LAST))
    count = np.arange(len(crashes))
    minutes = np.where(labels | (count % 2 == 1), 1 + count % 59, 0)
    moments = [
        datetime.combine(crash.crash_date, time(12, int(minute)))
        for crash, minute in zip(crashes, minutes, strict=True)
    ]
    told = {
        "crashed_at": pa.array([None, *moments[1:]]),
        "cross_street_name": _every(5, len(crashes)),
        "off_street_name": _every(2, len(crashes)),
        "pedestrians_injured": pa.array(np.where(labels & (count % 3 == 0), 2, 0)),
        "cyclists_injured": pa.array(np.where(labels & (count % 3 == 1), 1, 0)),
    }
    table = crash_table(crashes, labels.tolist())
    for name, values in told.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), values.cast(table[name].type))
    return table


def _every(step: int, count: int) -> pa.Array:
    return pa.array(["BROADWAY" if n % step == 0 else None for n in range(count)])
