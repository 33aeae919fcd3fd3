"""A cursor says how far somebody has read, and comes back from its text; any text may come."""

import hypothesis.strategies as st
from hypothesis import given

from crash_platform.serving.live.cursor import LONGEST, Cursor, cursor_of
from crash_platform_tests.serving.live.scene import scored

names = st.text(min_size=1, max_size=6)
positions = st.dictionaries(names, st.integers(0, 2**62), max_size=5)


@given(st.integers(0, 2**62), positions)
def test_a_cursor_comes_back_from_its_text(generation: int, positions: dict[str, int]) -> None:
    cursor = Cursor(generation, positions)
    assert cursor_of(str(cursor)) == cursor
    assert str(cursor).isascii()
    assert str(cursor).isprintable()


@given(st.text() | st.from_regex(r"[0-9]+:[0-9a-z%=,]*", fullmatch=True) | st.none())
def test_any_text_is_a_cursor_or_none(text: str | None) -> None:
    cursor = cursor_of(text)
    assert cursor is None or isinstance(str(cursor), str)


def test_it_reads_as_people_would_write_it() -> None:
    assert str(Cursor(7, {"1": 40, "0": 12})) == "7:0=12,1=40"
    assert str(Cursor(0)) == "0:"
    assert cursor_of("0:") == Cursor(0)


def test_too_long_a_text_and_half_a_text_are_none() -> None:
    told = [None, "", "7", "7:0", "7:=1", "7:0=", "x:0=1", "7:0=1,", "7:0=-1", "7:0=1\n"]
    assert [cursor_of(each) for each in told] == [None] * len(told)
    assert cursor_of("7:0=1" + ",0=1" * LONGEST) is None


def test_it_covers_what_lies_at_or_before_its_position_in_the_same_hub() -> None:
    cursor = Cursor(1, {"0": 5})
    assert [cursor.covers(scored(number)) for number in (4, 5, 6)] == [True, True, False]
    assert not cursor.covers(scored(1, "1"))
    assert not cursor.covers(scored(1, hub_generation=2))
