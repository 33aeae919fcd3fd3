"""A home for one measurement, and the processes that run on it: started, weighed, ended.

What the processes do is said in ``children`` and in the platform's own commands.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from crash_platform.orchestration.lakes import open_store
from crash_platform.pipelines.reports.live.account import percentile
from crash_platform.pipelines.tables import TABLES
from crash_platform.settings import Settings
from crash_platform.streams.log import EventLog
from crash_platform.streams.opening import open_log

PLATFORM, CHILD = "crash_platform.cli", "bench.streams.children"
TICKS = os.sysconf("SC_CLK_TCK")
STARTING_SECONDS = 60.0
TAIL = 4_000


@dataclass(frozen=True)
class Cost:
    """What a process took: wall and CPU seconds (the operating system's), and what it found."""

    wall: float
    cpu: float
    found: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A home in a temporary folder, and the port of its hub.

    Attributes:
        home: the platform's home.
        port: of the local hub.
        tracking: where the champions are registered; empty for none.
    """

    home: Path
    port: int
    tracking: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the platform reads there, whatever the shell says."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CRASH_PLATFORM_")}
        return kept | {
            "CRASH_PLATFORM_HOME": str(self.home),
            "CRASH_PLATFORM_HUB_PORT": str(self.port),
            "CRASH_PLATFORM_MLFLOW_TRACKING_URI": self.tracking,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.home.parent / "bytecode"),
        }

    @property
    def settings(self) -> Settings:
        """The same for this process."""
        return Settings(home=self.home, lake="", hub="local", hub_port=self.port)

    def with_home(self, name: str) -> "Place":
        """The same hub and champions, with another home beside this one."""
        return Place(self.home.with_name(name), self.port, self.tracking)

    def log(self) -> EventLog:
        """The hub of the crash reports."""
        return open_log(self.settings, self.settings.crash_hub)

    def table(self, path: str) -> Path:
        """The folder of a table."""
        return Path(self.settings.lake_root) / path

    def start(self, module: str, *arguments: str) -> "Running":
        """Start a process; what it says is kept in the home."""
        self.home.mkdir(parents=True, exist_ok=True)
        said = self.home / f"{arguments[0]}_{time.monotonic_ns()}.out"
        with said.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return Running(process, said)

    def run(self, *arguments: str) -> Cost:
        """A child of ours from its start to its end."""
        return self.start(CHILD, *arguments).ended()

    @contextmanager
    def serving(self, module: str, command: str, sign: str) -> Iterator["Running"]:
        """A process that is ready when it has said something, and is told to end afterwards."""
        running = self.start(module, command)
        try:
            running.await_word(sign)
            yield running
        finally:
            running.stop()


@dataclass
class Running:
    """A process under way. Its accounts are the operating system's."""

    process: "subprocess.Popen[bytes]"
    said: Path
    began: float = field(default_factory=time.perf_counter)

    def await_word(self, sign: str) -> None:
        """Wait until it has said something.

        Raises:
            SystemExit: it ended, or was silent for too long.
        """
        until = time.monotonic() + STARTING_SECONDS
        while sign not in self.said.read_text():
            if self.has_ended() or time.monotonic() > until:
                raise SystemExit(f"It never said {sign!r}:\n{self.said.read_text()[-TAIL:]}")
            time.sleep(0.05)

    def has_ended(self) -> bool:
        """Whether it is over; its accounts stay to be asked for."""
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self.process.returncode is not None or bool(
            os.waitid(os.P_PID, self.process.pid, look)
        )

    def ended(self) -> Cost:
        """Wait for its end; what it took.

        Raises:
            SystemExit: it failed.
        """
        _, status, usage = os.wait4(self.process.pid, 0)
        wall = time.perf_counter() - self.began
        self.process.returncode = os.waitstatus_to_exitcode(status)
        text = self.said.read_text()
        if self.process.returncode:
            raise SystemExit(f"{self.process.args!r} failed:\n{text[-TAIL:]}")
        lines = [line for line in text.splitlines() if line.startswith("{")]
        found = json.loads(lines[-1]) if lines else {}
        return Cost(wall, usage.ru_utime + usage.ru_stime, found)

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        if not self.has_ended():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STARTING_SECONDS)

    def rss(self) -> float:
        """Its resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        lines = (line.split() for line in status.splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmRSS:") / 1024

    def cpu(self) -> float:
        """CPU seconds so far, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def place(work: Path, tracking: str = "") -> Iterator[tuple[Place, Running]]:
    """A new home whose hub runs as `crash-platform hub`, in a process of its own."""
    here = Place(work / "home", free_port(), tracking)
    with here.serving(PLATFORM, "hub", "serves") as hub:
        yield here, hub


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def count_rows(here: Place, path: str, column: str) -> tuple[int, int]:
    """Rows of a table, and how many different values a column has."""
    table = next(each for each in TABLES if each.path == path)
    values = open_store(here.settings).slice(table).read([column])[column]
    return len(values), pc.count_distinct(values).as_py()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below a share (0-1) of the values; 0 of none."""
    return percentile(values, share)
