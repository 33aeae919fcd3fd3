"""What was scored is known from the table, however little of it is kept in memory."""

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crash_platform.lake.contract import Window
from crash_platform.pipelines.reports.live.remembering import Remembered
from crash_platform_tests.pipelines.reports.live.newsroom import TODAY


class Table:
    """What was scored, and which windows of it were read."""

    def __init__(self) -> None:
        self.rows: set[tuple[date, str, int]] = set()
        self.read: list[Window] = []

    def scored(self, window: Window) -> Iterator[tuple[date, str, int]]:
        self.read.append(window)
        return iter([row for row in self.rows if row[0] in window])


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def test_the_last_week_is_read_at_once_and_another_day_when_it_is_asked_for() -> None:
    table = Table()
    table.rows = {(day(3), "a", 1), (day(40), "b", 2)}
    known = Remembered(table.scored, TODAY)
    assert known.has(day(3), "a", 1)
    assert known.has(day(40), "b", 2)
    assert not known.has(day(40), "b", 1)
    assert table.read == [Window(day(7), day(-1)), Window(day(40), day(40))]


def test_a_version_that_moved_to_another_day_is_known_too() -> None:
    table = Table()
    table.rows = {(day(3), "a", 1)}
    assert Remembered(table.scored, TODAY).has(day(0), "a", 1)


def test_of_too_many_reports_the_days_not_asked_for_longest_are_forgotten() -> None:
    table = Table()
    table.rows = {(day(ago), f"{ago}-{n}", 1) for ago in range(30) for n in range(10)}
    known = Remembered(table.scored, TODAY, most=50)
    for ago in range(30):
        assert known.has(day(ago), f"{ago}-3", 1)
        known.forget()
        assert len(known) <= 50
    assert known.has(day(0), "0-3", 1)


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc"), st.integers(1, 2))))
def test_however_little_is_kept_a_version_of_a_day_is_news_once(
    deliveries: list[tuple[int, str, int]],
) -> None:
    table = Table()
    known = Remembered(table.scored, TODAY, most=3)
    news = []
    for ago, name, version in deliveries:
        event_id = f"{name}{ago}"
        if not known.has(day(ago), event_id, version):
            news.append((day(ago), event_id, version))
            table.rows.add(news[-1])
            known.add(*news[-1])
        known.forget()
    assert sorted(news) == sorted({(day(ago), f"{name}{ago}", v) for ago, name, v in deliveries})
