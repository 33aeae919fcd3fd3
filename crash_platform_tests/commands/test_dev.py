"""`crash-platform dev` as people use it: everything comes up, and goes away with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

PATIENCE_SECONDS = 240
# Whoever starts the tests may have blocked or ignored the signals that end a process.
START = (
    "import os, signal, sys; asked = [signal.SIGTERM, signal.SIGINT]; "
    "signal.pthread_sigmask(signal.SIG_UNBLOCK, asked); "
    "[signal.signal(each, signal.SIG_DFL) for each in asked]; os.execv(sys.argv[1], sys.argv[1:])"
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: str, is_so: object, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if is_so():  # type: ignore[operator]
            return
        time.sleep(0.5)
    pytest.fail(f"{what} in {PATIENCE_SECONDS} s: {log.read_text()[-2000:]}")


def serves(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/server_info").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def developing(
    home: Path, port: int, hub_port: int, pages_port: int
) -> Iterator[subprocess.Popen[bytes]]:
    program = str(Path(sys.executable).with_name("crash-platform"))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CRASH_PLATFORM")
    }
    environment |= {
        "CRASH_PLATFORM_HOME": str(home),
        "CRASH_PLATFORM_HUB_PORT": str(hub_port),
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", START, program, "dev"),
                *("--port", str(port), "--pages-port", str(pages_port)),
            ],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            # Whoever is killed cannot take its children with it.
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.mark.slow
def test_ui_hub_scoring_and_pages_come_up_and_go_away_together(tmp_path: Path) -> None:
    port, hub_port, pages_port, log = free_port(), free_port(), free_port(), tmp_path / "log"
    with developing(tmp_path, port, hub_port, pages_port) as process:
        wait_for("no UI", lambda: serves(port), log)
        wait_for("no hub", lambda: is_open(hub_port), log)
        wait_for("no pages", lambda: is_open(pages_port), log)
        page = httpx.get(f"http://127.0.0.1:{pages_port}/", headers={"Accept": "text/html"})
        assert (page.status_code, "Report a crash" in page.text) == (200, True)
        wait_for("no speed layer", lambda: "champion" in log.read_text(), log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    wait_for("the UI is left", lambda: not is_open(port), log)
    assert not is_open(hub_port)
    assert not is_open(pages_port)
    assert "Traceback" not in log.read_text()
