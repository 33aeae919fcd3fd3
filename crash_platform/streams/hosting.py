"""The local hub served by a process that only needs it for a moment, and the hubs it has."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crash_platform.settings import Settings
from crash_platform.streams.event_hubs import ConnectionString, EventHubsLog
from crash_platform.streams.log import Description, Event, EventLog, Following, Message, Range

if TYPE_CHECKING:
    from crash_platform.streams.hub import LocalHub

PARTITIONS = 4


def local_hubs(settings: Settings) -> dict[str, int]:
    """The hubs that the local hub has, and how many partitions."""
    return dict.fromkeys((settings.crash_hub, settings.weather_hub), PARTITIONS)


def is_served(port: int) -> bool:
    """Whether anybody listens on a port of this machine."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def host(settings: Settings, hub: str, consumer_group: str) -> EventLog:
    """A log of the local hub, which this process serves on any free port until it is closed.

    Raises:
        HubError: another process serves the same folder.
    """
    from crash_platform.streams.hub import LocalHub

    serving = LocalHub(settings.hub_folder, local_hubs(settings)).start()
    access = ConnectionString(serving.connection_string())
    return _HostedLog(EventHubsLog(hub, access, consumer_group=consumer_group), serving)


@dataclass(frozen=True)
class _HostedLog:
    """A log that takes its server with it."""

    log: EventHubsLog
    serving: "LocalHub"

    def describe(self) -> Description:
        return self.log.describe()

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        return self.log.read(wanted)

    def follow(self, after: Mapping[str, int]) -> Following:
        return self.log.follow(after)

    def publish(self, events: Sequence[Event]) -> None:
        self.log.publish(events)

    def close(self) -> None:
        self.log.close()
        self.serving.stop()
