"""The Event Hubs log through Microsoft's own client, against the local hub: what all logs do."""

from collections.abc import Iterator

import pytest

from crash_platform.streams.event_hubs import ConnectionString, EventHubsLog
from crash_platform.streams.hub import LocalHub
from crash_platform_tests.streams.contract import EventLogContract

HUB = "events"


class Server:
    """The hub's side of the log under test."""

    def __init__(self, hub: LocalHub) -> None:
        self._hub = hub

    def remove_before(self, partition: str, sequence: int) -> None:
        self._hub.remove_before(HUB, int(partition), sequence)

    def recreate(self) -> None:
        self._hub.recreate(HUB)


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    with LocalHub(None, {HUB: 3}) as hub:
        yield hub


class TestEventHubsLog(EventLogContract):
    @pytest.fixture
    def log(self, hub: LocalHub) -> Iterator[EventHubsLog]:
        hub.recreate(HUB)
        log = EventHubsLog(HUB, ConnectionString(hub.connection_string()), deadline=20)
        yield log
        log.close()

    @pytest.fixture
    def hooks(self, hub: LocalHub, log: EventHubsLog) -> Server:
        return Server(hub)
