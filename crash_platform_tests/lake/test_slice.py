"""Reading: a window, lazily, at one version, from files that are really there."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import TableFeatures
from deltalake.exceptions import DeltaError

from crash_platform.lake.contract import Column
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import LakeError, Store
from crash_platform_tests.lake.things import DAILY, THINGS, day, days, frame, held


@pytest.fixture
def filled(store: Store) -> Store:
    """A lake with a thing on each of six days, each day in its own file."""
    for n in range(6):
        store.replace(THINGS, days(n), frame((n, n)))
    return store


def test_a_table_nobody_wrote_is_empty_and_has_its_schema(store: Store) -> None:
    rows = store.slice(THINGS, days(0))
    assert (rows.version, rows.files, rows.distinct_days()) == (None, (), set())
    assert rows.read() == THINGS.schema.empty_table()
    assert rows.dataset().to_table() == THINGS.schema.empty_table()
    assert store.version(THINGS) is None
    assert store.last_number(THINGS, "app") == 0


def test_a_window_is_read_and_no_more(filled: Store) -> None:
    assert held(filled, window=days(1, 3)) == {day(n): [n] for n in (1, 2, 3)}
    assert filled.slice(THINGS, days(1, 3)).distinct_days() == {day(1), day(2), day(3)}


def test_a_window_without_rows_reads_as_empty(filled: Store) -> None:
    rows = filled.slice(THINGS, days(100, 200))
    assert (rows.files, rows.distinct_days()) == ((), set())
    assert rows.read() == THINGS.schema.empty_table()


def test_only_the_files_that_may_hold_the_window_are_named(filled: Store) -> None:
    assert len(filled.slice(THINGS).files) == 6
    assert len(filled.slice(THINGS, days(3)).files) == 1


def test_columns_and_rows_can_be_chosen(filled: Store) -> None:
    rows = filled.slice(THINGS, days(1, 4))
    assert rows.read(["thing_id"], pc.field("thing_id") > 2).sort_by("thing_id").to_pydict() == {
        "thing_id": [3, 4]
    }
    assert rows.read([]).num_columns == 0


def test_the_files_lie_where_the_slice_says_whatever_the_folder_is_called(filled: Store) -> None:
    rows = filled.slice(THINGS, days(2))
    assert all(Path(file).is_file() for file in rows.files)
    found = duckdb.read_parquet(list(rows.files)).project("thing_id").fetchall()
    assert found == [(2,)]


def test_a_slice_keeps_its_version_while_others_write(filled: Store) -> None:
    before = filled.slice(THINGS, days(0))
    filled.replace(THINGS, days(0), frame((0, 99)))
    assert before.read(["thing_id"]).to_pydict() == {"thing_id": [0]}
    assert duckdb.read_parquet(list(before.files)).project("thing_id").fetchall() == [(0,)]
    assert held(filled, window=days(0)) == {day(0): [99]}


def test_a_file_that_is_gone_is_an_error_and_not_an_empty_day(filled: Store) -> None:
    rows = filled.slice(THINGS, days(0))
    Path(rows.files[0]).unlink()
    with pytest.raises(LakeError, match="one of its files is gone"):
        rows.read()
    with pytest.raises(LakeError, match="one of its files is gone"):
        rows.distinct_days()


def test_statistics_are_kept_of_the_day_and_what_is_filtered_on(filled: Store) -> None:
    delta = filled.delta(THINGS)
    assert delta
    names = delta.get_add_actions(flatten=True).schema.names
    assert {"min.thing_date", "min.thing_id"} <= set(names)
    assert "min.note" not in names


def test_a_table_whose_files_alone_are_not_its_rows_is_refused(filled: Store) -> None:
    delta = filled.delta(THINGS)
    assert delta
    delta.alter.add_feature(TableFeatures.DeletionVectors, allow_protocol_versions_increase=True)
    with pytest.raises((LakeError, DeltaError), match="deletionVectors"):
        filled.slice(THINGS)


def test_a_table_with_column_mapping_is_refused(store: Store) -> None:
    store.replace(DAILY, days(0), Frame.of(DAILY.schema.empty_table()))
    log = Path(store.location.of(DAILY.path)) / "_delta_log" / f"{0:020}.json"
    log.write_text(
        "\n".join(json.dumps(_mapped(json.loads(a))) for a in log.read_text().splitlines())
    )
    with pytest.raises(LakeError, match="column mapping, with which its files alone"):
        store.slice(DAILY)


def _mapped(action: dict[str, Any]) -> dict[str, Any]:
    if "protocol" in action:
        action["protocol"] |= {"minReaderVersion": 2, "minWriterVersion": 5}
    if "metaData" in action:
        schema = json.loads(action["metaData"]["schemaString"])
        for number, field in enumerate(schema["fields"]):
            field["metadata"]["delta.columnMapping.id"] = number
            field["metadata"]["delta.columnMapping.physicalName"] = f"col-{number}"
        action["metaData"]["schemaString"] = json.dumps(schema)
        action["metaData"]["configuration"]["delta.columnMapping.mode"] = "name"
    return action


def test_a_table_of_another_contract_is_refused_with_the_columns_named(filled: Store) -> None:
    wider = (*THINGS.columns, Column("place", pa.string(), "Place.", False))
    changed = replace(THINGS, columns=wider)
    with pytest.raises(LakeError, match=r"another contract .*place"):
        filled.slice(changed)
    with pytest.raises(LakeError, match=r"another contract .*place"):
        filled.replace(changed, days(0), frame())
