"""Landings that meet: overtaken ones decide anew, parallel ones lose and double nothing."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Table
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Commit, Slice, Store
from crash_platform.pipelines.crashes.bronze import (
    APP_ID,
    Delivery,
    LandingError,
    Part,
    land,
)
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform_tests.pipelines.crashes.built_days import lake_in, live, rows, versions
from crash_platform_tests.pipelines.crashes.raw_crashes import PULLED_AT, bare, delivery

pytestmark = pytest.mark.slow

PARALLEL, ROUNDS = 2, 3


@dataclass(frozen=True)
class Overtaken(Store):
    """A lake in which others land something first, each time this one is about to."""

    others: list[Delivery] = field(default_factory=list)

    def append_once(self, table: Table, frame: Frame, app_id: str, number: int) -> Commit | None:
        if self.others:
            land(Store(self.location), self.others.pop(0))
        return super().append_once(table, frame, app_id, number)


class Crowded(Store):
    """A lake in which another landing always commits first."""

    def append_once(self, table: Table, frame: Frame, app_id: str, number: int) -> Commit | None:
        raise CommitFailedError("someone was faster")

    def slice(self, table: Table, window: Any = None) -> Slice:
        return Slice(table, window, None, ())


def test_an_overtaken_landing_decides_anew(tmp_path: Path) -> None:
    place, waits = lake_in(tmp_path).location, list[float]()
    others = [delivery([bare(1), bare(2)], 0), delivery([bare(1, crash_time="8:00")], 1)]
    store = Overtaken(place, others=others)
    landing = land(store, delivery([bare(1), bare(2), bare(3)], 2), sleep=waits.append)
    assert (landing.number, len(waits)) == (3, 2)
    assert {name: count for name, count in landing.counts.items() if count} == {
        "corrected": 1,
        "unchanged": 1,
        "inserted": 1,
    }
    assert [name for _, name, _ in versions(store, "4700001")] == [
        "inserted",
        "corrected",
        "corrected",
    ]


def test_an_overtaken_landing_may_find_that_nothing_is_left_to_add(tmp_path: Path) -> None:
    same = delivery([bare(1), bare(2)])
    store = Overtaken(lake_in(tmp_path).location, others=[same])
    landing = land(store, same, sleep=lambda _: None)
    assert (landing.number, landing.counts["unchanged"]) == (None, 2)
    assert len(rows(store, CRASH_RECORDS)) == 2


def test_an_overtaken_landing_restates_what_holds_then(tmp_path: Path) -> None:
    plain = lake_in(tmp_path)
    land(plain, delivery([bare(1, crash_time="9:00")], 5))
    store = Overtaken(plain.location, others=[delivery([bare(1, crash_time="10:00")], 6)])
    land(store, delivery([bare(1, crash_time="8:00")], 1), sleep=lambda _: None)
    assert [name for _, name, _ in versions(store, "4700001")] == [
        "inserted",
        "corrected",
        "older",
        "restated",
    ]
    assert live(store)["4700001"]["crash_time"] == "10:00"


def test_a_landing_that_never_gets_through_says_so(tmp_path: Path) -> None:
    waits: list[float] = []
    with pytest.raises(LandingError, match=r"^Other landings got ahead of a test in each of 8 "):
        land(Crowded(lake_in(tmp_path).location), delivery([bare(1)]), sleep=waits.append)
    assert len(waits) == 7


def deliveries_of(worker: int) -> list[Delivery]:
    """Some records only this worker has, some both have, and one that each tells otherwise."""
    told: list[Delivery] = []
    for turn in range(ROUNDS):
        own = [bare(1000 * worker + 100 * turn + number) for number in range(10)]
        shared = [bare(50_000 + 100 * turn + number) for number in range(10)]
        claim = bare(99_000, crash_time=f"{worker}:{turn:02}")
        told.append(delivery([*own, *shared, claim], 10 * turn + worker))
    return told


def land_all(folder: Path, worker: int, barrier: Barrier) -> None:
    store, told = lake_in(folder), deliveries_of(worker)
    for one in told:
        barrier.wait(60)
        land(store, one)


def test_processes_that_land_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(PARALLEL)
    workers = [
        spawn.Process(target=land_all, args=(tmp_path, number, barrier))
        for number in range(1, PARALLEL + 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * PARALLEL
    store = lake_in(tmp_path)
    found = rows(store, CRASH_RECORDS)
    said = [
        (record["collision_id"], record.get("crash_time"))
        for worker in range(1, PARALLEL + 1)
        for one in deliveries_of(worker)
        for record in one.parts[0].open().read_all().to_pylist()
    ]
    held = [(row["record_key"], row["crash_time"]) for row in found if row["change"] != "restated"]
    assert len(held) == len(set(held))
    assert set(held) == set(said)
    assert len(live(store)) == len({key for key, _ in said})
    assert live(store)[str(4_700_000 + 99_000)]["crash_time"] == f"{PARALLEL}:{ROUNDS - 1:02}"
    numbers = {row["landing"] for row in found}
    assert numbers == set(range(1, PARALLEL * ROUNDS + 1))
    assert store.last_number(CRASH_RECORDS, APP_ID) == PARALLEL * ROUNDS


class TornError(PlatformError):
    """A part that ends too early."""


def torn(records: int) -> Part:
    good = delivery([bare(number) for number in range(records)]).parts[0].open()

    def batches() -> Iterator[pa.RecordBatch]:
        yield from good
        raise TornError("torn.csv ends in the middle of a row.")

    return Part("torn", lambda: pa.RecordBatchReader.from_batches(good.schema, batches()))


def test_a_part_that_cannot_be_read_to_its_end_lands_nothing(tmp_path: Path) -> None:
    store = lake_in(tmp_path)
    with pytest.raises(TornError, match=r"^torn\.csv ends in the middle of a row\.$"):
        land(store, Delivery([torn(5)], PULLED_AT, "torn"))
    assert store.version(CRASH_RECORDS) is None


def test_a_memory_limit_that_is_too_small_is_told_in_one_sentence(tmp_path: Path) -> None:
    records = [bare(number) for number in range(5000)]
    with pytest.raises(LandingError, match="DuckDB cannot compare a test with bronze: Out of Mem"):
        land(lake_in(tmp_path), delivery(records), memory_limit="1MB")


def test_records_are_numbered_in_their_order_across_parts_and_batches(tmp_path: Path) -> None:
    store = lake_in(tmp_path)
    many = [bare(1, crash_time=f"{number}") for number in range(70_000)]
    last = bare(1, crash_time="last")
    parts = [*delivery(many).parts, *delivery([last]).parts]
    landing = land(store, Delivery(parts, PULLED_AT, "two files"))
    assert landing.counts["repeated"] == 70_000
    found = store.slice(CRASH_RECORDS).read(["version", "crash_time"]).sort_by("version")
    assert found["crash_time"].to_pylist() == [*(str(number) for number in range(70_000)), "last"]
