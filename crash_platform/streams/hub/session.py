"""A session: its links by handle, and how many frames may be under way."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Protocol

from crash_platform.streams.hub import addresses
from crash_platform.streams.hub.admission import Door, Link, admit
from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.data_links import Reader
from crash_platform.streams.hub.frames import (
    ACCEPTED,
    SOURCE,
    TARGET,
    Attach,
    Begin,
    Detach,
    Disposition,
    Flow,
    Performative,
    ProtocolError,
    Transfer,
    error,
    frame,
    rejected,
    terminus_address,
    unsigned,
)
from crash_platform.streams.hub.links import LARGEST_MESSAGE, AnswerLink
from crash_platform.streams.hub.nodes import ACCEPTED as TOKEN_ACCEPTED
from crash_platform.streams.hub.nodes import Answer, describe, put_token
from crash_platform.streams.hub.positions import Refusal
from crash_platform.streams.hub.sections import Request, answer, request
from crash_platform.streams.hub.values import CodecError, Described, UByte, UInt, ULong, UShort

_HANDLES = 1023
_WINDOW = 65_536
_ALL_THE_NUMBERS = 2**32
_SOURCE_FIELDS, _TARGET_FIELDS = 11, 7


class Peer(Protocol):
    """A connection, as its sessions see it."""

    is_authorised: bool
    largest_frame: int

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""

    async def drained(self) -> None:
        """Wait until most of what was written is taken; lets others run."""

    def drop(self) -> None:
        """End the connection at once."""

    def spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Do something beside, for as long as the connection lasts."""


class Session:
    """One session of a connection; what its links see is the face ``links.Wire``."""

    def __init__(self, peer: Peer, broker: Broker, channel: int, begin: Begin) -> None:
        self.channel = channel
        self._peer = peer
        self._broker = broker
        self._links: dict[int, Link] = {}
        self._pumps: dict[int, asyncio.Task[None]] = {}
        self._incoming = begin.next_outgoing_id
        self._outgoing = 0
        self._deliveries = 0
        self._room = begin.incoming_window
        self._has_room = asyncio.Event()
        answered = Begin(UShort(channel), UInt(0), UInt(_WINDOW), UInt(_WINDOW), UInt(_HANDLES))
        self.say(answered)

    def on_frame(self, performative: Performative, payload: bytes) -> None:
        """A frame on this channel; for a link that is not there (any more) it means nothing.

        Raises:
            ProtocolError: it has no place in a session.
        """
        match performative:
            case Transfer():
                self._incoming += 1
                link = self._links.get(performative.handle)
                if link is not None:
                    link.on_transfer(performative, payload)
            case Flow():
                self._on_flow(performative)
            case Attach():
                self._on_attach(performative)
            case Detach():
                if performative.handle in self._links:
                    self._remove(performative.handle)
                    self.say(Detach(UInt(performative.handle), True))
            case Disposition():
                pass  # what is sent is settled already
            case _:
                what = type(performative).__name__
                raise ProtocolError("amqp:not-allowed", f"{what} has no place in a session")

    def close(self) -> None:
        """The session has ended."""
        for handle in list(self._links):
            self._remove(handle)

    def _on_flow(self, flow: Flow) -> None:
        seen = flow.next_incoming_id or 0
        room = (seen + flow.incoming_window - self._outgoing) % _ALL_THE_NUMBERS
        self._room = 0 if room >= _ALL_THE_NUMBERS // 2 else room
        if self._room:
            self._has_room.set()
        link = None if flow.handle is None else self._links.get(flow.handle)
        if link is not None:
            link.on_flow(flow)

    def _on_attach(self, attach: Attach) -> None:
        handle = attach.handle
        if handle > _HANDLES or handle in self._links:
            raise ProtocolError("amqp:session:handle-in-use", f"handle {handle} cannot be had")
        admitted = admit(attach, self._broker, self._door(handle))
        self.say(_attached(attach))
        if isinstance(admitted, Refusal):
            self.say(Detach(UInt(handle), True, error(*admitted)))
            return
        self._links[handle] = admitted
        if isinstance(admitted, Reader):
            self._pumps[handle] = self._peer.spawn(admitted.pump())
        admitted.begin()

    def _door(self, handle: int) -> Door:
        nodes = {addresses.CBS: self._on_token, addresses.MANAGEMENT: self._on_question}
        detach = partial(self._detach, handle)
        return Door(self, self._peer.is_authorised, detach, self._peer.drop, nodes)

    def _detach(self, handle: int, why: Refusal) -> None:
        self._remove(handle)
        self.say(Detach(UInt(handle), True, error(*why)))

    def _remove(self, handle: int) -> None:
        self._links.pop(handle).close()
        pump = self._pumps.pop(handle, None)
        if pump is not None:
            pump.cancel()

    def _on_token(self, message: bytes, _form: int) -> object:
        return self._on_request(message, addresses.CBS)

    def _on_question(self, message: bytes, _form: int) -> object:
        return self._on_request(message, addresses.MANAGEMENT)

    def _on_request(self, message: bytes, node: str) -> object:
        try:
            asked = request(message)
        except CodecError as problem:
            return rejected("amqp:decode-error", f"The request cannot be read: {problem}.")
        if node == addresses.CBS:
            said = put_token(asked, self._broker)
            self._peer.is_authorised = said.status == TOKEN_ACCEPTED
            self._peer.spawn(self._answer(node, asked, said, 0))
        elif self._peer.is_authorised:
            pause = self._broker.faults.management_delay()
            self._peer.spawn(self._answer(node, asked, describe(asked, self._broker), pause))
        else:
            return rejected("amqp:unauthorized-access", "No token was taken on this connection.")
        return ACCEPTED

    async def _answer(self, node: str, asked: Request, said: Answer, pause: float) -> None:
        await asyncio.sleep(pause)
        for link in list(self._links.values()):
            if isinstance(link, AnswerLink) and link.address == node:
                await link.outlet.send(answer(asked, said.arguments(), said.value))
                return

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""
        self._peer.write(data)

    def say(self, performative: Performative) -> None:
        """Send a frame without payload."""
        self._peer.write(frame(self.channel, performative))

    def flow(self, handle: int, delivery_count: int, link_credit: int) -> None:
        """Say what a link takes or has left, and that the session takes a full window again."""
        self.say(
            Flow(
                unsigned(self._incoming), UInt(_WINDOW), unsigned(self._outgoing), UInt(_WINDOW),
                UInt(handle), unsigned(delivery_count), UInt(link_credit), UInt(0), False, False,
            )
        )  # fmt: skip

    def largest_frame(self) -> int:
        """Bytes the other side takes at once."""
        return self._peer.largest_frame

    def next_delivery(self) -> int:
        """A number for a message to send."""
        number = self._deliveries
        self._deliveries = (number + 1) % _ALL_THE_NUMBERS
        return number

    async def room(self) -> None:
        """Wait until the other side takes one more frame, and count it."""
        while not self._room:
            self._has_room.clear()
            await self._has_room.wait()
        self._room -= 1
        self._outgoing = (self._outgoing + 1) % _ALL_THE_NUMBERS

    async def drained(self) -> None:
        """Wait until the connection has taken most of what was written; lets others run."""
        await self._peer.drained()

    def count_transfer(self) -> None:
        """A part of a message came or went: a fault may end the connection here."""
        if self._broker.faults.takes_transfer():
            self._peer.drop()
            raise ConnectionAbortedError("dropped on purpose")


def _attached(attach: Attach) -> Attach:
    """The answer to an attach: both ends named, which the client insists on even if refused."""
    source = [terminus_address(attach.source) or attach.name] + [None] * (_SOURCE_FIELDS - 1)
    target = [terminus_address(attach.target) or attach.name] + [None] * (_TARGET_FIELDS - 1)
    return Attach(
        attach.name,
        UInt(attach.handle),
        not attach.role,
        UByte(attach.role),  # what is sent here is settled; what is taken here is not
        UByte(0),
        Described(SOURCE, source),
        Described(TARGET, target),
        initial_delivery_count=UInt(0) if attach.role else None,
        max_message_size=ULong(LARGEST_MESSAGE),
    )
