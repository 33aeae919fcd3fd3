"""The stream at the real server: order, coming back, slow clients, revoked keys, the end."""

import http.client
import json
import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from crash_platform.serving.guarding import AccessError
from crash_platform_tests.serving.asking import StrictGuard, problem
from crash_platform_tests.serving.live.scene import (
    NOW,
    QUICK,
    Lake,
    Listening,
    Scene,
    listening,
    row,
    wait_for,
)
from crash_platform_tests.serving.serving_at import serving

READER = {"Cookie": "crash_platform_key=reader"}


def test_reports_come_as_named_events_with_ids_as_they_are_scored(scene: Scene) -> None:
    scene.lake.commit(row(0))
    with serving(scene.app) as port, listening(port) as one:
        assert one.answer.status == 200
        assert one.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert one.answer.headers["Cache-Control"] == "no-store"
        beginning = next(one.events)
        assert (beginning.retry, beginning.id) == (3000, "1:0=0")
        scene.lake.commit(row(1), row(2, "1"))
        first = one.until("report")
        assert (first.id, first.data["event_id"]) == ("1:0=1", "0-1")
        assert first.data["shown"]["place"] == "Staten Island"
        assert one.until("report").id == "1:0=1,1=2"
        scene.live.close()


def test_a_stream_without_news_says_that_all_is_well(scene: Scene) -> None:
    with serving(scene.app) as port, listening(port) as one:
        for _ in range(3):
            beat = one.until("beat")
            assert beat.comments == ["alive"]
            assert beat.data == {
                "at": NOW.isoformat(timespec="milliseconds")[:-6] + "Z",
                "is_reading": True,
            }
        scene.live.close()


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(scene: Scene) -> None:
    scene.lake.commit(row(0))
    with serving(scene.app) as port:
        with listening(port) as one:
            scene.lake.commit(row(1))
            assert one.reports(1) == ["0-1"]
            left_at = one.last_id
        scene.lake.commit(row(2), row(3, "1"))
        scene.lake.tidy()
        assert left_at is not None
        with listening(port, Last_Event_ID=left_at) as again:
            assert again.reports(2) == ["0-2", "1-3"]
            scene.lake.commit(row(4))
            assert again.reports(1) == ["0-4"]
        with listening(port, f"/live/events?after={left_at}") as other:
            assert other.reports(3) == ["0-2", "1-3", "0-4"]
        scene.live.close()


def test_a_process_that_is_younger_than_the_cursor_goes_on_all_the_same(lake: Lake) -> None:
    before, after = Scene(lake), Scene(lake)
    lake.commit(row(0), row(1))
    with before.live, serving(before.app) as port:
        with listening(port, "/live/events?after=0:") as one:
            assert one.reports(2) == ["0-0", "0-1"]
            left_at = str(one.last_id)
        before.live.close()
    lake.commit(row(2))
    with after.live, serving(after.app) as port, listening(port, Last_Event_ID=left_at) as one:
        assert one.reports(1) == ["0-2"]
        after.live.close()


def test_who_was_away_too_long_is_told_of_the_gap(lake: Lake) -> None:
    scene = Scene(lake, pace=replace(QUICK, backlog=3))
    lake.commit(*(row(number) for number in range(9)))
    with serving(scene.app) as port, listening(port, Last_Event_ID="1:0=2") as one:
        names = [next(one.events).name for _ in range(3)]
        assert names == ["message", "gap", "report"]
        assert one.reports(2) == ["0-7", "0-8"]
        scene.live.close()


@pytest.mark.parametrize("told", ["nonsense", "9" * 9_000, "1:0=99999999999999999999", "7:0=%"])
def test_a_cursor_that_is_none_begins_with_what_comes(scene: Scene, told: str) -> None:
    scene.lake.commit(row(0))
    with serving(scene.app) as port, listening(port, Last_Event_ID=told) as one:
        assert next(one.events).id == "1:0=0"
        scene.lake.commit(row(1))
        assert one.reports(1) == ["0-1"]
        scene.live.close()


@pytest.mark.slow
def test_all_who_listen_get_everything_once(scene: Scene) -> None:
    told: dict[int, list[str]] = {}

    def listen(port: int, number: int) -> None:
        with listening(port, "/live/events?after=0:") as one:
            told[number] = one.reports(30)

    with serving(scene.app) as port:
        threads = [threading.Thread(target=listen, args=(port, each)) for each in range(6)]
        for thread in threads:
            thread.start()
        for number in range(30):
            scene.lake.commit(row(number, str(number % 3)))
            if number % 10 == 9:
                scene.lake.tidy()
        for thread in threads:
            thread.join(20)
        scene.live.close()
    expected = [f"{number % 3}-{number}" for number in range(30)]
    assert told == dict.fromkeys(range(6), expected)


def test_who_leaves_is_forgotten_at_once_and_written_down_once(scene: Scene) -> None:
    with serving(scene.app) as port:
        with listening(port) as one:
            one.until("beat")
            assert scene.live.listening == 1
        wait_for(lambda: scene.live.listening == 0)
        wait_for(lambda: bool(scene.api.lines))
    (line,) = scene.api.lines
    assert " GET /live/events 200 " in line


def test_one_too_many_is_told_when_to_come_again(lake: Lake) -> None:
    scene = Scene(lake, pace=replace(QUICK, listeners=2))
    with serving(scene.app) as port, listening(port) as one, listening(port) as two:
        one.until("beat")
        two.until("beat")
        refused = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        refused.request("GET", "/live/events")
        answer = refused.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert json.loads(answer.read())["error"]["code"] == "too_many_listeners"
        refused.close()
        one.close()
        wait_for(lambda: scene.live.listening == 1)
        with listening(port) as three:
            three.until("beat")
        scene.live.close()


def stalled(port: int) -> socket.socket:
    """Somebody who listens and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /live/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


@pytest.mark.slow
def test_who_does_not_read_is_cut_off_and_holds_up_nobody(lake: Lake) -> None:
    scene = Scene(lake, pace=replace(QUICK, waiting=20))
    filler = ["x" * 100] * 20
    with serving(scene.app) as port, stalled(port), listening(port) as reader:
        wait_for(lambda: scene.live.listening == 2)
        told, number = list[str](), 0
        while scene.live.listening == 2:
            rows = [row(number + each, contributing_factors=filler) for each in range(20)]
            lake.commit(*rows)
            number += 20
            told += reader.reports(20)
            assert number < 40_000, "it was never cut off"
        assert told == [f"0-{each}" for each in range(number)]
        scene.live.close()


def test_who_reads_too_slowly_is_told_of_the_gap_and_goes_on_from_now(lake: Lake) -> None:
    scene = Scene(lake, pace=replace(QUICK, waiting=5, backlog=50))
    with serving(scene.app) as port, listening(port, "/live/events?after=0:") as one:
        one.until("beat")
        lake.commit(*(row(number) for number in range(6)))
        gap = one.until("gap")
        assert gap.id == "1:0=5"
        assert one.rest() == []
        scene.live.close()


def test_who_is_not_let_in_gets_no_stream(lake: Lake) -> None:
    scene = Scene(lake, guard=StrictGuard())
    assert problem(scene.api.get("/live/events"))[0] == 401
    assert problem(scene.api.get("/live/events", headers={"Cookie": "crash_platform_key=x"})) == (
        403,
        "forbidden",
    )
    assert scene.live.listening == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_takes_nobody_s_place(scene: Scene, site: str) -> None:
    refused = scene.api.get("/live/events", headers={"Sec-Fetch-Site": site})
    assert problem(refused) == (403, "cross_site")


@pytest.mark.parametrize(
    ("error", "is_ended"),
    [
        (AccessError("unauthorized", "A key is needed."), True),
        (AccessError("forbidden", "Not a reader's."), True),
        (AccessError("unavailable", "Keys cannot be read."), True),
        (AccessError("too_many_requests", "Later.", 3), False),
    ],
)
def test_a_stream_ends_soon_after_its_key_was_revoked(
    lake: Lake, error: AccessError, is_ended: bool
) -> None:
    guard = StrictGuard()
    scene = Scene(lake, guard=guard)
    with serving(scene.app) as port, listening(port, **READER) as one:
        one.until("beat")
        guard.error = error
        asked = len(guard.asked)
        wait_for(lambda: len(guard.asked) >= asked + 1)
        if is_ended:
            assert {event.name for event in one.rest()} <= {"beat"}
        else:
            lake.commit(row(1))
            assert one.reports(1) == ["0-1"]
        scene.live.close()


class BrokenGuard(StrictGuard):
    """Has a bug from the second request on."""

    def admit(self, authorization: str | None, role: Any, client: str) -> None:
        super().admit(authorization, role, client)
        if len(self.asked) > 1:
            raise ZeroDivisionError("a bug")


def test_a_bug_of_the_guard_ends_the_stream_and_is_written_down(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(lake, guard=BrokenGuard())
    with serving(scene.app) as port:
        with listening(port, **READER) as one:
            one.rest()
        wait_for(lambda: len(scene.api.lines) == 2)
    assert scene.api.lines[0].startswith("ZeroDivisionError in request id-0")
    assert " GET /live/events 200 " in scene.api.lines[1]


def test_close_ends_all_streams_at_once_even_of_who_does_not_read(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    clients = list[Listening]()
    with serving(scene.app) as port:
        clients += [Listening(port) for _ in range(5)]
        for one in clients:
            one.until("beat")
        wait_for(lambda: scene.live.listening == 5)
        scene.live.close()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    for one in clients:
        assert {event.name for event in one.rest()} <= {"beat"}
        one.close()
    assert sum(" GET /live/events 200 " in line for line in scene.api.lines) == 5
    assert caplog.text == ""


def test_once_closed_it_takes_nobody_and_closing_again_is_fine(scene: Scene) -> None:
    scene.live.close()
    scene.live.close()
    with serving(scene.app) as port:
        refused = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        refused.request("GET", "/live/events")
        assert refused.getresponse().status == 503
        refused.close()


def test_while_the_table_cannot_be_read_the_stream_says_so_and_then_goes_on(scene: Scene) -> None:
    table = scene.lake.folder / "lake" / "gold" / "live_predictions"
    scene.lake.commit(row(0))
    with serving(scene.app) as port, listening(port) as one:
        assert one.until("beat").data["is_reading"]
        hidden = table / "away"
        file = next(table.glob("crash_month=*/*.parquet"))
        before = set(table.glob("crash_month=*/*.parquet"))
        scene.live._looking.acquire()
        scene.lake.commit(row(1))
        (file,) = set(table.glob("crash_month=*/*.parquet")) - before
        file.rename(hidden)
        scene.live._looking.release()
        while one.until("beat").data["is_reading"]:
            pass
        assert problem(scene.api.get("/live"))[0] == 503
        hidden.rename(file)
        assert one.reports(1) == ["0-1"]
        assert one.until("beat").data["is_reading"]
        scene.live.close()
    said = [line for line in scene.lines if "live feed" in line]
    assert [line.split(":")[0].split(" after")[0] for line in said] == [
        "The live feed stands still",
        "The live feed goes on",
    ]
