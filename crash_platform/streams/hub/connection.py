"""One TCP connection: logging in, opening, telling frames apart, and ending however it ends."""

import asyncio
import logging
from collections.abc import Coroutine

from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.frames import (
    AMQP_FRAME,
    AMQP_HEADER,
    HEADER_SIZE,
    HEARTBEAT,
    SASL_FRAME,
    SASL_HEADER,
    Begin,
    Close,
    End,
    Init,
    Mechanisms,
    Open,
    Outcome,
    Performative,
    ProtocolError,
    error,
    frame,
    parse,
)
from crash_platform.streams.hub.session import Session
from crash_platform.streams.hub.values import UByte as Code
from crash_platform.streams.hub.values import UInt, UShort, symbols

LARGEST_FRAME = 65_536
_SMALLEST_LARGEST_FRAME = 512
_CHANNELS = 255
_SECONDS_TO_OPEN, _SECONDS_TO_LEAVE = 20.0, 2.0
_WORD = 4

_LOGGER = logging.getLogger(__name__)


class Connection:
    """One client; what its sessions see is the face ``session.Peer``."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, broker: Broker
    ) -> None:
        self.is_authorised = False
        self.largest_frame = _SMALLEST_LARGEST_FRAME
        self._reader = reader
        self._writer = writer
        self._broker = broker
        self._sessions: dict[int, Session] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._is_open = False

    async def serve(self) -> None:
        """Talk until either side has enough; a peer that breaks the rules is hung up on."""
        try:
            async with asyncio.TaskGroup() as self._group:
                try:
                    await self._talk()
                except ProtocolError as problem:
                    _LOGGER.info("closed a connection: %s", problem)
                    self.close(problem.condition, problem.description)
                finally:
                    self._end()
        except* (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as lost:
            _LOGGER.debug("a connection was lost: %s", lost.exceptions)
        finally:
            await self._let_go()

    async def _talk(self) -> None:
        async with asyncio.timeout(_SECONDS_TO_OPEN):
            await self._log_in()
            await self._open()
        while not self._writer.is_closing():
            channel, performative, payload = await self._next(AMQP_FRAME)
            if not self._handle(channel, performative, payload):
                return

    async def _log_in(self) -> None:
        """Anyone may: who may do what is said by the tokens put later."""
        if await self._reader.readexactly(len(SASL_HEADER)) != SASL_HEADER:
            self.write(SASL_HEADER)
            raise ProtocolError("amqp:connection:framing-error", "not AMQP 1.0 with SASL")
        self.write(
            SASL_HEADER + frame(0, Mechanisms(symbols(["ANONYMOUS", "MSSBCBS", "EXTERNAL"])))
        )
        _, chosen, _ = await self._next(SASL_FRAME)
        if not isinstance(chosen, Init):
            raise ProtocolError("amqp:not-allowed", "expected sasl-init")
        self.write(frame(0, Outcome(Code(0))))

    async def _open(self) -> None:
        if await self._reader.readexactly(len(AMQP_HEADER)) != AMQP_HEADER:
            self.write(AMQP_HEADER)
            raise ProtocolError("amqp:connection:framing-error", "not AMQP 1.0")
        self.write(AMQP_HEADER)
        _, opened, _ = await self._next(AMQP_FRAME)
        if not isinstance(opened, Open):
            raise ProtocolError("amqp:not-allowed", "expected open")
        largest = LARGEST_FRAME if opened.max_frame_size is None else opened.max_frame_size
        if largest < _SMALLEST_LARGEST_FRAME:
            raise ProtocolError("amqp:invalid-field", f"max-frame-size cannot be {largest}")
        self.largest_frame = min(largest, 2**20)
        self.write(frame(0, Open("local-hub", None, UInt(LARGEST_FRAME), UShort(_CHANNELS))))
        self._is_open = True
        if opened.idle_time_out:
            self.spawn(self._beat(opened.idle_time_out / 1000))

    async def _beat(self, idle: float) -> None:
        while True:
            await asyncio.sleep(idle / 2)
            self.write(HEARTBEAT)
            await self.drained()

    async def _next(self, kind: int) -> tuple[int, Performative, bytes]:
        """The next frame that says something."""
        while True:
            header = await self._reader.readexactly(HEADER_SIZE)
            size, offset = int.from_bytes(header[:_WORD], "big"), header[_WORD] * _WORD
            if not HEADER_SIZE <= offset <= size <= LARGEST_FRAME or header[5] != kind:
                raise ProtocolError("amqp:connection:framing-error", "no frame of AMQP")
            rest = await self._reader.readexactly(size - HEADER_SIZE)
            body = rest[offset - HEADER_SIZE :]
            if body:
                return int.from_bytes(header[6:], "big"), *parse(body)

    def _handle(self, channel: int, performative: Performative, payload: bytes) -> bool:
        """Pass a frame on; whether there is more to talk about."""
        session = self._sessions.get(channel)
        match performative:
            case Close():
                self._writer.write(frame(0, Close()))
                return False
            case Begin():
                if session is not None or channel > _CHANNELS:
                    raise ProtocolError("amqp:not-allowed", f"channel {channel} cannot be had")
                self._sessions[channel] = Session(self, self._broker, channel, performative)
            case End():
                if session is not None:
                    session.close()
                    del self._sessions[channel]
                    self.write(frame(channel, End()))
            case _:
                if session is None:
                    raise ProtocolError("amqp:not-allowed", f"channel {channel} has no session")
                session.on_frame(performative, payload)
        return True

    async def _let_go(self) -> None:
        """Give the other side a moment to take what was said last."""
        self._writer.close()
        try:
            async with asyncio.timeout(_SECONDS_TO_LEAVE):
                await self._writer.wait_closed()
        except (ConnectionError, TimeoutError) as lost:
            _LOGGER.debug("a connection was lost while closing: %r", lost)
        finally:
            self.drop()

    def _end(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        for work in self._work:
            work.cancel()

    def close(self, condition: str, description: str) -> None:
        """Say goodbye and why, and hang up."""
        if self._is_open:
            self.write(frame(0, Close(error(condition, description))))
        self._writer.close()

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later; nothing once the connection is closing."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def drained(self) -> None:
        """Wait until most of what was written is taken; lets others run."""
        await self._writer.drain()
        await asyncio.sleep(0)

    def drop(self) -> None:
        """End the connection at once, without a word."""
        self._writer.transport.abort()

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Do something beside, for as long as the connection lasts."""
        task = self._group.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task
