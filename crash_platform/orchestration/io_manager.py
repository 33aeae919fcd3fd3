"""Persists partitioned assets as Delta tables, window by window, and describes each write.

Persistence only: what a table means is in its contract, how it is written in ``lake.store``.
"""

from collections.abc import Iterable

import dagster as dg
import pyarrow as pa

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import ContractError, Frame
from crash_platform.lake.store import Commit, Slice
from crash_platform.orchestration.calendar import window_of
from crash_platform.orchestration.resources import LakeResource

PREVIEW_COLUMNS = 6


class DeltaIOManager(dg.IOManager):
    """Replaces exactly the window of the run; anything else is an error.

    An asset returns a ``Frame`` or an Arrow table, and reads its inputs as a ``Slice`` (lazily) or,
    where so annotated, as an Arrow table.
    """

    def __init__(self, contracts: Iterable[Table], lake: LakeResource) -> None:
        """Persist the tables of these contracts in a lake."""
        self._contracts = {table.path: table for table in contracts}
        self._lake = lake

    def handle_output(self, context: dg.OutputContext, obj: Frame | pa.Table | None) -> None:
        """Replace the run's window of the asset's table."""
        if obj is None:
            return
        table = self._contract(context.asset_key)
        frame = Frame.of(obj) if isinstance(obj, pa.Table) else obj
        commit = self._lake.store().replace(table, _output_window(context), frame)
        context.add_output_metadata(describe(commit))

    def load_input(self, context: dg.InputContext) -> Slice | pa.Table:
        """The window of the upstream table that the run's window maps to."""
        table = self._contract(context.asset_key)
        rows = self._lake.store().slice(table, _input_window(context))
        return rows.read() if context.dagster_type.typing_type is pa.Table else rows

    def _contract(self, key: dg.AssetKey) -> Table:
        path = "/".join(key.path)
        if path not in self._contracts:
            raise ContractError(f"{path} has no contract: add it to its pipeline's tables.")
        return self._contracts[path]


def describe(commit: Commit) -> dict[str, dg.MetadataValue]:
    """What people see of a write: rows, Delta version, window, and its first rows."""
    return {
        "rows": dg.MetadataValue.int(commit.rows),
        "delta_version": dg.MetadataValue.int(commit.version),
        "window": dg.MetadataValue.text(str(commit.window)),
        "preview": dg.MetadataValue.md(_markdown(commit.preview)),
    }


def _markdown(preview: pa.Table | None) -> str:
    if preview is None:
        return "no rows"
    names = preview.column_names[:PREVIEW_COLUMNS]
    lines = ["|".join(names), "|".join("---" for _ in names)]
    for row in preview.slice(0, 3).select(names).to_pylist():
        lines.append("|".join(_cell(value) for value in row.values()))
    return "\n".join(lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "/")


def _output_window(context: dg.OutputContext) -> Window:
    if not context.has_asset_partitions:
        raise ContractError(
            f"{context.asset_key.to_user_string()} has no partition in this run, so there is no "
            "window to replace: nothing was written."
        )
    keys = context.asset_partition_key_range
    return window_of(keys.start, keys.end)


def _input_window(context: dg.InputContext) -> Window | None:
    if not context.has_asset_partitions:
        return None
    keys = context.asset_partition_key_range
    return window_of(keys.start, keys.end)
