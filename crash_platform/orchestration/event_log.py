"""Dagster's SQLite event log with batches, which makes a range of thousands of days cheap to book.

The storage class and where it keeps its files belong here; nothing about assets or tables does.
"""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from dagster import AssetKey, DagsterEventType, EventLogEntry, Field, StringSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection

from crash_platform.settings import load_settings

BATCH_SIZE_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
DEFAULT_BATCH_SIZE = 1000

Row = Mapping[str, Any]
"""An event as Dagster's `event_logs` table holds it, by column name; the event itself is JSON."""

BATCHED_EVENTS = frozenset({*ASSET_EVENTS, DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED})
"""What a batch may hold: the events Dagster buffers. Anything else is stored one by one."""


class BatchedSqliteEventLogStorage(SqliteEventLogStorage):
    """The stock SQLite event log, except that a batch of asset events costs two commits in all.

    Same files, same rows, same answers as `SqliteEventLogStorage`: the two can be swapped in
    `dagster.yaml` at any time, over the same history. Named there as::

        event_log_storage:
          module: crash_platform.orchestration.event_log
          class: BatchedSqliteEventLogStorage
          config: {}

    `base_dir` is optional and defaults to Dagster's own place, `$DAGSTER_HOME/history/runs`. The
    folder above holds `runs.db`, the run storage: this class takes every `*.db` in its folder for
    the log of a run and deletes it on a wipe, so the two must not share one.

    What a crash leaves. Both shards' transactions are open while a batch is written; the run's is
    committed first, the index's directly after, the order of the stock class. An exception before
    that leaves nothing of the batch in either, so Dagster's retry, event by event, makes no
    duplicates. A process killed between the two commits leaves a run log that names partitions
    which the asset catalog does not count as materialized; a process killed with events still in
    Dagster's buffer leaves neither. In both cases the partitions are asked for again, and a
    window that is replaced twice is the same window.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open or create the log, and turn batching on for this process and its children.

        Dagster reads the batch size from the environment at every event, and its default, 0,
        never calls `store_event_batch`. Here is the one place that every process which writes
        events passes before its first one: command line, daemon, code server, run worker and
        step worker all build their storage from `dagster.yaml`. A value already set is kept.

        Args:
            base_dir: the folder of the shards: one file per run and `index.db`.
            inst_data: how Dagster rebuilds this object in another process.
        """
        super().__init__(base_dir, inst_data)
        # Re-entrant, because a batch holds a connection to each shard at once.
        self._db_lock = threading.RLock()  # type: ignore[assignment]
        os.environ.setdefault(BATCH_SIZE_VARIABLE, str(DEFAULT_BATCH_SIZE))

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """`base_dir`, optional, a text or `{env: NAME}`."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, str]
    ) -> Self:
        """Build the storage from its part of `dagster.yaml`."""
        base_dir = config_value.get("base_dir") or history_folder(os.environ)
        return cls(base_dir, inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store asset events of one run in one transaction per shard; store others one by one.

        Events keep their order and get consecutive ids in each shard. Either all events of a
        batch are stored or an exception says none are.
        """
        if not is_one_batch(events):
            super().store_event_batch(events)
            return
        rows = [self._event_to_row(event) for event in events]
        # Locks are taken by the first insert, so run, then index; the nesting commits likewise.
        with self.index_connection() as index, self.run_connection(events[0].run_id) as run:
            run.execute(SqlEventLogStorageTable.insert(), rows)
            self._index_batch(index, events, rows)

    def store_asset_check_event(self, event: EventLogEntry, event_id: int | None) -> None:
        """As the stock method, for any number of partitions in a planned check.

        The stock insert serialises the event again and spends eight SQL variables on each
        partition: where SQLite keeps its default limit of 32,766, a run over 4,096 partitions
        cannot be launched.
        """
        if event.dagster_event_type is DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            with self.index_connection() as index:
                insert_planned_check(index, event, self._event_to_row(event), event_id)
        else:
            super().store_asset_check_event(event, event_id)

    def _index_batch(
        self, index: Connection, events: Sequence[EventLogEntry], rows: Sequence[Row]
    ) -> None:
        stored = list(zip(events, insert_rows(index, rows), strict=True))
        of_assets = [(e, i) for e, i in stored if e.dagster_event_type in ASSET_EVENTS]
        self._store_asset_event_tags(index, [e for e, _ in of_assets], [i for _, i in of_assets])
        for event, event_id in last_of_each_kind(of_assets):
            self._store_asset_event(index, event, event_id)
        for (event, event_id), row in zip(stored, rows, strict=True):
            if event.dagster_event_type is DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                insert_planned_check(index, event, row, event_id)


def history_folder(environ: Mapping[str, str]) -> str:
    """Where Dagster keeps its SQLite event log when nobody says otherwise.

    Without ``DAGSTER_HOME`` (``dagster asset materialize`` in a checkout) it is the own
    state folder of the platform, so that the run is in the history `crash-platform dev` shows.
    """
    home = environ.get("DAGSTER_HOME") or str(load_settings().dagster_home)
    return str(Path(home).expanduser() / "history" / "runs")


def is_one_batch(events: Sequence[EventLogEntry]) -> bool:
    """Whether all events belong to one run and are of the kinds that one transaction can hold."""
    return len({event.run_id for event in events}) == 1 and all(
        event.is_dagster_event and event.dagster_event_type in BATCHED_EVENTS for event in events
    )


def last_of_each_kind(
    stored: Iterable[tuple[EventLogEntry, int]],
) -> list[tuple[EventLogEntry, int]]:
    """The last event of each asset and event type: assets as first seen, events as stored.

    An asset's entry keeps the last event's facts, and each type sets always the same ones, so
    applying these few, in this order, leaves what applying all would.
    """
    first: dict[AssetKey | None, int] = {}
    last: dict[tuple[AssetKey | None, DagsterEventType | None], tuple[EventLogEntry, int]] = {}
    for event, event_id in stored:
        asset = event.get_dagster_event().asset_key
        first.setdefault(asset, event_id)
        last[asset, event.dagster_event_type] = (event, event_id)
    order = sorted(last, key=lambda kind: (first[kind[0]], last[kind][1]))
    return [last[kind] for kind in order]


def insert_rows(connection: Connection, rows: Sequence[Row]) -> list[int]:
    """Insert event rows and return the id of each, in the order of the rows."""
    table = SqlEventLogStorageTable
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, rows).scalars())


def insert_planned_check(
    connection: Connection, event: EventLogEntry, row: Row, event_id: int | None
) -> None:
    """Record a check as planned: once for each partition it will judge, once if it has none."""
    planned = event.get_dagster_event().asset_check_planned_data
    subset = planned.partitions_subset
    execution = {
        "asset_key": planned.asset_key.to_string(),
        "check_name": planned.check_name,
        "run_id": event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": event_id,
    }
    partitions = subset.get_partition_keys() if subset else [None]
    connection.execute(
        AssetCheckExecutionsTable.insert(), [{**execution, "partition": key} for key in partitions]
    )
