"""A client of few words: AMQP 1.0 by hand over a socket, to meet the hub in ways no SDK would."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Self, TypeVar

from crash_platform.streams.hub import LocalHub
from crash_platform.streams.hub.frames import (
    AMQP_HEADER,
    HEADER_SIZE,
    HEARTBEAT,
    SASL_HEADER,
    SOURCE,
    TARGET,
    Attach,
    Begin,
    Detach,
    Disposition,
    Flow,
    Init,
    Mechanisms,
    Open,
    Outcome,
    Performative,
    Transfer,
    frame,
    parse,
)
from crash_platform.streams.hub.sections import (
    APPLICATION_PROPERTIES,
    PROPERTIES,
    VALUE,
    section,
)
from crash_platform.streams.hub.values import Described, Symbol, UInt, ULong, UShort
from crash_platform_tests.streams.hub.messages import read

WINDOW = 5_000
_P = TypeVar("_P")


class RawClient:
    """One connection with one session on channel 0."""

    def __init__(self, port: int, largest_frame: int = 2**20) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.largest_frame = largest_frame
        self._handles = count(900)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def say(self, performative: Performative, payload: bytes = b"") -> None:
        self.socket.sendall(frame(0, performative, payload))

    def next(self) -> tuple[Performative, bytes]:
        while True:
            header = self._file.read(HEADER_SIZE)
            if len(header) < HEADER_SIZE:
                raise EOFError
            size = int.from_bytes(header[:4], "big")
            assert size <= self.largest_frame
            if size > HEADER_SIZE:
                return parse(self._file.read(size - HEADER_SIZE))

    def hears_a_heartbeat(self) -> bool:
        return self._file.read(HEADER_SIZE) == HEARTBEAT

    def hears(self, kind: type[_P]) -> _P:
        """The next frame of a kind; what comes before it is passed over."""
        while True:
            heard, _ = self.next()
            if isinstance(heard, kind):
                return heard

    def hears_nothing(self, seconds: float = 0.15) -> bool:
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5)

    def is_hung_up_on(self) -> bool:
        try:
            while True:
                self.next()
        except (EOFError, ConnectionError):
            return True

    def open(self, idle: int | None = None, window: int = WINDOW) -> Self:
        self.socket.sendall(SASL_HEADER)
        assert self._file.read(8) == SASL_HEADER
        self.hears(Mechanisms)
        self.say(Init(Symbol("ANONYMOUS")))
        assert self.hears(Outcome).code == 0
        self.socket.sendall(AMQP_HEADER)
        assert self._file.read(8) == AMQP_HEADER
        self.say(Open("raw", None, UInt(self.largest_frame), UShort(9), idle and UInt(idle)))
        self.hears(Open)
        self.say(Begin(None, UInt(0), UInt(window), UInt(window)))
        self.hears(Begin)
        return self

    def log_in(self) -> Self:
        """Put a token, as a JWT is always taken."""
        told = self.ask("$cbs", {"operation": "put-token", "type": "jwt"}, "token")
        assert told.application_properties[b"status-code"] == 202
        return self

    def ask(self, node: str, arguments: dict[object, object], value: object) -> Any:
        reader, sender = next(self._handles), next(self._handles)
        self.attach_reader(reader, node)
        self.flow(reader, 10)
        self.attach_sender(sender, node)
        body = section(PROPERTIES, ["id"]) + section(APPLICATION_PROPERTIES, arguments)
        self.send(sender, body + section(VALUE, value))
        return read(self.message())

    def attach_sender(self, handle: int, address: str) -> Attach:
        target = Described(TARGET, [address])
        source = Described(SOURCE, ["me"])
        self.say(
            Attach(f"s{handle}", UInt(handle), False, None, None, source, target, None, None,
                   UInt(0))
        )  # fmt: skip
        return self.hears(Attach)

    def attach_reader(
        self, handle: int, address: str, start: str | None = None, **rest: Any
    ) -> Attach:
        fields: list[object] = [address] + [None] * 10
        if start is not None:
            name = Symbol("apache.org:selector-filter:string")
            fields[7] = {name: Described(name, f"amqp.annotation.{start}")}
        source, target = Described(SOURCE, fields), Described(TARGET, ["me"])
        base = Attach(f"r{handle}", UInt(handle), True, None, None, source, target)
        self.say(base._replace(**rest))
        return self.hears(Attach)

    def flow(self, handle: int, credit: int, seen: int = 0, **rest: Any) -> None:
        session = (UInt(seen), UInt(WINDOW), UInt(0), UInt(WINDOW))
        window = rest.pop("window", None)
        if window is not None:
            session = (UInt(seen), UInt(window), UInt(0), UInt(WINDOW))
        self.say(Flow(*session, UInt(handle), UInt(seen), UInt(credit))._replace(**rest))

    def send(
        self, handle: int, message: bytes, form: int = 0, part: int = 2**15, number: int = 0
    ) -> None:
        parts = [message[at : at + part] for at in range(0, len(message), part)] or [b""]
        for index, each in enumerate(parts):
            more = index < len(parts) - 1
            head = Transfer(UInt(handle), UInt(number), b"t", UInt(form), False, more)
            self.say(head if index == 0 else Transfer(UInt(handle), more=more), each)

    def outcome(self) -> tuple[int, str]:
        """What became of what was sent: the outcome's code, and the condition of a refusal."""
        state = self.hears(Disposition).state
        match state:
            case Described(ULong() as code, []):
                return code, ""
            case Described(ULong() as code, [Described(_, [Symbol() as condition, str(), None])]):
                return code, condition
        raise AssertionError(state)

    def message(self) -> bytes:
        """The next message, put together."""
        whole = b""
        while True:
            heard, payload = self.next()
            if isinstance(heard, Transfer):
                assert heard.settled
                whole += payload
                if not heard.more:
                    return whole

    def bodies(self, count: int) -> list[bytes]:
        return [b"".join(read(self.message()).data) for _ in range(count)]

    def refusal(self) -> tuple[str, str]:
        """The condition and the sentence a link is detached with."""
        match self.hears(Detach).error:
            case Described(_, [Symbol() as condition, str() as description, None]):
                return condition, description
        raise AssertionError


@contextmanager
def logged_in(hub: LocalHub, largest_frame: int = 2**20, **rest: Any) -> Iterator[RawClient]:
    """A client that may do everything."""
    with RawClient(hub.port, largest_frame) as client:
        yield client.open(**rest).log_in()


__all__ = ["RawClient", "logged_in"]
