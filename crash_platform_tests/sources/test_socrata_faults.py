"""What a portal may do wrong: passing faults cost a wait, lasting ones are one sentence."""

import json
import socket

import httpx
import pytest

from crash_platform.sources.socrata import SocrataClient, SocrataDataset
from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataQueryError,
    SocrataUnavailableError,
)
from crash_platform_tests.sources.socrata_cases import Waits, all_keys, client_of, crashes, keys
from crash_platform_tests.sources.socrata_server import (
    DROPPED,
    DROPPED_IN_BODY,
    TRUNCATED,
    Fault,
    SocrataServer,
    html_page,
    refusing,
    saying,
)

PASSING = [
    refusing(429),
    refusing(500),
    refusing(503),
    refusing(202),
    DROPPED,
    DROPPED_IN_BODY,
    TRUNCATED,
    html_page(),
    saying(b'{"error": true, "message": "busy"}'),
    saying(b'[{"collision_id": "1"}, 2]'),
    saying(b"\xff\xfe["),
    saying(b"[" * 200_000),
    saying(b""),
    Fault(content_type="text/csv"),
    Fault(headers=(("Content-Encoding", "gzip"),)),
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_costs_a_wait_and_no_record(portal: SocrataServer, fault: Fault) -> None:
    portal.faults.extend([fault, fault])
    waits = Waits()
    with client_of(portal, waits=waits) as client:
        assert all_keys(client) == keys(crashes(25))
    assert waits.seconds == [0.75, 1.5]


@pytest.mark.parametrize("fault", PASSING)
def test_a_lasting_fault_is_one_sentence_and_never_data(
    portal: SocrataServer, fault: Fault
) -> None:
    portal.faults.extend([fault] * 5)
    waits = Waits()
    with (
        client_of(portal, waits=waits) as client,
        pytest.raises(SocrataUnavailableError) as failure,
    ):
        all_keys(client)
    assert len(portal.requests) == 5
    assert waits.seconds == [0.75, 1.5, 3.0, 6.0]
    said = str(failure.value)
    assert said.startswith("Socrata at 127.0.0.1:")
    assert "in 5 attempts (last: " in said
    assert f"status {fault.status}" in said or "Error: " in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "answer", [b"[]", b'[{"count": "many"}]', b'[{"n": "3"}]', b'[{"count":"1"},{"count":"2"}]']
)
def test_a_count_that_is_none_is_asked_for_again(portal: SocrataServer, answer: bytes) -> None:
    portal.faults.append(saying(answer))
    with client_of(portal) as client:
        assert client.count(None) == 25


def test_a_silent_portal_counts_as_lost_after_the_timeout(portal: SocrataServer) -> None:
    portal.faults.append(Fault(wait_seconds=5))
    waits = Waits()
    with client_of(portal, waits=waits, timeout_seconds=0.1) as client:
        assert client.count(None) == 25
    assert waits.seconds == [0.75]


@pytest.mark.parametrize(
    ("wish", "least"),
    [("7", 7.0), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:30 GMT", 0.0), ("soon", 0.75), ("-5", 0.75)],
)
def test_the_portal_s_wish_to_be_asked_later_is_honoured(
    portal: SocrataServer, wish: str, least: float
) -> None:
    portal.faults.append(refusing(429, retry_after=wish))
    waits = Waits()
    with client_of(portal, waits=waits) as client:
        assert client.count(None) == 25
    assert len(waits.seconds) == 1
    assert waits.seconds[0] >= least


def test_a_wished_date_counts_from_the_portal_s_own_clock() -> None:
    answers = iter(
        [
            httpx.Response(
                503,
                headers={
                    "Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT",
                    "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
                },
            ),
            httpx.Response(200, json=[{"count": "4"}]),
        ]
    )
    waits = Waits()
    dataset = SocrataDataset("https://portal.example", "h9gi-nx95")
    transport = httpx.MockTransport(lambda _: next(answers))
    with SocrataClient(dataset, transport=transport, sleep=waits, jitter=lambda: 0.0) as client:
        assert client.count(None) == 4
    assert waits.seconds == [30.0]


def test_a_wish_for_more_than_five_minutes_ends_the_run_at_once(portal: SocrataServer) -> None:
    portal.faults.append(refusing(429, retry_after="3600"))
    with (
        client_of(portal) as client,
        pytest.raises(SocrataUnavailableError, match=r"1 attempt .*in 3600 s"),
    ):
        client.count(None)
    assert len(portal.requests) == 1


def test_a_mirror_that_ignores_the_limit_is_refused(portal: SocrataServer) -> None:
    portal.faults.append(saying(json.dumps(crashes(11)).encode()))
    with client_of(portal) as client, pytest.raises(SocrataAnswerError, match="does not honour"):
        next(client.pages(None))


def test_a_host_that_does_not_answer_is_named_with_the_attempts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        dataset = SocrataDataset(f"http://127.0.0.1:{port}", "h9gi-nx95")
        waits = Waits()
        with (
            SocrataClient(dataset, sleep=waits) as client,
            pytest.raises(SocrataUnavailableError, match=rf":{port} gave no usable .* 5 attempts"),
        ):
            client.count(None)
    assert len(waits.seconds) == 4


def test_a_long_or_broken_message_is_quoted_in_one_short_line(portal: SocrataServer) -> None:
    portal.faults.append(refusing(400, message="line\n" * 1000))
    with client_of(portal) as client, pytest.raises(SocrataQueryError) as failure:
        client.count(None)
    assert "\n" not in str(failure.value)
    assert len(str(failure.value)) < 600
