"""What goes wrong on purpose, and what that does to the client: nothing lost, duplicates known."""

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.eventhub import EventData
from azure.eventhub.exceptions import AuthenticationError, ConnectError, ConnectionLostError

from crash_platform.streams.hub import Faults, LocalHub
from crash_platform_tests.streams.hub.clients import HUB, bodies, producer, publish, read
from crash_platform_tests.streams.hub.messages import event
from crash_platform_tests.streams.hub.raw_client import RawClient, logged_in

FIRST = f"{HUB}/ConsumerGroups/$default/Partitions/0"
QUICKLY: dict[str, Any] = {"retry_total": 3, "retry_backoff_factor": 0.05}

# The client never closes the socket of a connection that broke.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _broken_sockets_end_here() -> Iterator[None]:
    yield
    gc.collect()


@dataclass
class Watch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def hub(watch: Watch) -> Iterator[LocalHub]:
    with LocalHub(None, {HUB: 1}, faults=Faults(watch)) as hub:
        yield hub


def stored(hub: LocalHub) -> list[bytes]:
    """What partition 0 holds, without the client."""
    with logged_in(hub) as client:
        arguments: dict[object, object] = {
            "operation": "READ",
            "type": "com.microsoft:partition",
            "name": HUB,
            "partition": "0",
        }
        count = client.ask("$management", arguments, None).value[b"last_enqueued_sequence_number"]
        client.attach_reader(1, FIRST)
        client.flow(1, count + 1)
        return client.bodies(count + 1)


def test_a_lost_acknowledgement_makes_the_client_publish_twice(hub: LocalHub) -> None:
    with producer(hub, **QUICKLY) as client:
        client.send_event(EventData(b"first"))
        hub.faults.lose_acks(1)
        client.send_event(EventData(b"second"))

    assert stored(hub) == [b"first", b"second", b"second"]


@pytest.mark.slow
def test_a_reader_whose_connections_break_misses_nothing(hub: LocalHub) -> None:
    sent = [b"%d" % number for number in range(1_500)]
    publish(hub, 0, sent)
    hub.faults.drop_after(700)

    def break_once(got: list[Any]) -> None:
        if got and not broken:
            broken.append(len(got))
            hub.faults.drop_connections()

    broken: list[int] = []
    got = read(hub, 0, "-1", len(sent), after_each=break_once, **QUICKLY)

    assert list(dict.fromkeys(bodies(got))) == sent
    assert len(broken) == 1


def test_the_transfer_that_reaches_the_number_is_lost_with_its_connection(hub: LocalHub) -> None:
    with logged_in(hub) as client:
        client.attach_sender(1, HUB)
        hub.faults.drop_after(2)
        client.send(1, event(b"stored"))
        client.outcome()
        client.send(1, event(b"lost"), number=1)
        assert client.is_hung_up_on()

    assert stored(hub) == [b"stored"]


def test_connections_are_refused_for_a_while_or_until_told(hub: LocalHub, watch: Watch) -> None:
    def is_open() -> bool:
        with RawClient(hub.port) as client:
            try:
                client.open()
            except (EOFError, ConnectionError, AssertionError):
                return False
            return True

    hub.faults.refuse_connections(30)
    assert not is_open()
    watch.seconds = 31
    assert is_open()
    hub.faults.refuse_connections()
    watch.seconds = 10**9
    assert not is_open()
    hub.faults.accept_connections()
    assert is_open()


def test_a_client_that_is_refused_says_so(hub: LocalHub) -> None:
    hub.faults.refuse_connections()

    with producer(hub) as client, pytest.raises(ConnectError):
        client.get_eventhub_properties()


@pytest.mark.slow
def test_denied_access_is_an_error_of_its_own_kind(hub: LocalHub) -> None:
    with logged_in(hub) as before:
        hub.faults.deny_access()
        before.attach_sender(1, HUB)
        assert before.refusal()[0] == "amqp:unauthorized-access"
    with producer(hub) as client:
        with pytest.raises(AuthenticationError):
            client.get_eventhub_properties()
        hub.faults.deny_access(denied=False)
        assert client.get_partition_ids() == ["0"]


def test_answers_about_hubs_can_be_late(hub: LocalHub) -> None:
    hub.faults.delay_management(0.3)
    begun = time.monotonic()

    assert stored(hub) == []
    assert time.monotonic() - begun >= 0.3


def test_links_are_detached_and_refused_with_any_condition(hub: LocalHub) -> None:
    with logged_in(hub) as client:
        client.attach_reader(1, FIRST)
        client.attach_sender(2, HUB)
        hub.faults.detach_links("amqp:link:detach-forced", "moved")
        said = [client.refusal() for _ in range(2)]
        assert said == [("amqp:link:detach-forced", "moved")] * 2
        hub.faults.refuse_links("com.microsoft:server-busy")
        client.attach_reader(1, FIRST)
        assert client.refusal()[0] == "com.microsoft:server-busy"
        client.attach_reader(1, FIRST)
        assert client.hears_nothing()


@pytest.mark.slow
def test_the_client_tells_of_the_condition_it_was_detached_with(hub: LocalHub) -> None:
    hub.faults.refuse_links("amqp:resource-limit-exceeded", count=9)

    with producer(hub) as client, pytest.raises(ConnectionLostError, match="resource-limit"):
        client.send_event(EventData(b"x"))
