"""Writers at the same time: every row is there exactly once afterwards, whoever had to wait."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

import pyarrow as pa
import pytest

from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import EmptyDayError, LakeError, Store
from crash_platform_tests.lake.things import THINGS, day, days, frame, held, store_in, things

ROUNDS = 5
PLACES: dict[str, Callable[[int], int]] = {
    "the same day": lambda writer: 0,
    "days of one month": lambda writer: 2 + writer,
    "months": lambda writer: 31 * writer,
}


def write_rounds(folder: str, place: str, writer: int) -> list[int]:
    """Replace the writer's day a few times; the ids it wrote last."""
    store, number = Store(Location(folder)), PLACES[place](writer)
    for round_ in range(ROUNDS):
        ids = [1000 * writer + 10 * round_ + n for n in (0, 1)]
        store.replace(THINGS, days(number), frame(*((number, i) for i in ids)))
    return ids


def expected(place: str, last: list[list[int]], found: dict[date, list[int]]) -> bool:
    if place == "the same day":
        return found in [{day(0): ids} for ids in last]
    return found == {day(PLACES[place](writer)): ids for writer, ids in enumerate(last)}


@pytest.mark.parametrize("place", PLACES)
def test_three_threads_end_with_exact_rows(place: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        last = list(pool.map(lambda w: write_rounds(str(tmp_path), place, w), range(3)))
    store = store_in(tmp_path)
    assert expected(place, last, held(store)), held(store)
    assert store.version(THINGS) == 3 * ROUNDS


def test_two_processes_end_with_exact_rows(tmp_path: Path) -> None:
    place, folder = "days of one month", str(tmp_path)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        jobs = [pool.submit(write_rounds, folder, place, writer) for writer in range(2)]
        last = [job.result(timeout=120) for job in jobs]
    assert expected(place, last, held(store_in(folder)))


def test_e4_a_replacement_overtaken_by_another_is_run_again_from_the_start(store: Store) -> None:
    """The frame is opened anew, and the guard looks at the rows of that moment."""
    store.replace(THINGS, days(0, 1), frame((0, 1), (1, 2)))
    opened: list[object] = []

    def overtaken() -> pa.RecordBatchReader:
        if not opened:
            store.replace(THINGS, days(0), frame((0, 50)))
        opened.append(held(store)[day(0)])
        return things((0, 9)).to_reader()

    commit = store.replace(THINGS, days(0), Frame(THINGS.schema, overtaken))
    assert opened == [[50], [50]]
    assert (commit.version, held(store)) == (3, {day(0): [9], day(1): [2]})


def test_e4_rows_that_came_meanwhile_are_not_emptied_unseen(store: Store) -> None:
    """The day was empty when the replacement looked, and had rows when it wanted to commit."""
    store.replace(THINGS, days(1), frame((1, 2)))
    opened: list[object] = []

    def overtaken() -> pa.RecordBatchReader:
        if not opened:
            store.replace(THINGS, days(0), frame((0, 50)))
        opened.append(1)
        return things().to_reader()

    with pytest.raises(EmptyDayError):
        store.replace(THINGS, days(0), Frame(THINGS.schema, overtaken))
    assert held(store) == {day(0): [50], day(1): [2]}


def test_e5_a_write_elsewhere_does_not_make_a_replacement_run_again(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    opened: list[object] = []

    def meanwhile() -> pa.RecordBatchReader:
        opened.append(1)
        store.replace(THINGS, days(90), frame((90, 90)))
        return things((0, 9)).to_reader()

    store.replace(THINGS, days(0), Frame(THINGS.schema, meanwhile))
    assert (len(opened), held(store)) == (1, {day(0): [9], day(90): [90]})


def test_a_replacement_that_is_always_overtaken_says_so(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    waits: list[float] = []
    patient = Store(store.location, attempts=3, sleep=waits.append)

    def overtaken() -> pa.RecordBatchReader:
        store.replace(THINGS, days(0), frame((0, 50 + len(waits))))
        return things((0, 9)).to_reader()

    with pytest.raises(LakeError, match="changed by others in each of 3 attempts"):
        patient.replace(THINGS, days(0), Frame(THINGS.schema, overtaken))
    assert (len(waits), held(store)) == (2, {day(0): [52]})


def test_writers_who_make_the_table_at_once_make_one(tmp_path: Path) -> None:
    meeting = Barrier(4)

    def write(writer: int) -> None:
        store = Store(Location(str(tmp_path / "lake")))
        rows = frame((writer, writer))
        meeting.wait(10)
        store.replace(THINGS, days(writer), rows)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    store = store_in(tmp_path / "lake")
    assert held(store) == {day(n): [n] for n in range(4)}
    delta = store.delta(THINGS)
    assert delta
    assert [entry["operation"] for entry in delta.history()].count("CREATE TABLE") == 1


def test_e6_many_appends_at_once_all_arrive(tmp_path: Path) -> None:
    store = Store(Location(str(tmp_path)))
    store.replace(THINGS, days(0), frame((0, 0)))

    def append(writer: int) -> None:
        for number in range(1, 6):
            store.append_once(THINGS, frame((1, 10 * writer + number)), f"app-{writer}", number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(append, range(6)))
    assert held(store)[day(1)] == sorted(10 * w + n for w in range(6) for n in range(1, 6))
