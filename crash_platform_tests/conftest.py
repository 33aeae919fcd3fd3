"""Fixtures every room shares. Fixtures of one room live in that room's conftest."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def nobody_elses_hub() -> Iterator[None]:
    """No test finds the hub of somebody who develops on this machine."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CRASH_PLATFORM_HUB_PORT", "1")
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real records beside the checkout; tests that need them skip where they are absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip("needs the real records beside the checkout (../shared/data)")
    return folder


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command line as people use it: arguments in; exit code, output and error text out."""
    from crash_platform.cli import main

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["crash-platform", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return command
