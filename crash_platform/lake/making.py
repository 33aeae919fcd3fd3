"""A table's first version, and the columns that its contract got since. No rows here."""

from collections.abc import Mapping

from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Table
from crash_platform.lake.layout import configuration, lacking, physical


def make(table: Table, address: str, options: Mapping[str, str] | None) -> None:
    """Write the first version of a table, without rows.

    Raises:
        CommitFailedError: somebody else was first.
    """
    DeltaTable.create(
        address,
        schema=physical(table),
        mode="ignore",
        partition_by=[table.folder_column],
        name=table.name,
        description=table.description,
        configuration=configuration(table),
        storage_options=None if options is None else dict(options),
        # With retries, of two that create at once the later one would commit its own
        # metadata on top of the table that is already there.
        commit_properties=CommitProperties(max_commit_retries=0),
    )


def complete(table: Table, delta: DeltaTable) -> None:
    """Add the nullable columns that a table on disk lacks; older rows have nulls there.

    Raises:
        CommitFailedError: others keep changing the table.
    """
    absent = lacking(table, delta.schema())
    if not absent:
        return
    try:
        delta.alter.add_columns(absent, commit_properties=CommitProperties(max_commit_retries=0))
    except CommitFailedError:
        # Whoever was faster has added the same ones, most likely.
        delta.update_incremental()
        if lacking(table, delta.schema()):
            raise
