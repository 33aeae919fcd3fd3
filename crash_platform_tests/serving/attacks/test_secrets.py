"""Planted secrets over a hub, a lake and a registry that all fail: nobody is told one of them."""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from pydantic import SecretStr

from crash_platform.commands.serve import app_of, guard_of
from crash_platform.commands.site import opened_pages
from crash_platform.lake.contract import Table
from crash_platform.modelling.registry import open_registry
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE
from crash_platform.pipelines.injuries.answering import ChampionWatch
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.serving.access.files import KeyFile
from crash_platform.serving.access.guard import KEYS_FILE
from crash_platform.serving.access.keys import mint
from crash_platform.serving.limits import Limits
from crash_platform.serving.pages.doors import COOKIE
from crash_platform.serving.predictions.service import Service
from crash_platform.settings import Settings
from crash_platform.streams.log import StreamError
from crash_platform_tests.pipelines.injuries.small_model import small_words
from crash_platform_tests.pipelines.reports.live.newsroom import located
from crash_platform_tests.serving.asking import BODY, NOW
from crash_platform_tests.serving.attacks.attacker import PAGE, Attacker
from crash_platform_tests.serving.attacks.test_scripts import first_bytes
from crash_platform_tests.serving.reporting.office import TOLD

CANARY = "Canary0Zq8SECRET"
KEY = b64encode(CANARY.encode() * 2).decode()
VISITOR = "0123456789abcdef" * 2
SECRETS = (CANARY, KEY, KEY.rstrip("="), VISITOR)
HUBS: dict[str, dict[str, Any]] = {
    "away": {
        "hub": "event_hubs",
        "hub_connection": "Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=name;"
        f"SharedAccessKey={KEY};UseDevelopmentEmulator=true",
    },
    "kafka": {
        "hub": "kafka",
        "kafka_servers": "127.0.0.1:1",
        "kafka_options": f'{{"security.protocol": "SASL_PLAINTEXT", "sasl.password": "{KEY}"}}',
    },
}
ROOMS = ("/", "/about", "/overview", "/hotspots", "/streams", "/live", "/reports", "/nothing")
FILES = ("/streams/lag.csv", "/model/pictures/2022-01-01/a/b.png", "/model", "/ready", "/health")


@dataclass
class Heard:
    """Everything that a server told anybody."""

    lines: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def leaks(self, *more: str) -> list[str]:
        """The secrets in it."""
        told = "\n".join([*self.lines, *self.answers, *more])
        return [secret for secret in SECRETS if secret in told]


def broken(home: Path, table: Table) -> None:
    """Make a table that cannot be read."""
    log = home / "lake" / table.path / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("?")


@contextmanager
def failing(home: Path, heard: Heard, hub: dict[str, Any]) -> Iterator[tuple[Attacker, str]]:
    """A server behind which everything fails, and a key of it."""
    settings = Settings(
        home=home,
        azure_account_key=SecretStr(KEY),
        azure_sas_token=SecretStr(f"sv=2&sig={CANARY}"),
        mlflow_tracking_uri=SecretStr(f"http://user:{CANARY}@127.0.0.1:1"),
        socrata_app_token=SecretStr(CANARY),
        **hub,
    )
    key, kept = mint("somebody", "admin", 1, datetime.now(UTC))
    KeyFile(home / KEYS_FILE).add(kept)
    watch = ChampionWatch(open_registry(settings), small_words(), heard.lines.append)
    watch.look()
    service = Service(watch.answerer, guard_of(settings), lambda: NOW, reader(located()), Limits())
    app = app_of(service, heard.lines.append)
    with opened_pages(settings, service, heard.lines.append) as pages:
        pages.add(app)
        yield Attacker(app, cookies={COOKIE: key, "crash_platform_visitor": VISITOR}), key


def everything(attacker: Attacker, key: str) -> Iterator[str]:
    """What is answered to whoever asks for everything, as a browser and as a program."""
    bearer = {"Authorization": f"Bearer {key}"}
    body = json.dumps(BODY).encode()
    for path in (*ROOMS, *FILES):
        yield attacker.ask("GET", path, b"", PAGE | bearer).told
        yield attacker.ask("GET", path, b"", {"Accept": "*/*"} | bearer).told
        yield attacker.ask("GET", path, key.encode(), {"Cookie": f"{COOKIE}={key}x"}).told
    for path in ("/predict", "/invocations"):
        yield attacker.ask(
            "POST", path, b"", {"Content-Type": "application/json"} | bearer, body
        ).told
    yield attacker.post("/sign-in", {"key": f"{key}x", "next": "/about"}).told
    yield attacker.post("/reports", {**TOLD, "crash_date": key}, Origin="null").told
    yield attacker.get(f"/nothing/{key}").told
    yield asyncio.run(first_bytes(attacker, b"after=1:0=0")).decode()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow gives up at once."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.parametrize("hub", HUBS)
def test_no_secret_reaches_anybody_while_everything_fails(
    tmp_path: Path,
    hub: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    if hub == "kafka":
        pytest.importorskip("confluent_kafka")
    caplog.set_level(logging.DEBUG)
    for table in (CRASH_COVERAGE, LIVE_PREDICTIONS, EVALUATION_CHARTS):
        broken(tmp_path, table)
    heard = Heard()
    with failing(tmp_path, heard, HUBS[hub]) as (attacker, key):
        heard.answers += everything(attacker, key)
    printed = capfd.readouterr()
    assert heard.leaks(caplog.text, *printed) == []
    told = "\n".join([*heard.lines, *heard.answers, caplog.text, *printed])
    assert key.rpartition("_")[2] not in told
    assert len(heard.lines) > 40
    # It did fail, and visitors are not told where it lies.
    assert "MLflow at http://127.0.0.1:1" in "\n".join(heard.lines)
    assert not [each for each in heard.answers if str(tmp_path) in each]


def test_a_connection_string_that_is_none_is_not_repeated(tmp_path: Path) -> None:
    hub = {"hub": "event_hubs", "hub_connection": f"Endpoint=sb:/x SharedAccessKey={KEY}"}
    with pytest.raises(StreamError) as raised, failing(tmp_path, Heard(), hub):
        pass
    assert KEY not in "".join(format_exception(raised.value))
