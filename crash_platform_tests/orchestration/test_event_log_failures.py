"""What the batched event log leaves after an error or a kill, and beside other writers."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import pytest
from dagster import AssetKey, EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from crash_platform.orchestration.event_log import (
    BATCH_SIZE_VARIABLE,
    BatchedSqliteEventLogStorage,
)
from crash_platform_tests.orchestration.event_log_answers import forbid, on_disk, rows
from crash_platform_tests.orchestration.event_log_events import (
    DAYS,
    OTHER_RUN,
    RUN,
    A,
    B,
    C,
    check_planned,
    materialized,
    planned,
    spoken,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _batch_size_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BATCH_SIZE_VARIABLE, "1000")


@pytest.fixture
def log(tmp_path: Path) -> BatchedSqliteEventLogStorage:
    """Ours, empty, without an instance around it."""
    return BatchedSqliteEventLogStorage(str(tmp_path))


def test_an_error_in_the_index_leaves_nothing_of_the_batch_in_either_shard(
    log: BatchedSqliteEventLogStorage,
) -> None:
    log.store_event_batch([check_planned(A, DAYS[:1])])
    twice = [materialized(A, DAYS[0]), check_planned(B, DAYS[:1]), check_planned(B, DAYS[:1])]
    before = on_disk(log)
    with pytest.raises(IntegrityError):
        log.store_event_batch(twice)
    assert on_disk(log) == before


def test_an_error_in_the_run_shard_leaves_nothing_of_the_batch_in_either_shard(
    log: BatchedSqliteEventLogStorage,
) -> None:
    log.store_event_batch([materialized(A, DAYS[0])])
    before = on_disk(log)
    forbid(log, DAYS[2])
    with pytest.raises(IntegrityError, match="not this day"):
        log.store_event_batch([materialized(A, day) for day in DAYS[1:4]])
    assert on_disk(log) == before


class KilledAfterTheRunShard(BatchedSqliteEventLogStorage):
    """The process dies as by `kill -9` once the run's shard is committed."""

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        return self._killing(run_id)

    @contextmanager
    def _killing(self, run_id: str | None) -> Iterator[Connection]:
        with super().run_connection(run_id) as connection:
            yield connection
        os.kill(os.getpid(), signal.SIGKILL)


def store_and_die(base_dir: str) -> None:
    KilledAfterTheRunShard(base_dir).store_event_batch([materialized(A, day) for day in DAYS[:3]])


def test_a_process_killed_between_the_commits_leaves_a_run_log_that_the_catalog_does_not_count(
    tmp_path: Path,
) -> None:
    killed = multiprocessing.get_context("spawn").Process(
        target=store_and_die, args=(str(tmp_path),)
    )
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    log = BatchedSqliteEventLogStorage(str(tmp_path))
    assert len(log.get_logs_for_run(RUN)) == 3
    assert log.get_materialized_partitions(A) == set()
    log.store_event_batch([materialized(A, day, run=OTHER_RUN) for day in DAYS[:3]])
    assert log.get_materialized_partitions(A) == set(DAYS[:3])


def store_some(log: SqliteEventLogStorage, run: str, asset: AssetKey) -> None:
    for start in range(0, 30, 10):
        batch = [materialized(asset, day, run=run) for day in DAYS[start : start + 10]]
        log.store_event_batch([*batch, planned(asset, None, run=run)])
        assert log.get_materialized_partitions(asset) >= set(DAYS[start : start + 10])


@pytest.mark.parametrize("shared", [True, False], ids=["one storage", "a storage each"])
def test_writers_at_the_same_time_lose_nothing(tmp_path: Path, shared: bool) -> None:
    folder = str(tmp_path)
    one = BatchedSqliteEventLogStorage(folder)
    logs: list[SqliteEventLogStorage] = [
        one if shared else BatchedSqliteEventLogStorage(folder) for _ in range(3)
    ]
    runs = [RUN, OTHER_RUN, RUN]
    with ThreadPoolExecutor(4) as threads:
        stock = SqliteEventLogStorage(folder)
        jobs = [threads.submit(store_some, *job) for job in zip(logs, runs, (A, B, C), strict=True)]
        jobs.append(threads.submit(stock.store_event, materialized(AssetKey("d"), None)))
        for job in jobs:
            job.result()
    for asset in (A, B, C):
        assert one.get_materialized_partitions(asset) == set(DAYS[:30])
    assert len(one.get_logs_for_run(RUN)) == 67
    assert len(rows(one, "index", "event_logs")) == 100


def test_a_watcher_sees_every_event_of_a_batch_in_order(log: BatchedSqliteEventLogStorage) -> None:
    seen: list[str | None] = []
    finished = Event()

    def note(event: EventLogEntry, _cursor: str) -> None:
        seen.append(event.get_dagster_event().partition)
        if len(seen) == 31:
            finished.set()

    log.store_event(spoken())
    log.watch(RUN, log.get_records_for_run(RUN).cursor, note)
    log.store_event_batch([materialized(A, day) for day in DAYS])
    assert finished.wait(20)
    log.end_watch(RUN, note)
    assert seen == DAYS
