"""Answers come to the lake every few seconds; what cannot be is told once, and loses nothing."""

import threading
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.failures import LakeError
from crash_platform.pipelines.served.keeping import EVERY_SECONDS, Keeper
from crash_platform.pipelines.served.moving import LOCK
from crash_platform.pipelines.served.spool import Spool
from crash_platform_tests.pipelines.served.counter import NOW, FakeTable, lines, numbered


class Desk:
    """A keeper and all that it says."""

    def __init__(self, folder: Path, every: float = EVERY_SECONDS, **more: Any) -> None:
        self.lines, self.now, self.table = list[str](), 0.0, FakeTable()
        self.spool = Spool(folder, numbered(), **more)
        self.keeper = Keeper(self.spool, self.table, self.lines.append, lambda: self.now, every)

    def waiting(self) -> list[Path]:
        return [path for path in self.spool.folder.iterdir() if path.name != LOCK]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_was_asked_meanwhile_comes_in_one_commit(desk: Desk) -> None:
    for name in "abc":
        desk.spool.append(lines(name))
    assert [desk.keeper.turn() for _ in range(3)] == [EVERY_SECONDS] * 3
    assert (desk.table.commits, len(desk.table.keys()), desk.lines) == (1, 3, [])


def test_a_lake_that_is_away_is_told_once_and_again_when_it_is_back(desk: Desk) -> None:
    desk.spool.append(lines("a"))
    desk.table.before += [LakeError("The lake is away.")] * 8
    waits = [desk.keeper.turn() for _ in range(8)]
    assert waits == [5, 5, 5, 5, 8, 16, 30, 30]
    assert desk.lines == ["The lake is away. Answers wait on disk; none is lost."]
    desk.now = 90.0
    assert desk.keeper.turn() == EVERY_SECONDS
    assert desk.lines[1:] == ["The lake takes answers again after 90 s."]
    assert desk.table.keys() == [("a", 0)]


def test_what_is_lost_is_told_with_its_cause_and_at_most_every_minute(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limit=0)
    for second in range(0, 121, 5):
        desk.now = float(second)
        desk.spool.append(lines("a", 2))
        desk.keeper.turn()
    assert len(desk.lines) == 3
    assert desk.lines[0].startswith("2 predictions were answered and not written down (2 since")
    assert desk.lines[2].startswith("24 predictions were answered and not written down (50 since")
    assert "wait in" in desk.lines[2]


def test_losses_are_told_while_the_lake_is_away_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limit=len(lines("a")))
    desk.table.before += [LakeError("The lake is away.")]
    desk.spool.append(lines("a"))
    desk.spool.append(lines("b"))
    desk.spool.close()
    desk.keeper.turn()
    assert ["not written down" in line for line in desk.lines] == [True, False]
    desk.keeper.turn()
    desk.keeper.turn()
    desk.spool.append(lines("c"))
    assert desk.spool.lost == 1, "there is room again"


def test_at_the_end_everything_is_in_the_lake_and_no_file_is_left(desk: Desk) -> None:
    with desk.keeper:
        desk.spool.append(lines("a", 2))
    assert desk.table.keys() == [("a", 0), ("a", 1)]
    assert desk.waiting() == []


def test_a_lake_that_is_away_at_the_end_leaves_all_to_the_next(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.table.before += [LakeError("The lake is away.")]
    desk.spool.append(lines("a"))
    desk.keeper.close()
    assert len(desk.waiting()) == 1
    following = Desk(tmp_path)
    following.keeper.close()
    assert (following.table.keys(), following.waiting()) == ([("a", 0)], [])


def test_the_thread_moves_by_itself(tmp_path: Path) -> None:
    desk, pause = Desk(tmp_path, every=0.01), threading.Event()
    with desk.keeper:
        desk.spool.append(lines("a"))
        is_moved = (bool(desk.table.commits) or pause.wait(0.01) for _ in range(1_000))
        assert any(is_moved)
    assert desk.table.keys() == [("a", 0)]


def test_the_little_files_of_a_day_are_put_together_when_they_are_many(desk: Desk) -> None:
    for number in range(100):
        desk.spool.append(lines(f"{number}"))
        desk.keeper.turn()
    assert desk.table.tidied == [NOW.date()]
