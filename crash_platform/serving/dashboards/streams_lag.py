"""What waits in the hubs, partition by partition: what they say beside what the lake holds.

How a hub is asked is said in ``hub_lag``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crash_platform.serving.dashboards.figure import Asked, Chart, Field, Figure, Rows
from crash_platform.serving.dashboards.hub_lag import Describe, PartitionState, StreamState
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

LAG = pa.schema(
    [
        *((name, pa.string()) for name in ("partition", "stream", "partition_id")),
        *((name, pa.int64()) for name in ("to_land", "to_score", "newest", "landed", "messages")),
        *((name, pa.timestamp("us", tz="UTC")) for name in ("enqueued_at", "landed_at")),
        ("problem", pa.string()),
    ]
)


def lag(describe: Describe) -> Figure:
    """What waits in each partition.

    It names no sources: what a hub says is shown before any of its events was landed.
    """
    return Figure(
        name="lag",
        title="What waits in the hubs",
        definition=(
            "By partition, asked of the hub a few seconds ago at most: positions in the hub that "
            "are neither in bronze nor among the dead letters, and those that were not scored. "
            "Positions can have gaps, so this is an upper bound of the messages. Empty: the hub "
            "could not be asked, or nobody scores the stream. What was landed is read from bronze."
        ),
        fields=(
            Field("partition", "Partition"),
            Field("to_land", "Waits to be landed", "count"),
            Field("to_score", "Waits to be scored", "count"),
            Field("newest", "Newest position in the hub", "count"),
            Field("landed", "Last position landed", "count"),
            Field("messages", "Messages landed", "count"),
            Field("enqueued_at", "Newest landed message", "moment"),
            Field("landed_at", "Last landing", "moment"),
        ),
        rows=_lag(describe),
        chart=Chart("bar", "partition", ("to_land", "to_score")),
        note=problems,
        is_kept=False,
        filled_by="a hub with partitions: crash-platform hub",
    )


def _lag(describe: Describe) -> Rows:
    def rows(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
        landed = from_sql("streams_landed")(connection, asked).to_pylist()
        return lag_rows(describe(), landed)

    return rows


def lag_rows(states: Sequence[StreamState], landed: Sequence[dict[str, Any]]) -> pa.Table:
    """What the hubs say beside what the lake holds: a row for each partition that either knows.

    Besides the fields: what is wrong with the stream. A stream that knows no partition, but
    something wrong, has a row too.
    """
    known = {(row["stream"], row["partition_id"]): row for row in landed}
    names = {state.stream: None for state in states} | {row["stream"]: None for row in landed}
    states_by_name = {state.stream: state for state in states}
    rows: list[dict[str, Any]] = []
    for name in names:
        state = states_by_name.get(name, StreamState(name, ()))
        asked = {each.partition_id: each for each in state.partitions}
        ids = list(asked) or [partition for stream, partition in known if stream == name]
        found = [_partition(state, each, asked.get(each), known.get((name, each))) for each in ids]
        if not found and state.problem:
            found = [{"partition": name, "stream": name, "problem": state.problem}]
        rows += found
    return pa.Table.from_pylist(rows, schema=LAG)


def _partition(
    state: StreamState,
    partition_id: str,
    asked: PartitionState | None,
    landed: dict[str, Any] | None,
) -> dict[str, Any]:
    held = landed or {}
    row = {
        "partition": f"{state.stream} {partition_id}",
        "stream": state.stream,
        "partition_id": partition_id,
        "landed": held.get("landed_position"),
        "messages": held.get("message_count", 0),
        "enqueued_at": held.get("enqueued_at"),
        "landed_at": held.get("landed_at"),
        "problem": state.problem,
    }
    if asked is None:
        return row
    return row | {
        "to_land": asked.to_land,
        "to_score": asked.to_score,
        "newest": _position(asked.newest),
        "landed": _position(asked.landed),
    }


def _position(number: int) -> int | None:
    return number if number >= 0 else None


def problems(rows: pa.Table) -> str:
    """What is wrong, by stream."""
    told = zip(rows["stream"].to_pylist(), rows["problem"].to_pylist(), strict=True)
    return " ".join(f"{stream}: {problem}" for stream, problem in dict.fromkeys(told) if problem)
