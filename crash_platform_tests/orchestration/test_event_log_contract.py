"""Dagster's own contract for an event log storage, run against ours.

The contract is the class `TestEventLogStorage` in the tests of Dagster's source distribution;
`.ci/dagster-source FOLDER` fetches it and prints what to put into
`CRASH_PLATFORM_TEST_DAGSTER_SOURCE`. No test of the contract is left out: the stock class passes
all, and so must ours. Takes five to fifteen minutes.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest
from dagster import EventLogEntry

from crash_platform.orchestration.event_log import (
    BATCH_SIZE_VARIABLE,
    BatchedSqliteEventLogStorage,
    is_one_batch,
)

SOURCE_VARIABLE = "CRASH_PLATFORM_TEST_DAGSTER_SOURCE"
CONTRACT = Path("dagster_tests/storage_tests/utils/event_log_storage.py")


def load_contract() -> ModuleType:
    """Dagster's module, loaded by its path: the package around it needs packages never published.

    Skips the module that calls it, naming what is missing.
    """
    source = os.environ.get(SOURCE_VARIABLE)
    if not source:
        missing = f"needs Dagster's source: {SOURCE_VARIABLE}=$(.ci/dagster-source FOLDER)"
        pytest.skip(missing, allow_module_level=True)
    file = Path(source) / CONTRACT
    spec = importlib.util.spec_from_file_location("dagster_event_log_contract", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# Dagster's tests warn about Dagster's own deprecated calls.
pytestmark = [pytest.mark.dagster_contract, pytest.mark.filterwarnings("ignore")]

dagster_module: Any = load_contract()


class EveryEventInABatch(BatchedSqliteEventLogStorage):
    """Sends each event that a batch may hold through the batched path, alone or not.

    The contract stores most events singly, so without this it would hardly see a batch.
    """

    batches = 0

    def store_event(self, event: EventLogEntry) -> None:
        if is_one_batch([event]):
            self.store_event_batch([event])
        else:
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        self.batches += is_one_batch(events)
        super().store_event_batch(events)


class HeldToTheContract(dagster_module.TestEventLogStorage):  # type: ignore[misc]
    """What both runs of the contract share: an instance as `dagster.yaml` would build it."""

    storage_class: type[BatchedSqliteEventLogStorage]

    @pytest.fixture(name="instance")
    def instance(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[dg.DagsterInstance]:
        monkeypatch.setenv(BATCH_SIZE_VARIABLE, "1000")
        module, name = self.storage_class.__module__, self.storage_class.__name__
        log: dict[str, object] = {"module": module, "class": name, "config": {}}
        overrides = {"event_log_storage": log}
        with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as instance:
            assert type(instance.event_log_storage) is self.storage_class
            yield instance

    @pytest.fixture(name="storage")
    def event_log_storage(self, instance: dg.DagsterInstance) -> BatchedSqliteEventLogStorage:
        storage = instance.event_log_storage
        assert isinstance(storage, BatchedSqliteEventLogStorage)
        return storage

    @pytest.mark.parametrize("cursor_dt", list(dagster_module.cursor_datetime_args()))
    def test_get_event_records(
        self, storage: BatchedSqliteEventLogStorage, instance: dg.DagsterInstance, cursor_dt: object
    ) -> None:
        # The contract names a generator: deprecated by pytest, and empty for a second class.
        super().test_get_event_records(storage, instance, cursor_dt)

    # The two abilities that the stock SQLite class, too, says it lacks.

    def supports_multiple_event_type_queries(self) -> bool:
        return False

    def can_wipe_asset_partitions(self) -> bool:
        return False


class TestTheLogAsDagsterCallsIt(HeldToTheContract):
    __test__ = True
    storage_class = BatchedSqliteEventLogStorage


class TestTheLogWithEveryAssetEventInABatch(HeldToTheContract):
    __test__ = True
    storage_class = EveryEventInABatch

    def test_the_contract_meets_the_batched_path(
        self, storage: EveryEventInABatch, instance: dg.DagsterInstance
    ) -> None:
        instance.report_runless_asset_event(dg.AssetMaterialization("a"))
        assert storage.batches == 1
