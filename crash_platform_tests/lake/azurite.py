"""Azurite, the emulator of Azure Storage, started for a test and stopped after it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "CRASH_PLATFORM_TEST_AZURITE"
ACCOUNT = "devstoreaccount1"
KEY = (  # published by Microsoft, the same in every Azurite: no secret
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
PATIENCE = 60


@contextmanager
def azurite(executable: str, folder: Path, *options: str) -> Iterator[str]:
    """Azurite's blob service on a free port, its data in a folder; yields its address."""
    port = free_port()
    command = [*started_by(executable), "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    command += ["--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(PATIENCE)


def started_by(executable: str) -> list[str]:
    """The command: the executable itself, or Node.js for a script."""
    if executable.endswith(".js"):
        return [shutil.which("node") or "node", executable]
    return [executable]


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until somebody answers on the port."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Azurite ended with {process.returncode} ({VARIABLE})")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Azurite did not answer within {PATIENCE} s ({VARIABLE})")


def create_container(url: str, name: str) -> None:
    """Make a container, as somebody with the account's key would."""
    from azure.storage.blob import BlobServiceClient

    credential = {"account_name": ACCOUNT, "account_key": KEY}
    with BlobServiceClient(f"{url}/{ACCOUNT}", credential=credential) as service:
        service.create_container(name).close()


def configured() -> str | None:
    """The executable that the environment names."""
    return os.environ.get(VARIABLE)
