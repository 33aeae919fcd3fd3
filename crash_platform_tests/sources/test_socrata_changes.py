from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from crash_platform.sources.socrata import Changes
from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataIncompleteError,
    SocrataQueryError,
)
from crash_platform_tests.sources.socrata_cases import PUBLISHED, REVISED, client_of, crash, crashes
from crash_platform_tests.sources.socrata_server import (
    SocrataServer,
    published,
    refusing,
    saying,
    shifting,
)

SINCE = datetime(2026, 4, 15, tzinfo=UTC)
REVISED_AT = datetime(2026, 4, 15, 9, tzinfo=UTC)


def revise(portal: SocrataServer, numbers: list[int], at: str = REVISED) -> None:
    records = [crash(n, borough="BRONX") if n in numbers else crash(n) for n in range(25)]
    portal.rows = published(records, at, before=portal.rows)


def changes(
    portal: SocrataServer, moment: datetime = SINCE, *, limit: int = 1000, field: str = "crash_date"
) -> Changes:
    with client_of(portal) as client:
        return client.changed_since(moment, date_field=field, limit=limit)


def test_nothing_touched_takes_one_question(portal: SocrataServer) -> None:
    assert changes(portal) == Changes({}, None, 0, is_truncated=False)
    assert len(portal.requests) == 1


def test_the_dates_of_touched_records_are_counted(portal: SocrataServer) -> None:
    revise(portal, [0, 3, 4])
    expected = {date(2022, 1, 1): 1, date(2022, 1, 4): 1, date(2022, 1, 5): 1}
    assert changes(portal) == Changes(expected, REVISED_AT, 3, is_truncated=False)


def test_the_moment_itself_belongs_to_the_answer(portal: SocrataServer) -> None:
    revise(portal, [7])
    assert changes(portal, REVISED_AT).total == 1
    assert changes(portal, REVISED_AT + timedelta(milliseconds=1)).total == 0


def test_a_republication_touches_everything_over_several_pages(portal: SocrataServer) -> None:
    portal.rows = crashes(25, REVISED)
    found = changes(portal)
    assert (sum(found.counts.values()), len(found.counts), found.is_truncated) == (25, 25, False)


def test_no_more_is_read_than_the_limit_and_the_rest_is_announced(portal: SocrataServer) -> None:
    revise(portal, [1, 2, 3])
    revise(portal, list(range(1, 20)), at="2026-04-16T09:00:00.000Z")
    portal.requests.clear()
    found = changes(portal, limit=15)
    assert (found.total, found.is_truncated, sum(found.counts.values())) == (19, True, 15)
    assert {date(2022, 1, 2), date(2022, 1, 3), date(2022, 1, 4)} <= set(found.counts)
    assert [asked.params["$limit"] for asked in portal.requests if not asked.is_count] == [
        "10",
        "5",
    ]


def test_a_limit_that_is_just_enough_is_not_truncated(portal: SocrataServer) -> None:
    revise(portal, [1, 2])
    assert not changes(portal, limit=2).is_truncated


def test_records_without_a_date_are_counted_apart(portal: SocrataServer) -> None:
    portal.rows = published([crash(1, crash_date=None), crash(2)], REVISED)
    found = changes(portal)
    assert (found.counts, found.undated, found.total) == ({date(2022, 1, 3): 1}, 1, 2)


def test_a_field_that_holds_no_dates_is_named(portal: SocrataServer) -> None:
    revise(portal, [1])
    with pytest.raises(SocrataAnswerError, match="borough holds 'BRONX', which is no date"):
        changes(portal, field="borough")


def test_a_record_touched_while_reading_starts_the_reading_again(portal: SocrataServer) -> None:
    portal.rows = crashes(25, REVISED)
    portal.faults.append(shifting(lambda: revise(portal, [1], "2026-04-16T09:00:00.000Z")))
    found = changes(portal)
    assert (found.newest, sum(found.counts.values())) == (datetime(2026, 4, 16, 9, tzinfo=UTC), 25)


def test_records_that_keep_changing_are_an_error(portal: SocrataServer) -> None:
    portal.rows = crashes(25, REVISED)
    for day in (16, 17, 18):
        again = partial(revise, portal, [day], f"2026-04-{day}T09:00:00.000Z")
        portal.faults.append(shifting(again))
        portal.faults.extend([shifting(lambda: None)] * 2)
    with pytest.raises(SocrataIncompleteError, match="kept changing"):
        changes(portal)


def test_a_portal_that_ignores_the_order_is_not_believed(portal: SocrataServer) -> None:
    portal.rows = crashes(25, REVISED)
    portal.ignores_order = True
    with pytest.raises(SocrataIncompleteError):
        changes(portal)


def test_an_empty_answer_during_an_outage_is_not_believed(portal: SocrataServer) -> None:
    portal.rows = crashes(25, REVISED)
    portal.faults.extend([refusing(503), saying(b"[]", on="page")])
    assert changes(portal).total == 25


@pytest.mark.parametrize(
    ("moment", "field", "limit"),
    [
        (SINCE.replace(tzinfo=None), "crash_date", 1),
        (SINCE, "crash date", 1),
        (SINCE, "crash_date", 0),
    ],
)
def test_a_question_that_makes_no_sense_is_not_asked(
    portal: SocrataServer, moment: datetime, field: str, limit: int
) -> None:
    with pytest.raises(SocrataQueryError):
        changes(portal, moment, field=field, limit=limit)
    assert portal.requests == []


def test_revising_the_same_content_changes_no_update_moment() -> None:
    before = crashes(3, PUBLISHED)
    assert published([crash(n) for n in range(3)], REVISED, before=before) == before
