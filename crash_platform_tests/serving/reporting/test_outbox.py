"""What is kept survives, goes out once per lease, and is forgotten in time."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.serving.reporting.outbox import LEASE, NotYoursError, Outbox, OutboxError

NOW = datetime(2023, 9, 20, 16, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **more: float) -> None:
        self.now += timedelta(**more)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Outbox:
    return Outbox(tmp_path / "box" / "web_reports.sqlite", clock)


def event(event_id: str, **more: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_version": 1, "crash_date": "2023-09-20", **more}


def taken(outbox: Outbox) -> list[tuple[str, int]]:
    found = []
    while (parcel := outbox.take()) is not None:
        found.append((parcel.event_id, parcel.version))
    return found


def test_reports_go_out_in_the_order_they_came(outbox: Outbox, clock: Clock) -> None:
    for name in ("b", "a", "c"):
        outbox.add(event(name), "me", name)
        clock.tick(seconds=1)
    assert taken(outbox) == [("b", 1), ("a", 1), ("c", 1)]


def test_a_borough_is_the_key_and_else_the_id(outbox: Outbox) -> None:
    outbox.add(event("a", borough="QUEENS"), "me", "1")
    outbox.add(event("b"), "me", "2")
    parcels = {each.event_id: each.key for each in (outbox.take(), outbox.take()) if each}
    assert parcels == {"a": "QUEENS", "b": "b"}


def test_what_a_dead_process_had_taken_is_taken_again_after_its_lease(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add(event("a"), "me", "1")
    assert taken(outbox) == [("a", 1)]
    clock.tick(seconds=LEASE.total_seconds() - 1)
    assert taken(outbox) == []
    clock.tick(seconds=2)
    assert taken(outbox) == [("a", 1)]


def test_of_many_processes_each_report_is_taken_by_one(outbox: Outbox) -> None:
    for number in range(40):
        outbox.add(event(f"{number}"), "me", f"{number}")
    boxes = [Outbox(outbox.path, lambda: NOW) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = [each for some in pool.map(taken, boxes) for each in some]
    assert sorted(found) == sorted((f"{number}", 1) for number in range(40))


def test_the_same_form_that_says_the_same_is_one_report(outbox: Outbox) -> None:
    assert outbox.add(event("a"), "me", "form") == "a"
    assert outbox.add(event("b"), "me", "form") == "a"
    assert outbox.add(event("c"), "another", "form") == "c"
    assert [line.event_id for line in outbox.own("me")] == ["a"]


def test_the_same_form_sent_at_once_by_many_is_one_report(outbox: Outbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda n: outbox.add(event(f"{n}"), "me", "form"), range(16)))
    assert len(ids) == 1


def test_a_withdrawal_is_the_next_version_and_comes_once(outbox: Outbox) -> None:
    outbox.add(event("a", borough="QUEENS"), "me", "1")
    assert outbox.withdraw("a", "me") == 2
    assert outbox.withdraw("a", "me") is None
    first, last = outbox.own("me", "a")
    assert last.told == first.told | {"event_version": 2, "is_withdrawn": True}
    assert (first.is_withdrawal, last.is_withdrawal) == (False, True)
    assert taken(outbox) == [("a", 1), ("a", 2)]


def test_nobody_takes_back_or_sees_what_another_sent(outbox: Outbox) -> None:
    outbox.add(event("a"), "me", "1")
    with pytest.raises(NotYoursError):
        outbox.withdraw("a", "another")
    assert outbox.own("another") == outbox.own("another", "a") == []


def test_what_was_refused_comes_again_later_or_never(outbox: Outbox, clock: Clock) -> None:
    outbox.add(event("a"), "me", "1")
    parcel = outbox.take()
    assert parcel is not None
    outbox.refused(parcel, "too large", timedelta(seconds=10))
    assert taken(outbox) == []
    clock.tick(seconds=11)
    again = outbox.take()
    assert again is not None
    assert again.attempts == 1
    outbox.refused(again, "too large", None)
    clock.tick(days=1)
    assert taken(outbox) == []
    (line,) = outbox.own("me")
    assert (line.state, line.reason, line.attempts) == ("failed", "too large", 2)


def test_settled_reports_are_forgotten_after_90_days_and_waiting_ones_never(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add(event("waits"), "me", "1")
    outbox.add(event("sent"), "me", "2")
    for parcel in (outbox.take(), outbox.take()):
        assert parcel is not None
        if parcel.event_id == "sent":
            outbox.sent(parcel)
    clock.tick(days=91)
    Outbox(outbox.path, clock)
    assert [line.event_id for line in outbox.own("me")] == ["waits"]


def test_a_visitor_keeps_so_many_reports_and_no_more(tmp_path: Path, clock: Clock) -> None:
    outbox = Outbox(tmp_path / "few.sqlite", clock, most_of_visitor=3)
    for number in range(6):
        outbox.add(event(f"{number}"), "me", f"{number}")
        parcel = outbox.take()
        assert parcel is not None
        outbox.sent(parcel)
        clock.tick(seconds=1)
    outbox.add(event("other"), "another", "1")
    assert [line.event_id for line in outbox.own("me")] == ["3", "4", "5"]
    assert [line.event_id for line in outbox.own("another")] == ["other"]


def test_what_waits_is_not_forgotten_for_newer_reports(tmp_path: Path, clock: Clock) -> None:
    outbox = Outbox(tmp_path / "few.sqlite", clock, most_of_visitor=1)
    for number in range(3):
        outbox.add(event(f"{number}"), "me", f"{number}")
    assert taken(outbox) == [("0", 1), ("1", 1), ("2", 1)]


def test_a_flood_that_nobody_takes_away_is_refused(tmp_path: Path, clock: Clock) -> None:
    outbox = Outbox(tmp_path / "few.sqlite", clock, most_waiting=2)
    outbox.add(event("a"), "me", "1")
    outbox.add(event("b"), "me", "2")
    with pytest.raises(OutboxError, match="wait for the hub"):
        outbox.add(event("c"), "me", "3")
    with pytest.raises(OutboxError, match="wait for the hub"):
        outbox.withdraw("a", "me")
    assert [line.event_id for line in outbox.own("me")] == ["a", "b"]


def test_strange_texts_are_kept_as_they_are(outbox: Outbox) -> None:
    nasty = "'); DROP TABLE outbox; -- \"\U0001f600\\u0000"
    outbox.add(event(nasty, on_street_name=nasty), nasty, nasty)
    (line,) = outbox.own(nasty, nasty)
    assert line.told["on_street_name"] == nasty


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "web_reports.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(OutboxError, match=r"web_reports\.sqlite cannot be used"):
        Outbox(path, lambda: NOW)


def test_nobody_else_may_read_the_file(outbox: Outbox) -> None:
    assert outbox.path.stat().st_mode & 0o077 == 0


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from crash_platform.serving.reporting.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), lambda: datetime.now(UTC))
outbox.add({"event_id": "a", "event_version": 1, "crash_date": "2023-09-20"}, "me", "1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "web_reports.sqlite"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    assert taken(Outbox(path, lambda: datetime.now(UTC))) == [("a", 1)]
