"""The two ends of any link: taking messages in parts, and sending them within credit.

What a message is for is said by readers, publishers and nodes.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from crash_platform.streams.hub.frames import (
    Disposition,
    Flow,
    ProtocolError,
    Transfer,
    rejected,
    transfers,
    unsigned,
)

LARGEST_MESSAGE = 1024 * 1024
_CREDIT = 1000
_HALF_THE_NUMBERS = 2**31
_ALL_THE_NUMBERS = 2**32

Take = Callable[[bytes, int], object]


class Wire(Protocol):
    """A session, as its links see it."""

    channel: int

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""

    def flow(self, handle: int, delivery_count: int, link_credit: int) -> None:
        """Say how much a link takes."""

    def say(self, performative: Disposition) -> None:
        """Send a frame without payload."""

    def largest_frame(self) -> int:
        """Bytes the other side takes at once."""

    def next_delivery(self) -> int:
        """A number for a message to send."""

    async def room(self) -> None:
        """Wait until the other side takes one more frame, and count it."""

    async def drained(self) -> None:
        """Wait until the connection has taken most of what was written; lets others run."""

    def count_transfer(self) -> None:
        """A part of a message came or went: a fault may end the connection here."""


class Inlet:
    """The receiving end of a link: puts messages together and says what became of them."""

    def __init__(self, wire: Wire, handle: int, delivery_count: int, take: Take) -> None:
        """``take`` gets a message and its format, and returns the outcome (None: say nothing)."""
        self._wire = wire
        self._handle = handle
        self._count = delivery_count
        self._take = take
        self._credit = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._first: Transfer | None = None

    def begin(self) -> None:
        """Let the other side send."""
        self._credit = _CREDIT
        self._wire.flow(self._handle, self._count, _CREDIT)

    def on_flow(self, flow: Flow) -> None:
        """The other side tells its state; it may ask for ours."""
        if flow.echo:
            self._wire.flow(self._handle, self._count, self._credit)

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """A message or a part of one has come."""
        first = self._first = self._first or transfer
        self._size += len(payload)
        if self._size <= LARGEST_MESSAGE:
            self._parts.append(payload)
        if transfer.more:
            return
        message, size = b"".join(self._parts), self._size
        self._parts, self._size, self._first = [], 0, None
        self._count += 1
        self._credit -= 1
        if not transfer.aborted:
            self._settle(first, message, size)
        if self._credit <= _CREDIT // 2:
            self.begin()

    def _settle(self, first: Transfer, message: bytes, size: int) -> None:
        if first.delivery_id is None:
            raise ProtocolError("amqp:invalid-field", "a delivery without an id")
        if size > LARGEST_MESSAGE:
            outcome: object = rejected(
                "amqp:link:message-size-exceeded",
                f"The message of {size} bytes is larger than {LARGEST_MESSAGE}.",
            )
        else:
            outcome = self._take(message, first.message_format or 0)
        if outcome is not None and not first.settled:
            number = unsigned(first.delivery_id)
            self._wire.say(Disposition(True, number, number, True, outcome, False))


class Outlet:
    """The sending end of a link: never more than the other side gave credit for."""

    def __init__(self, wire: Wire, handle: int) -> None:
        self._wire = wire
        self._handle = handle
        self._count = 0
        self._ready = asyncio.Event()
        self.credit = 0
        self.drains = False

    def on_flow(self, flow: Flow) -> None:
        """The other side gives credit."""
        given = (flow.delivery_count or 0) + (flow.link_credit or 0) - self._count
        given %= _ALL_THE_NUMBERS
        self.credit = 0 if given >= _HALF_THE_NUMBERS else given
        self.drains = bool(flow.drain)
        if self.credit:
            self._ready.set()
        if flow.echo:
            self._wire.flow(self._handle, self._count, self.credit)

    def exhaust(self) -> None:
        """Use up the credit without sending, where the other side asked for that."""
        if self.drains and self.credit:
            self._count += self.credit
            self.credit = 0
            self._wire.flow(self._handle, self._count, 0)

    async def send(self, message: bytes) -> None:
        """Send a message as soon as there is credit."""
        while not self.credit:
            self._ready.clear()
            await self._ready.wait()
        self.credit -= 1
        self._count += 1
        wire = self._wire
        delivery = wire.next_delivery()
        for each in transfers(wire.channel, self._handle, delivery, message, wire.largest_frame()):
            await wire.room()
            wire.write(each)


class AnswerLink:
    """The link that a node's answers go out on."""

    def __init__(self, wire: Wire, handle: int, address: str) -> None:
        self.address = address
        self.outlet = Outlet(wire, handle)

    def on_flow(self, flow: Flow) -> None:
        """The other side gives credit."""
        self.outlet.on_flow(flow)

    def begin(self) -> None:
        """Nothing to say first."""

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Nothing can come in here."""
        raise ProtocolError("amqp:not-allowed", "a message on a link that only sends")

    def close(self) -> None:
        """Nothing to let go of."""


class RequestLink(Inlet):
    """The link that a node's requests come in on."""

    def close(self) -> None:
        """Nothing to let go of."""
