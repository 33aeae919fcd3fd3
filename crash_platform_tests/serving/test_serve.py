"""`crash-platform serve` as people start it: where it listens, who may ask, what it loads."""

import http.client
import json
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner
from uvicorn import Server

from crash_platform.commands.serve import (
    ServingError,
    announcement,
    listening,
    refuse_strangers,
    serve,
    serve_predictions,
)
from crash_platform.modelling.registry import Registry
from crash_platform.serving.guarding import Guard
from crash_platform.settings import Settings, load_settings
from crash_platform_tests.modelling.registries import registry_in
from crash_platform_tests.pipelines.injuries.small_model import small_model
from crash_platform_tests.serving.asking import BODY, JSON, OpenGuard, StrictGuard


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("LAKE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return load_settings()


def crown(registry: Registry, feature_set: str) -> None:
    name, model = f"injury_{feature_set}", small_model(feature_set)
    run_id = registry.start_run("injuries", name, {})
    version = registry.register(name, run_id, model.to_bytes(), model.encoder.columns, {})
    registry.promote(name, version.version)


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, None if body is None else json.dumps(body), JSON)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def test_it_answers_with_the_champion_of_the_registry_as_soon_as_that_is_loaded(
    settings: Settings,
) -> None:
    crown(registry_in(settings.mlflow_folder), "first_report")
    lines, seen = list[str](), dict[str, Any]()

    def visit(server: Server, listener: socket.socket) -> None:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        port, pause = listener.getsockname()[1], threading.Event()
        seen["alive"] = ask(port, "GET", "/health")
        is_ready = (ask(port, "GET", "/ready")[0] == 200 or pause.wait(0.02) for _ in range(10_000))
        seen["is_ready"] = any(is_ready)
        seen["answer"] = ask(port, "POST", "/predict", BODY)
        server.should_exit = True
        thread.join(20)

    serve_predictions(settings, OpenGuard(), ("127.0.0.1", 0), lines.append, visit)
    assert seen["alive"] == (200, {"status": "alive"})
    assert seen["is_ready"]
    status, answer = seen["answer"]
    assert (status, answer["feature_set"], answer["model_version"]) == (200, "first_report", 1)
    assert lines[0].startswith("Pages and API: http://127.0.0.1:")
    assert "It is open" in lines[1]
    assert any(" POST /predict 200 " in line for line in lines)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "crashes.example", ""])
def test_without_keys_it_refuses_to_listen_where_others_can_reach(
    settings: Settings, host: str
) -> None:
    def never(server: Server, listener: socket.socket) -> None:
        raise AssertionError("it listened")

    with pytest.raises(ServingError, match="make one with crash-platform keys create"):
        serve_predictions(settings, OpenGuard(), (host, 0), print, never)


@pytest.mark.parametrize(
    ("guard", "host"),
    [
        (OpenGuard(), "127.0.0.1"),
        (OpenGuard(), "localhost"),
        (OpenGuard(), "::1"),
        (StrictGuard(), "0.0.0.0"),
    ],
)
def test_with_keys_it_may_listen_anywhere_and_without_on_this_machine(
    guard: Guard, host: str
) -> None:
    refuse_strangers(guard, host)


def test_at_the_start_it_says_where_it_is_and_to_whom_it_is_open() -> None:
    first, second = announcement(OpenGuard(), "::1", 8000)
    assert "http://[::1]:8000" in first
    assert second.startswith("It is open: every program on this machine may ask")
    _, second, third = announcement(StrictGuard(), "0.0.0.0", 8000)
    assert second.startswith("It is closed")
    assert "HTTPS" in third


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ServingError, match=f"port {port} .*choose another"):
            listening("127.0.0.1", port).__enter__()


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(ServingError, match=r"cannot listen at 192\.0\.2\.1"):
        listening("192.0.2.1", 0).__enter__()


def test_the_command_takes_an_address_and_a_port_and_refuses_strangers(settings: Settings) -> None:
    app = typer.Typer()
    app.command()(serve)
    before = signal.getsignal(signal.SIGTERM)
    shown = CliRunner().invoke(app, ["--host", "0.0.0.0", "--port", "0"])
    assert isinstance(shown.exception, ServingError)
    assert signal.getsignal(signal.SIGTERM) is before
    assert not settings.mlflow_folder.exists()
