"""Landing through Microsoft's own client from the local hub, on disk, killed and started again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crash_platform.streams.event_hubs import ConnectionString, EventHubsLog
from crash_platform.streams.hub import LocalHub
from crash_platform_tests.streams.landing_contract import LandingContract

HUB = "notes"


@dataclass(frozen=True)
class HubServer:
    """The local hub as the tests handle it."""

    hub: LocalHub

    def remove_before(self, partition: str, sequence: int) -> None:
        self.hub.remove_before(HUB, int(partition), sequence)

    def recreate(self) -> None:
        self.hub.recreate(HUB)

    def restart(self) -> None:
        self.hub.stop()
        self.hub.start()

    def lose_an_acknowledgement(self) -> None:
        self.hub.faults.lose_acks(1)


class TestLandingFromEventHubs(LandingContract):
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[HubServer]:
        with LocalHub(tmp_path / "hub", {HUB: 2}) as hub:
            yield HubServer(hub)

    @pytest.fixture
    def log(self, server: HubServer) -> Iterator[EventHubsLog]:
        log = EventHubsLog(HUB, ConnectionString(server.hub.connection_string()), deadline=20)
        yield log
        log.close()
