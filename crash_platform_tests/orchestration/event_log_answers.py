"""Everything an event log can be asked that a batch could change, to lay two logs side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as db
from dagster import AssetKey, AssetRecordsFilter, DagsterEventType
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.event_api import EventRecordsFilter
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage

from crash_platform_tests.orchestration.event_log_events import OTHER_RUN, RUN, A, B, C

TABLES = ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions")


@contextmanager
def instance_with(storage: type[SqliteEventLogStorage], home: Path) -> Iterator[dg.DagsterInstance]:
    home.mkdir(parents=True, exist_ok=True)
    where = {"module": storage.__module__, "class": storage.__name__}
    config = {"config": {"base_dir": str(home / "history" / "runs")}}
    overrides = {"event_log_storage": where | config, "telemetry": {"enabled": False}}
    ref = InstanceRef.from_dir(str(home), overrides=overrides)
    with dg.DagsterInstance.from_ref(ref) as instance:
        assert type(instance.event_log_storage) is storage
        yield instance


def clear(log: SqliteEventLogStorage) -> None:
    """Empty the log but keep its files: making a shard anew takes a quarter of a second."""
    for shard in ("index", RUN, OTHER_RUN):
        with log.run_connection(shard) as connection:
            for table in TABLES:
                connection.execute(db.text(f"delete from {table}"))


def forbid(log: SqliteEventLogStorage, day: str) -> None:
    """Let the shard of the run refuse events of that partition."""
    condition = f"when new.partition = '{day}'"
    act = "begin select raise(abort, 'not this day'); end"
    with log.run_connection(RUN) as shard:
        shard.execute(db.text(f"create trigger t before insert on event_logs {condition} {act}"))


def rows(log: SqliteEventLogStorage, shard: str, table: str) -> list[dict[str, Any]]:
    """A table as it lies on the disk, without the moments SQLite itself writes."""
    with log.run_connection(shard) as connection:
        found = connection.execute(db.text(f"select * from {table} order by id")).mappings().all()
    return [{name: row[name] for name in row if name != "create_timestamp"} for row in found]


def on_disk(log: SqliteEventLogStorage) -> dict[str, Any]:
    """Every row of every shard: two logs that agree here agree in any query, now or later."""
    shards = ("index", RUN, OTHER_RUN)
    return {f"{shard} {table}": rows(log, shard, table) for shard in shards for table in TABLES}


def answers(log: SqliteEventLogStorage) -> dict[Any, Any]:
    """What the queries say, keyed by the asset or run that is asked about, and the question."""
    said: dict[Any, Any] = {
        "keys": list(log.all_asset_keys()),  # type: ignore[no-untyped-call]
        "pages": log.get_asset_keys(limit=2),
        "last id": log.get_maximum_record_id(),
    }
    for asset in (A, B, C):
        said |= {(asset, name): answer for name, answer in of_asset(log, asset).items()}
    for run in (RUN, OTHER_RUN):
        said |= {(run, name): answer for name, answer in of_run(log, run).items()}
    return said


def of_asset(log: SqliteEventLogStorage, asset: AssetKey) -> dict[str, Any]:
    key = dg.AssetCheckKey(asset, "has_rows")
    filtered = AssetRecordsFilter(asset)
    said: dict[str, Any] = {
        "known": log.has_asset_key(asset),
        "days": log.get_materialized_partitions(asset),
        "later days": log.get_materialized_partitions(asset, after_cursor=3),
        "latest": log.get_latest_materialization_events([asset]),
        "records": [(r.storage_id, r.asset_entry) for r in log.get_asset_records([asset])],
        "materializations": log.fetch_materializations(filtered, limit=100),
        "observations": log.fetch_observations(filtered, limit=100),
        "event tags": log.get_event_tags_for_asset(asset),
        "plan": log.get_latest_planned_materialization_info(asset),
        "open": log.get_latest_asset_partition_materialization_attempts_without_materializations(
            asset
        ),
        "checks": [
            (r.id, r.run_id, r.status, r.event, r.partition)
            for r in log.get_asset_check_execution_history(key, limit=100)
        ],
        "last checks": [
            (k, r.id, r.status)
            for k, r in log.get_latest_asset_check_execution_by_key([key]).items()
        ],
    }
    for kind in (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION):
        events = EventRecordsFilter(kind, asset_key=asset)
        said |= {
            f"{kind} records": log.get_event_records(events),
            f"{kind} summaries": log.get_asset_event_summary_records(kind, asset),
            f"{kind} ids": log.get_latest_storage_id_by_partition(asset, kind),
            f"{kind} tags": log.get_latest_tags_by_partition(asset, kind, [DATA_VERSION_TAG]),
        }
    return said


def of_run(log: SqliteEventLogStorage, run: str) -> dict[str, Any]:
    materialization = DagsterEventType.ASSET_MATERIALIZATION
    return {
        "log": log.get_records_for_run(run),
        "backwards": log.get_records_for_run(run, limit=3, ascending=False),
        "materializations": log.get_logs_for_run(run, of_type=materialization),
        "asset days": log.get_asset_partitions_for_run(run),
        "asset keys": log.get_asset_keys_for_run(run),
        "stats": log.get_stats_for_run(run),
    }
