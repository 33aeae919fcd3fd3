import json
from datetime import date

import pytest

from crash_platform.sources.socrata import between
from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataQueryError,
    SocrataRefusedError,
    SocrataUnknownDatasetError,
)
from crash_platform_tests.sources.socrata_cases import all_keys, client_of, crash, crashes, keys
from crash_platform_tests.sources.socrata_server import (
    Fault,
    SocrataServer,
    published,
    refusing,
)


def test_the_count_is_the_number_of_records_that_meet_the_clause(portal: SocrataServer) -> None:
    with client_of(portal) as client:
        assert client.count(None) == 25
        assert client.count(between("crash_date", date(2022, 1, 1), date(2022, 1, 3))) == 3
        assert client.count("number_of_persons_injured = 7") == 0


@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, []), (1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (30, [10] * 3)]
)
def test_pages_end_with_the_last_record_also_when_the_last_page_is_full(
    rows: int, sizes: list[int]
) -> None:
    with SocrataServer(crashes(rows)) as server, client_of(server) as client:
        assert [len(page.rows) for page in client.pages(None)] == sizes
        assert all_keys(client) == keys(crashes(rows))


def test_every_page_is_asked_for_in_a_stated_order_and_size(portal: SocrataServer) -> None:
    with client_of(portal) as client:
        all_keys(client, "number_of_persons_injured >= 0")
    assert [dict(asked.params) for asked in portal.requests] == [
        {
            "$select": "*,:id,:updated_at",
            "$where": "number_of_persons_injured >= 0",
            "$order": ":id",
            "$limit": "10",
            "$offset": offset,
        }
        for offset in ("0", "10", "20")
    ]


def test_pages_without_an_order_are_not_asked_for(portal: SocrataServer) -> None:
    with client_of(portal) as client, pytest.raises(SocrataQueryError, match="need an order"):
        next(client.pages(None, order=" "))
    assert portal.requests == []


def test_records_come_with_all_fields_and_their_system_fields_as_strings(
    portal: SocrataServer,
) -> None:
    portal.rows = published(
        [crash(1, borough=None, location={"latitude": "40.7"})], "2026-04-14T09:00:00.000Z"
    )
    with client_of(portal) as client:
        page = next(client.pages(None))
    assert page.rows == [
        {
            ":id": portal.rows[0][":id"],
            ":updated_at": "2026-04-14T09:00:00.000Z",
            "collision_id": "1",
            "crash_date": "2022-01-02T00:00:00.000",
            "number_of_persons_injured": "1",
            "location": {"latitude": "40.7"},
        }
    ]
    assert json.loads(page.raw) == page.rows


@pytest.mark.parametrize("limit", [1, 10, 15, 20, 25, 99])
def test_no_more_records_are_read_than_the_limit_allows(portal: SocrataServer, limit: int) -> None:
    with client_of(portal) as client:
        assert sum(len(page.rows) for page in client.pages(None, limit=limit)) == min(limit, 25)


def test_a_query_the_portal_cannot_read_is_named_with_its_reason(portal: SocrataServer) -> None:
    with client_of(portal) as client, pytest.raises(SocrataQueryError) as failure:
        client.count("borrough = 'BRONX'")
    assert "$where=borrough = 'BRONX'" in str(failure.value)
    assert "(No such column: borrough)" in str(failure.value)
    assert len(portal.requests) == 1


def test_a_star_after_other_fields_is_refused_as_the_real_portal_does(
    portal: SocrataServer,
) -> None:
    with client_of(portal) as client, pytest.raises(SocrataQueryError, match="Star selections"):
        next(client.pages(None, select=":id,:updated_at,*"))


def test_an_unknown_dataset_is_named() -> None:
    with (
        SocrataServer(dataset_id="abcd-1234") as server,
        client_of(server) as client,
        pytest.raises(SocrataUnknownDatasetError, match="has no dataset h9gi-nx95"),
    ):
        client.count(None)


def test_a_refused_token_is_a_matter_of_the_app_token_setting() -> None:
    with SocrataServer(app_token="right") as server, client_of(server, token="wr0ng") as client:
        with pytest.raises(SocrataRefusedError, match="correct the app_token setting") as failure:
            client.count(None)
        assert len(server.requests) == 1
    assert "Invalid app_token specified" in str(failure.value)
    assert "wr0ng" not in str(failure.value)


def test_a_missing_token_is_asked_for() -> None:
    with (
        SocrataServer(is_token_required=True) as server,
        client_of(server) as client,
        pytest.raises(SocrataRefusedError, match="set app_token"),
    ):
        client.count(None)


def test_the_right_token_is_sent_as_a_header_only() -> None:
    with SocrataServer(crashes(3), app_token="r1ght", is_token_required=True) as server:
        with client_of(server, token="r1ght") as client:
            assert client.count(None) == 3
        assert [asked.has_token for asked in server.requests] == [True]
        assert "r1ght" not in str(server.requests)


@pytest.mark.parametrize("status", [301, 302, 402, 410])
def test_any_other_status_is_one_sentence_and_not_asked_again(
    portal: SocrataServer, status: int
) -> None:
    portal.faults.append(refusing(status))
    with client_of(portal) as client, pytest.raises(SocrataAnswerError, match=f"status {status}"):
        client.count(None)
    assert len(portal.requests) == 1


def test_a_redirect_is_not_followed_because_it_would_carry_the_token_away(
    portal: SocrataServer,
) -> None:
    with SocrataServer(crashes(1)) as elsewhere:
        portal.faults.append(
            Fault(status=302, headers=(("Location", f"{elsewhere.url}/resource/h9gi-nx95.json"),))
        )
        with client_of(portal) as client, pytest.raises(SocrataAnswerError, match="status 302"):
            client.count(None)
        assert elsewhere.requests == []
