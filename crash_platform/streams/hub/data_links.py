"""Links that events go through: publishers store them, readers get them."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.frames import ACCEPTED, Flow, ProtocolError, Transfer, rejected
from crash_platform.streams.hub.links import Inlet, Outlet, Wire
from crash_platform.streams.hub.log import Hub
from crash_platform.streams.hub.nodes import last_event
from crash_platform.streams.hub.positions import Refusal, Start, beyond_the_end
from crash_platform.streams.hub.sections import DELIVERY_ANNOTATIONS, section
from crash_platform.streams.hub.values import CodecError, Symbol, Timestamp

_EVENTS_AT_ONCE = 500
_BYTES_AT_ONCE = 256 * 1024

Detach = Callable[[Refusal], None]
Drop = Callable[[], None]


class Publisher:
    """Stores what comes in, and accepts it once it is stored."""

    def __init__(
        self, broker: Broker, hub: Hub, partition: int | None, detach: Detach, drop: Drop
    ) -> None:
        """``partition`` None: by key, or each in turn. ``drop`` ends the connection at once."""
        self.hub = hub
        self.detach = detach
        self._broker = broker
        self._partition = partition
        self._drop = drop

    def attach(self, wire: Wire, handle: int, delivery_count: int) -> None:
        """Begin on a link."""
        self._wire = wire
        self._inlet = Inlet(wire, handle, delivery_count, self._take)
        self._broker.enter(self)

    def begin(self) -> None:
        """Let the other side send."""
        self._inlet.begin()

    def on_flow(self, flow: Flow) -> None:
        """The other side tells its state."""
        self._inlet.on_flow(flow)

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """An event or a batch, or a part of one."""
        self._wire.count_transfer()
        self._inlet.on_transfer(transfer, payload)

    def close(self) -> None:
        """The link has ended."""
        self._broker.leave(self)

    def _take(self, message: bytes, form: int) -> object:
        try:
            self._broker.publish(self.hub, self._partition, message, form)
        except CodecError as error:
            return rejected("amqp:decode-error", f"The event cannot be read: {error}.")
        except sqlite3.Error as error:
            return rejected("amqp:internal-error", f"The log cannot be written: {error}.")
        if self._broker.faults.takes_ack():
            self._drop()
            return None
        return ACCEPTED


class Wish(NamedTuple):
    """What a reader asks for.

    Attributes:
        group: the consumer group.
        epoch: where given, pushes out readers with a lower one, the same, or none.
        start: the position to begin at.
        reports: whether every event also says what the newest event of the partition is.
    """

    group: str
    epoch: int | None
    start: Start
    reports: bool


class Reader:
    """Sends a partition's events from a position on, as fast as the other side takes them."""

    def __init__(
        self, broker: Broker, hub: Hub, partition: int, wish: Wish, detach: Detach
    ) -> None:
        self.hub = hub
        self.partition = partition
        self.group = wish.group.lower()
        self.epoch = wish.epoch
        self.detach = detach
        self._broker = broker
        self._wish = wish
        self._awake = asyncio.Event()

    def attach(self, wire: Wire, handle: int) -> Refusal | None:
        """Begin on a link, or say why not."""
        log, start = self._broker.log, self._wish.start
        number, offset, _ = last_event(log.extent(self.hub, self.partition))
        refused = beyond_the_end(start, number, offset) or self._broker.enter_reader(self)
        if refused is None:
            self._wire = wire
            self._outlet = Outlet(wire, handle)
            self._next = log.find(self.hub, self.partition, start)
        return refused

    def begin(self) -> None:
        """Nothing to say first."""

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    def on_flow(self, flow: Flow) -> None:
        """The other side gives credit."""
        self._outlet.on_flow(flow)
        self._awake.set()

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Nothing can come in here."""
        raise ProtocolError("amqp:not-allowed", "a message on a link that only sends")

    def close(self) -> None:
        """The link has ended."""
        self._broker.leave_reader(self)

    async def pump(self) -> None:
        """Send for ever, never more than the connection takes."""
        while True:
            self._awake.clear()
            if not await self._send_some():
                self._outlet.exhaust()
                await self._awake.wait()

    async def _send_some(self) -> bool:
        log = self._broker.log
        extent = log.extent(self.hub, self.partition)
        if not self._outlet.credit or self._next >= extent.next:
            return False
        most = min(self._outlet.credit, _EVENTS_AT_ONCE)
        rows = log.read(self.hub, self.partition, self._next, most, _BYTES_AT_ONCE)
        report = self._report() if self._wish.reports else b""
        for number, message in rows:
            self._wire.count_transfer()
            await self._outlet.send(report + message)
            self._next = number + 1
        await self._wire.drained()
        return bool(rows)

    def _report(self) -> bytes:
        number, offset, enqueued = last_event(self._broker.log.extent(self.hub, self.partition))
        return section(
            DELIVERY_ANNOTATIONS,
            {
                Symbol("last_enqueued_sequence_number"): number,
                Symbol("last_enqueued_offset"): offset,
                Symbol("last_enqueued_time_utc"): enqueued,
                Symbol("runtime_info_retrieval_time_utc"): Timestamp(self._broker.now()),
            },
        )
