"""Each row is told once, whatever happens to the files it lies in, and of many the newest."""

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from crash_platform.lake.failures import LakeError
from crash_platform.serving.live.tail import Tail
from crash_platform_tests.serving.live.scene import NOW, Lake, ids, row


def tail(lake: Lake, most: int = 100) -> Tail:
    return Tail(lambda: lake.store, lambda: 0.0, most)


def test_a_table_nobody_wrote_has_no_news_until_it_has(lake: Lake) -> None:
    reader = tail(lake)
    assert reader.look().rows == ()
    lake.commit(row(1))
    assert ids(reader.look().rows) == ["0-1"]
    assert reader.look().rows == ()


def test_rows_come_in_the_order_in_which_they_were_scored(lake: Lake) -> None:
    lake.commit(row(3), row(2, "1"), row(1))
    lake.commit(row(4, "1"))
    assert ids(tail(lake).look().rows) == ["0-1", "1-2", "0-3", "1-4"]


def test_within_a_partition_positions_count_even_where_a_clock_went_back(lake: Lake) -> None:
    lake.commit(row(1), row(2, scored_at=NOW - timedelta(hours=1)), row(3))
    assert ids(tail(lake).look().rows) == ["0-1", "0-2", "0-3"]


def test_putting_files_together_tells_nothing_again(lake: Lake) -> None:
    reader = tail(lake)
    for number in range(3):
        lake.commit(row(number))
    assert len(reader.look().rows) == 3
    lake.tidy()
    assert reader.look().rows == ()
    lake.commit(row(3))
    lake.tidy()
    lake.commit(row(1, "1"))
    assert ids(reader.look().rows) == ["1-1", "0-3"]


def test_of_too_many_the_newest_are_told_and_what_was_left_out_stays_so(lake: Lake) -> None:
    reader = tail(lake, most=3)
    lake.commit(*(row(number) for number in range(10)))
    lake.commit(row(1, "1"))
    news = reader.look()
    assert ids(news.rows) == ["0-7", "0-8", "0-9"]
    assert news.before is not None
    assert ids([news.before]) == ["0-6"]
    lake.tidy()
    assert reader.look().rows == ()
    lake.commit(row(20, "1"), row(21, "2"))
    assert ids(reader.look().rows) == ["1-20", "2-21"]


def test_old_files_are_not_read_where_newer_ones_hold_enough(lake: Lake) -> None:
    # Scored long ago, as far as the clock of this machine is concerned: files are told apart by it.
    lake.commit(*(row(number) for number in range(5)))
    later = timedelta(days=40_000)
    lake.commit(*(row(n, scored_at=NOW + later + timedelta(seconds=n)) for n in range(5, 9)))
    oldest = min(tail(lake)._follower.look(), key=lambda file: file.written_at)
    (lake.folder / "lake" / "gold" / "live_predictions" / oldest.path).unlink()
    assert ids(tail(lake, most=3).look().rows) == ["0-6", "0-7", "0-8"]
    with pytest.raises(LakeError, match="one of its files is gone"):
        tail(lake, most=4).look()


def test_rows_of_another_hub_are_new_however_low_their_positions(lake: Lake) -> None:
    reader = tail(lake)
    lake.commit(row(100))
    assert len(reader.look().rows) == 1
    lake.commit(row(101, sequence_number=0, hub_generation=2))
    assert ids(reader.look().rows) == ["0-101"]


def test_after_a_failure_nothing_is_lost_and_nothing_told_twice(lake: Lake) -> None:
    reader = tail(lake)
    lake.commit(row(1))
    assert len(reader.look().rows) == 1
    lake.commit(row(2))
    added = reader._follower.look()[0]
    file = lake.folder / "lake" / "gold" / "live_predictions" / added.path
    hidden = file.rename(lake.folder / "away")
    for _ in range(2):
        with pytest.raises(LakeError, match="one of its files is gone"):
            reader.look()
        reader.forget()
    hidden.rename(file)
    assert ids(reader.look().rows) == ["0-2"]
    assert reader.look().rows == ()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.sampled_from(["a", "b", "both", "tidy", "look"]), max_size=9),
)
def test_every_row_is_told_exactly_once_and_in_order(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    reader, written, told = tail(lake), list[str](), list[str]()
    for number, step in enumerate([*steps, "look"]):
        rows = {"a": [row(number)], "b": [row(number, "1")]}
        rows["both"] = rows["a"] + rows["b"]
        if step in rows:
            lake.commit(*rows[step])
            written += [each["event_id"] for each in rows[step]]
        elif step == "tidy" and written:
            lake.tidy()
        elif step == "look":
            told += ids(reader.look().rows)
    assert told == written
