"""Which link an attach asks for, and whether it is let in."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from crash_platform.streams.hub import addresses
from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.data_links import Publisher, Reader, Wish
from crash_platform.streams.hub.frames import Attach, Flow, Transfer, terminus_address
from crash_platform.streams.hub.links import AnswerLink, RequestLink, Take, Wire
from crash_platform.streams.hub.log import Hub
from crash_platform.streams.hub.nodes import partition_number
from crash_platform.streams.hub.positions import Refusal, SelectorError, selected
from crash_platform.streams.hub.values import Array

_EPOCH, _REPORTS = "com.microsoft:epoch", "com.microsoft:enable-receiver-runtime-metric"


class Link(Protocol):
    """Any link, as its session sees it."""

    def on_flow(self, flow: Flow) -> None:
        """The other side tells its state, or gives credit."""

    def on_transfer(self, transfer: Transfer, payload: bytes) -> None:
        """A message or a part of one has come."""

    def begin(self) -> None:
        """The other side has been told that it is attached."""

    def close(self) -> None:
        """It is not attached any more."""


class Door(NamedTuple):
    """What admission needs to know of who is at the door.

    Attributes:
        wire: the session the link is on.
        is_authorised: whether a token was taken on this connection.
        detach: how the link is ended from this side.
        drop: how the connection is ended at once.
        nodes: what takes the requests to each of the server's own nodes.
    """

    wire: Wire
    is_authorised: bool
    detach: Callable[[Refusal], None]
    drop: Callable[[], None]
    nodes: Mapping[str, Take]


def admit(attach: Attach, broker: Broker, door: Door) -> Link | Refusal:
    """The link that an attach asks for, entered where it has to be, or why it is not let in."""
    address = terminus_address(attach.source if attach.role else attach.target)
    node = addresses.node(address)
    if node is not None and attach.role:
        return AnswerLink(door.wire, attach.handle, node)
    if node is not None:
        first = attach.initial_delivery_count or 0
        return RequestLink(door.wire, attach.handle, first, door.nodes[node])
    return _data_link(attach, broker, door, address)


def _data_link(attach: Attach, broker: Broker, door: Door, address: str) -> Link | Refusal:
    if broker.faults.denies() or not door.is_authorised:
        return Refusal(
            "amqp:unauthorized-access", f"Unauthorized access. No token was taken for {address}."
        )
    refused = broker.faults.refuses_link()
    if refused is not None:
        return refused
    where = addresses.reader(address) if attach.role else addresses.publisher(address)
    if where is None:
        return Refusal("amqp:not-implemented", f"The address '{address}' is not understood.")
    hub = broker.hub(where.hub)
    if hub is None:
        return _missing(where.hub)
    return (_reader if attach.role else _publisher)(attach, broker, door, hub, where)


def _missing(name: str) -> Refusal:
    return Refusal("amqp:not-found", f"The messaging entity '{name}' could not be found.")


def _publisher(
    attach: Attach, broker: Broker, door: Door, hub: Hub, where: addresses.Address
) -> Link | Refusal:
    partition = partition_number(hub, where.partition)
    if partition is None and where.partition is not None:
        return _missing(f"{hub.name}/partitions/{where.partition}")
    link = Publisher(broker, hub, partition, door.detach, door.drop)
    link.attach(door.wire, attach.handle, attach.initial_delivery_count or 0)
    return link


def _reader(
    attach: Attach, broker: Broker, door: Door, hub: Hub, where: addresses.Address
) -> Link | Refusal:
    partition = partition_number(hub, where.partition)
    if partition is None or where.group is None:
        return _missing(f"{hub.name}/partitions/{where.partition}")
    properties = attach.properties if isinstance(attach.properties, dict) else {}
    epoch = properties.get(_EPOCH)
    if epoch is not None and not isinstance(epoch, int):
        return Refusal("amqp:invalid-field", "The epoch of a receiver must be a number.")
    try:
        start = selected(attach.source)
    except SelectorError as error:
        return Refusal("com.microsoft:argument-error", f"The start cannot be used: {error}.")
    reports = _is_listed(_REPORTS, attach.desired_capabilities)
    wish = Wish(where.group, epoch, start, reports)
    link = Reader(broker, hub, partition, wish, door.detach)
    return link.attach(door.wire, attach.handle) or link


def _is_listed(name: str, capabilities: object) -> bool:
    listed = capabilities.items if isinstance(capabilities, Array) else (capabilities,)
    return name in listed
