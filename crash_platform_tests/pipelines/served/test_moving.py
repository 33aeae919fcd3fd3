"""Lines come to the lake once each, and files go when all of them are there."""

from pathlib import Path
from typing import Any

import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.served.lines import read_lines
from crash_platform.pipelines.served.moving import LOCK, Mover, ServedTable, alone
from crash_platform.pipelines.served.spool import Spool
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS
from crash_platform_tests.pipelines.served.counter import (
    NOW,
    FakeTable,
    KilledError,
    kill,
    lines,
    numbered,
)


class Desk:
    """A spool, a table and what moves between them."""

    def __init__(self, folder: Path, table: ServedTable | None = None, **more: Any) -> None:
        self.folder, self.told = folder, list[str]()
        self.spool = Spool(folder, numbered(), **more)
        self.table = FakeTable()
        self.mover = Mover(folder, table or self.table, self.told.append)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != LOCK)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_whole_lines_are_moved_once_while_the_file_is_written(desk: Desk) -> None:
    desk.spool.append(lines("a", 2))
    assert desk.mover.move().rows == 2
    desk.spool.append(lines("b") + lines("c")[:9])
    assert desk.mover.move().rows == 1
    desk.spool.append(lines("c")[9:])
    moved = desk.mover.move()
    assert (moved.rows, set(moved.days)) == (1, {NOW.date()})
    assert desk.table.keys() == [("a", 0), ("a", 1), ("b", 0), ("c", 0)]
    assert desk.table.rows.equals(
        read_lines(b"".join([lines("a", 2), lines("b"), lines("c")])).rows
    )
    assert len(desk.files()) == 1, "it is still written"


def test_with_nothing_new_the_lake_is_not_asked(desk: Desk) -> None:
    assert desk.mover.move().rows == 0
    assert desk.table.asked == 0
    desk.spool.append(lines("a"))
    desk.mover.move()
    asked = desk.table.asked
    for _ in range(3):
        desk.mover.move()
    assert (desk.table.asked, desk.table.commits) == (asked, 1)


def test_a_file_that_is_finished_goes_with_its_last_line(desk: Desk) -> None:
    desk.spool.append(lines("a"))
    desk.spool.close()
    desk.mover.move()
    assert (desk.files(), desk.table.keys()) == ([], [("a", 0)])


def test_the_files_of_many_processes_come_in_one_commit(tmp_path: Path, desk: Desk) -> None:
    new_id = numbered()
    for name in "bcd":
        Spool(tmp_path, lambda: f"other-{new_id()}").append(lines(name))
    desk.spool.append(lines("a"))
    assert desk.mover.move().rows == 4
    assert desk.table.commits == 1


def test_of_a_dead_process_the_whole_lines_are_moved_and_the_torn_one_is_told(desk: Desk) -> None:
    desk.spool.append(lines("a") + lines("b")[:20])
    kill(desk.spool)
    desk.mover.move()
    assert (desk.files(), desk.table.keys()) == ([], [("a", 0)])
    assert ["last 20 bytes" in line for line in desk.told] == [True]


def test_lines_that_are_no_answers_are_kept_beside_and_told(desk: Desk) -> None:
    desk.spool.append(lines("a") + b"rubbish\n" + lines("b"))
    desk.spool.close()
    desk.mover.move()
    assert desk.files() == ["file-000000-0.unreadable"]
    assert (desk.folder / desk.files()[0]).read_bytes() == b"rubbish\n"
    assert desk.table.keys() == [("a", 0), ("b", 0)]
    assert "not in the lake" in desk.told[0]


@pytest.mark.parametrize("fault", [LakeError("away"), KilledError()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_move_that_fails_is_made_up_for_by_the_next(
    desk: Desk, fault: BaseException, when: str
) -> None:
    desk.spool.append(lines("a", 3))
    desk.spool.close()
    getattr(desk.table, when).append(fault)
    with pytest.raises(type(fault)):
        desk.mover.move()
    assert len(desk.files()) == 1
    desk.mover.move()
    assert (desk.files(), desk.table.keys()) == ([], [("a", 0), ("a", 1), ("a", 2)])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_refused_commit_is_tried_again_at_once_and_once(desk: Desk, when: str) -> None:
    desk.spool.append(lines("a"))
    getattr(desk.table, when).append(CommitFailedError("moved"))
    desk.mover.move()
    assert desk.table.keys() == [("a", 0)]
    desk.spool.append(lines("b"))
    desk.table.before += [CommitFailedError("moved")] * 2
    with pytest.raises(CommitFailedError):
        desk.mover.move()
    assert desk.mover.move().rows == 1


def test_a_mover_that_knows_less_than_the_table_begins_anew(desk: Desk) -> None:
    other = Mover(desk.folder, desk.table, desk.told.append)
    desk.spool.append(lines("a"))
    assert (desk.mover.move().rows, other.move().rows) == (1, 0)
    desk.spool.append(lines("b"))
    other.move()
    desk.spool.append(lines("c"))
    assert desk.mover.move().rows == 1
    assert desk.table.keys() == [("a", 0), ("b", 0), ("c", 0)]


def test_while_another_moves_nothing_is_done_and_nobody_waits(desk: Desk) -> None:
    desk.spool.append(lines("a"))
    with alone(desk.folder / LOCK) as is_alone:
        assert is_alone
        assert desk.mover.move().rows == 0
    assert desk.mover.move().rows == 1


def test_what_is_too_much_for_one_commit_comes_in_several(tmp_path: Path) -> None:
    desk = Desk(tmp_path, file_bytes=1)
    mover = Mover(tmp_path, desk.table, desk.told.append, most=2 * len(lines("0")))
    for number in range(5):
        desk.spool.append(lines(f"{number}"))
    moves = [mover.move() for _ in range(4)]
    assert [(each.rows, each.is_behind) for each in moves] == [
        (2, True),
        (2, True),
        (1, False),
        (0, False),
    ]


def test_the_table_in_the_lake_does_what_the_one_in_memory_does(tmp_path: Path) -> None:
    store, opened = Store(Location(str(tmp_path / "lake"))), list[int]()

    def open_store() -> Store:
        opened.append(1)
        return store

    now = [0.0]
    table = ServedTable(open_store, lambda: now[0])
    desk = Desk(tmp_path / "spool", table)
    desk.spool.append(lines("a", 2))
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    assert table.held([path]) == {path: 0}
    assert desk.mover.move().rows == 2
    assert table.held([path]) == {path: len(lines("a", 2))}
    with pytest.raises(CommitFailedError):
        table.append(SERVED_PREDICTIONS.schema.empty_table(), {path: (0, 7)})
    desk.spool.append(lines("b"))
    desk.spool.close()
    desk.mover.move()
    assert (desk.files(), len(opened)) == ([], 1)
    version = store.version(SERVED_PREDICTIONS)
    desk.mover.move()
    assert store.version(SERVED_PREDICTIONS) == version, "no commit without an answer"
    now[0] = 2_000.0
    table.tidy(NOW.date())
    assert (len(opened), len(store.slice(SERVED_PREDICTIONS).files)) == (2, 1)
    rows = store.slice(SERVED_PREDICTIONS).read()
    assert sorted(rows["request_id"].to_pylist()) == ["a", "a", "b"]
