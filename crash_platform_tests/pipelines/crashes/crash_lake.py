"""The whole crash pipeline on a lake in a temporary folder, run by Dagster in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import dagster as dg

from crash_platform.definitions import build
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_tags
from crash_platform.pipelines.crashes.bronze import Landing, land
from crash_platform.settings import load_settings
from crash_platform_tests.pipelines.crashes.raw_crashes import Row, delivery

LANDED = {"ops": {"bronze__crash_records": {"config": {"source": "landed"}}}}


@dataclass
class CrashLake:
    """A lake of its own; its folder is the one that CRASH_PLATFORM_HOME names."""

    instance: dg.DagsterInstance
    deliveries: int = 0
    everything: bool = False

    @property
    def store(self) -> Store:
        """The tables."""
        return Store(Location(load_settings().lake_root))

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The platform over this lake."""
        return build(load_settings())

    def land(self, records: Sequence[Mapping[str, Any]], **options: Any) -> Landing:
        """Land records as one delivery, newer than all before."""
        self.deliveries += 1
        return land(self.store, delivery(records, self.deliveries, **options))

    def run(self, first: date, last: date | None = None, *only: Table) -> Any:
        """Make every table of these days, or only some, in one run, from what bronze holds."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            tags=dict(run_tags(Window(first, last or first))),
            run_config=None if only else LANDED,
            asset_selection=self.chosen(only),
            raise_on_error=False,
        )

    def chosen(self, only: Sequence[Table] = ()) -> list[dg.AssetKey]:
        """The assets of a run: of some tables, or of all crash tables (``everything``: of all)."""
        if only:
            return [dg.AssetKey([table.layer, table.name]) for table in only]
        graph = self.definitions.resolve_asset_graph()
        crashes = dg.AssetSelection.groups("crashes")
        wanted = dg.AssetSelection.all() if self.everything else crashes
        return sorted(wanted.resolve(graph) & graph.executable_asset_keys)

    def rows(self, table: Table, *names: str) -> list[tuple[Any, ...]]:
        """Some cells of all rows, in order."""
        read: list[Row] = self.store.slice(table).read().to_pylist()
        return sorted((tuple(row[name] for name in names) for row in read), key=str)


def broken(outcome: Any) -> set[str]:
    """The promises that a run found broken."""
    return {e.check_name for e in outcome.get_asset_check_evaluations() if not e.passed}


def made(outcome: Any) -> dict[str, set[str]]:
    """The days that a run made, by table."""
    days: dict[str, set[str]] = {}
    for event in outcome.get_asset_materialization_events():
        path = "/".join(event.asset_key.path)
        days.setdefault(path, set()).add(event.partition or "")
    return days
