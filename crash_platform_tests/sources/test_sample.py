import pyarrow.compute as pc
import pyarrow.parquet as pq

from crash_platform.sources.sample import SAMPLE_FIRST_DAY, SAMPLE_LAST_DAY, sample_file


def test_the_packaged_year_holds_every_crash_of_2022_as_strings() -> None:
    table = pq.read_table(sample_file())

    assert table.num_rows == 103_886
    assert set(map(str, table.schema.types)) == {"string"}
    assert len(table["collision_id"].unique()) == 103_886


def test_the_packaged_year_begins_and_ends_on_the_days_it_says() -> None:
    days = pq.read_table(sample_file(), columns=["crash_date"])["crash_date"]
    bounds = pc.min_max(days).as_py()

    assert bounds["min"] == f"{SAMPLE_FIRST_DAY}T00:00:00.000"
    assert bounds["max"] == f"{SAMPLE_LAST_DAY}T00:00:00.000"
    assert len(days.unique()) == (SAMPLE_LAST_DAY - SAMPLE_FIRST_DAY).days + 1


def test_the_packaged_year_says_where_it_comes_from() -> None:
    text = (sample_file().parent / "PROVENANCE.md").read_text(encoding="utf-8")

    assert "103,886" in text
    assert "NYPD" in text
