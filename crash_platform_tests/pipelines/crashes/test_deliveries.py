from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crash_platform.lake.contract import Window
from crash_platform.pipelines.crashes.bronze import land
from crash_platform.pipelines.crashes.deliveries import (
    SAMPLE_WINDOW,
    file_delivery,
    portal_delivery,
    sample_delivery,
)
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform.settings import Settings
from crash_platform.sources.files import UnreadableSource
from crash_platform.sources.socrata.errors import SocrataError
from crash_platform_tests.pipelines.crashes.built_days import lake_in, live
from crash_platform_tests.sources.socrata_cases import PUBLISHED, crashes
from crash_platform_tests.sources.socrata_server import EMPTY, SocrataServer, html_page, published

NOW = datetime(2024, 9, 16, 12, tzinfo=UTC)
JANUARY = Window(date(2022, 1, 1), date(2022, 1, 31))
JSON = '[{{"collision_id": "{key}", "crash_date": "2022-01-0{key}", "crash_time": "8:00"}}]'


@pytest.fixture
def portal() -> Iterator[SocrataServer]:
    with SocrataServer(crashes(40)) as server:
        yield server


def settings_of(server: SocrataServer) -> Settings:
    return Settings(socrata_url=server.url, socrata_page_size=15)


def no_wait(_: float) -> None:
    """A pause that takes no time."""


def test_a_confirmed_pull_speaks_for_its_whole_window(
    portal: SocrataServer, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    pull = portal_delivery(settings_of(portal), JANUARY, NOW, lambda *n: seen.append(n))
    with pull as delivery:
        assert (delivery.complete, delivery.pulled_at) == (JANUARY, NOW)
        assert delivery.source == f"{portal.url.removeprefix('http://')}/h9gi-nx95"
        landing = land(lake_in(tmp_path), delivery)
    assert (landing.counts["inserted"], seen[-1]) == (40, (40, 40))
    [row, *_] = live(lake_in(tmp_path)).values()
    assert row["source"] == delivery.source
    assert row["source_record_id"].startswith("row-")
    assert row["source_updated_at"] == datetime.fromisoformat(PUBLISHED)


@pytest.mark.slow
def test_a_record_that_the_portal_no_longer_has_disappears(
    portal: SocrataServer, tmp_path: Path
) -> None:
    store = lake_in(tmp_path)
    for moment, kept in ((NOW, 40), (NOW.replace(hour=13), 39), (NOW.replace(hour=14), 0)):
        portal.rows = portal.rows[:kept]
        with portal_delivery(settings_of(portal), JANUARY, moment) as delivery:
            land(store, delivery)
        assert len(live(store)) == kept


def test_a_page_may_lack_any_field_because_the_portal_leaves_nulls_out(
    portal: SocrataServer, tmp_path: Path
) -> None:
    dates_only = [{"collision_id": str(n), "crash_date": "2022-01-05"} for n in range(20)]
    portal.rows = tuple(published(dates_only, PUBLISHED))
    with portal_delivery(settings_of(portal), JANUARY, NOW) as delivery:
        assert land(lake_in(tmp_path), delivery).counts["inserted"] == 20


def test_a_pull_with_repeats_speaks_for_no_day(portal: SocrataServer) -> None:
    portal.rows = (*portal.rows, portal.rows[0])
    waits: list[float] = []
    pull = portal_delivery(settings_of(portal), JANUARY, NOW, sleep=waits.append)
    with pull as delivery:
        assert delivery.complete is None
    assert len(waits) == 2


@pytest.mark.parametrize("fault", [html_page(), EMPTY], ids=["an error page", "an empty answer"])
def test_an_outage_is_an_error_and_lands_nothing(
    portal: SocrataServer, tmp_path: Path, fault: object
) -> None:
    portal.faults.extend([fault] * 30)  # type: ignore[list-item]
    store = lake_in(tmp_path)
    with (
        pytest.raises(SocrataError),
        portal_delivery(settings_of(portal), JANUARY, NOW, sleep=no_wait) as delivery,
    ):
        land(store, delivery)
    assert store.version(CRASH_RECORDS) is None


def test_files_are_delivered_in_order_and_named(tmp_path: Path) -> None:
    for key in range(1, 6):
        (tmp_path / f"{key}.json").write_text(JSON.format(key=key))
    delivery = file_delivery([tmp_path], NOW, is_snapshot=False)
    assert [part.source for part in delivery.parts] == [f"file:{key}.json" for key in range(1, 6)]
    assert (delivery.source, delivery.complete) == ("1.json, 2.json, 3.json, ...", None)
    assert land(lake_in(tmp_path / "x"), delivery).counts["inserted"] == 5


def test_a_snapshot_of_files_speaks_for_the_days_it_spans(tmp_path: Path) -> None:
    store = lake_in(tmp_path / "lake")
    for key in (1, 2, 3):
        (tmp_path / f"{key}.json").write_text(JSON.format(key=key))
    land(store, file_delivery([tmp_path], NOW, is_snapshot=False))
    later = NOW.replace(hour=13)
    outer = [tmp_path / "1.json", tmp_path / "3.json"]
    assert land(store, file_delivery(outer, later, is_snapshot=True)).counts["disappeared"] == 1
    inner = [tmp_path / "2.json"]
    assert land(store, file_delivery(inner, later, is_snapshot=True)).counts["disappeared"] == 0
    assert sorted(live(store)) == ["1", "2", "3"]


def test_one_bad_file_refuses_the_whole_delivery(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(JSON.format(key=1))
    (tmp_path / "2.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableSource, match=r"2\.csv has no column"):
        file_delivery([tmp_path], NOW, is_snapshot=False)


def test_the_packaged_year_is_older_than_anything_that_came_after_it() -> None:
    delivery = sample_delivery()
    assert delivery.pulled_at == datetime(2023, 1, 1, tzinfo=UTC)
    assert delivery.complete is None
    assert (SAMPLE_WINDOW.first, SAMPLE_WINDOW.last) == (date(2022, 1, 1), date(2022, 12, 31))


def test_a_record_keeps_its_place_when_the_portal_publishes_everything_anew(
    portal: SocrataServer, tmp_path: Path
) -> None:
    store = lake_in(tmp_path)
    with portal_delivery(settings_of(portal), JANUARY, NOW) as delivery:
        land(store, delivery)
    portal.rows = tuple(published(portal.rows, "2024-09-17T09:00:00.000Z"))
    with portal_delivery(settings_of(portal), JANUARY, NOW.replace(day=18)) as delivery:
        landing = land(store, delivery)
    assert (landing.number, landing.counts["unchanged"]) == (None, 40)
