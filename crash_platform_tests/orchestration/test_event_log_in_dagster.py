"""The batched event log as Dagster builds and calls it."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterEventType, EventLogEntry
from dagster._core.events import DagsterEventBatchMetadata
from sqlalchemy.exc import IntegrityError

from crash_platform.orchestration.event_log import (
    BATCH_SIZE_VARIABLE,
    BatchedSqliteEventLogStorage,
)
from crash_platform_tests.orchestration.event_log_answers import forbid, instance_with
from crash_platform_tests.orchestration.event_log_events import (
    CALENDAR,
    DAYS,
    RUN,
    A,
    B,
    materialized,
    planned,
)


@pytest.fixture(autouse=True)
def _batch_size_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BATCH_SIZE_VARIABLE, "1000")


def test_a_storage_turns_batching_on_unless_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(BATCH_SIZE_VARIABLE)
    BatchedSqliteEventLogStorage(str(tmp_path))
    assert os.environ[BATCH_SIZE_VARIABLE] == "1000"
    monkeypatch.setenv(BATCH_SIZE_VARIABLE, "25")
    BatchedSqliteEventLogStorage(str(tmp_path))
    assert os.environ[BATCH_SIZE_VARIABLE] == "25"


def test_dagster_yaml_names_it_without_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = "module: crash_platform.orchestration.event_log, class: BatchedSqliteEventLogStorage"
    (tmp_path / "dagster.yaml").write_text(f"event_log_storage: {{{named}, config: {{}}}}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(A, partition=DAYS[0]))
        with dg.DagsterInstance.from_ref(instance.get_ref()) as elsewhere:
            assert isinstance(elsewhere.event_log_storage, BatchedSqliteEventLogStorage)
            assert elsewhere.get_materialized_partitions(A) == {DAYS[0]}
    assert (tmp_path / "history" / "runs" / "index.db").is_file()


def test_a_wipe_of_the_log_leaves_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    storage = BatchedSqliteEventLogStorage.from_config_value(None, {})
    (tmp_path / "history" / "runs.db").write_bytes(b"")
    storage.wipe()
    assert (tmp_path / "history" / "runs.db").is_file()


class Counting(BatchedSqliteEventLogStorage):
    """Notes what is stored singly and how large the batches are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.single: list[DagsterEventType | None] = []
        self.batches: list[int] = []

    def store_event(self, event: EventLogEntry) -> None:
        self.single.append(event.dagster_event_type)
        super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        self.batches.append(len(events))
        super().store_event_batch(events)


class Nothing(dg.IOManager):
    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        pass

    def load_input(self, context: dg.InputContext) -> None:
        pass


def month() -> tuple[dg.AssetsDefinition, dg.AssetsDefinition]:
    one_run = dg.BackfillPolicy.single_run()

    @dg.asset(
        key=A,
        partitions_def=CALENDAR,
        backfill_policy=one_run,
        check_specs=[dg.AssetCheckSpec("has_rows", asset=A, partitions_def=CALENDAR)],
    )
    def crashes() -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
        yield dg.Output(None)
        yield dg.AssetCheckResult(passed=True)

    @dg.asset(key=B, deps=[A], partitions_def=CALENDAR, backfill_policy=one_run)
    def persons() -> None:
        pass

    return crashes, persons


def materialize_month(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    tags = {
        "dagster/asset_partition_range_start": DAYS[0],
        "dagster/asset_partition_range_end": DAYS[-1],
    }
    return dg.materialize(
        month(), instance=instance, resources={"io_manager": Nothing()}, tags=tags
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
def test_a_run_over_a_month_stores_its_asset_events_in_three_batches(tmp_path: Path) -> None:
    with instance_with(Counting, tmp_path) as instance:
        run = materialize_month(instance)
        log = instance.event_log_storage
        assert isinstance(log, Counting)
        assert log.batches == [63, 31, 31]
        singly = {DagsterEventType.ASSET_MATERIALIZATION, *planned_kinds()}
        assert not singly & set(log.single)
        for asset in (A, B):
            assert instance.get_materialized_partitions(asset) == set(DAYS)
        assert len(run.get_asset_materialization_events()) == 62


def planned_kinds() -> tuple[DagsterEventType, DagsterEventType]:
    return (
        DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    )


@pytest.mark.parametrize(
    "report",
    [
        lambda: dg.AssetMaterialization(A, partition=DAYS[0]),
        lambda: dg.AssetObservation(A, partition=DAYS[0]),
        lambda: dg.AssetCheckEvaluation(
            asset_key=A, check_name="has_rows", passed=True, metadata={}
        ),
    ],
    ids=["materialization", "observation", "check"],
)
def test_an_event_reported_without_a_run_is_stored_at_once(
    tmp_path: Path, report: Callable[[], Any]
) -> None:
    with instance_with(Counting, tmp_path) as instance:
        instance.report_runless_asset_event(report())
        log = instance.event_log_storage
        assert isinstance(log, Counting)
        assert (len(log.single), log.batches) == (1, [])
        assert len(log.get_logs_for_run("")) == 1


def test_a_batch_that_cannot_be_stored_whole_is_stored_by_dagster_without_duplicates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with instance_with(Counting, tmp_path) as instance:
        log = instance.event_log_storage
        assert isinstance(log, Counting)
        log.store_event_batch([planned(A, None)])
        forbid(log, DAYS[2])
        with pytest.raises(IntegrityError, match="not this day"):
            report_in_one_batch(instance, [materialized(A, day) for day in DAYS[:3]])
        assert "Falling back" in capsys.readouterr().err
        assert log.batches == [1, 3]
        assert [e.get_dagster_event().partition for e in log.get_logs_for_run(RUN)] == [
            None,
            *DAYS[:2],
        ]
        assert instance.get_materialized_partitions(A) == set(DAYS[:2])


def report_in_one_batch(instance: dg.DagsterInstance, batch: Sequence[EventLogEntry]) -> None:
    for number, event in enumerate(batch, start=1):
        last = DagsterEventBatchMetadata("batch", number == len(batch))
        instance.handle_new_event(event, batch_metadata=last)
