"""What a run reads and writes through Dagster: its window, and nothing else."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.lake.contract import Column, Table, Window
from crash_platform.lake.frame import ContractError, Frame
from crash_platform.lake.store import EmptyDayError, LakeError, Slice, Store
from crash_platform.orchestration.calendar import days_definition, days_in, run_tags, run_window
from crash_platform.orchestration.io_manager import DeltaIOManager
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import daily_asset

COLUMNS = (
    Column("thing_date", pa.date32(), "Day.", False),
    Column("amount", pa.int64(), "How many.", False),
    Column("note", pa.string(), "Text."),
)
RAW = Table("bronze", "raw_things", "Raw.", COLUMNS, ("thing_date",), "thing_date")
SUMS = Table("gold", "sums", "Sums.", COLUMNS, ("thing_date",), "thing_date", folder="year")
SINGLE_RUN = dg.BackfillPolicy.single_run()


def rows_of(days: Iterable[date], amount: int = 1, note: str | None = "a|b") -> pa.Table:
    """One row for each day."""
    listed = list(days)
    values = {"thing_date": listed, "amount": [amount] * len(listed), "note": [note] * len(listed)}
    return pa.table(values, RAW.schema)


def asset_of(table: Table, **options: Any) -> dict[str, Any]:
    key = dg.AssetKey([table.layer, table.name])
    days = {"partitions_def": days_definition(), "backfill_policy": SINGLE_RUN}
    return {"key": key, "io_manager_key": "lake_io", **days, **options}


@daily_asset(**asset_of(RAW))
def raw_things(context: dg.AssetExecutionContext) -> pa.Table:
    """A row a day."""
    return rows_of(days_in(run_window(context)))


def run(
    lake: Path,
    assets: Iterable[dg.AssetsDefinition],
    tags: Mapping[str, str],
    *,
    selected: dg.AssetsDefinition | None = None,
) -> dg.ExecuteInProcessResult:
    """Materialize assets over a lake; an error of theirs is raised."""
    resource = LakeResource(root=str(lake))
    manager = DeltaIOManager((RAW, SUMS), resource)
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            list(assets),
            instance=instance,
            resources={"lake": resource, "lake_io": manager},
            tags=dict(tags),
            selection=[selected.key] if selected else None,
        )


def one(day: str) -> dict[str, str]:
    return {"dagster/partition": day}


def window(first: str, last: str) -> Window:
    return Window(date.fromisoformat(first), date.fromisoformat(last))


def store_at(lake: Path) -> Store:
    return LakeResource(root=str(lake)).store()


def amounts(lake: Path, table: Table = RAW) -> dict[str, int]:
    """The amount of every day."""
    rows = store_at(lake).slice(table).read().sort_by("thing_date").to_pylist()
    assert len({row["thing_date"] for row in rows}) == len(rows)
    return {row["thing_date"].isoformat(): row["amount"] for row in rows}


def test_one_day_is_written_and_described(tmp_path: Path) -> None:
    result = run(tmp_path, [raw_things], one("2022-01-30"))
    assert amounts(tmp_path) == {"2022-01-30": 1}
    (event,) = result.get_asset_materialization_events()
    found = event.materialization.metadata
    assert (found["rows"].value, found["delta_version"].value) == (1, 1)
    assert found["window"].value == "2022-01-30"
    header, _, first = str(found["preview"].value).splitlines()
    assert (header, first) == ("thing_date|amount|note", "2022-01-30|1|a/b")


def test_e1_three_days_one_after_the_other_are_all_there(tmp_path: Path) -> None:
    for day in ("2022-01-30", "2022-01-31", "2022-02-01"):
        assert run(tmp_path, [raw_things], one(day)).success
    assert amounts(tmp_path) == {"2022-01-30": 1, "2022-01-31": 1, "2022-02-01": 1}


def test_e2_a_range_is_one_commit_and_can_be_run_again_and_overlapped(tmp_path: Path) -> None:
    first = window("2022-01-30", "2022-02-03")
    for _ in range(2):
        assert run(tmp_path, [raw_things], run_tags(first)).success
    assert run(tmp_path, [raw_things], run_tags(window("2022-02-02", "2022-02-05"))).success
    expected = days_in(window("2022-01-30", "2022-02-05"))
    assert amounts(tmp_path) == {day.isoformat(): 1 for day in expected}
    assert store_at(tmp_path).version(RAW) == 3


def test_e8_an_empty_answer_over_rows_fails_the_run_and_keeps_the_rows(tmp_path: Path) -> None:
    @daily_asset(**asset_of(RAW))
    def silent() -> pa.Table:
        return RAW.schema.empty_table()

    run(tmp_path, [raw_things], one("2022-01-30"))
    with pytest.raises(EmptyDayError, match="2022-01-30 has rows"):
        run(tmp_path, [silent], one("2022-01-30"))
    assert amounts(tmp_path) == {"2022-01-30": 1}


def test_e8_a_day_the_asset_confirms_to_be_empty_is_emptied(tmp_path: Path) -> None:
    @daily_asset(**asset_of(RAW))
    def confirmed(context: dg.AssetExecutionContext) -> Frame:
        return Frame.of(RAW.schema.empty_table(), frozenset(days_in(run_window(context))))

    run(tmp_path, [raw_things], run_tags(window("2022-01-30", "2022-01-31")))
    result = run(tmp_path, [confirmed], one("2022-01-30"))
    assert amounts(tmp_path) == {"2022-01-31": 1}
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["preview"].value == "no rows"


def test_rows_of_another_day_fail_the_run(tmp_path: Path) -> None:
    @daily_asset(**asset_of(RAW))
    def astray() -> pa.Table:
        return rows_of([date(2022, 1, 29), date(2022, 1, 30)])

    with pytest.raises(ContractError, match="a row of 2022-01-29 lies outside 2022-01-30"):
        run(tmp_path, [astray], one("2022-01-30"))
    assert amounts(tmp_path) == {}


def test_an_asset_without_partitions_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    """It has no window, and a table is never replaced as a whole."""
    unpartitioned = {"partitions_def": None, "backfill_policy": None}

    @daily_asset(**asset_of(RAW, **unpartitioned))
    def everything() -> pa.Table:
        return rows_of([date(2022, 1, 30)], amount=9)

    run(tmp_path, [raw_things], one("2022-01-31"))
    with pytest.raises(ContractError, match="no partition in this run"):
        run(tmp_path, [everything], {})
    assert amounts(tmp_path) == {"2022-01-31": 1}


def test_an_asset_without_a_contract_is_an_error(tmp_path: Path) -> None:
    @daily_asset(**asset_of(RAW, key=dg.AssetKey(["bronze", "unknown"])))
    def unknown() -> pa.Table:
        return rows_of([date(2022, 1, 30)])

    with pytest.raises(ContractError, match="bronze/unknown has no contract"):
        run(tmp_path, [unknown], one("2022-01-30"))


def test_an_asset_that_writes_its_table_itself_returns_none(tmp_path: Path) -> None:
    @daily_asset(**asset_of(RAW))
    def landed(context: dg.AssetExecutionContext, lake: LakeResource) -> None:
        days = run_window(context)
        lake.store().replace(RAW, days, Frame.of(rows_of(days_in(days), amount=7)))

    assert run(tmp_path, [landed], one("2022-01-30")).success
    assert amounts(tmp_path) == {"2022-01-30": 7}


@daily_asset(
    **asset_of(
        SUMS,
        ins={
            "week": dg.AssetIn(
                raw_things.key, partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-6)
            )
        },
    )
)
def weekly_sums(context: dg.AssetExecutionContext, week: Slice) -> pa.Table:
    """For each day, how many days the week before it has in the lake."""
    days = days_in(run_window(context))
    context.add_output_metadata({"read": str(week.window)})
    return rows_of(days, amount=week.read().num_rows)


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (one("2022-02-05"), "2022-01-30..2022-02-05"),
        (run_tags(window("2022-02-05", "2022-02-07")), "2022-01-30..2022-02-07"),
        (one("2012-07-02"), "2012-07-01..2012-07-02"),
    ],
)
def test_a_partition_mapping_widens_what_is_read_within_the_calendar(
    tmp_path: Path, tags: dict[str, str], read: str
) -> None:
    run(tmp_path, [raw_things], run_tags(window("2022-01-25", "2022-02-07")))
    run(tmp_path, [raw_things], run_tags(window("2012-07-01", "2012-07-02")))
    result = run(tmp_path, [raw_things, weekly_sums], tags, selected=weekly_sums)
    for event in result.get_asset_materialization_events():
        assert event.materialization.metadata["read"].value == read
    first, _, last = read.partition("..")
    assert set(amounts(tmp_path, SUMS).values()) == {len(days_in(window(first, last)))}


@pytest.mark.parametrize("kind", [Slice, pa.Table])
def test_an_input_comes_as_it_is_annotated(tmp_path: Path, kind: type) -> None:
    seen: list[object] = []

    def summed(raw: Any) -> pa.Table:
        seen.append(raw)
        rows = raw.read() if isinstance(raw, Slice) else raw
        return rows_of(rows["thing_date"].to_pylist(), amount=rows.num_rows)

    summed.__annotations__["raw"] = kind
    options = asset_of(SUMS, ins={"raw": dg.AssetIn(raw_things.key)})
    sums = daily_asset(**options)(summed)
    run(tmp_path, [raw_things], run_tags(window("2022-01-30", "2022-02-03")))
    run(tmp_path, [raw_things, sums], one("2022-02-01"), selected=sums)
    assert [type(value) for value in seen] == [kind]
    assert amounts(tmp_path, SUMS) == {"2022-02-01": 1}


def test_an_asset_without_partitions_reads_the_whole_calendar(tmp_path: Path) -> None:
    seen: list[int] = []

    @dg.asset(ins={"raw": dg.AssetIn(raw_things.key)})
    def report(raw: Slice) -> None:
        seen.append(raw.read().num_rows)

    run(tmp_path, [raw_things], run_tags(window("2022-01-30", "2022-02-03")))
    run(tmp_path, [raw_things, report], {}, selected=report)
    assert seen == [5]


def test_a_table_nobody_wrote_yet_is_read_as_empty(tmp_path: Path) -> None:
    result = run(tmp_path, [raw_things, weekly_sums], one("2022-02-05"), selected=weekly_sums)
    assert result.success
    assert amounts(tmp_path, SUMS) == {"2022-02-05": 0}


def test_a_lake_that_cannot_be_reached_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "bronze").write_text("")
    with pytest.raises(LakeError, match="a part of its path is a file"):
        run(tmp_path, [raw_things], one("2022-01-30"))
