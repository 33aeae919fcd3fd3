"""Maintenance makes a table smaller and changes no row; the retention's history stays whole."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.maintenance import Report, State, _compact, _rewrite, maintain
from crash_platform.lake.store import LakeError, Store
from crash_platform_tests.lake.things import THINGS, day, days, frame, held

LATER = date(2022, 3, 15)
"""A day when the folders of the first days are closed."""


@pytest.fixture
def worn(store: Store) -> Store:
    """A lake with ten things on ten days in two months, written day by day."""
    for n in range(10):
        store.replace(THINGS, days(n), frame((n, n)))
    return store


def folder_of(store: Store) -> Path:
    return Path(store.location.of(THINGS.path))


def data_files(store: Store) -> list[Path]:
    return sorted(folder_of(store).rglob("thing_month=*/*.parquet"))


def everything(store: Store) -> list[tuple[str, int, float]]:
    """Every file of the table with its size and time."""
    found = (path for path in folder_of(store).rglob("*") if path.is_file())
    return sorted((str(p), p.stat().st_size, p.stat().st_mtime) for p in found)


def make_older(store: Store, age: int, first: int = 0, last: int = 1000) -> None:
    """Date everything that some versions did, log and files, so many days back."""
    moment = datetime.now(UTC) - timedelta(days=age)
    for version in range(first, last + 1):
        log = folder_of(store) / "_delta_log" / f"{version:020}.json"
        if not log.is_file():
            continue
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            for path in _dated(action, int(moment.timestamp() * 1000)):
                os.utime(folder_of(store) / path, (moment.timestamp(),) * 2)
        log.write_text("\n".join(map(json.dumps, actions)))
        for file in log.parent.glob(f"{version:020}.*"):
            os.utime(file, (moment.timestamp(),) * 2)


def _dated(action: dict[str, dict[str, object]], milliseconds: int) -> Iterator[str]:
    if "commitInfo" in action:
        action["commitInfo"]["timestamp"] = milliseconds
    if "add" in action:
        action["add"]["modificationTime"] = milliseconds
        yield str(action["add"]["path"])
    if "remove" in action:
        action["remove"]["deletionTimestamp"] = milliseconds


def version(store: Store, number: int) -> list[int]:
    """The ids at some version of the table."""
    delta = DeltaTable(folder_of(store), version=number)
    rows = delta.to_pyarrow_dataset().scanner(columns=["thing_id"]).to_reader().read_all()
    return sorted(rows["thing_id"].to_pylist())


def test_small_files_of_closed_folders_are_put_together(worn: Store) -> None:
    before = held(worn)
    report = maintain(worn, THINGS, today=LATER)
    assert (report.table, report.is_dry_run) == ("silver/things", False)
    assert (report.before.files, report.after.files) == (10, 2)
    assert (report.compacted_files, report.compacted_folders) == (10, ("2022-01", "2022-02"))
    assert (report.before.version, report.after.version) == (10, 12)
    assert 0 < report.after.bytes < report.before.bytes
    assert held(worn) == before
    assert worn.slice(THINGS, days(3)).distinct_days() == {day(3)}


def test_the_folder_that_is_still_written_is_left_alone(worn: Store) -> None:
    report = maintain(worn, THINGS, today=day(9))
    assert report.compacted_folders == ("2022-01",)
    assert report.after.files == 1 + 8


def test_maintenance_run_again_finds_nothing_to_do(worn: Store) -> None:
    first = maintain(worn, THINGS, today=LATER)
    again = maintain(worn, THINGS, today=LATER)
    assert again == Report("silver/things", False, first.after, first.after)


def test_a_dry_run_says_the_same_and_changes_nothing(worn: Store) -> None:
    worn.replace(THINGS, days(0), frame((0, 100)))
    make_older(worn, age=10)
    before = everything(worn)
    trial = maintain(worn, THINGS, today=LATER, dry_run=True)
    assert everything(worn) == before
    assert trial.before == trial.after
    real = maintain(worn, THINGS, today=LATER)
    assert trial.is_dry_run
    assert (trial.compacted_files, trial.compacted_folders) == (10, ("2022-01", "2022-02"))
    assert trial.deleted_files == real.deleted_files == 1
    assert trial.deleted_bytes == real.deleted_bytes > 0


def test_a_table_nobody_wrote_needs_nothing(store: Store) -> None:
    assert maintain(store, THINGS, today=LATER) == Report("silver/things", False, State(), State())
    assert not folder_of(store).exists()


@pytest.mark.parametrize("retention", [-1, 0, 6, 31])
def test_a_retention_that_would_break_work_or_history_is_refused(
    worn: Store, retention: int
) -> None:
    before = everything(worn)
    with pytest.raises(LakeError, match=f"keeps 7 to 30 days of history, not {retention}"):
        maintain(worn, THINGS, today=LATER, retention_days=retention)
    assert everything(worn) == before


def test_every_version_within_the_retention_stays_readable(worn: Store) -> None:
    worn.replace(THINGS, days(0, 4), frame(*((n, 100 + n) for n in range(5))))
    known = {number: version(worn, number) for number in range(1, 12)}
    make_older(worn, age=6)
    maintain(worn, THINGS, today=LATER)
    assert {number: version(worn, number) for number in known} == known


def test_files_that_no_version_within_the_retention_needs_are_deleted(worn: Store) -> None:
    worn.replace(THINGS, days(0, 4), frame(*((n, 100 + n) for n in range(5))))
    make_older(worn, age=8)
    report = maintain(worn, THINGS, today=LATER)
    assert report.deleted_files == 5
    assert report.deleted_bytes > 0
    assert held(worn) == {day(n): [n if n > 4 else 100 + n] for n in range(10)}
    assert version(worn, 11) == [5, 6, 7, 8, 9, 100, 101, 102, 103, 104]


def test_old_files_removed_lately_are_kept_for_the_versions_that_need_them(worn: Store) -> None:
    """A full vacuum of delta-rs once went by the age of the file alone (delta-rs#4290)."""
    make_older(worn, age=100)
    worn.replace(THINGS, days(0), frame((0, 100)))
    report = maintain(worn, THINGS, today=LATER)
    assert report.deleted_files == 0
    assert version(worn, 10) == list(range(10))


def test_a_long_retention_is_kept_after_a_checkpoint_too(worn: Store) -> None:
    """With Delta's own week, a checkpoint forgets what was removed before, and so whose it was."""
    make_older(worn, age=100)
    worn.replace(THINGS, days(0), frame((0, 100)))
    make_older(worn, age=20, first=11)
    delta = worn.delta(THINGS)
    assert delta
    delta.create_checkpoint()
    assert maintain(worn, THINGS, today=LATER, retention_days=30).deleted_files == 0
    assert version(worn, 11) == [*range(1, 10), 100]
    assert len(data_files(worn)) == 11 + 2
    assert maintain(worn, THINGS, today=LATER, retention_days=14).deleted_files == 1


def test_what_a_failed_run_left_behind_is_deleted_once_it_is_old(worn: Store) -> None:
    left = folder_of(worn) / "thing_month=2022-01" / "part-left-behind.parquet"
    left.write_bytes(b"1234")
    young = maintain(worn, THINGS, today=LATER)
    assert (young.deleted_files, left.exists()) == (0, True)
    old = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    os.utime(left, (old, old))
    report = maintain(worn, THINGS, today=LATER)
    assert (report.deleted_files, report.deleted_bytes, left.exists()) == (1, 4, False)


def test_the_log_is_tidied_and_the_numbers_of_batches_are_kept(store: Store) -> None:
    store.append_once(THINGS, frame((0, 0)), "app", 7)
    for n in range(45):
        store.replace(THINGS, days(1), frame((1, 100 + n)))
    make_older(store, age=40, last=42)
    known = {number: version(store, number) for number in range(43, 47)}
    before = len(list((folder_of(store) / "_delta_log").glob("*.json")))
    maintain(store, THINGS, today=LATER)
    assert len(list((folder_of(store) / "_delta_log").glob("*.json"))) < before - 20
    assert {number: version(store, number) for number in known} == known
    assert store.last_number(THINGS, "app") == 7
    assert store.append_once(THINGS, frame((0, 1)), "app", 7) is None
    assert held(store) == {day(0): [0], day(1): [144]}


def test_writers_at_work_meanwhile_lose_nothing(tmp_path: Path) -> None:
    store = Store(Location(str(tmp_path)))
    for n in range(6):
        store.replace(THINGS, days(n), frame((n, n)))

    def write(round_: int) -> None:
        store.replace(THINGS, days(round_ % 6), frame((round_ % 6, 100 + round_)))
        store.append_once(THINGS, frame((40, 1000 + round_)), f"app-{round_}", 1)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, round_) for round_ in range(12)]
        caring = [pool.submit(maintain, store, THINGS, today=LATER) for _ in range(4)]
        for done in writing:
            done.result(timeout=120)
        for report in caring:
            assert report.result(timeout=120).deleted_files == 0
    found = held(store)
    assert found.pop(day(40)) == [1000 + n for n in range(12)]
    assert {d: len(ids) for d, ids in found.items()} == {day(n): 1 for n in range(6)}
    assert all(found[day(n)][0] in (100 + n, 106 + n) for n in range(6))


def test_two_who_put_the_same_files_together_at_once_do_not_double_the_rows(worn: Store) -> None:
    """delta-rs's own compaction does; here the later one fails and is planned anew."""
    before, stale = held(worn), worn.delta(THINGS)
    assert stale
    maintain(worn, THINGS, today=LATER)
    with pytest.raises(CommitFailedError):
        _rewrite(stale, THINGS, "2022-02")
    assert held(worn) == before


def test_a_replacement_during_maintenance_starts_anew(worn: Store) -> None:
    opened: list[int] = []

    def meanwhile() -> pa.RecordBatchReader:
        if not opened:
            maintain(worn, THINGS, today=LATER)
        opened.append(1)
        return frame((3, 33)).open()

    worn.replace(THINGS, days(3), Frame(THINGS.schema, meanwhile))
    assert len(opened) == 2
    assert held(worn) == {day(n): [33 if n == 3 else n] for n in range(10)}


def test_a_folder_that_is_always_overtaken_waits_for_the_next_time(worn: Store) -> None:
    class Overtaken(DeltaTable):
        """A table to one of whose folders someone else commits whenever it is looked at."""

        def file_uris(self, *args: Any, **options: Any) -> list[str]:
            found = super().file_uris(*args, **options)
            if options["file_pruning_predicate"][0][2] == "2022-01":
                worn.replace(THINGS, days(0), frame((0, 0)))
            return found

    overtaken = Overtaken(folder_of(worn))
    assert _compact(overtaken, THINGS, ["2022-01", "2022-02"]) == {"2022-02": 8}
    assert held(worn) == {day(n): [n] for n in range(10)}
