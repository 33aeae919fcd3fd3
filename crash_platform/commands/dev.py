"""`crash-platform dev`: the Dagster UI and what belongs to it, side by side until Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from crash_platform.settings import Settings, checkout

GRACE_SECONDS = 20


def develop(settings: Settings, port: int, pages_port: int) -> int:
    """Run the local hub, the speed layer, the pages, and Dagster's UI and daemon.

    Returns:
        The exit code of the UI.

    Raises:
        RunError: the state folder cannot be written.
    """
    from crash_platform.orchestration.runs import prepare_home

    prepare_home(settings.dagster_home)
    environment = os.environ | {
        "DAGSTER_HOME": str(settings.dagster_home),
        "CRASH_PLATFORM_HOME": str(settings.home),
        "CRASH_PLATFORM_LAKE": settings.lake_root,
        # `dagster dev` takes our fixed workspace as it is and announces its successor each time.
        "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded",
    }
    print(f"Dagster UI: http://127.0.0.1:{port}   tables: {settings.lake_root}   stop: Ctrl-C")
    print(f"Pages and API: http://127.0.0.1:{pages_port}")
    sys.stdout.flush()
    # The local hub comes first: the others look for it.
    hub = [["crash-platform", "hub"]] if settings.hub == "local" else []
    pages = ["crash-platform", "serve", "--port", str(pages_port)]
    beside = [*hub, ["crash-platform", "stream"], pages]
    workspace = str(checkout() / "workspace.yaml")
    ui = ["dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]
    # Beside a dagster.yaml that is not its own, it warns.
    return _side_by_side(ui, beside, environment, settings.dagster_home)


def _side_by_side(
    main: Sequence[str], beside: Sequence[Sequence[str]], environment: Mapping[str, str], cwd: Path
) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    others = [_start(command, environment, cwd) for command in beside]
    leader = _start(main, environment, cwd)
    try:
        return leader.wait()
    except KeyboardInterrupt:
        _stop([leader])
        return 0
    finally:
        _stop(others)


def _start(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path
) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name(command[0]))
    return subprocess.Popen([program, *command[1:]], env=environment, cwd=cwd)


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
