"""How a table lies in its folder: the schema on disk, its properties, a window as a filter."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, Field, Schema, WriterProperties

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.failures import LakeError

CHECKPOINT_EVERY = 20
READABLE_FEATURES = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})
"""Delta reader features with which a table's files alone still are its rows."""


def configuration(table: Table) -> dict[str, str | None]:
    """The table properties: statistics for what is filtered on, a checkpoint now and then.

    The log remembers removed files as long as it remembers versions. With Delta's own default (a
    week) a checkpoint forgets them sooner, and maintenance could then neither find them all nor
    keep a longer history whole.
    """
    return {
        "delta.checkpointInterval": str(CHECKPOINT_EVERY),
        "delta.dataSkippingStatsColumns": ",".join((table.day_column, *table.filtered)),
        "delta.deletedFileRetentionDuration": f"interval {table.log_hours} hours",
        "delta.logRetentionDuration": f"interval {table.log_hours} hours",
    }


def writer_properties() -> WriterProperties:
    """How Parquet files are written."""
    # Higher levels take longer and, measured on bronze and silver, save nothing.
    return WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=65_536)


def physical(table: Table) -> pa.Schema:
    """The schema on disk: the contract's columns and the folder."""
    return table.schema.append(pa.field(table.folder_column, pa.string(), nullable=False))


def with_folder(batch: pa.RecordBatch, table: Table) -> pa.RecordBatch:
    """The batch with the folder of each row."""
    days = batch.column(table.day_column).cast(pa.string())
    folder = pc.utf8_slice_codeunits(days, 0, table.folder_digits)
    return pa.RecordBatch.from_arrays([*batch.columns, folder], schema=physical(table))


def predicate(table: Table, window: Window) -> str:
    """The window in SQL, for a replacement."""
    terms = (f"{column} {sign} '{value}'" for column, sign, value in pruning(table, window))
    return " AND ".join(terms)


def pruning(table: Table, window: Window) -> list[tuple[str, str, str | date]]:
    """The window as the filter by which delta-rs picks files."""
    folder, day = table.folder_column, table.day_column
    return [
        (folder, ">=", table.folder_of(window.first)),
        (folder, "<=", table.folder_of(window.last)),
        (day, ">=", window.first),
        (day, "<=", window.last),
    ]


def recognise(table: Table, delta: DeltaTable) -> DeltaTable:
    """The table, if it is what its contract says and its files alone are its rows.

    Nullable columns that the contract got since it was written may be lacking: they read as nulls.

    Raises:
        LakeError: it was written under another contract, or with Delta features that readers of
            plain files would miss.
    """
    odd = set(delta.protocol().reader_features or ()) - READABLE_FEATURES
    mapping = delta.metadata().configuration.get("delta.columnMapping.mode", "none")
    if odd or mapping != "none":
        raise LakeError(
            f"{table.path} uses {sorted(odd) or 'column mapping'}, with which its files alone are "
            "not its rows: rewrite the table without that."
        )
    added = {field.name for field in lacking(table, delta.schema())}
    differing = [name for name in differences(table, delta.schema()) if name not in added]
    if differing:
        raise LakeError(
            f"{table.path} was written under another contract (other columns or types: "
            f"{', '.join(differing)}): move its folder away and make the table anew."
        )
    return delta


def differences(table: Table, found: Schema) -> list[str]:
    """The columns that a table on disk has otherwise than its contract, by name."""
    wanted = Schema.from_arrow(physical(table))
    expected = {field.name: (field.type, field.nullable) for field in wanted.fields}
    actual = {field.name: (field.type, field.nullable) for field in found.fields}
    return sorted(n for n in expected | actual if expected.get(n) != actual.get(n))


def lacking(table: Table, found: Schema) -> list[Field]:
    """The nullable columns of a contract that a table on disk does not have yet."""
    held = {field.name for field in found.fields}
    wanted = Schema.from_arrow(physical(table)).fields
    return [field for field in wanted if field.nullable and field.name not in held]
