"""The one place that leans on private parts of azure-eventhub: links to receive and to ask.

Its public calls are built from waits: one to three seconds for a bounded read, 0.4 s for each
question, and a follower gets nothing until a batch is full or the stream pauses for 0.2 s. A
contract test holds these parts to the release that pyproject.toml pins.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.eventhub import EventHubConsumerClient, EventHubProducerClient

FROM_THE_OLDEST = "-1"
HUB, PARTITION = b"com.microsoft:eventhub", b"com.microsoft:partition"


@dataclass(frozen=True)
class Start:
    """Where a receiver begins: after a sequence number, or with the oldest event (-1)."""

    partition_id: str
    after: int

    @property
    def position(self) -> int | str:
        """What the service calls it: a fresh hub does not know of a sequence number -1."""
        return self.after if self.after >= 0 else FROM_THE_OLDEST


class Receiver:
    """A receive link to one partition, for one thread at a time.

    Nothing is connected until the first ``turn``. Messages come raw to ``on_raw``, from within a
    turn, and the client swallows what that raises: it must only put them aside.
    """

    def __init__(
        self,
        client: "EventHubConsumerClient",
        group: str,
        start: Start,
        credit: int,
        on_raw: Callable[[Any], None],
    ) -> None:
        private: Any = client
        self._consumer = private._create_consumer(
            group, start.partition_id, start.position, _unused, prefetch=credit
        )
        _mend_handlers(self._consumer, _close_fully)
        self._consumer._keep_alive = 0  # its thread would have to be waited for, up to a second
        self._consumer._message_received = on_raw

    @property
    def is_open(self) -> bool:
        """Whether the server has let us in."""
        return bool(self._consumer.handler_ready)

    def turn(self, frames: int) -> None:
        """Open a little further, or read so many frames; returns early after 0.2 s of silence.

        Raises:
            EventHubError: the link or the connection is broken; close this.
        """
        if self.is_open:
            # More than the link has credit for would not come: new credit is given between turns.
            credit = self._consumer._handler._link.current_link_credit
            self._consumer._prefetch = min(frames, credit) if credit > 0 else frames
        self._consumer.receive()

    def close(self) -> None:
        """Let go of the connection; never fails."""
        self._consumer.close()


class Management:
    """A connection that answers questions about a hub, for one thread at a time.

    What goes wrong is raised as ``EventHubError``, as by the client's public calls.
    """

    def __init__(self, client: "EventHubConsumerClient") -> None:
        self._client: Any = client
        self._transport: Any = self._client._amqp_transport
        self._auth = self._client._create_auth()
        self._connection = self._transport.create_mgmt_client(
            self._client._address, mgmt_auth=self._auth, config=self._client._config
        )
        _close_fully(self._connection)
        _open_without_naps(self._connection)

    def open(self) -> None:
        """Connect and sign in."""
        with self._sorting_errors():
            self._connection.open()
            self._connection.client_ready()

    def hub(self) -> dict[bytes, Any]:
        """What the service says of the hub, in its names."""
        with self._sorting_errors():
            return self._ask(HUB)

    def partition(self, name: str) -> dict[bytes, Any]:
        """What the service says of a partition, in its names."""
        with self._sorting_errors():
            return self._ask(PARTITION, partition=name)

    def close(self) -> None:
        """Let go of the connection; never fails."""
        self._connection.close()

    @contextmanager
    def _sorting_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a broken answer makes the client trip over anything
            raise self._transport._create_eventhub_exception(error) from error

    def _ask(self, kind: bytes, **about: str) -> dict[bytes, Any]:
        token = self._transport.get_updated_token(self._auth)
        asked = {"name": self._client.eventhub_name, "security_token": token, **about}
        status, description, answer = self._transport.mgmt_client_request(
            self._connection,
            self._transport.build_message(application_properties=asked),
            operation=b"READ",
            operation_type=kind,
            status_code_field=b"status-code",
            description_fields=b"status-description",
        )
        if int(status) >= 400:  # noqa: PLR2004 - HTTP's
            raise self._transport.get_error(int(status), description)
        return dict(answer.value)


def mend_producers(client: "EventHubProducerClient") -> None:
    """Have a client's producers open without naps, and let go of broken connections too."""
    for producer in client._producers.values():
        _mend_handlers(producer, _open_without_naps, _close_fully)


def _mend_handlers(endpoint: Any, *mend: Callable[[Any], None]) -> None:
    """Mend every handler that a consumer or producer makes for itself from now on."""
    create = endpoint._create_handler

    def create_mended(auth: Any) -> None:
        create(auth)
        for each in mend:
            each(endpoint._handler)

    endpoint._create_handler = create_mended


def _close_fully(handler: Any) -> None:
    """By itself it fails to say goodbye on a broken connection, and leaves the socket open."""
    close = handler.close

    def close_and_let_go() -> None:
        from azure.eventhub._pyamqp.error import AMQPException

        connection = handler._connection
        try:
            close()
        except (AMQPException, OSError, ValueError):
            handler._session = None  # said or not, it is over
        if connection is not None:
            connection._transport.close()

    handler.close = close_and_let_go


def _open_without_naps(handler: Any) -> None:
    """By itself the producer sleeps 0.05 s after every word of the server, half a second in all."""
    is_ready = handler.client_ready

    def wait_until_ready() -> bool:
        while not is_ready():
            pass  # it waits for the server's next word itself
        return True

    handler.client_ready = wait_until_ready


def _unused(*_: object) -> None:
    """What the client would call with decoded events, had we left it its buffer."""
