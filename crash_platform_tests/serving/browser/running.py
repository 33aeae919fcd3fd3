"""The whole platform as its own processes: hub, speed layer, pages; over a home of demo's."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

PATIENCE_SECONDS = 300
# Whoever starts the tests may have blocked or ignored the signals that end a process.
START = (
    "import os, signal, sys; asked = [signal.SIGTERM, signal.SIGINT]; "
    "signal.pthread_sigmask(signal.SIG_UNBLOCK, asked); "
    "[signal.signal(each, signal.SIG_DFL) for each in asked]; os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class Platform:
    """A platform that runs."""

    home: Path
    url: str
    environment: Mapping[str, str]
    log: Path

    def command(self, *arguments: str) -> str:
        """What a command of the platform prints; it has to succeed."""
        done = subprocess.run(
            [program(), *arguments],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def program() -> str:
    """The platform's command line."""
    return str(Path(sys.executable).with_name("crash-platform"))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(is_so: Callable[[], bool], what: str, log: Path) -> None:
    """Wait for something that comes by itself."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.3)
    pytest.fail(f"{what} in {PATIENCE_SECONDS} s: {log.read_text()[-3000:]}")


@contextmanager
def running(made: Path, folder: Path) -> Iterator[Platform]:
    """Hub, speed layer and pages over a copy of a home, until the block ends."""
    home, log = folder / "home", folder / "log"
    shutil.copytree(made, home)
    hub_port, port = free_port(), free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CRASH_PLATFORM")
    }
    environment |= {"CRASH_PLATFORM_HOME": str(home), "CRASH_PLATFORM_HUB_PORT": str(hub_port)}
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as held, log.open("wb") as written:
        for arguments in (["hub"], ["stream"], ["serve", "--port", str(port)]):
            process = subprocess.Popen(
                [sys.executable, "-c", START, program(), *arguments],
                env=environment,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
            held.callback(process.wait)
            held.callback(process.kill)
        wait_until(lambda: answers(f"{url}/ready"), "no champion is ready", log)
        yield Platform(home, url, environment, log)


def answers(url: str) -> bool:
    """Whether an address says that all is well."""
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
