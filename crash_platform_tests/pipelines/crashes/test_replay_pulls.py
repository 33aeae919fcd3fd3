"""Four real pulls of April 2026, asked of a portal on this machine in the order of their days."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_tags
from crash_platform.pipelines.crashes.bronze import Landing, land
from crash_platform.pipelines.crashes.deliveries import portal_delivery
from crash_platform.pipelines.crashes.tables import (
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    QUARANTINED_CRASHES,
)
from crash_platform.settings import Settings
from crash_platform_tests.pipelines.crashes.built_days import build_days, lake_in, rows
from crash_platform_tests.pipelines.crashes.crash_lake import CrashLake, broken
from crash_platform_tests.sources.socrata_server import SocrataServer, published, records_in

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

APRIL = Window(date(2026, 4, 1), date(2026, 4, 30))
SKIPPED, DOUBLED, CHANGED = "4891556", "4891909", 4890797
DAYS = (14, 15, 16, 17)
Rows = Sequence[dict[str, object]]


@pytest.fixture
def pulls(real_data: Path) -> dict[int, Rows]:
    """What the portal held on each day; on the 16th it gave one record twice and hid one."""
    found: dict[int, Rows] = {}
    before: Rows = []
    for day in DAYS:
        records = records_in(real_data / "crashes" / "socrata_json" / f"pulled_2026-04-{day}")
        held = published(records, f"2026-04-{day}T08:00:00.000Z", before=before)
        doubled = [row for row in held if row["collision_id"] == DOUBLED]
        found[day] = [*held, *doubled[: len(records) - len(held)]]
        before = [*held, *(row for row in before if row["collision_id"] == SKIPPED)]
    return found


@pytest.fixture
def server() -> Iterator[SocrataServer]:
    with SocrataServer() as portal:
        yield portal


def pull(store: Store, server: SocrataServer, held: Rows, day: int) -> Landing:
    server.rows = tuple(held)
    settings = Settings(socrata_url=server.url, socrata_page_size=1000)
    moment = datetime(2026, 4, day, 9, tzinfo=UTC)
    with portal_delivery(settings, APRIL, moment, sleep=lambda _: None) as delivery:
        assert (delivery.complete is None) == (day == 16)
        return land(store, delivery)


def ids(held: Rows) -> set[int]:
    return {int(str(row["collision_id"])) for row in held}


def news(landing: Landing) -> dict[str, int]:
    return {name: count for name, count in landing.counts.items() if count}


def test_silver_is_right_after_each_pull_and_no_pull_says_anything_twice(
    pulls: dict[int, Rows], server: SocrataServer, tmp_path: Path
) -> None:
    store, known = lake_in(tmp_path), set[int]()
    expected = {
        14: {"inserted": 1922},
        15: {"inserted": 194, "corrected": 1, "unchanged": 1921},
        16: {"inserted": 218, "unchanged": 2115, "repeated": 1},
        17: {"unchanged": 2334},
    }
    for day in DAYS:
        landing = pull(store, server, pulls[day], day)
        assert news(landing) == expected[day]
        build_days(store, landing.days)
        known |= ids(pulls[day])
        silver = rows(store, CRASHES, ["collision_id", "crash_date", "latitude", "on_street_name"])
        assert [row["collision_id"] for row in silver] == sorted(known)
        [changed] = [row for row in silver if row["collision_id"] == CHANGED]
        assert (changed["latitude"], changed["on_street_name"]) == (
            (40.793728, "6 AVE") if day == 14 else (40.789463, "CROSS ISLAND PARKWAY")
        )
        version = store.version(CRASH_RECORDS)
        assert pull(store, server, pulls[day], day).number is None
        assert store.version(CRASH_RECORDS) == version
    assert known == ids(pulls[17])
    assert rows(store, QUARANTINED_CRASHES) == []

    for day in DAYS:
        assert pull(store, server, pulls[day], day).number is None
    bronze = rows(store, CRASH_RECORDS, ["record_key", "filed_date", "version", "change"])
    assert len(bronze) == len(known) + 1
    assert {row["change"] for row in bronze} == {"inserted", "corrected"}

    revisions = rows(store, CRASH_REVISIONS)
    assert {
        row["field"]: (row["old_value"], row["new_value"])
        for row in revisions
        if row["change"] == "corrected"
    } == {
        "latitude": ("40.793728", "40.789463"),
        "longitude": ("-73.824066", "-73.78604"),
        "on_street_name": ("6 AVE", "CROSS ISLAND PARKWAY"),
        "off_street_name": ("WHITESTONE EXPY", None),
    }
    assert {row["change"] for row in revisions} == {"added", "corrected"}


def test_dagster_pulls_two_days_from_the_portal_to_the_same_silver(
    pulls: dict[int, Rows],
    server: SocrataServer,
    crash_lake: CrashLake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = Window(date(2026, 4, 2), date(2026, 4, 12))
    monkeypatch.setenv("CRASH_PLATFORM_SOCRATA_URL", server.url)
    monkeypatch.delenv("CRASH_PLATFORM_SOCRATA_APP_TOKEN", raising=False)
    job = crash_lake.definitions.resolve_implicit_global_asset_job_def()
    for day, versions in ((14, 1922), (15, 2117)):
        server.rows = tuple(pulls[day])
        outcome = job.execute_in_process(
            instance=crash_lake.instance,
            tags=dict(run_tags(window)),
            run_config={"ops": {"bronze__crash_records": {"config": {"source": "nyc"}}}},
            asset_selection=crash_lake.chosen(),
            raise_on_error=False,
        )
        assert (outcome.success, broken(outcome)) == (True, set())
        assert crash_lake.rows(CRASHES, "collision_id") == [
            (key,) for key in sorted(ids(pulls[day]))
        ]
        assert len(crash_lake.rows(CRASH_RECORDS, "version")) == versions
    fields = crash_lake.rows(CRASH_REVISIONS, "collision_id", "field")
    assert [field for key, field in fields if key == CHANGED] == [
        "latitude",
        "longitude",
        "off_street_name",
        "on_street_name",
    ]
    materialised = crash_lake.instance.get_materialized_partitions(
        dg.AssetKey(CRASHES.path.split("/"))
    )
    assert len(materialised) == 11
