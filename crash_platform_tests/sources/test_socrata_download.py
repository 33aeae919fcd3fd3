import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crash_platform.sources.socrata import between
from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataError,
    SocrataIncompleteError,
    SocrataQueryError,
    SocrataUnavailableError,
)
from crash_platform_tests.sources.socrata_cases import (
    PUBLISHED,
    Waits,
    client_of,
    crashes,
    download,
    keys,
    keys_in,
    pulls_of,
)
from crash_platform_tests.sources.socrata_server import (
    DROPPED,
    EMPTY,
    Fault,
    SocrataServer,
    html_page,
    refusing,
    saying,
    shifting,
)


def test_a_pull_writes_every_page_as_it_came_and_confirms_the_count(
    portal: SocrataServer, tmp_path: Path
) -> None:
    pull = download(portal, tmp_path / "new" / "folder")
    assert [file.name for file in pull.files] == [
        "page_00000.json",
        "page_00001.json",
        "page_00002.json",
    ]
    assert keys_in(tmp_path / "new" / "folder") == keys(crashes(25))
    assert (pull.rows, pull.expected, pull.repeated, pull.is_complete) == (25, 25, (), True)
    assert pull.newest_update == datetime(2026, 4, 14, 9, tzinfo=UTC)
    assert pulls_of(portal) == 1
    counts = [asked.is_count for asked in portal.requests]
    assert counts == [True, False, False, False, True]


def test_the_bytes_in_the_file_are_the_bytes_of_the_answer(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.rows = crashes(1)
    body = (
        b'[ {":id":"row-1",  ":updated_at":"2026-04-14T09:00:00.000Z","street":"caf\\u00e9"}]\r\n'
    )
    portal.faults.append(saying(body, on="page"))
    pull = download(portal, tmp_path)
    assert pull.files[0].read_bytes() == body


def test_a_clause_narrows_the_pull(portal: SocrataServer, tmp_path: Path) -> None:
    pull = download(portal, tmp_path, between("crash_date", date(2022, 1, 2), date(2022, 1, 3)))
    assert (pull.rows, keys_in(tmp_path)) == (2, ["1", "2"])


def test_no_records_and_a_count_of_zero_are_a_confirmed_zero(
    portal: SocrataServer, tmp_path: Path
) -> None:
    pull = download(portal, tmp_path, between("crash_date", date(2020, 1, 1), date(2020, 1, 1)))
    assert (pull.files, pull.rows, pull.expected, pull.is_complete) == ((), 0, 0, True)
    assert pull.newest_update is None
    assert pulls_of(portal) == 1


def test_nothing_received_while_the_portal_counts_records_is_an_error(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.faults.extend([EMPTY] * 3)
    waits = Waits()
    with (
        client_of(portal, waits=waits) as client,
        pytest.raises(SocrataIncompleteError, match="counts 25 records in the dataset but sent 0"),
    ):
        client.download(None, tmp_path, on_progress=None)
    assert waits.seconds == [0.75, 1.5]
    assert list(tmp_path.iterdir()) == []


def test_nothing_received_once_is_pulled_again(portal: SocrataServer, tmp_path: Path) -> None:
    portal.faults.append(EMPTY)
    assert download(portal, tmp_path).is_complete
    assert keys_in(tmp_path) == keys(crashes(25))


def test_a_count_of_zero_that_is_an_outage_is_not_believed(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.faults.append(saying(b'[{"count":"0"}]', on="count"))
    assert download(portal, tmp_path).is_complete
    assert keys_in(tmp_path) == keys(crashes(25))


def test_a_page_shortened_on_its_way_is_noticed(portal: SocrataServer, tmp_path: Path) -> None:
    portal.faults.append(saying(json.dumps(crashes(4)).encode(), on="page"))
    assert download(portal, tmp_path).is_complete
    assert keys_in(tmp_path) == keys(crashes(25))
    assert pulls_of(portal) == 2


def without_system_fields(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        {name: value for name, value in row.items() if not name.startswith(":")} for row in rows
    ]


def test_a_mirror_without_system_fields_is_told_apart_by_the_key_field(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.rows = without_system_fields(crashes(25))
    options = {"select": "*", "order": "collision_id", "key_field": "collision_id"}
    pull = download(portal, tmp_path, **options)
    assert (pull.is_complete, pull.newest_update, keys_in(tmp_path)) == (
        True,
        None,
        keys(portal.rows),
    )
    portal.ignores_order = True
    repeated = download(portal, tmp_path, **options)
    assert not repeated.is_complete
    assert len(repeated.repeated) == 2
    assert set(repeated.repeated) <= set(keys(portal.rows))


def test_the_key_field_also_serves_where_system_fields_are_left_out_silently(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.rows = without_system_fields(crashes(25))
    pull = download(portal, tmp_path, key_field="collision_id", order="collision_id")
    assert (pull.is_complete, pull.newest_update, pull.rows) == (True, None, 25)


def test_records_that_nothing_tells_apart_are_refused(
    portal: SocrataServer, tmp_path: Path
) -> None:
    portal.rows = without_system_fields(crashes(5))
    with pytest.raises(SocrataAnswerError, match=r"without :id, .* give key_field"):
        download(portal, tmp_path)
    with pytest.raises(SocrataAnswerError, match="without :id and borough"):
        download(portal, tmp_path, key_field="borough")
    with pytest.raises(SocrataQueryError, match="is not the name"):
        download(portal, tmp_path, key_field="x y")


def test_progress_is_told_after_every_page(portal: SocrataServer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    portal.faults.append(EMPTY)
    with client_of(portal) as client:
        client.download(
            None, tmp_path, on_progress=lambda rows, expected: told.append((rows, expected))
        )
    assert told == [(10, 25), (20, 25), (25, 25)]


def test_an_error_while_telling_progress_leaves_no_page_behind(
    portal: SocrataServer, tmp_path: Path
) -> None:
    def stop(rows: int, expected: int) -> None:
        raise KeyboardInterrupt(f"{rows} of {expected}")

    with client_of(portal) as client, pytest.raises(KeyboardInterrupt, match="10 of 25"):
        client.download(None, tmp_path, on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_pages_of_an_earlier_pull_are_replaced_and_other_files_stay(
    portal: SocrataServer, tmp_path: Path
) -> None:
    download(portal, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    portal.rows = crashes(3)
    download(portal, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.txt", "page_00000.json"]


@pytest.mark.parametrize("fault", [DROPPED, html_page(), refusing(503)])
def test_a_portal_lost_in_the_middle_leaves_no_page_behind(
    portal: SocrataServer, tmp_path: Path, fault: Fault
) -> None:
    portal.faults.extend([shifting(lambda: None), *([fault] * 5)])
    with pytest.raises(SocrataUnavailableError):
        download(portal, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ['"yesterday"', "5", "null"])
def test_a_record_with_no_moment_of_update_is_an_error(
    portal: SocrataServer, tmp_path: Path, moment: str
) -> None:
    body = b'[{":id":"row-1",":updated_at":%s}]' % moment.encode()
    portal.faults.append(saying(body, on="page"))
    with pytest.raises(SocrataError, match=":updated_at, which is no moment"):
        download(portal, tmp_path)


def test_the_newest_update_is_the_newest_of_all_pages(
    portal: SocrataServer, tmp_path: Path
) -> None:
    rows = crashes(25, PUBLISHED)
    rows[3][":updated_at"] = "2026-04-20T10:11:12.345Z"
    portal.rows = rows
    assert download(portal, tmp_path).newest_update == datetime(
        2026, 4, 20, 10, 11, 12, 345_000, tzinfo=UTC
    )
