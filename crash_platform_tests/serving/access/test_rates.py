"""How often a caller may ask."""

import logging
import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.serving.access.rates import Ahead, Moment, Rates, counted_at_once, wait_seconds
from crash_platform_tests.serving.access.doubles import NOON, Clock

OpenRates = Callable[[Path, Callable[[], datetime]], Rates]


@pytest.fixture
def open_rates() -> Iterator[OpenRates]:
    """Makes counts, and closes them all in the end."""
    made: list[Rates] = []

    def make(path: Path, now: Callable[[], datetime]) -> Rates:
        made.append(Rates(path, now))
        return made[-1]

    yield make
    for each in made:
        each.close()


def _taken(rates: Rates, times: int, most: int, who: str = "a") -> int:
    return sum(rates.take(who, most) is None for _ in range(times))


def test_so_many_are_allowed_and_the_next_is_told_when_to_come_back(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock = Clock()
    rates = open_rates(tmp_path / "rates.sqlite", clock.now)
    assert _taken(rates, 10, most=5) == 5
    seconds = rates.take("a", 5)
    assert seconds == 72  # a fifth of the next minute must go by
    clock.pass_by(71)
    assert rates.take("a", 5) == 1
    clock.pass_by(1)
    assert rates.take("a", 5) is None


def test_callers_do_not_share_their_counts(tmp_path: Path, open_rates: OpenRates) -> None:
    rates = open_rates(tmp_path / "rates.sqlite", Clock().now)
    assert _taken(rates, 3, most=2, who="a") == 2
    assert _taken(rates, 3, most=2, who="b") == 2


def test_a_burst_at_the_turn_of_a_minute_is_not_allowed_twice(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock = Clock(NOON + timedelta(seconds=59))
    rates = open_rates(tmp_path / "rates.sqlite", clock.now)
    assert _taken(rates, 100, most=60) == 60
    clock.pass_by(2)
    assert _taken(rates, 100, most=60) == 1
    clock.pass_by(29)
    assert _taken(rates, 100, most=60) == 29


def test_who_goes_on_at_the_allowed_pace_is_never_refused(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock = Clock()
    rates = open_rates(tmp_path / "rates.sqlite", clock.now)
    for _ in range(600):
        assert rates.take("a", 61) is None
        clock.pass_by(1)


def test_refused_requests_do_not_count(tmp_path: Path, open_rates: OpenRates) -> None:
    clock = Clock()
    rates = open_rates(tmp_path / "rates.sqlite", clock.now)
    assert _taken(rates, 1000, most=5) == 5
    clock.pass_by(120)
    assert _taken(rates, 1000, most=5) == 5


def test_a_process_that_is_late_at_the_turn_of_a_minute_counts_in_the_new_one(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    early, late = Clock(NOON), Clock(NOON - timedelta(milliseconds=5))
    one = open_rates(tmp_path / "rates.sqlite", early.now)
    other = open_rates(tmp_path / "rates.sqlite", late.now)
    assert _taken(one, 3, most=5) == 3
    assert _taken(other, 3, most=5) == 2
    assert _taken(one, 3, most=5) == 0


def test_a_clock_set_back_by_an_hour_locks_nobody_out(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock = Clock()
    rates = open_rates(tmp_path / "rates.sqlite", clock.now)
    assert _taken(rates, 6, most=5) == 5
    clock.pass_by(-3600)
    assert _taken(rates, 6, most=5) == 5


@settings(deadline=None, max_examples=60)
@given(
    most=st.integers(1, 40),
    steps=st.lists(st.floats(0, 50, allow_nan=False), min_size=1, max_size=60),
)
def test_whoever_waits_as_told_is_let_in_and_no_instant_lets_in_more(
    tmp_path_factory: pytest.TempPathFactory, most: int, steps: list[float]
) -> None:
    clock = Clock()
    rates = Rates(tmp_path_factory.mktemp("rates") / "rates.sqlite", clock.now)
    for step in steps:
        clock.pass_by(step)
        assert _taken(rates, most + 1, most) <= most
        seconds = rates.take("a", most)
        if seconds is not None:
            assert 1 <= seconds <= 120
            clock.pass_by(seconds)
            assert rates.take("a", most) is None
    rates.close()


@given(
    count=st.integers(0, 50),
    before=st.integers(0, 50),
    most=st.integers(1, 50),
    ms=st.integers(0, 59_999),
)
def test_a_wait_is_some_seconds_and_two_minutes_at_most(
    count: int, before: int, most: int, ms: int
) -> None:
    assert 1 <= wait_seconds(count, before, most, ms) <= 120


def test_a_moment_is_its_minute_and_what_has_gone_by_of_it() -> None:
    moment = Moment.of(NOON + timedelta(seconds=61.5))
    assert moment == Moment(int(NOON.timestamp()) // 60 + 1, 1500)


def _ask(path: Path, times: int, most: int) -> int:
    rates = Rates(path, Clock().now)
    taken = _taken(rates, times, most)
    assert rates.is_shared
    rates.close()
    return taken


def test_a_limit_holds_over_processes_that_start_and_ask_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    # Closed and joined: a pool that is left ends its processes by a signal, which whoever started
    # the tests may have blocked for them.
    pool = multiprocessing.get_context("spawn").Pool(3)
    taken = pool.starmap(_ask, [(path, 400, 500)] * 3)
    pool.close()
    pool.join()
    assert sum(taken) == 500


@pytest.mark.slow
def test_a_limit_of_which_some_is_counted_ahead_holds_over_processes(tmp_path: Path) -> None:
    path, most = tmp_path / "rates.sqlite", 5_000
    pool = multiprocessing.get_context("spawn").Pool(3)
    taken = pool.starmap(_ask, [(path, 4_000, most)] * 3)
    pool.close()
    pool.join()
    assert most - 3 * counted_at_once(most) < sum(taken) <= most


def test_where_much_is_allowed_exactly_that_much_is(tmp_path: Path, open_rates: OpenRates) -> None:
    rates, most = open_rates(tmp_path / "rates.sqlite", Clock().now), 3_210
    assert counted_at_once(most) == 6
    assert _taken(rates, most + 50, most) == most


def test_what_is_counted_ahead_is_let_in_without_the_file(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    rates, most = open_rates(tmp_path / "rates.sqlite", Clock().now), 5_000
    assert not rates.take_ahead("a")
    assert rates.take("a", most) is None
    for each in tmp_path.iterdir():
        each.unlink()
    assert [rates.take_ahead("a") for _ in range(11)] == [True] * 9 + [False] * 2
    assert not rates.take_ahead("b")


def test_what_was_counted_ahead_is_void_in_the_next_minute(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock = Clock()
    rates, most = open_rates(tmp_path / "rates.sqlite", clock.now), 5_000
    rates.take("a", most)
    clock.pass_by(60)
    assert not rates.take_ahead("a")
    # A tenth of what was counted in the minute before still counts, made or not.
    clock.pass_by(54)
    assert _taken(rates, most + 1, most) == most - 1


def test_where_little_is_allowed_nothing_is_counted_ahead() -> None:
    assert [counted_at_once(most) for most in (1, 600, 999, 1_000, 10**9)] == [1, 1, 1, 2, 64]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(0, 3))))
def test_nobody_makes_more_than_was_counted_for_them_in_the_minute(
    steps: list[tuple[str, int, int]],
) -> None:
    ahead, left, now = Ahead(), dict[str, int](), 0
    for who, later, count in steps:
        left = {} if later else left
        now += later
        if count:
            ahead.add(who, now, count)
            left[who] = left.get(who, 0) + count
        else:
            assert ahead.use(who, now) == (left.get(who, 0) > 0)
            left[who] = max(0, left.get(who, 0) - 1)


def test_the_file_is_for_its_owner_only(tmp_path: Path, open_rates: OpenRates) -> None:
    rates = open_rates(tmp_path / "new" / "rates.sqlite", Clock().now)
    rates.take("a", 1)
    modes = {S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {0o600}


def test_callers_of_long_ago_are_forgotten_when_the_file_is_opened(
    tmp_path: Path, open_rates: OpenRates
) -> None:
    clock, path = Clock(), tmp_path / "rates.sqlite"
    before = open_rates(path, clock.now)
    before.take("old", 1)
    before.close()
    clock.pass_by(7200)
    open_rates(path, clock.now).take("new", 1)
    with sqlite3.connect(path) as opened:
        assert opened.execute("SELECT who FROM asked").fetchall() == [("new",)]
    opened.close()


def test_without_a_usable_file_limits_hold_in_the_process_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, open_rates: OpenRates
) -> None:
    clock, path = Clock(), tmp_path / "rates.sqlite"
    path.write_bytes(b"this is no database at all" * 50)
    rates = open_rates(path, clock.now)
    assert _taken(rates, 10, most=5) == 5
    assert not rates.is_shared
    [said] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "each process counts requests by itself" in said.getMessage()
    path.unlink()
    clock.pass_by(10)
    assert rates.take("a", 5) is None
    assert rates.is_shared
    assert "over all processes again" in caplog.records[-1].getMessage()


def test_a_file_that_another_process_holds_for_long_is_given_up_soon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, open_rates: OpenRates
) -> None:
    path = tmp_path / "rates.sqlite"
    rates = open_rates(path, Clock().now)
    rates.take("a", 5)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    started = time.perf_counter()
    assert rates.take("a", 5) is None
    assert time.perf_counter() - started < 1
    assert not rates.is_shared
    assert "database is locked" in caplog.text
    holder.close()


def test_a_file_that_was_removed_is_made_anew_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, open_rates: OpenRates
) -> None:
    path = tmp_path / "rates.sqlite"
    rates = open_rates(path, Clock().now)
    assert _taken(rates, 6, most=5) == 5
    for each in tmp_path.iterdir():
        each.unlink()
    assert _taken(rates, 6, most=5) == 5
    assert path.is_file()
    assert rates.is_shared
    assert "was replaced or removed" in caplog.text
