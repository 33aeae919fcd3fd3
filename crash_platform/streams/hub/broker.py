"""What all connections share: the hubs, who reads and publishes, who may, and how long events last.

Knows nothing of frames. Everything here runs in the hub's one thread.
"""

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from crash_platform.streams.hub.faults import Faults
from crash_platform.streams.hub.log import Hub, HubError, Log
from crash_platform.streams.hub.positions import Refusal
from crash_platform.streams.hub.sections import events, partition_key, stamped

_MOST_READERS = 5
_REMOVED_AT_ONCE = 20_000
_RETENTION_PAUSE_MS = 60_000

Clock = Callable[[], datetime]


class DataLink(Protocol):
    """A reader or publisher, as the broker sees it."""

    hub: Hub

    def detach(self, why: Refusal) -> None:
        """End the link from this side."""


class Readable(DataLink, Protocol):
    """A reader, as the broker sees it."""

    group: str
    partition: int
    epoch: int | None

    def wake(self) -> None:
        """There may be something to read."""


class Broker:
    """The hubs of one log, and the links open to them."""

    def __init__(
        self, log: Log, key: str, retention: timedelta | None, clock: Clock, faults: Faults
    ) -> None:
        self.log = log
        self.key = key
        self.clock = clock
        self.faults = faults
        self._retention = None if retention is None else retention // timedelta(milliseconds=1)
        self._hubs = {hub.name.lower(): hub for hub in log.hubs()}
        self._links: set[DataLink] = set()
        self._readers: dict[tuple[int, int], list[Readable]] = {}
        self._turns = count()
        self._retained_at = 0

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock().timestamp() * 1000)

    def declare(self, hubs: Mapping[str, int]) -> None:
        """Make the hubs that are missing.

        Raises:
            HubError: one is there with another number of partitions.
        """
        for name, partitions in hubs.items():
            known = self._hubs.get(name.lower())
            if known is None:
                self._hubs[name.lower()] = self.log.create(name, partitions, self.now())
            elif known.partitions != partitions:
                raise HubError(
                    f"The hub {name} has {known.partitions} partitions, which cannot become "
                    f"{partitions}: name the hub differently or keep the number."
                )

    def hub(self, name: str) -> Hub | None:
        """The hub of that name, in whatever case."""
        return self._hubs.get(name.lower())

    def recreate(self, name: str) -> None:
        """Drop a hub and make it anew: empty, numbers from 0; its links end.

        Raises:
            HubError: there is none of that name.
        """
        old = self.known(name)
        self._hubs[name.lower()] = self.log.recreate(old, self.now())
        gone = Refusal("amqp:not-found", f"The messaging entity '{old.name}' was deleted.")
        for link in [link for link in self._links if link.hub == old]:
            link.detach(gone)

    def known(self, name: str) -> Hub:
        """The hub of that name.

        Raises:
            HubError: there is none of that name.
        """
        hub = self.hub(name)
        if hub is None:
            raise HubError(f"The local hub has no hub named {name}: it has {self._names()}.")
        return hub

    def _names(self) -> str:
        return ", ".join(hub.name for hub in self._hubs.values()) or "none"

    def publish(self, hub: Hub, partition: int | None, message: bytes, form: int) -> None:
        """Store a message or a batch of them: in one partition, in order, all or none.

        Raises:
            CodecError: the bytes are no message.
            sqlite3.Error: the log cannot be written.
        """
        taken = events(message, form)
        if partition is None:
            partition = self._partition(hub, partition_key(message))
        self.log.append(hub, partition, taken, self.now(), stamped)
        for reader in self._readers.get((hub.key, partition), ()):
            reader.wake()
        self._retain_now_and_then()

    def _partition(self, hub: Hub, key: str | None) -> int:
        number = next(self._turns) if key is None else zlib.crc32(key.encode("utf-8"))
        return number % hub.partitions

    def enter(self, link: DataLink) -> None:
        """A publisher begins."""
        self._links.add(link)

    def enter_reader(self, reader: Readable) -> Refusal | None:
        """A reader begins, and may push out others; or it is told why not."""
        place = (reader.hub.key, reader.partition)
        rivals = [each for each in self._readers.get(place, []) if each.group == reader.group]
        highest = max((each.epoch for each in rivals if each.epoch is not None), default=None)
        if highest is not None and (reader.epoch is None or reader.epoch < highest):
            return Refusal(
                "amqp:link:stolen",
                f"A receiver with epoch '{highest}' is connected to this partition and consumer "
                "group: connect with the same or a higher epoch.",
            )
        if reader.epoch is None and len(rivals) >= _MOST_READERS:
            return Refusal(
                "amqp:resource-limit-exceeded",
                f"Exceeded the maximum number of allowed receivers per partition in a consumer "
                f"group which is {_MOST_READERS}.",
            )
        stolen = Refusal("amqp:link:stolen", f"A receiver with epoch '{reader.epoch}' took over.")
        for rival in rivals if reader.epoch is not None else ():
            rival.detach(stolen)
        self._readers.setdefault(place, []).append(reader)
        self._links.add(reader)
        return None

    def leave(self, link: DataLink) -> None:
        """A publisher or reader has ended; harmless when repeated."""
        self._links.discard(link)

    def leave_reader(self, reader: Readable) -> None:
        """A reader has ended; harmless when repeated."""
        self.leave(reader)
        place = (reader.hub.key, reader.partition)
        left = [each for each in self._readers.get(place, []) if each is not reader]
        if left:
            self._readers[place] = left
        else:
            self._readers.pop(place, None)

    def detach_all(self, why: Refusal) -> None:
        """End every reader and publisher."""
        for link in list(self._links):
            link.detach(why)

    def retain(self) -> bool:
        """Forget events that are too old, as many as take no long time; whether that was all."""
        self._retained_at = self.now()
        if self._retention is None:
            return True
        oldest = self._retained_at - self._retention
        done = [
            self.log.remove_older(hub, partition, oldest, _REMOVED_AT_ONCE)
            for hub in self._hubs.values()
            for partition in range(hub.partitions)
        ]
        return all(done)

    def _retain_now_and_then(self) -> None:
        if self.now() - self._retained_at >= _RETENTION_PAUSE_MS and not self.retain():
            self._retained_at = 0
