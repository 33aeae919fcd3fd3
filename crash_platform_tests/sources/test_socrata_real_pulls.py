"""Four real pulls of April 2026, served in the order in which they were made."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crash_platform.sources.socrata import between
from crash_platform_tests.sources.socrata_cases import client_of, download, keys, keys_in
from crash_platform_tests.sources.socrata_server import SocrataServer, published, records_in

pytestmark = pytest.mark.real_data

DAYS = {14: 1922, 15: 2116, 16: 2333, 17: 2334}
APRIL = between("crash_date", date(2026, 4, 1), date(2026, 4, 30))


def pulled(real_data: Path, day: int) -> list[dict[str, object]]:
    return records_in(real_data / "crashes" / "socrata_json" / f"pulled_2026-04-{day}")


@pytest.mark.slow
def test_the_four_pulls_served_in_order_give_exactly_their_distinct_records(
    real_data: Path, tmp_path: Path
) -> None:
    with SocrataServer() as server:
        for day, distinct in DAYS.items():
            records = pulled(real_data, day)
            server.rows = published(records, f"2026-04-{day}T09:00:00.000Z", before=server.rows)
            pull = download(server, tmp_path, APRIL, page_size=1000)
            assert (pull.rows, pull.expected, pull.is_complete) == (distinct, distinct, True)
            assert keys_in(tmp_path) == sorted({str(row["collision_id"]) for row in records})
            assert pull.newest_update == datetime(2026, 4, day, 9, tzinfo=UTC)
            sent = {str(row["collision_id"]): row for row in records_in(tmp_path)}
            for row in records:
                kept = {
                    name: value
                    for name, value in sent[str(row["collision_id"])].items()
                    if not name.startswith(":")
                }
                assert kept == row


def test_the_changes_between_two_pulls_are_the_dates_of_new_and_amended_records(
    real_data: Path,
) -> None:
    old, new = pulled(real_data, 14), pulled(real_data, 15)
    before = {row["collision_id"]: row for row in old}
    touched = [row for row in new if before.get(row["collision_id"]) != row]
    with SocrataServer(published(old, "2026-04-14T09:00:00.000Z")) as server:
        server.rows = published(new, "2026-04-15T09:00:00.000Z", before=server.rows)
        with client_of(server, page_size=50) as client:
            found = client.changed_since(
                datetime(2026, 4, 15, tzinfo=UTC), date_field="crash_date", limit=1000
            )
    assert found.total == len(touched) >= 194
    assert set(found.counts) == {date.fromisoformat(str(row["crash_date"])[:10]) for row in touched}
    assert sum(found.counts.values()) == len(touched)


def test_the_unordered_pull_of_april_16_would_not_pass_as_complete(
    real_data: Path, tmp_path: Path
) -> None:
    """The real one held 4891909 twice and lacked a record that was there the day after."""
    records = pulled(real_data, 16)
    assert keys(records).count("4891909") == 2
    with SocrataServer(published(pulled(real_data, 17), "2026-04-17T09:00:00.000Z")) as server:
        server.ignores_order = True
        pull = download(server, tmp_path, page_size=1000)
    assert (pull.rows, pull.expected, pull.is_complete) == (2334, 2334, False)
    assert len(pull.repeated) == 2
    assert len(set(keys_in(tmp_path))) == 2332
