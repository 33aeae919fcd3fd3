"""Answers are made once, as long as there is room and time."""

from threading import Barrier, Thread

import pyarrow as pa
import pytest

from crash_platform.serving.dashboards.remembering import Memory


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def rows(count: int) -> pa.Table:
    return pa.table({"n": pa.array(range(count), pa.int64())})


def test_an_answer_is_made_once() -> None:
    memory, numbers = Memory(Clock()), iter(range(9))
    assert [memory.get("a", lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
    assert memory.get("b", lambda: next(numbers)) == 1


def test_an_answer_is_made_anew_after_its_time() -> None:
    clock = Clock()
    memory = Memory(clock, seconds=10)
    assert memory.get("a", lambda: "old") == "old"
    clock.now = 9.9
    assert memory.get("a", lambda: "new") == "old"
    clock.now = 10.0
    assert memory.get("a", lambda: "new") == "new"


def test_what_was_not_asked_for_longest_leaves_when_there_are_too_many() -> None:
    memory = Memory(Clock(), most_answers=2)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda: "first")
    found = {key: memory.get(key, lambda: "again") for key in ("c", "a")}
    assert found == {"c": "first", "a": "first"}
    assert memory.get("b", lambda: "again") == "again"


def test_tables_are_kept_as_long_as_there_is_room_for_their_bytes() -> None:
    memory = Memory(Clock(), most_bytes=8 * 10)
    memory.get("small", lambda: rows(4))
    memory.get("also small", lambda: rows(6))
    assert memory.get("small", lambda: rows(1)).num_rows == 4
    memory.get("one more", lambda: rows(1))
    assert memory.get("small", lambda: rows(1)).num_rows == 4
    assert memory.get("also small", lambda: rows(1)).num_rows == 1


def test_what_is_larger_than_the_room_is_answered_and_not_kept() -> None:
    memory = Memory(Clock(), most_bytes=8)
    assert memory.get("large", lambda: rows(5)).num_rows == 5
    assert memory.get("large", lambda: rows(6)).num_rows == 6


def test_an_error_is_raised_and_not_kept() -> None:
    memory = Memory(Clock())

    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        memory.get("a", fail)
    assert memory.get("a", lambda: "answer") == "answer"


def test_threads_that_ask_at_once_leave_its_count_of_bytes_right() -> None:
    memory, barrier = Memory(Clock(), most_bytes=8 * 100), Barrier(4)

    def make() -> pa.Table:
        barrier.wait(5)
        return rows(90)

    threads = [Thread(target=memory.get, args=("same", make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory.get("other", lambda: rows(10))
    assert memory.get("same", lambda: rows(1)).num_rows == 90
