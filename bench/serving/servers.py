"""The servers that are asked, each one worker in a process of its own, and the asking.

How they are started is said here; what is asked is in ``bodies``, and how is in ``client``.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.serving.client import write
from bench.streams.places import Place, Running, free_port
from crash_platform.serving.access.files import KeyFile
from crash_platform.serving.access.guard import KEYS_FILE
from crash_platform.serving.access.keys import mint

UNLIMITED = 10**9
WARM_SECONDS, STARTING_SECONDS = 2.0, 120.0
CLIENT_TAIL = 2_000


@dataclass(frozen=True)
class Seen:
    """What clients saw: rates, milliseconds, CPU milliseconds of the server for each request."""

    requests: int
    per_second: float
    p50: float
    p95: float
    p99: float
    worst: float
    server_ms: float
    client_ms: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:>9,.0f}{self.p50:>9.2f}{self.p95:>9.2f}{self.p99:>9.2f}"
            f"{self.worst:>9.1f}{self.server_ms:>12.2f}{self.client_ms:>10.2f}"
        )


HEAD = f"{'':34}{'req/s':>9}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'worst':>9}{'server CPU':>12}" + (
    f"{'client':>10}"
)


@dataclass(frozen=True)
class Server:
    """A server under way.

    Attributes:
        running: its process.
        port: where it listens.
        work: folder for the requests.
        key: opens it; empty where no key is needed.
    """

    running: Running
    port: int
    work: Path
    key: str = field(default="", repr=False)

    def ask(
        self, requests: Sequence[bytes], clients: int, seconds: float, answers: str = ""
    ) -> Seen:
        """Let clients ask for some seconds, in a process of their own.

        Raises:
            SystemExit: not every answer was 200.
        """
        file = self.work / "requests"
        write(requests, file)
        before = self.running.cpu()
        told = _client(str(self.port), str(clients), str(seconds), str(file), answers)
        busy = self.running.cpu() - before
        if set(told["statuses"]) != {"200"}:
            raise SystemExit(f"Not every answer was 200: {told['statuses']}")
        count = told["requests"]
        figures = {name: told[name] for name in ("per_second", "p50", "p95", "p99", "worst")}
        return Seen(count, **figures, server_ms=busy / count * 1e3, client_ms=told["cpu_ms"])

    def warm(self, requests: Sequence[bytes]) -> None:
        """Ask for a while before anything is measured."""
        self.ask(requests, 1, WARM_SECONDS)

    def await_ready(self, path: str) -> None:
        """Wait until a path answers 200.

        Raises:
            SystemExit: it ended, or never was ready.
        """
        until = time.monotonic() + STARTING_SECONDS
        while self._status(path) != 200:  # noqa: PLR2004
            if self.running.has_ended() or time.monotonic() > until:
                raise SystemExit(f"It never was ready:\n{self.running.said.read_text()[-4000:]}")
            time.sleep(0.2)

    def _status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        bearer = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            connection.request("GET", path, headers=bearer)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


@contextmanager
def ours(work: Path, tracking: str, *command: str) -> Iterator[Server]:
    """`crash-platform serve` with the champions of a registry, closed by a key.

    Args:
        work: folder for its home.
        tracking: the registry.
        command: another module with its arguments, that serves at the port of the last argument.
    """
    port, place = free_port(), Serving(work / "home", free_port(), tracking)
    text, key = mint("bench", "admin", 1, datetime.now(UTC))
    KeyFile(place.home / KEYS_FILE).add(key)
    module, *arguments = command or ("crash_platform.cli", "serve", "--port")
    with _ended(place.start(module, *arguments, str(port))) as running:
        server = Server(running, port, work, text)
        server.await_ready("/ready")
        yield server


@contextmanager
def mlflows(work: Path, model: Path) -> Iterator[Server]:
    """MLflow's scoring server for a model folder, as `mlflow models serve` starts it."""
    port, said = free_port(), work / "mlflow.out"
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    app = "mlflow.pyfunc.scoring_server.app:app"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", *arguments, app],
            env=os.environ | {"__pyfunc_model_path__": str(model)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    with _ended(Running(process, said)) as running:
        server = Server(running, port, work)
        server.await_ready("/ping")
        yield server


class Serving(Place):
    """A home in which nobody asks too often."""

    @property
    def environment(self) -> dict[str, str]:
        """What a server reads there."""
        return super().environment | {"CRASH_PLATFORM_REQUESTS_PER_MINUTE": str(UNLIMITED)}


@contextmanager
def _ended(running: Running) -> Iterator[Running]:
    try:
        yield running
    finally:
        running.stop()


def _client(*arguments: str) -> Mapping[str, Any]:
    """The client from its start to its end."""
    command = [sys.executable, "-m", "bench.serving.client", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The client failed:\n{done.stderr[-CLIENT_TAIL:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told | {"cpu_ms": told["cpu"] / told["requests"] * 1e3}
