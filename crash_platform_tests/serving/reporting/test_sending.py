"""The thread that sends: outages, refusals, an end in time, and the hub of this machine."""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.pipelines.served.lines import Asked
from crash_platform.serving.reporting.desk import open_reporting
from crash_platform.serving.reporting.form import NAMES, read_form
from crash_platform.serving.reporting.sending import IDLE_SECONDS, REFUSALS, Sender
from crash_platform.serving.reporting.visitor import Visitor
from crash_platform.settings import Settings
from crash_platform.streams.hub import LocalHub
from crash_platform.streams.log import (
    AccessDeniedError,
    Event,
    LogMissingError,
    LogUnreachableError,
    Range,
    StreamError,
)
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.opening import open_log
from crash_platform_tests.serving.reporting.office import NOW, TOLD, Office, sent

AWAY = LogUnreachableError("The hub cannot be reached: start it.")
ME = Visitor("0" * 32)


def add(office: Office, *names: str, **more: Any) -> None:
    for name in names:
        event = {"event_id": name, "event_version": 1, "crash_date": "2023-09-20", **more}
        office.outbox.add(event, "me", name)
        office.now += timedelta(milliseconds=1)


def states(office: Office) -> dict[str, str]:
    return {line.event_id: line.state for line in office.outbox.own("me")}


def test_everything_that_waits_is_sent_once(office: Office) -> None:
    add(office, "a", "b", "c")
    assert office.sender.send_waiting() == IDLE_SECONDS
    assert office.sender.send_waiting() == IDLE_SECONDS
    assert sorted(each["event_id"] for each in sent(office.hub)) == ["a", "b", "c"]
    assert set(states(office).values()) == {"sent"}


@pytest.mark.parametrize(
    "error", [AWAY, LogMissingError("No hub."), AccessDeniedError("No right.")]
)
def test_while_the_hub_is_away_nothing_is_lost_and_the_pauses_grow(
    office: Office, error: StreamError
) -> None:
    add(office, "a", "b")
    # Two calls a round where only describing is forgiven its error.
    office.hub.fail_next(error, 6)
    pauses = [office.sender.send_waiting() for _ in range(3)]
    assert pauses == [1.0, 2.0, 4.0]
    assert states(office) == {"a": "waiting", "b": "waiting"}
    assert all(office.outbox.was_tried(name, 1) for name in "ab")
    office.hub._failures.clear()
    assert office.sender.send_waiting() == IDLE_SECONDS
    assert states(office) == {"a": "sent", "b": "sent"}
    assert len(sent(office.hub)) == 2
    trouble = f"{error} Reports wait in the outbox until then."
    assert office.lines == [trouble, "Reports are sent to the hub again."]


def test_a_hub_that_took_a_report_without_saying_so_is_sent_the_same_again(office: Office) -> None:
    class Forgetful(MemoryLog):
        def publish(self, events: Sequence[Event]) -> None:
            super().publish(events)
            if self._published == 1:
                raise AWAY

    hub = Forgetful("crash-reports")
    sender = Sender(office.outbox, hub, office.lines.append)
    add(office, "a")
    sender.send_waiting()
    sender.send_waiting()
    assert sent(hub)[0] == sent(hub)[1]
    assert states(office) == {"a": "sent"}


def test_a_report_that_is_refused_again_and_again_is_given_up_and_the_others_go_on(
    office: Office,
) -> None:
    add(office, "large", padding="x" * 2**20)
    add(office, "small")
    for _ in range(REFUSALS):
        assert states(office)["large"] == "waiting"
        office.sender.send_waiting()
        office.now += timedelta(minutes=10)
    assert states(office) == {"large": "failed", "small": "sent"}
    reason = office.outbox.own("me", "large")[0].reason or ""
    assert "larger than the log" in reason
    assert office.lines == [f"The report large is refused for good: {reason}"]


def test_waiting_for_a_report_ends_when_it_was_sent_or_could_not_be(tmp_path: Path) -> None:
    office = Office(tmp_path)
    with office.sending():
        for name, error in (("a", None), ("b", AWAY)):
            if error:
                office.hub.fail_next(error, 50)
            add(office, name)
            started = time.monotonic()
            office.sender.nudge()
            office.sender.wait_for(name, 1, 5.0)
            assert office.outbox.was_tried(name, 1)
            assert time.monotonic() - started < 4
        office.hub._failures.clear()


class SilentLog(MemoryLog):
    """Takes a connection and then says nothing, until it is let go."""

    def __init__(self) -> None:
        super().__init__("crash-reports")
        self.is_asked, self.is_over = threading.Event(), threading.Event()

    def publish(self, events: Sequence[Event]) -> None:
        self.is_asked.set()
        self.is_over.wait(20)
        super().publish(events)


def test_the_thread_ends_in_time_although_the_hub_says_nothing(office: Office) -> None:
    hub = SilentLog()
    sender = Sender(office.outbox, hub, office.lines.append, closing_seconds=0.2).start()
    add(office, "a")
    sender.nudge()
    assert hub.is_asked.wait(5)
    started = time.monotonic()
    sender.close()
    assert time.monotonic() - started < 2
    assert states(office) == {"a": "waiting"}
    hub.is_over.set()
    assert sender._thread is not None
    sender._thread.join(5)
    assert states(office) == {"a": "sent"}  # what the hub took after all is noted


def test_an_idle_thread_ends_at_once(office: Office) -> None:
    office.sender.start()
    started = time.monotonic()
    office.sender.close()
    assert time.monotonic() - started < 1


def bodies(settings: Settings) -> list[bytes]:
    with closing(open_log(settings, settings.crash_hub)) as log:
        return [
            message.body
            for part in log.describe().partitions
            for batch in log.read(Range(part.partition_id, -1, part.last))
            for message in batch
        ]


def test_a_report_comes_to_the_hub_of_this_machine_also_when_that_starts_later(
    office: Office, tmp_path: Path
) -> None:
    told = read_form(dict.fromkeys(NAMES, "") | TOLD, NOW).told
    assert told is not None
    parts = (office.desk.service, office.store, lambda: NOW, office.lines.append)
    with open_reporting(Settings(home=tmp_path, hub_port=1), *parts) as desk:
        event_id = desk.take(told, "form", ME, Asked("id", "page"))
        assert desk.entry(event_id, ME).first.state == "waiting"
    assert "cannot be reached" in office.lines[0]
    with LocalHub(None, {"crash-reports": 2}) as hub:
        settings = Settings(home=tmp_path, hub_port=hub.port)
        with open_reporting(settings, *parts) as desk:
            desk.withdraw(event_id, ME)
            assert [line.state for line in desk.entry(event_id, ME).lines] == ["sent", "sent"]
        first, last = bodies(settings)
    assert json.loads(first) == told.as_event(event_id)
    assert json.loads(last) == json.loads(first) | {"event_version": 2, "is_withdrawn": True}
