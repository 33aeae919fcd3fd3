"""A client that costs little: prebuilt requests over kept-alive sockets, one process, one thread.

    python -m bench.serving.client PORT CLIENTS SECONDS REQUESTS [ANSWERS]

REQUESTS is a file of whole HTTP requests (see ``write``), sent in turn; each client has one
under way at a time. The last line is what was seen, as a JSON object. With ANSWERS, the number of
the request and the body of every answer go to that file, line by line. Only the standard library:
what a client takes, the server on the same machine lacks.
"""

import json
import re
import select
import socket
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import IO

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
END = b"\r\n\r\n"
STATUS = slice(9, 12)
CHUNK = 1 << 18
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
WAIT_SECONDS = 10.0
LENGTH_BYTES = 4
Request = tuple[int, bytes]


class BrokenError(Exception):
    """A server that hangs up, is silent, or answers something that is no answer."""


@dataclass
class Line:
    """One kept-alive connection with one request under way.

    Attributes:
        sent_at: when the request under way was sent (ns).
        number: of the request under way.
    """

    socket: socket.socket
    sent_at: int = 0
    number: int = 0
    _got: bytearray = field(default_factory=bytearray)

    def send(self, request: Request) -> None:
        """Send a request."""
        self.number, content = request
        self.sent_at = time.perf_counter_ns()
        self.socket.sendall(content)

    def take(self) -> tuple[bytes, bytes] | None:
        """Read what is there; status and body once the answer is whole.

        Raises:
            BrokenError: the server hung up, or says no length.
        """
        some = self.socket.recv(CHUNK)
        if not some:
            raise BrokenError("The server hung up.")
        self._got += some
        head = self._got.find(END)
        if head < 0:
            return None
        found = LENGTH.search(self._got, 0, head)
        if found is None:
            raise BrokenError("An answer without a length came.")
        start = head + len(END)
        if len(self._got) < start + int(found[1]):
            return None
        answer = bytes(self._got)
        self._got.clear()
        return answer[STATUS], answer[start:]


@dataclass
class Seen:
    """What came back: nanoseconds of each answer, how many of each status, their bytes."""

    took: "array[int]" = field(default_factory=lambda: array("q"))
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def summary(self) -> dict[str, object]:
        """Rates and milliseconds."""
        ordered = sorted(self.took)
        return {
            "requests": len(ordered),
            "statuses": dict(self.statuses),
            "seconds": self.seconds,
            "per_second": len(ordered) / self.seconds,
            "cpu": time.process_time(),
            **{name: quantile(ordered, share) / 1e6 for name, share in SHARES.items()},
            "worst": ordered[-1] / 1e6,
        }


def quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest of some rising values that is not below a share (0-1) of them."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


@dataclass
class Load:
    """Some clients of one process, and what they see.

    Attributes:
        requests: to be sent, in turn and again and again.
        answers: takes the number of its request and the body of every answer.
    """

    requests: Sequence[bytes]
    answers: IO[bytes] | None = None
    seen: Seen = field(default_factory=Seen)

    def ask(self, port: int, clients: int, seconds: float) -> Seen:
        """Ask for some seconds; every request that was begun is waited for.

        Raises:
            BrokenError: a request was not answered.
        """
        coming = cycle(enumerate(self.requests))
        with ExitStack() as held:
            poll, lines = held.enter_context(select.epoll()), dict[int, Line]()
            for _ in range(clients):
                opened = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lines[opened.fileno()] = Line(opened)
                poll.register(opened.fileno(), select.EPOLLIN)
            began = time.perf_counter_ns()
            for line in lines.values():
                line.send(next(coming))
            self._follow(poll, lines, coming, began + int(seconds * 1e9))
            self.seen.seconds = (time.perf_counter_ns() - began) / 1e9
        return self.seen

    def _follow(
        self, poll: select.epoll, lines: dict[int, Line], coming: Iterator[Request], until: int
    ) -> None:
        under_way = len(lines)
        while under_way:
            ready = poll.poll(WAIT_SECONDS)
            if not ready:
                raise BrokenError(f"{under_way} requests had no answer within {WAIT_SECONDS:g} s.")
            for number, _ in ready:
                line = lines[number]
                answer = line.take()
                if answer is None:
                    continue
                now = time.perf_counter_ns()
                self._note(line, now, answer)
                if now < until:
                    line.send(next(coming))
                else:
                    under_way -= 1

    def _note(self, line: Line, now: int, answer: tuple[bytes, bytes]) -> None:
        self.seen.took.append(now - line.sent_at)
        self.seen.statuses[answer[0].decode()] += 1
        if self.answers is not None:
            self.answers.write(b"%d %b\n" % (line.number, answer[1]))


def write(requests: Sequence[bytes], file: Path) -> None:
    """Write requests to a file, each after its length."""
    with file.open("wb") as out:
        for request in requests:
            out.write(len(request).to_bytes(LENGTH_BYTES) + request)


def read(file: Path) -> list[bytes]:
    """The requests in a file."""
    content, at, found = file.read_bytes(), 0, list[bytes]()
    while at < len(content):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(content[at:start])
        found.append(content[start:at])
    return found


def main(port: str, clients: str, seconds: str, requests: str, answers: str = "") -> None:
    """Ask, and print what was seen."""
    with ExitStack() as held:
        out = held.enter_context(Path(answers).open("wb")) if answers else None
        seen = Load(read(Path(requests)), out).ask(int(port), int(clients), float(seconds))
    print(json.dumps(seen.summary()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
