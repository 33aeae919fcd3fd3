"""Every real file lands with exactly its rows, and every row is accounted for."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crash_platform.pipelines.crashes.bronze import VERDICTS, Landing, land
from crash_platform.pipelines.crashes.deliveries import file_delivery, sample_delivery
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform_tests.pipelines.crashes.built_days import lake_in, live

pytestmark = pytest.mark.real_data

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILES = {
    "history_2012-07_2020-07.parquet": 1_488_496,
    "year_2022_prefilled.parquet": 103_886,
    "nyc_2022_api_shape.parquet": 103_886,
    "csv/export_2022-01.csv": 7_659,
    "csv/week_2024-06-30_exported_2024-09-16.csv": 1_875,
    "csv/week_2024-06-30_exported_2025-02-12.csv": 1_876,
    "socrata_json/pulled_2026-04-14": 1_922,
    "socrata_json/pulled_2026-04-15": 2_116,
    "socrata_json/pulled_2026-04-16": 2_334,
    "socrata_json/pulled_2026-04-17": 2_334,
}
REPEATED = {"socrata_json/pulled_2026-04-16": 1}


def accounted(landing: Landing) -> int:
    return sum(landing.counts[name] for name in (*VERDICTS, "repeated"))


def test_the_list_of_files_is_complete(real_data: Path) -> None:
    folder = real_data / "crashes"
    files = [file for file in folder.rglob("*") if file.suffix in (".parquet", ".csv", ".json")]
    units = [file.parent if file.suffix == ".json" else file for file in files]
    assert {str(unit.relative_to(folder)) for unit in units} == set(FILES)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param(name, count, marks=[pytest.mark.slow] if count > 1_000_000 else [])
        for name, count in FILES.items()
    ],
)
def test_a_file_lands_with_exactly_its_rows(
    real_data: Path, tmp_path: Path, name: str, count: int
) -> None:
    store = lake_in(tmp_path)
    delivery = file_delivery([real_data / "crashes" / name], NOW, is_snapshot=False)
    landing = land(store, delivery)
    repeated = REPEATED.get(name, 0)
    assert (landing.read, landing.counts["repeated"]) == (count, repeated)
    assert landing.counts["inserted"] == count - repeated
    assert accounted(landing) == count
    bronze = store.slice(CRASH_RECORDS)
    assert sum(pq.read_metadata(file).num_rows for file in bronze.files) == count - repeated
    assert bronze.distinct_days() == landing.days


@pytest.mark.slow
def test_the_packaged_year_adds_nothing_to_what_a_newer_file_said(
    real_data: Path, tmp_path: Path
) -> None:
    store = lake_in(tmp_path)
    export = real_data / "crashes" / "csv" / "export_2022-01.csv"
    january = land(store, file_delivery([export], NOW, is_snapshot=False))
    before = live(store)
    year = land(store, sample_delivery())
    assert accounted(year) == year.read == 103_886
    assert year.counts["older"] + year.counts["unchanged"] == january.read
    assert year.added == year.counts["inserted"] == 103_886 - january.read
    after = live(store)
    said = ("filed_date", "content_hash", "source", "pulled_at")
    assert all(after[key][name] == row[name] for key, row in before.items() for name in said)
    assert land(store, sample_delivery()).number is None
