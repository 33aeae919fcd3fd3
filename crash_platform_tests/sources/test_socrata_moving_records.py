"""Records that move under a pull, and portals that page badly: never called complete wrongly."""

import json
from datetime import UTC, datetime
from pathlib import Path

from crash_platform_tests.sources.socrata_cases import (
    REVISED,
    Waits,
    client_of,
    crash,
    download,
    keys,
    keys_in,
    pulls_of,
)
from crash_platform_tests.sources.socrata_query import Row
from crash_platform_tests.sources.socrata_server import (
    SocrataServer,
    published,
    saying,
    shifting,
)


def moved(portal: SocrataServer, rows: list[dict[str, object]]) -> None:
    def move() -> None:
        portal.rows = rows

    portal.faults.append(shifting(move))


def by_id(rows: tuple[Row, ...]) -> list[dict[str, object]]:
    return sorted((dict(row) for row in rows), key=lambda row: str(row[":id"]))


def test_a_record_deleted_between_two_pages_leads_to_a_second_pull(
    portal: SocrataServer, tmp_path: Path
) -> None:
    left = by_id(portal.rows)[1:]
    moved(portal, left)
    pull = download(portal, tmp_path)
    assert (pull.is_complete, pull.rows, keys_in(tmp_path)) == (True, 24, keys(left))
    assert pulls_of(portal) == 2


def test_a_record_that_enters_on_a_page_already_read_leads_to_a_second_pull(
    portal: SocrataServer, tmp_path: Path
) -> None:
    more = [*portal.rows, crash(900) | {":id": "row-0000-0000-0000", ":updated_at": REVISED}]
    moved(portal, [dict(row) for row in more])
    pull = download(portal, tmp_path)
    assert (pull.is_complete, pull.rows, keys_in(tmp_path)) == (True, 26, keys(more))


def test_one_record_gone_and_one_come_is_noticed_although_the_count_agrees(
    portal: SocrataServer, tmp_path: Path
) -> None:
    swapped = [
        *by_id(portal.rows)[1:],
        crash(900) | {":id": "row-zzzz-0000-0000", ":updated_at": REVISED},
    ]
    moved(portal, swapped)
    pull = download(portal, tmp_path)
    assert (pull.is_complete, keys_in(tmp_path)) == (True, keys(swapped))
    assert pulls_of(portal) == 2


def test_a_record_that_comes_and_goes_under_the_pull_is_noticed_although_both_counts_agree(
    portal: SocrataServer, tmp_path: Path
) -> None:
    rows = by_id(portal.rows)
    guest = crash(900) | {":id": f"{rows[12][':id']}0", ":updated_at": REVISED}
    moved(portal, [*rows, guest])
    moved(portal, rows)
    pull = download(portal, tmp_path)
    assert (pull.is_complete, keys_in(tmp_path)) == (True, keys(rows))
    assert pulls_of(portal) == 2


def test_a_republication_under_new_ids_is_noticed_although_the_count_agrees(
    portal: SocrataServer, tmp_path: Path
) -> None:
    renamed = [
        row | {":id": f"row-{99 - number:04d}-aaaa-aaaa", ":updated_at": REVISED}
        for number, row in enumerate(by_id(portal.rows))
    ]
    moved(portal, renamed)
    pull = download(portal, tmp_path)
    assert (pull.is_complete, keys_in(tmp_path)) == (True, keys(renamed))
    assert pull.newest_update == datetime(2026, 4, 15, 9, tzinfo=UTC)


def test_records_that_never_stand_still_are_returned_as_not_complete(
    portal: SocrataServer, tmp_path: Path
) -> None:
    first = list(portal.rows)
    for number in range(3):
        portal.faults.append(shifting(lambda: None))
        portal.faults.append(shifting(lambda: None))

        def publish(number: int = number) -> None:
            portal.rows = published(first, f"2026-04-16T0{number}:00:00.000Z")

        portal.faults.append(shifting(publish))
    pull = download(portal, tmp_path)
    assert (pull.rows, pull.expected, pull.repeated, pull.is_complete) == (25, 25, (), False)
    assert pulls_of(portal) == 3


def test_a_portal_that_ignores_the_order_yields_a_pull_that_is_not_complete(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.ignores_order = True
    ordered = by_id(portal.rows)
    portal.rows = ordered
    waits = Waits()
    with client_of(portal, waits=waits) as client:
        pull = client.download(None, tmp_path, on_progress=None)
    assert (pull.rows, pull.expected, pull.is_complete) == (25, 25, False)
    assert list(pull.repeated) == sorted(str(ordered[i][":id"]) for i in (9, 19))
    assert len(set(keys_in(tmp_path))) == 23
    assert pulls_of(portal) == 3
    assert waits.seconds == [0.75, 1.5]


def test_a_mirror_that_ignores_the_offset_ends_in_a_pull_that_is_not_complete(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.faults.extend([saying(json.dumps(by_id(portal.rows)[:10]).encode(), on="page")] * 99)
    pull = download(portal, tmp_path)
    assert not pull.is_complete
    assert len(pull.repeated) == 10
    assert len(portal.requests) < 40
