"""The local hub as its users hold it: started, stopped, asked where it is, told to forget."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar

from crash_platform.streams.hub.broker import Broker, Clock
from crash_platform.streams.hub.connection import Connection
from crash_platform.streams.hub.faults import Faults
from crash_platform.streams.hub.log import HubError, Log
from crash_platform.streams.hub.positions import Refusal

DEVELOPMENT_KEY = "bG9jYWwtaHViLWZvci1kZXZlbG9wbWVudC1vbmx5"
_KEY_NAME = "RootManageSharedAccessKey"
_MOST_PARTITIONS = 1024

_LOGGER = logging.getLogger(__name__)
_T = TypeVar("_T")


def _now() -> datetime:
    return datetime.now(UTC)


class LocalHub:
    """A broker that the Event Hubs client takes for the service: one process, loopback only.

    It runs in one thread of its own. Nobody but this machine can reach it, so its key is no
    secret; a wrong key is refused all the same, as the service would.
    """

    def __init__(  # noqa: PLR0913 - every argument after the third is a rare wish, by name
        self,
        folder: Path | None,
        hubs: Mapping[str, int],
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        key: str = DEVELOPMENT_KEY,
        retention: timedelta | None = timedelta(days=7),
        clock: Clock = _now,
        faults: Faults | None = None,
    ) -> None:
        """Nothing happens before ``start``.

        Args:
            folder: where events are kept; None keeps them in memory, until ``stop``.
            hubs: the hubs to have, and how many partitions; those of the folder stay besides.
            port: 0 takes any that is free, and keeps it over a stop and a start.
            host: a loopback address.
            key: the shared access key that tokens must be signed with.
            retention: events older than this are forgotten, now and then; None keeps them.
            clock: the time, with its zone.
            faults: what is to go wrong.

        Raises:
            HubError: the host is not this machine alone, or a hub has no name or partition.
        """
        _check(hubs, host)
        self.port = port
        self.faults = faults or Faults()
        self._folder = folder
        self._hubs = dict(hubs)
        self._host = "127.0.0.1" if host == "localhost" else host  # one address, one port
        self._key = key
        self._retention = retention
        self._clock = clock
        self._thread: Thread | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}

    def start(self) -> Self:
        """Listen; returns when clients can connect. Harmless when repeated.

        Raises:
            HubError: port or folder is in use, or a hub has another number of partitions.
        """
        if self._thread is None:
            started: Future[None] = Future()
            thread = Thread(target=self._run, args=(started,), name="local-hub", daemon=True)
            thread.start()
            try:
                started.result()
            except HubError:
                thread.join()
                raise
            self._thread = thread
        return self

    def stop(self) -> None:
        """Say goodbye to everybody and let go of port and folder. Harmless when repeated."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def connection_string(self, hub: str | None = None) -> str:
        """What a client needs to connect, with the name of a hub where one is given."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        text = (
            f"Endpoint=sb://{host}:{self.port};SharedAccessKeyName={_KEY_NAME};"
            f"SharedAccessKey={self._key};UseDevelopmentEmulator=true"
        )
        return text if hub is None else f"{text};EntityPath={hub}"

    def recreate(self, hub: str) -> None:
        """Drop a hub and make it anew: empty, from sequence number 0, made later than before.

        Raises:
            HubError: there is no such hub, or this is not started.
        """
        self._ask(lambda: self._broker.recreate(hub))

    def remove_before(self, hub: str, partition: int, sequence: int) -> None:
        """Forget the events of a partition before a sequence number, as retention does.

        Raises:
            HubError: there is no such hub or partition, or this is not started.
        """

        def remove() -> None:
            known = self._broker.known(hub)
            if not 0 <= partition < known.partitions:
                raise HubError(f"The hub {hub} has no partition {partition}.")
            self._broker.log.remove_before(known, partition, sequence)

        self._ask(remove)

    def _ask(self, act: Callable[[], _T]) -> _T:
        """Do something in the hub's thread, and wait for it."""
        if self._thread is None:
            raise HubError("The local hub is not started: start it first.")

        async def run() -> _T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _run(self, started: "Future[None]") -> None:
        try:
            asyncio.run(self._serve(started))
        except HubError as error:
            started.set_exception(error)
        finally:
            started.cancel()  # a bug on the way must not leave ``start`` waiting

    async def _serve(self, started: "Future[None]") -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        log = Log(self._folder)
        try:
            self._broker = Broker(log, self._key, self._retention, self._clock, self.faults)
            self._broker.declare(self._hubs)
            while not self._broker.retain():
                pass
            server = await self._listen()
            self.faults.bind(self._drop_all, self._detach_all)
            started.set_result(None)
            try:
                await self._stopping.wait()
            finally:
                self.faults.unbind(self._drop_all, self._detach_all)
                await self._hang_up(server)
        finally:
            log.close()

    async def _listen(self) -> asyncio.Server:
        try:
            server = await asyncio.start_server(self._on_client, self._host, self.port)
        except OSError as error:
            raise HubError(
                f"The local hub cannot listen on {self._host}:{self.port} ({error.strerror}): "
                "stop what uses that port, or choose another."
            ) from error
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _on_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.refuses_connection():
            writer.transport.abort()
            return
        connection = Connection(reader, writer, self._broker)
        task = self._loop.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._on_gone)

    def _on_gone(self, task: "asyncio.Task[None]") -> None:
        del self._connections[task]
        if not task.cancelled() and task.exception() is not None:
            _LOGGER.error("a connection failed", exc_info=task.exception())

    async def _hang_up(self, server: asyncio.Server) -> None:
        server.close()
        tasks, connections = list(self._connections), list(self._connections.values())
        for connection in connections:
            connection.close("amqp:connection:forced", "The local hub is stopping.")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in connections:
            connection.drop()  # whoever does not read the goodbye would keep the socket open
        await server.wait_closed()

    def _drop_all(self) -> None:
        def drop() -> None:
            for connection in self._connections.values():
                connection.drop()

        self._ask(drop)

    def _detach_all(self, why: Refusal) -> None:
        self._ask(lambda: self._broker.detach_all(why))


def _check(hubs: Mapping[str, int], host: str) -> None:
    try:
        is_local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise HubError(
            f"The local hub cannot listen on {host!r}, as anyone could use it there: "
            "give it a loopback address such as 127.0.0.1."
        )
    for name, partitions in hubs.items():
        if not name or "/" in name or not 1 <= partitions <= _MOST_PARTITIONS:
            raise HubError(
                f"A hub named {name!r} with {partitions} partitions cannot be made: it needs a "
                f"name without a slash and 1 to {_MOST_PARTITIONS} partitions."
            )
