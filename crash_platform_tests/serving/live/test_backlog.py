"""Who comes back gets what was missed, exactly, or is told that there was more."""

import json

import hypothesis.strategies as st
from hypothesis import given

from crash_platform.serving.live.backlog import Backlog, Entry, wire
from crash_platform.serving.live.cursor import Cursor, cursor_of
from crash_platform.serving.live.tail import News
from crash_platform_tests.serving.live.scene import ids, scored


def test_an_event_is_named_has_its_id_and_one_line_of_json() -> None:
    entries = Backlog(10).add(News((scored(1, on_street_name="A\nB\r\u2028<script>"),)))
    name, data, where, *rest = wire(entries).decode().split("\n")
    assert (name, where, rest) == ("event: report", "id: 1:0=1", ["", ""])
    assert json.loads(data.removeprefix("data: "))["on_street_name"] == "A\nB\r\u2028<script>"


def test_the_newest_come_first_and_no_more_are_held_than_said() -> None:
    backlog = Backlog(3)
    assert backlog.cursor == "0:"
    backlog.add(News(tuple(map(scored, range(5)))))
    assert ids([each.row for each in backlog.newest(2)]) == ["0-4", "0-3"]
    assert len(backlog.newest(10)) == 3
    assert backlog.cursor == "1:0=4"


def test_who_has_read_nothing_misses_only_what_is_held_no_more() -> None:
    backlog = Backlog(3)
    backlog.add(News(tuple(map(scored, range(3)))))
    since = backlog.since(Cursor(0))
    assert (ids([each.row for each in since.entries]), since.is_gap) == (
        ["0-0", "0-1", "0-2"],
        False,
    )
    backlog.add(News((scored(3),)))
    assert backlog.since(Cursor(0)).is_gap
    assert not backlog.since(Cursor(1, {"0": 0})).is_gap


def test_what_was_left_out_before_is_a_gap_for_who_has_not_read_it() -> None:
    backlog = Backlog(5)
    backlog.add(News((scored(1),)))
    backlog.add(News((scored(9),), before=scored(8)))
    assert backlog.since(Cursor(1, {"0": 1})).is_gap
    assert not backlog.since(Cursor(1, {"0": 8})).is_gap


def test_another_hub_begins_where_the_old_one_ends() -> None:
    backlog = Backlog(5)
    backlog.add(News((scored(7), scored(8, sequence_number=0, hub_generation=2))))
    since = backlog.since(Cursor(1, {"0": 7}))
    assert (ids([each.row for each in since.entries]), since.is_gap) == (["0-8"], False)
    assert backlog.cursor == "2:0=0"


partitions = st.sampled_from(["0", "1", "2"])


@given(st.lists(partitions, max_size=30), st.integers(0, 30), st.integers(1, 40))
def test_from_any_event_on_the_rest_follows_without_gap_or_repetition(
    order: list[str], read: int, most: int
) -> None:
    backlog, entries = Backlog(most), list[Entry]()
    for number, partition in enumerate(order):
        entries += backlog.add(News((scored(number, partition),)))
    read = min(read, len(entries))
    cursor = cursor_of(entries[read - 1].id) if read else Cursor(0)
    assert cursor is not None
    since = backlog.since(cursor)
    unread = [each.id for each in entries[read:]]
    assert [each.id for each in since.entries] == unread[-most:]
    assert since.is_gap == (len(unread) > most)
