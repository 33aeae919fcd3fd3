"""What a worker tells and prints of what it did."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from crash_platform.pipelines.reports.live.account import Account
from crash_platform.pipelines.reports.live.worker import Worker
from crash_platform_tests.pipelines.reports.live.newsroom import (
    NOW,
    TODAY,
    Newsroom,
    Until,
    told,
)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def test_figures_are_told_by_day_and_only_of_what_is_new(room: Newsroom) -> None:
    room.publish(told("a"), told("b", crash_date="2023-09-19"), b"", told("a"))
    room.once()
    first = room.figures[-1]
    assert sum((dict(each.rows_of_days).get(TODAY, 0)) for each in room.figures) == 1
    assert first.scored_total == 2
    assert (first.duplicates, dict(first.poison), first.withdrawn) == (1, {"empty": 1}, 0)
    assert (first.latency_ms, first.lag) == ((40.0, 40.0), 0)
    assert dict(first.model_versions) == {"first_report": 7, "full_report": 7}
    days = {day for each in room.figures for day in each.rows_of_days}
    assert days == {TODAY, date(2023, 9, 19)}


def test_figures_are_kept_until_somebody_takes_note_of_them(room: Newsroom) -> None:
    room.is_dagster_away = True
    room.publish(told("a"))
    step = 0

    def until() -> bool:
        nonlocal step
        if room.is_all_scored():
            step += 1
            if step == 5:
                room.is_dagster_away = False
                room.publish(told("b"))
        return step > 5 and room.is_all_scored()

    room.follow(until)
    assert sum("Dagster cannot take note" in line for line in room.lines) == 1
    assert sum(sum(each.rows_of_days.values()) for each in room.figures) == 2


def test_one_line_now_and_then_says_what_was_done_since_the_last(room: Newsroom) -> None:
    room.publish(*(told(f"{n}") for n in range(10)))
    worker = Worker(room.desk(Until(room.is_all_scored), say_every=0.0), "live")
    worker.run()
    assert room.lines[1].startswith("10 scored (40 ms at the median")
    assert room.lines[1].endswith("0 wait.")
    assert len(room.lines) == 3


def test_latencies_are_those_of_rows_from_the_hub_to_the_commit() -> None:
    account = Account()
    account.latencies.extend(float(n) for n in range(1, 101))
    assert account.latency() == (50.0, 99.0)
    assert Account().latency() == (0.0, 0.0)


def test_the_clock_of_the_hub_may_be_ahead(room: Newsroom) -> None:
    room.now = NOW
    room.publish(told("a"))
    room.now = datetime(2023, 9, 20, 16, 29, 59, tzinfo=UTC)
    room.follow()
    np.testing.assert_allclose(room.rows()[0]["latency_ms"], -960.0)
