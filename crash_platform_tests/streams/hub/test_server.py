"""The hub as its users hold it: starting, stopping, coming back, forgetting."""

import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.eventhub import EventData, EventHubProducerClient

from crash_platform.streams.hub import Faults, HubError, LocalHub
from crash_platform_tests.streams.hub.clients import HUB, bodies, producer, publish, read
from crash_platform_tests.streams.hub.raw_client import logged_in

FIRST = f"{HUB}/ConsumerGroups/$default/Partitions/0"


def described(hub: LocalHub, partition: str | None = "0") -> dict[bytes, object]:
    kind = "eventhub" if partition is None else "partition"
    arguments: dict[object, object] = {
        "operation": "READ", "type": f"com.microsoft:{kind}", "name": HUB, "partition": partition,
    }  # fmt: skip
    with logged_in(hub) as client:
        found: dict[bytes, object] = client.ask("$management", arguments, None).value
        return found


def published(hub: LocalHub, *sent: bytes) -> None:
    publish(hub, 0, sent)


def got(hub: LocalHub, count: int) -> list[bytes]:
    with logged_in(hub) as client:
        client.attach_reader(1, FIRST)
        client.flow(1, count)
        return client.bodies(count)


def test_a_hub_of_a_folder_comes_back_with_its_events_and_its_port(tmp_path: Path) -> None:
    hub = LocalHub(tmp_path, {HUB: 2})
    with hub:
        published(hub, b"a", b"b")
        before, port = (described(hub), described(hub, None)), hub.port

    with hub:
        assert hub.port == port
        assert (described(hub), described(hub, None)) == before
        published(hub, b"c")
        assert got(hub, 3) == [b"a", b"b", b"c"]


def test_starting_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    hub = LocalHub(tmp_path, {HUB: 2})
    assert hub.start() is hub.start()
    hub.stop()
    hub.stop()


def test_the_hubs_of_a_folder_stay_beside_new_ones(tmp_path: Path) -> None:
    with LocalHub(tmp_path, {HUB: 1}) as hub:
        published(hub, b"a")

    with LocalHub(tmp_path, {"another": 1}) as hub:
        assert got(hub, 1) == [b"a"]
    with pytest.raises(HubError, match="has 1 partitions, which cannot become 2"):
        LocalHub(tmp_path, {HUB: 2}).start()


def test_a_hub_made_anew_is_later_and_begins_at_zero(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    with LocalHub(tmp_path, {HUB: 1}, clock=lambda: moment) as hub:
        published(hub, b"a")
        before = described(hub, None)[b"created_at"]

        with logged_in(hub) as reader:
            reader.attach_reader(1, FIRST)
            hub.recreate(HUB)
            assert reader.refusal()[0] == "amqp:not-found"

        assert described(hub, None)[b"created_at"] == 1 + int(str(before))
        assert described(hub)[b"last_enqueued_sequence_number"] == -1
        published(hub, b"b")
        assert got(hub, 1) == [b"b"]


def test_what_is_forgotten_moves_the_beginning() -> None:
    with LocalHub(None, {HUB: 1}) as hub:
        published(hub, b"a", b"b", b"c")

        hub.remove_before(HUB, 0, 2)

        assert described(hub)[b"begin_sequence_number"] == 2
        assert got(hub, 1) == [b"c"]
        with pytest.raises(HubError, match="no partition 1"):
            hub.remove_before(HUB, 1, 2)
        with pytest.raises(HubError, match="no hub named nope"):
            hub.recreate("nope")
    with pytest.raises(HubError, match="not started"):
        hub.recreate(HUB)


def test_what_is_too_old_is_forgotten_at_the_next_start(tmp_path: Path) -> None:
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    hub = LocalHub(tmp_path, {HUB: 1}, clock=lambda: now[0])
    with hub:
        published(hub, b"old")
    now[0] += timedelta(days=8)

    with hub:
        said = described(hub)
        assert (said[b"begin_sequence_number"], said[b"is_partition_empty"]) == (1, True)
        assert said[b"last_enqueued_sequence_number"] == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::", ""])
def test_a_host_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(HubError, match="loopback address"):
        LocalHub(None, {HUB: 1}, host=host)


def test_the_name_of_this_machine_is_one_address() -> None:
    with LocalHub(None, {HUB: 1}, host="localhost") as hub:
        assert f"Endpoint=sb://127.0.0.1:{hub.port};" in hub.connection_string()
        assert described(hub)[b"is_partition_empty"] is True


@pytest.mark.parametrize(("name", "partitions"), [("", 1), ("a/b", 1), (HUB, 0), (HUB, 2000)])
def test_a_hub_that_cannot_be_is_refused(name: str, partitions: int) -> None:
    with pytest.raises(HubError, match="cannot be made"):
        LocalHub(None, {name: partitions})


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HubError, match=f"cannot listen on 127.0.0.1:{port}"):
            LocalHub(tmp_path, {HUB: 1}, port).start()

    with LocalHub(tmp_path, {HUB: 1}, port) as hub:
        assert described(hub)[b"is_partition_empty"] is True


def test_a_folder_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with (
        LocalHub(tmp_path, {HUB: 1}),
        pytest.raises(HubError, match="in use by another local hub"),
    ):
        LocalHub(tmp_path, {HUB: 1}).start()


def test_the_key_is_the_one_given_and_in_the_connection_string_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        caplog.at_level("DEBUG", logger="crash_platform"),
        LocalHub(None, {HUB: 1}, key="bXkga2V5") as hub,
    ):
        assert "SharedAccessKey=bXkga2V5;" in hub.connection_string(HUB)
        assert hub.connection_string(HUB).endswith(f";EntityPath={HUB}")
        assert "EntityPath" not in hub.connection_string()
        with producer(hub) as client:
            assert client.get_partition_ids() == ["0"]

    assert "bXkga2V5" not in caplog.text


def test_one_set_of_faults_may_serve_hubs_that_come_and_go() -> None:
    faults = Faults()
    with LocalHub(None, {HUB: 1}, faults=faults):
        pass
    with LocalHub(None, {HUB: 1}, faults=faults) as hub, logged_in(hub) as client:
        faults.drop_connections()
        assert client.is_hung_up_on()


def test_stopping_says_goodbye_to_whoever_is_connected() -> None:
    hub = LocalHub(None, {HUB: 1}).start()
    with logged_in(hub) as client:
        client.attach_reader(1, FIRST)
        hub.stop()
        assert client.is_hung_up_on()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", hub.port), timeout=5)


PROCESS = """
import sys
from pathlib import Path
from crash_platform.errors import PlatformError
from crash_platform.streams.hub import run
try:
    run(Path(sys.argv[1]), {"telemetry": 1}, int(sys.argv[2]), lambda text: print(text, flush=True))
except PlatformError as error:
    sys.exit(str(error))
"""


@contextmanager
def process(folder: Path, port: int = 0) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A hub of its own, and its connection string."""
    command = [sys.executable, "-c", PROCESS, str(folder), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            assert "serves telemetry (1)" in running.stdout.readline()
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_process_told_to_end_closes_cleanly(tmp_path: Path, told: signal.Signals) -> None:
    with process(tmp_path) as (running, _):
        running.send_signal(told)
        assert running.stdout is not None
        assert running.stdout.read() == "The local hub has stopped.\n"
        assert running.wait() == 0

    assert [each.name for each in tmp_path.iterdir()] == ["hub.sqlite"]


def test_a_second_process_on_the_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with LocalHub(tmp_path, {HUB: 1}):
        command = [sys.executable, "-c", PROCESS, str(tmp_path), "0"]
        second = subprocess.run(command, capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert second.stderr.strip().splitlines() == [
        f"The folder {tmp_path} is in use by another local hub: stop that one first."
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # the client's, when broken
def test_a_killed_hub_comes_back_and_clients_go_on(tmp_path: Path) -> None:
    sent = [f"event {number}".encode() for number in range(300)]
    with process(tmp_path) as (first, where):
        port = int(where.split("127.0.0.1:")[1].split(";")[0])
        with EventHubProducerClient.from_connection_string(
            f"{where};EntityPath={HUB}", retry_backoff_factor=0.2
        ) as client:
            for body in sent[:150]:
                client.send_event(EventData(body))
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            with process(tmp_path, port):
                for body in sent[150:]:
                    client.send_event(EventData(body))

    with LocalHub(tmp_path, {HUB: 1}) as hub:
        events = read(hub, 0, "-1", len(sent))
        published(hub, b"more")
        assert got(hub, 301)[-1] == b"more"

    assert bodies(events) == sent
    assert [each.sequence_number for each in events] == list(range(300))
    gc.collect()
