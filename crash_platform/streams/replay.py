"""Messages tried again: dead letters after their contract was widened, the hub from a moment on.

What bronze holds already is left alone, so that a replay can be repeated, or die half-way.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.streams.event import RejectedError
from crash_platform.streams.landing import ATTEMPTS, Lander, landing_id
from crash_platform.streams.log import Message, Range, StreamError
from crash_platform.streams.rows import Row, event_columns, sorted_out
from crash_platform.streams.tables import DEAD_LETTERS, POSITION, Stream

AT = [column.name for column in POSITION]


@dataclass(frozen=True)
class Replayed:
    """What a replay came to: messages tried, taken over into bronze, and still refused."""

    tried: int
    taken: int
    refused: int
    days: frozenset[date]


def waiting(store: Store, stream: str | None = None) -> pa.Table:
    """The dead letters that were not taken over yet, oldest first; of one stream or of all."""
    wanted = ds.field("replayed_at").is_null()
    if stream is not None:
        wanted &= ds.field("stream") == stream
    order = [("enqueued_at", "ascending"), ("sequence_number", "ascending")]
    return store.slice(DEAD_LETTERS).read(where=wanted).sort_by(order)


def replay_dead_letters(store: Store, stream: Stream, clock: Callable[[], datetime]) -> Replayed:
    """Try every dead letter of a stream again; those that are events by now go to bronze.

    Raises:
        LakeError: a table cannot be read or written.
    """
    letters = [row for row in waiting(store, stream.name).to_pylist() if row["body"] is not None]
    now = clock()
    taken, reasons = list[Row](), dict[tuple[Any, ...], RejectedError | None]()
    for letter in letters:
        try:
            event = stream.contract.accept(message_of(letter))
        except RejectedError as error:
            reasons[_at(letter)] = error
        else:
            reasons[_at(letter)] = None
            taken.append({**letter, **event_columns(event, letter["body"]), "landed_at": now})
    append_missing(store, stream, stream.table, taken)
    _note(store, stream, reasons, now)
    days = frozenset(row["enqueued_date"] for row in taken)
    return Replayed(len(letters), len(taken), len(letters) - len(taken), days)


def replay_hub(lander: Lander, since: datetime) -> Replayed:
    """Read the hub again and land what arrived since a moment and is not in bronze.

    Only up to where it was landed: what is new beyond is left to the landing.

    Raises:
        StreamError: the hub cannot be read.
        LakeError: a table cannot be read or written.
    """
    held = lander.log.describe()
    names = [each.partition_id for each in held.partitions]
    positions = lander.progress(held.generation, names).positions
    tried, taken, days = 0, 0, set[date]()
    for each in held.partitions:
        until = min(positions.get(each.partition_id, -1), each.last)
        if until < each.first:
            continue
        for batch in lander.log.read(Range(each.partition_id, each.first - 1, until)):
            recent = [message for message in batch if message.enqueued_at >= since]
            events, dead = sorted_out(lander.stream, held.generation, recent, lander.clock())
            tried += len(recent)
            taken += append_missing(lander.store, lander.stream, DEAD_LETTERS, dead.records)
            taken += append_missing(
                lander.store, lander.stream, lander.stream.table, events.records
            )
            days |= {message.enqueued_at.date() for message in recent}
    return Replayed(tried, taken, tried - taken, frozenset(days))


def append_missing(store: Store, stream: Stream, table: Table, rows: Sequence[Row]) -> int:
    """Append those rows whose position a table does not hold; how many.

    Raises:
        StreamError: others keep changing the table.
    """
    if not rows:
        return 0
    key = landing_id(stream.name)
    for _ in range(ATTEMPTS):
        numbers = store.numbers(table, [key])
        held = _positions(store, stream, table, {row["enqueued_date"] for row in rows})
        missing = [row for row in rows if _at(row) not in held]
        if not missing:
            return 0
        number = numbers[key] + 1
        frame = Frame.of(_table(table, missing, number))
        try:
            store.append_from(table, frame, numbers, {key: number})
        except CommitFailedError:
            continue
        return len(missing)
    raise StreamError(
        f"{table.path} was changed by others in each of {ATTEMPTS} attempts to replay into it: "
        "run again when they are done."
    )


def message_of(letter: Row) -> Message:
    """A dead letter as the message it was, but for its properties."""
    return Message(
        letter["partition_id"],
        letter["sequence_number"],
        letter["offset"],
        letter["enqueued_at"].astimezone(UTC),
        letter["partition_key"],
        {},
        letter["body"],
    )


def _table(table: Table, rows: Iterable[Row], number: int) -> pa.Table:
    names = table.schema.names
    kept = [{**{name: row.get(name) for name in names}, "landing": number} for row in rows]
    return pa.Table.from_pylist(kept, schema=table.schema)


def _positions(store: Store, stream: Stream, table: Table, days: set[date]) -> set[tuple[Any, ...]]:
    wanted = ds.field("stream") == stream.name if table is DEAD_LETTERS else None
    rows = store.slice(table, Window(min(days), max(days))).read(AT, wanted)
    return {_at(row) for row in rows.to_pylist()}


def _at(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in AT)


def _note(
    store: Store,
    stream: Stream,
    reasons: dict[tuple[Any, ...], RejectedError | None],
    now: datetime,
) -> None:
    """Write down one more attempt, and whether it went well."""
    letters = waiting(store, stream.name)
    days = {row["enqueued_date"] for row in letters.to_pylist() if _at(row) in reasons}
    for day in sorted(days):
        window = Window(day, day)

        def opened(window: Window = window) -> pa.RecordBatchReader:
            rows = store.slice(DEAD_LETTERS, window).read().to_pylist()
            noted = [_noted(row, stream.name, reasons, now) for row in rows]
            return pa.Table.from_pylist(noted, schema=DEAD_LETTERS.schema).to_reader()

        store.replace(DEAD_LETTERS, window, Frame(DEAD_LETTERS.schema, opened))


def _noted(
    row: Row, stream: str, reasons: dict[tuple[Any, ...], RejectedError | None], now: datetime
) -> Row:
    if row["stream"] != stream or row["replayed_at"] is not None or _at(row) not in reasons:
        return row
    error = reasons[_at(row)]
    if error is None:
        return {**row, "attempts": row["attempts"] + 1, "replayed_at": now}
    told = {"error_class": error.error_class, "reason": error.reason}
    return {**row, **told, "attempts": row["attempts"] + 1}
