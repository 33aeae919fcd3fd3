"""The landing taken apart: CPU seconds of reading, contract, rows and Delta, one after the other.

It does what ``Lander.land`` does with everything at once; the sum is near the landing, not equal.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TypeVar

from bench.streams.children import EVERYTHING, Found, lander, opened
from crash_platform.lake.frame import Frame
from crash_platform.streams.event import EventContract
from crash_platform.streams.log import EventLog, Message
from crash_platform.streams.planning import Plan
from crash_platform.streams.rows import sorted_out

T = TypeVar("T")


def taken_apart() -> Found:
    """CPU seconds by part; ``rows`` is what sorting out takes besides the contract."""
    with closing(opened()) as log:
        ours = lander(log)
        stream = ours.stream
        plan, planning = timed(lambda: ours.plan(EVERYTHING))
        messages, reading = timed(lambda: read(log, plan))
    _, contract = timed(lambda: accept(stream.contract, messages))
    now = datetime.now(UTC)
    (events, _), sorting = timed(lambda: sorted_out(stream, plan.generation, messages, now))
    table, columns = timed(lambda: events.numbered(stream.table, 1))
    mark = "bench/parts"
    _, delta = timed(
        lambda: ours.store.append_from(stream.table, Frame.of(table), {mark: 0}, {mark: 1})
    )
    return {
        "planning": planning,
        "reading": reading,
        "contract": contract,
        "rows": sorting - contract,
        "columns": columns,
        "delta": delta,
    }


def read(log: EventLog, plan: Plan) -> list[Message]:
    """Every message of a plan."""
    return [message for part in plan.ranges for batch in log.read(part) for message in batch]


def accept(contract: EventContract, messages: Sequence[Message]) -> None:
    """Hold every message to the contract, and keep nothing: what is kept costs collections."""
    for message in messages:
        contract.accept(message)


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """What something gives, and the CPU seconds of this process that it took."""
    busy = time.process_time()
    given = act()
    return given, time.process_time() - busy
