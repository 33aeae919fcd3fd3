"""The contract of every table of every pipeline, as people read them. Nothing of Dagster."""

from crash_platform.lake.contract import Table
from crash_platform.pipelines.crashes import tables as crashes
from crash_platform.pipelines.injuries import tables as injuries
from crash_platform.pipelines.reports import tables as reports
from crash_platform.pipelines.served import tables as served
from crash_platform.pipelines.weather import tables as weather
from crash_platform.streams.tables import DEAD_LETTERS

TABLES: tuple[Table, ...] = (
    *crashes.TABLES,
    *injuries.TABLES,
    *reports.TABLES,
    *served.TABLES,
    *weather.TABLES,
    DEAD_LETTERS,
)
